//! Interrupting a command, and no other.
//!
//! SIGINT goes out under a lock and only while the command it is meant for runs: after the worker has said that it began
//! and before its result was read. One asked for earlier waits for the beginning, one that comes late is not sent; the
//! worker drops what still arrives after the command's last line.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::process::Group;

/// Interrupts commands of one [`Interpreter`](super::Interpreter), from anywhere. Of several interrupts of one
/// command the first counts.
#[derive(Debug, Clone)]
pub(crate) struct Interrupter(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    group: Group,
    running: Mutex<Option<Running>>,
    interrupted: Notify,
    /// The process is to be killed.
    kill: Notify,
}

#[derive(Debug)]
struct Running {
    number: u64,
    started: bool,
    interrupted_at: Option<Instant>,
}

impl Interrupter {
    /// Interrupts the command of this number if it is the one that runs, and says whether it is.
    ///
    /// In Python this is a `KeyboardInterrupt`; the command's children get SIGINT. A command that goes on regardless is
    /// interrupted once more after half of the grace, since Python loses an exception that it raises in a finalizer.
    /// When the grace is over it is killed, with its process and all in its group.
    pub(crate) fn interrupt(&self, number: u64) -> bool {
        let mut running = self.0.lock();
        let Some(running) = running.as_mut().filter(|running| running.number == number) else {
            return false;
        };
        if running.interrupted_at.is_none() {
            running.interrupted_at = Some(Instant::now());
            self.0.interrupted.notify_waiters();
            if running.started {
                self.0.group.signal(Signal::INT);
            }
        }
        true
    }
}

impl Interrupter {
    /// Has the process killed, whether a command runs or not. Its interpreter notices that as it would any other death.
    pub(crate) fn kill(&self) {
        self.0.kill.notify_one();
    }
}

/// The interpreter's side.
impl Interrupter {
    pub(super) fn new(group: Group) -> Self {
        Self(Arc::new(Shared {
            group,
            running: Mutex::new(None),
            interrupted: Notify::new(),
            kill: Notify::new(),
        }))
    }

    /// The command is about to be sent.
    pub(super) fn begin(&self, number: u64) {
        *self.0.lock() = Some(Running {
            number,
            started: false,
            interrupted_at: None,
        });
    }

    /// The worker has begun with it.
    pub(super) fn started(&self) {
        if let Some(running) = self.0.lock().as_mut() {
            running.started = true;
            if running.interrupted_at.is_some() {
                self.0.group.signal(Signal::INT);
            }
        }
    }

    /// Its result was read, or the process is about to be reaped: from now on no signal is sent.
    pub(super) fn finish(&self) {
        *self.0.lock() = None;
    }

    /// Ends when the process is to be killed. Cancel safe.
    pub(super) async fn to_be_killed(&self) {
        self.0.kill.notified().await;
    }

    /// Whether the running command was interrupted.
    pub(super) fn interrupted(&self) -> bool {
        self.0.interrupted_at().is_some()
    }

    /// Interrupts once more the command that was interrupted and goes on.
    pub(super) fn again(&self) {
        if self.0.lock().as_ref().is_some_and(|running| running.started) {
            self.0.group.signal(Signal::INT);
        }
    }

    /// Ends when the running command was first interrupted this long ago. Cancel safe.
    pub(super) async fn goes_on_for(&self, time: Duration) {
        loop {
            let interrupted = self.0.interrupted.notified(); // before the look, so as not to miss it after
            if let Some(at) = self.0.interrupted_at() {
                return sleep_until(at + time).await;
            }
            interrupted.await;
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn interrupted_at(&self) -> Option<Instant> {
        self.lock().as_ref().and_then(|running| running.interrupted_at)
    }
}
