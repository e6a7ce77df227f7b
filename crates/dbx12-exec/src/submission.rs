//! Submitting code at most once, and finding out whether it was.
//!
//! What is known of a submission whose answer was lost is settled in the context itself: its commands run one after
//! another, so one that asks, sent later, knows about all that came before it; and what it reports as not there it also
//! keeps from running, should it be late. ARCHITECTURE.md has the whole argument.

mod dialect;
mod marker;
mod watch;

pub(crate) use marker::Marker;
pub(crate) use watch::Watch;

use crate::{ExecError, Journal, Session, Waiter};
use dbx12_api::http::{CallOptions, Error};
use dbx12_api::types::ContextId;
use dbx12_api::{Code, Command};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use watch::{Settled, Ticket};

/// How often code is sent at most, when each time it surely did not arrive.
const MOST_ATTEMPTS: u32 = 4;

/// What is known of whether code was submitted; see [`ExecError::submission`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Submission {
    /// The server took it, once.
    Submitted,
    /// It did not reach the context and will not run, not even late: sending it again is safe.
    NotSubmitted,
    /// Nobody knows.
    Unknown,
}

/// Code on its way into a session.
#[derive(Debug)]
pub(crate) struct Submitting<'s> {
    session: &'s Session,
    code: Code,
    begun: Instant,
    deadline: Option<Duration>,
    name: Option<String>,
}

impl<'s> Submitting<'s> {
    pub(crate) fn new(session: &'s Session, code: Code, deadline: Option<Duration>) -> Self {
        Self {
            session,
            code,
            begun: Instant::now(),
            deadline,
            name: None,
        }
    }

    /// What the journal calls it.
    pub(crate) fn named(mut self, name: Option<String>) -> Self {
        self.name = name;
        self
    }

    /// Lets the deadline count from an earlier moment.
    pub(crate) fn since(mut self, begun: Instant) -> Self {
        self.begun = begun;
        self
    }

    /// Submits the code once, or not at all. Where the first is not known, the context is asked.
    pub(crate) async fn submit(self) -> Result<Waiter, ExecError> {
        let mut attempt = 1;
        loop {
            let ticket = match self.in_time(self.ticket()).await {
                Some(Ok(ticket)) => ticket,
                Some(Err(error)) if !error.maybe_delivered() => return Err(error.into()),
                Some(Err(error)) => return Err(self.not_submitted(Some(error))),
                None => return Err(self.not_submitted(None)),
            };
            let sent = ticket.as_ref().map_or(&self.code, Ticket::code);
            let entry = self.entry().await?;
            let lost = match self.execute(sent).await {
                Ok(command) => {
                    entry.submitted(&command).await;
                    ticket.iter().for_each(Ticket::is_answered);
                    return Ok(self.waiter(command, ticket));
                }
                Err(error) if error.maybe_delivered() => error,
                Err(error) => {
                    ticket.iter().for_each(Ticket::is_void);
                    entry.settled(false).await;
                    return Err(error.into());
                }
            };
            let Some(ticket) = ticket else {
                return Err(self.unknown(lost));
            };
            let settled = self.in_time(self.session.watch().settle(&ticket)).await;
            match settled {
                Some(Settled::Ran) => entry.settled(true).await,
                Some(Settled::WillNotRun) => entry.settled(false).await,
                _ => {}
            }
            match settled {
                Some(Settled::Ran) => return Err(self.answer_lost(lost)),
                Some(Settled::WillNotRun) if attempt < MOST_ATTEMPTS && !self.is_over() => attempt += 1,
                Some(Settled::WillNotRun) => return Err(self.not_submitted(Some(lost))),
                Some(Settled::Unknown) | None => return Err(self.unknown(lost)),
            }
        }
    }

    /// `None` when nothing could be found out about this code later: it is sent as it is.
    async fn ticket(&self) -> Result<Option<Ticket>, Error> {
        let language = self.code.named_language().unwrap_or(self.session.language());
        self.session.watch().ticket(&self.code, language).await
    }

    /// Writes down that code is about to be sent.
    async fn entry(&self) -> Result<Entry<'s>, ExecError> {
        let context = self.session.context();
        let journal = match self.session.journal() {
            Some(journal) => Some((journal, journal.submitting(context.id(), self.name.as_deref()).await?)),
            None => None,
        };
        Ok(Entry {
            context: context.id(),
            journal,
        })
    }

    async fn execute(&self, code: &Code) -> Result<Command, Error> {
        let options = self.limit().map_or_else(CallOptions::new, |limit| {
            CallOptions::new().deadline(limit.saturating_duration_since(Instant::now()))
        });
        let language = self.session.language();
        self.session
            .context()
            .execute_with(code, Some(language), &options)
            .await
    }

    fn waiter(&self, command: Command, ticket: Option<Ticket>) -> Waiter {
        Waiter::new(command)
            .schedule(self.session.schedule(), None)
            .budget(self.session.budget())
            .begun(self.begun)
            .deadline(self.deadline)
            .journal(self.session.journal().cloned())
            .marked(ticket.map(Ticket::into_marker))
    }

    fn limit(&self) -> Option<Instant> {
        self.begun.checked_add(self.deadline?)
    }

    fn is_over(&self) -> bool {
        self.limit().is_some_and(|limit| Instant::now() >= limit)
    }

    /// `None` when it took until the deadline.
    pub(crate) async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        match self.limit() {
            Some(limit) => timeout_at(limit, work).await.ok(),
            None => Some(work.await),
        }
    }

    fn unknown(&self, source: Error) -> ExecError {
        let context = self.session.context();
        ExecError::SubmissionUnknown {
            cluster: context.cluster_id().clone(),
            context: context.id().clone(),
            source,
        }
    }

    fn not_submitted(&self, source: Option<Error>) -> ExecError {
        let context = self.session.context();
        ExecError::NotSubmitted {
            cluster: context.cluster_id().clone(),
            context: context.id().clone(),
            source,
        }
    }

    fn answer_lost(&self, source: Error) -> ExecError {
        let context = self.session.context();
        ExecError::AnswerLost {
            cluster: context.cluster_id().clone(),
            context: context.id().clone(),
            source,
        }
    }
}

/// A submission in the journal, where there is one.
struct Entry<'s> {
    context: &'s ContextId,
    journal: Option<(&'s Journal, u64)>,
}

impl Entry<'_> {
    async fn submitted(&self, command: &Command) {
        if let Some((journal, number)) = self.journal {
            journal.submitted(self.context, command.id(), number).await;
        }
    }

    async fn settled(&self, ran: bool) {
        if let Some((journal, number)) = self.journal {
            journal.settled(self.context, number, ran).await;
        }
    }
}
