//! Waiting for what sessions clean up in the background.

use std::convert::Infallible;
use tokio::sync::mpsc;

/// Tells when nothing that sessions opened is still to be destroyed: for a program that is about to end.
///
/// A session that is dropped, and an opening that is dropped, destroy their context in the background. A runtime that
/// ends first would cut that off. Give sessions a `Closing` with
/// [`SessionBuilder::closing`](crate::SessionBuilder::closing), and await [`finished`](Self::finished) before the end.
#[derive(Debug)]
pub struct Closing {
    open: Open,
    all_closed: mpsc::Receiver<Infallible>,
}

/// Held by everything that is open; nothing is ever sent, it tells by being dropped.
#[derive(Clone, Debug)]
pub(crate) struct Open(#[expect(dead_code, reason = "tells by being dropped")] mpsc::Sender<Infallible>);

impl Closing {
    /// Nothing is open yet.
    #[must_use]
    pub fn new() -> Self {
        let (open, all_closed) = mpsc::channel(1);
        Self {
            open: Open(open),
            all_closed,
        }
    }

    pub(crate) fn open(&self) -> Open {
        self.open.clone()
    }

    /// Waits until every session that was given this is closed, and every opening has ended. It takes as long as the
    /// calls take: put a timeout around it. Dropping the future stops the waiting only.
    pub async fn finished(self) {
        let Self { open, mut all_closed } = self;
        drop(open);
        all_closed.recv().await;
    }
}

impl Default for Closing {
    fn default() -> Self {
        Self::new()
    }
}
