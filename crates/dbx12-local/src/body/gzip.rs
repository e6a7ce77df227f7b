//! Compressed bodies.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use crate::answer::Refusal;

/// Decompresses a body, but never more than `limit` bytes of it.
///
/// # Errors
/// When it is no gzip, is cut short, or larger than the limit.
pub(super) fn inflate(compressed: &[u8], limit: usize) -> Result<Bytes, Refusal> {
    let mut body = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    MultiGzDecoder::new(compressed)
        .take(most)
        .read_to_end(&mut body)
        .map_err(|error| {
            Refusal::malformed(format_args!(
                "the body is labelled gzip and cannot be inflated: {error}"
            ))
        })?;
    if body.len() > limit {
        return Err(Refusal::too_large(limit));
    }
    Ok(body.into())
}
