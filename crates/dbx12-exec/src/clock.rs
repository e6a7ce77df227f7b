//! The wall clock.

use std::time::{Duration, SystemTime};

/// Seconds since 1970, for what another process reads. Deadlines and waits use `tokio::time::Instant` instead.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place of this crate that reads the wall clock"
)]
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.as_ref().map_or(0, Duration::as_secs)
}
