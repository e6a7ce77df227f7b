//! How many requests a second: at most what was asked for, and what the workspace bears.

mod window;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use window::Window;

/// Lets requests pass one by one, in the order they came. Shared by the clones of a client.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Whoever holds it is the next to pass. A mutex of tokio is fair, and forgets those who no longer wait.
    turn: tokio::sync::Mutex<()>,
    window: Mutex<Window>,
}

impl Pace {
    /// At most so many requests in any second; `None`: as many as the workspace bears.
    pub(crate) fn new(limit: Option<f64>) -> Self {
        Self {
            turn: tokio::sync::Mutex::default(),
            window: Mutex::new(Window::new(limit)),
        }
    }

    /// Waits until a request may leave, and says when that was. Dropping the future gives up the place in the queue.
    pub(crate) async fn admit(&self) -> Instant {
        let _turn = self.turn.lock().await;
        loop {
            let now = Instant::now();
            // What has to be waited for may grow meanwhile, so it is asked for again.
            let admitted = self.window().admit(now);
            match admitted {
                Ok(()) => return now,
                Err(later) => sleep_until(later).await,
            }
        }
    }

    /// The workspace refused a request as one too many. It had been admitted then, and nobody is to pass for `pause`.
    pub(crate) fn refused(&self, admitted: Instant, pause: Duration) {
        self.window().refused(admitted, pause, Instant::now());
    }

    fn window(&self) -> std::sync::MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
