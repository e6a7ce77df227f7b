//! Waiting for what other processes do.

use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Waits until something is so. It takes no longer than that, and gives up only when nothing will come of it.
///
/// # Panics
/// When it is not so after a minute.
pub async fn until(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(60), "it did not happen");
        sleep(Duration::from_millis(20)).await;
    }
}
