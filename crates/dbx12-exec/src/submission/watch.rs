//! What a context is asked to remember of the commands that come.

use super::Marker;
use super::dialect::Dialect;
use crate::PollSchedule;
use crate::errand::{Errand, Unanswered, unique_name};
use dbx12_api::http::Error;
use dbx12_api::types::Language;
use dbx12_api::{Code, Context};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;
use tokio::sync::Mutex;

/// How long the watch may take to be set up, while it is not known what becomes of its calls.
const PATIENCE_TO_INSTALL: Duration = Duration::from_secs(10);
/// How long a server may leave open whether a command came.
const PATIENCE_TO_SETTLE: Duration = Duration::from_secs(300);
/// Of how many commands a mark tells that they were answered: it is not to become much longer than the code.
const MOST_TOLD: usize = 8;

/// The watch over the commands of one context: one for each language that can have one.
#[derive(Debug)]
pub(crate) struct Watch {
    wanted: bool,
    context: Context,
    schedule: PollSchedule,
    python: Mutex<Option<Arc<Generation>>>,
    scala: Mutex<Option<Arc<Generation>>>,
}

/// A watch that was set up with one command: it has seen all that came after that command, unless the language was
/// restarted, and then it is not there any more.
#[derive(Debug)]
struct Generation {
    dialect: Dialect,
    name: String,
    numbers: AtomicU64,
    /// Nobody will ask for these any more, which the context was not told yet.
    answered: StdMutex<Vec<u64>>,
}

impl Generation {
    fn next(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    fn answered(&self) -> std::sync::MutexGuard<'_, Vec<u64>> {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_answered(&self) -> Vec<u64> {
        let mut answered = self.answered();
        let most = answered.len().min(MOST_TOLD);
        answered.drain(..most).collect()
    }
}

/// Code that can be asked for.
#[derive(Debug)]
pub(super) struct Ticket {
    code: Code,
    marker: Marker,
    generation: Arc<Generation>,
    number: u64,
    /// What the context is told with it.
    told: Vec<u64>,
}

impl Ticket {
    pub(super) fn code(&self) -> &Code {
        &self.code
    }

    pub(super) fn into_marker(self) -> Marker {
        self.marker
    }

    /// What became of it is known: it will not be asked for.
    pub(super) fn is_answered(&self) {
        self.generation.answered().push(self.number);
    }

    /// It did not run: what it was to tell is told by a later one.
    pub(super) fn is_void(&self) {
        self.generation.answered().extend(&self.told);
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
            python: Mutex::default(),
            scala: Mutex::default(),
        }
    }

    /// Marks code of a language, in a context that watches for the mark. `None` when the code cannot carry one, or the
    /// context cannot watch.
    ///
    /// # Errors
    /// When it is not to be had for now: the way to the server is not what it should be, and nothing was submitted.
    pub(super) async fn ticket(&self, code: &Code, language: &Language) -> Result<Option<Ticket>, Error> {
        let (Some(dialect), Some(text), true) = (Dialect::of(language), code.as_text(), self.wanted) else {
            return Ok(None);
        };
        let mut current = self.current(dialect).lock().await;
        let generation = match &*current {
            Some(generation) => Arc::clone(generation),
            None => match self.install(dialect).await {
                Ok(generation) => generation,
                Err(Unanswered::Call(error)) if error.maybe_delivered() || error.is_transient() => return Err(error),
                Err(_) => return Ok(None),
            },
        };
        // What may start the language anew takes the watch with it.
        *current = (!dialect.may_restart(text)).then(|| Arc::clone(&generation));
        drop(current);
        let number = generation.next();
        let told = generation.take_answered();
        let marker = dialect.marker(&generation.name, number, &told);
        let Some(text) = dialect.put_on(&marker, text) else {
            generation.answered().extend(told);
            return Ok(None);
        };
        Ok(Some(Ticket {
            code: code.clone().with_text(text),
            marker,
            generation,
            number,
            told,
        }))
    }

    fn current(&self, dialect: Dialect) -> &Mutex<Option<Arc<Generation>>> {
        match dialect {
            Dialect::Python => &self.python,
            Dialect::Scala => &self.scala,
        }
    }

    /// Only a command that was surely taken counts: what is submitted after it runs after it.
    async fn install(&self, dialect: Dialect) -> Result<Arc<Generation>, Unanswered> {
        let errand = self.errand(dialect, PATIENCE_TO_INSTALL, false);
        Ok(Arc::new(Generation {
            dialect,
            name: errand.install(|name| dialect.install(name)).await?,
            numbers: AtomicU64::new(1),
            answered: StdMutex::default(),
        }))
    }

    /// Asks the context, behind all that is in it: this takes until they have run.
    pub(super) async fn settle(&self, ticket: &Ticket) -> Settled {
        let (token, generation) = (unique_name(), &ticket.generation);
        let question = || {
            let dialect = generation.dialect;
            dialect.question(&token, &generation.name, ticket.number, generation.next())
        };
        let errand = self.errand(generation.dialect, PATIENCE_TO_SETTLE, true);
        let answer = errand.ask(&token, question).await;
        match answer.as_deref() {
            Ok("seen") => {
                ticket.is_answered();
                Settled::Ran
            }
            Ok("burned") => {
                ticket.is_void();
                Settled::WillNotRun
            }
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
        let mut current = self.current(generation.dialect).lock().await;
        if current.as_ref().is_some_and(|known| Arc::ptr_eq(known, generation)) {
            *current = None;
        }
    }

    fn errand(&self, dialect: Dialect, patience: Duration, bears_outages: bool) -> Errand {
        Errand {
            context: self.context.clone(),
            language: dialect.language(),
            schedule: self.schedule,
            patience,
            bears_outages,
        }
    }
}
