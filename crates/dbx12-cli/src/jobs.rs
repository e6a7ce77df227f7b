//! What runs without anybody who waits for it, and what was left by programs that were killed: from this machine's journals.

mod attach;
mod cancel;
mod detach;
mod gc;
mod ps;
mod wait;

pub(crate) use attach::attach;
pub(crate) use cancel::cancel;
pub(crate) use detach::{Detached, detach};
pub(crate) use gc::gc;
pub(crate) use ps::ps;
pub(crate) use wait::wait;

use crate::arguments::Global;
use crate::failure::{Exit, Failure};
use crate::output::note;
use crate::{connect, state};
use dbx12_exec::api::{Context, Workspace};
use dbx12_exec::http::Client;
use dbx12_exec::types::CommandId;
use dbx12_exec::{Closing, Holder, Journal, LoggedContext, LoggedSubmission, Session};
use std::time::Duration;
use tokio::time::timeout;

/// How long what was opened may take to close.
const GRACE: Duration = Duration::from_secs(10);
/// How much of an id is shown where it is only to be recognised.
const SHORT: usize = 12;

/// A context that is open, with what was submitted to it last.
#[derive(Clone, Debug)]
struct Job {
    journal: Journal,
    logged: LoggedContext,
}

impl Job {
    fn last(&self) -> Option<&LoggedSubmission> {
        self.logged.submissions.last()
    }

    fn command(&self) -> Option<&CommandId> {
        self.last()?.fate.command()
    }

    fn name(&self) -> Option<&str> {
        self.last()?.name.as_deref()
    }

    /// What a person calls it: the id of the command, or of the context where there is none.
    fn id(&self) -> &str {
        let context = self.logged.context.as_str();
        self.command().map_or(context, CommandId::as_str)
    }

    fn short_id(&self) -> &str {
        self.id().get(..SHORT).unwrap_or(self.id())
    }

    fn is_on(&self, client: &Client) -> bool {
        self.logged.host == client.host().to_string()
    }

    /// The context, as this client sees it. It must be one of its workspace.
    fn context(&self, client: &Client) -> Context {
        let workspace = Workspace::new(client.clone());
        let cluster = workspace.cluster(self.logged.cluster.clone());
        cluster.context(self.logged.context.clone())
    }

    /// Takes it over, unless a process has it.
    async fn take_over(&self, client: &Client, closing: &Closing) -> Result<Session, Failure> {
        let taken = self.journal.take_over(&self.context(client), closing).await?;
        taken.ok_or_else(|| {
            let message = format!("{} belongs to a process that runs, or has just been closed", self.id());
            Failure::new(Exit::Unavailable, message)
        })
    }

    /// The client of its workspace. Credentials are never tried elsewhere than where they are for.
    fn client(&self, global: &Global) -> Result<Client, Failure> {
        let client = connect::client(global)?;
        if self.is_on(&client) {
            return Ok(client);
        }
        let (id, host) = (self.id(), &self.logged.host);
        let message = format!(
            "{id} is on {host}, not on {}: name that by --profile or --host",
            client.host()
        );
        Err(Failure::usage(message))
    }
}

/// The journals of this machine: the one of all programs, then those of maps.
struct Journals(Vec<Journal>);

impl Journals {
    async fn open() -> Result<Self, Failure> {
        let mut journals = vec![state::journal().await?];
        for map in crate::map::journals()? {
            match Journal::open(&map).await {
                Ok(journal) => journals.push(journal),
                Err(error) => note(&format!("Warning: {}", crate::failure::with_sources(&error))),
            }
        }
        Ok(Self(journals))
    }

    /// What is open.
    async fn jobs(&self) -> Result<Vec<Job>, Failure> {
        let mut jobs = Vec::new();
        for journal in &self.0 {
            let contexts = journal.logged().await?.contexts.into_iter();
            jobs.extend(contexts.map(|logged| Job {
                journal: journal.clone(),
                logged,
            }));
        }
        jobs.retain(|job| job.logged.holder != Holder::Closed);
        Ok(jobs)
    }
}

/// What is open.
async fn all() -> Result<Vec<Job>, Failure> {
    Journals::open().await?.jobs().await
}

/// The job whose id, or whose context's id, begins so.
fn find<'j>(jobs: &'j [Job], id: &str) -> Result<&'j Job, Failure> {
    let begins = |job: &&Job| job.id().starts_with(id) || job.logged.context.as_str().starts_with(id);
    let mut found: Vec<_> = jobs.iter().filter(begins).filter(|_| !id.is_empty()).collect();
    if let Some(exact) = found.iter().position(|job| job.id() == id) {
        found = vec![found.swap_remove(exact)];
    }
    match found.as_slice() {
        [job] => Ok(job),
        [] => {
            let message = format!("this machine knows of nothing with the id {id}; `dbx12 ps` lists what it knows");
            Err(Failure::new(Exit::Unavailable, message))
        }
        several => {
            let ids: Vec<_> = several.iter().map(|job| job.id()).collect();
            Err(Failure::usage(format!(
                "several ids begin with {id}: {}",
                ids.join(", ")
            )))
        }
    }
}

/// Waits for what is closed in the background.
async fn closed(closing: Closing) {
    match timeout(GRACE, closing.finished()).await {
        Ok(left) => left.iter().for_each(|left| note(&format!("Warning: {left}"))),
        Err(_) => note("Warning: a context could not be destroyed in time and may be left; `dbx12 gc` tries again."),
    }
}

/// Destroys the context, and says where that fails.
async fn close(session: Session) {
    let context = session.context().id().clone();
    let problem = match timeout(GRACE, session.close()).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => crate::failure::with_sources(&error),
        Err(_) => format!("the server did not answer within {}", humantime::format_duration(GRACE)),
    };
    note(&format!(
        "Warning: context {context} could not be destroyed; `dbx12 gc` tries again: {problem}"
    ));
}
