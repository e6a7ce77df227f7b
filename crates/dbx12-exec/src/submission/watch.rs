//! What a context is asked to remember of the commands that come.

use super::Marker;
use crate::PollSchedule;
use crate::errand::{Errand, Unanswered, called, unique_name};
use dbx12_api::http::Error;
use dbx12_api::{Code, Context};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

/// How long the watch may take to be set up, while it is not known what becomes of its calls.
const PATIENCE_TO_INSTALL: Duration = Duration::from_secs(10);
/// How long a server may leave open whether a command came.
const PATIENCE_TO_SETTLE: Duration = Duration::from_secs(300);

/// The watch over the commands of one context.
#[derive(Debug)]
pub(crate) struct Watch {
    wanted: bool,
    context: Context,
    schedule: PollSchedule,
    generation: Mutex<Option<Arc<Generation>>>,
}

/// A watch that was set up with one command: it has seen all that came after that command, unless Python was restarted, and
/// then it is not there any more.
#[derive(Debug)]
struct Generation {
    name: String,
    numbers: AtomicU64,
}

impl Generation {
    fn next(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }
}

/// Code that can be asked for.
#[derive(Debug)]
pub(super) struct Ticket {
    code: Code,
    marker: Marker,
    generation: Arc<Generation>,
    number: u64,
}

impl Ticket {
    pub(super) fn code(&self) -> &Code {
        &self.code
    }

    pub(super) fn into_marker(self) -> Marker {
        self.marker
    }
}

/// What became of code that may have been delivered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Settled {
    /// It came and has run: its context is done with it.
    Ran,
    /// It did not come; should it come yet, it fails instead of running.
    WillNotRun,
    Unknown,
}

impl Watch {
    pub(crate) fn new(wanted: bool, context: &Context, schedule: PollSchedule) -> Self {
        Self {
            wanted,
            context: context.clone(),
            schedule,
            generation: Mutex::new(None),
        }
    }

    /// Marks code, in a context that watches for the mark. `None` when the code cannot carry one, or the context cannot
    /// watch.
    ///
    /// # Errors
    /// When it is not to be had for now: the way to the server is not what it should be, and nothing was submitted.
    pub(super) async fn ticket(&self, code: &Code, text: &str) -> Result<Option<Ticket>, Error> {
        if !self.wanted {
            return Ok(None);
        }
        let mut current = self.generation.lock().await;
        let generation = match &*current {
            Some(generation) => Arc::clone(generation),
            None => match self.install().await {
                Ok(generation) => generation,
                Err(Unanswered::Call(error)) if error.maybe_delivered() || error.is_transient() => return Err(error),
                Err(_) => return Ok(None),
            },
        };
        // What may start Python anew takes the watch with it.
        *current = (!may_restart_python(text)).then(|| Arc::clone(&generation));
        drop(current);
        let number = generation.next();
        let marker = Marker::new(&generation.name, number);
        Ok(marker.put_on(text).map(|text| Ticket {
            code: code.clone().with_text(text),
            marker,
            generation,
            number,
        }))
    }

    /// Only a command that was surely taken counts: what is submitted after it runs after it.
    async fn install(&self) -> Result<Arc<Generation>, Unanswered> {
        let name = self.errand(PATIENCE_TO_INSTALL, false).install("watch").await?;
        Ok(Arc::new(Generation {
            name,
            numbers: AtomicU64::new(1),
        }))
    }

    /// Asks the context, behind all that is in it: this takes until they have run. The command that asks carries a mark
    /// too: so a server that does not show its commands to the watch gives no answer, instead of a wrong one.
    pub(super) async fn settle(&self, ticket: &Ticket) -> Settled {
        let (token, generation) = (unique_name(), &ticket.generation);
        let question = || {
            let own = generation.next();
            let call = format!("settle('{token}', '{}', {}, {own})", generation.name, ticket.number);
            let code = called(&call);
            Marker::new(&generation.name, own).put_on(&code).unwrap_or(code)
        };
        let answer = self.errand(PATIENCE_TO_SETTLE, true).ask(&token, question).await;
        match answer.as_deref() {
            Ok("seen") => Settled::Ran,
            Ok("burned") => Settled::WillNotRun,
            Ok(_) | Err(Unanswered::NoReply) => {
                self.forget(generation).await;
                Settled::Unknown
            }
            Err(Unanswered::Call(error)) => {
                tracing::debug!(context_id = %self.context.id(), %error, "whether code was submitted could not be settled");
                Settled::Unknown
            }
        }
    }

    /// A watch that does not see is set up anew for the next command.
    async fn forget(&self, generation: &Arc<Generation>) {
        let mut current = self.generation.lock().await;
        if current.as_ref().is_some_and(|known| Arc::ptr_eq(known, generation)) {
            *current = None;
        }
    }

    fn errand(&self, patience: Duration, bears_outages: bool) -> Errand {
        Errand {
            context: self.context.clone(),
            schedule: self.schedule,
            patience,
            bears_outages,
        }
    }
}

/// By the library utilities, or with a magic: `%pip` does it on older runtimes. A wrong guess costs one small command.
fn may_restart_python(text: &str) -> bool {
    ["restartPython", "restart_python", "%pip", "%conda"]
        .iter()
        .any(|cause| text.contains(cause))
}
