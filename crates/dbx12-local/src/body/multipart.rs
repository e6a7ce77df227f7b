//! `multipart/form-data`. A part counts by its name, whether it has a file name or not.

use std::fmt;
use std::str;

use bytes::Bytes;
use http_body_util::{BodyDataStream, Full};
use multer::Multipart;

use super::{MOST_PARAMETERS, too_many, without_byte_order_mark};
use crate::answer::Refusal;

/// RFC 2046 §5.1.1.
const LONGEST_BOUNDARY: usize = 70;

/// The boundary of a multipart body, when it is one: the line it begins with, or else what the content type says.
///
/// The line wins: clients that set the content type by hand forget the boundary, or set another one.
pub(super) fn boundary(content_type: Option<&str>, body: &[u8]) -> Option<String> {
    let declared = content_type.filter(|text| text.trim_start().to_ascii_lowercase().starts_with("multipart/"));
    let first_line = || {
        let rest = body.strip_prefix(b"--")?;
        let end = rest
            .windows(2)
            .take(LONGEST_BOUNDARY + 1)
            .position(|pair| pair == b"\r\n")?;
        let is_part = rest[end + 2..]
            .get(..8)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
        (is_part || declared.is_some())
            .then(|| str::from_utf8(&rest[..end]).ok().map(|text| text.trim_end().to_owned()))?
    };
    let of_type = || {
        multer::parse_boundary(declared?)
            .ok()
            .filter(|boundary| contains(body, boundary.as_bytes()))
    };
    first_line().filter(|boundary| !boundary.is_empty()).or_else(of_type)
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    !text.is_empty() && body.windows(text.len()).any(|window| window == text)
}

/// The named parts.
///
/// # Errors
/// When the body is not what its boundary promises, or a part is not UTF-8 text.
pub(super) async fn decode(boundary: String, body: Bytes) -> Result<Vec<(String, String)>, Refusal> {
    let mut parts = Multipart::new(BodyDataStream::new(Full::new(body)), boundary);
    let mut pairs = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let Some(name) = part.name().map(str::to_owned) else {
            return Err(broken("a part has no name"));
        };
        let is_file = part.file_name().is_some();
        let content = part.bytes().await.map_err(broken)?;
        // An editor's mark at the beginning of a file is no part of the program in it.
        let content = if is_file {
            without_byte_order_mark(content)
        } else {
            content
        };
        let text = String::from_utf8(content.into()).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Refusal::malformed(format_args!("the part {name:?} is not UTF-8 text at byte {at}"))
        })?;
        if pairs.len() == MOST_PARAMETERS {
            return Err(broken(too_many()));
        }
        pairs.push((name, text));
    }
    Ok(pairs)
}

fn broken(why: impl fmt::Display) -> Refusal {
    Refusal::malformed(format_args!("the multipart body: {why}"))
}
