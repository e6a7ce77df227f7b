//! What a journal tells of contexts and of what was submitted to them.

use super::{Event, Journal, Line, blocking};
use crate::ExecError;
use dbx12_api::types::{ClusterId, CommandId, ContextId};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What a journal tells, of all workspaces, processes and times that it was not [compacted](Journal::compact) since.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Logged {
    /// Contexts, in the order in which they were opened.
    pub contexts: Vec<LoggedContext>,
    /// Hosts and clusters on which contexts were being made when their process ended: whether they were, nobody can tell,
    /// since the API has no list of contexts. They end when they have been idle for long, or when their cluster restarts.
    pub maybe_opened: Vec<(String, ClusterId)>,
}

/// What a journal tells of a context.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoggedContext {
    /// Its workspace, as [`Host`](dbx12_api::http::Host) writes it.
    pub host: String,
    /// Its cluster.
    pub cluster: ClusterId,
    /// The context.
    pub context: ContextId,
    /// When it was opened.
    pub opened: SystemTime,
    /// Who has it.
    pub holder: Holder,
    /// What was submitted to it, in this order.
    pub submissions: Vec<LoggedSubmission>,
}

/// Who has a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Holder {
    /// A process that lives.
    Process,
    /// Nobody: it was [detached](crate::Session::detach), and waits for somebody.
    Detached,
    /// Nobody: its process ended without closing it.
    Orphaned,
    /// It was closed.
    Closed,
}

/// What a journal tells of something that was submitted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoggedSubmission {
    /// [What it was called](crate::Run::name).
    pub name: Option<String>,
    /// When it was submitted.
    pub submitted: SystemTime,
    /// What became of it.
    pub fate: LoggedFate,
}

/// What a journal tells of what became of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoggedFate {
    /// It was on its way: whether it arrived, the journal does not know.
    Unknown,
    /// It surely will not run.
    NotSubmitted,
    /// It ran, and its answer, with the command's id, was lost.
    AnswerLost,
    /// The server took it.
    Submitted(CommandId),
    /// It ended, and whoever waited for it was told.
    Told(CommandId),
}

impl LoggedFate {
    /// Its command, where the server said which.
    pub fn command(&self) -> Option<&CommandId> {
        match self {
            Self::Submitted(command) | Self::Told(command) => Some(command),
            _ => None,
        }
    }
}

impl Journal {
    /// What it tells. Nothing is asked of a server, and nothing is taken over.
    ///
    /// # Errors
    /// [`ExecError::Journal`] when it cannot be read.
    pub async fn logged(&self) -> Result<Logged, ExecError> {
        let inner = Arc::clone(&self.0);
        blocking(self.path().to_owned(), move || {
            let lines = inner.file.lines()?;
            let dead = inner.dead(&lines)?;
            Ok(Logged {
                contexts: traces(&lines).into_iter().map(|trace| trace.logged(&dead)).collect(),
                maybe_opened: maybe_opened(&lines, &dead).into_values().collect(),
            })
        })
        .await
    }
}

/// What the lines of a journal say of a context.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) owner: String,
    pub(super) host: String,
    pub(super) cluster: String,
    pub(super) context: String,
    opened: u64,
    pub(super) is_detached: bool,
    is_closed: bool,
    submissions: Vec<Sent>,
}

#[derive(Debug)]
struct Sent {
    key: (String, u64),
    name: Option<String>,
    at: u64,
    fate: LoggedFate,
}

impl Trace {
    pub(super) fn is_open(&self) -> bool {
        !self.is_closed
    }

    /// Commands whose ends nobody was told.
    pub(super) fn running(&self) -> impl Iterator<Item = &CommandId> {
        self.submissions.iter().filter_map(|sent| match &sent.fate {
            LoggedFate::Submitted(command) => Some(command),
            _ => None,
        })
    }

    /// Submissions that may have arrived or not.
    pub(super) fn unknown(&self) -> usize {
        let unknown = |sent: &&Sent| sent.fate == LoggedFate::Unknown;
        self.submissions.iter().filter(unknown).count()
    }

    fn settle(&mut self, key: (String, u64), fate: LoggedFate) {
        if let Some(sent) = self.submissions.iter_mut().find(|sent| sent.key == key) {
            sent.fate = fate;
        }
    }

    fn logged(self, dead: &HashSet<String>) -> LoggedContext {
        let holder = match () {
            () if self.is_closed => Holder::Closed,
            () if !dead.contains(&self.owner) => Holder::Process,
            () if self.is_detached => Holder::Detached,
            () => Holder::Orphaned,
        };
        let submissions = self.submissions.into_iter().map(|sent| LoggedSubmission {
            name: sent.name,
            submitted: time(sent.at),
            fate: sent.fate,
        });
        LoggedContext {
            host: self.host,
            cluster: self.cluster.as_str().into(),
            context: self.context.as_str().into(),
            opened: time(self.opened),
            holder,
            submissions: submissions.collect(),
        }
    }
}

fn time(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// What lines say of contexts, in the order of their opening.
pub(super) fn traces(lines: &[Line]) -> Vec<Trace> {
    let mut traces: Vec<Trace> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for Line { owner, at, event } in lines {
        let Some(context) = event.context() else { continue };
        if let Event::Opened { host, cluster, .. } = event {
            let place = *places.entry(context).or_insert(traces.len());
            match traces.get_mut(place) {
                Some(trace) => trace.owner.clone_from(owner),
                None => traces.push(Trace {
                    owner: owner.clone(),
                    host: host.clone(),
                    cluster: cluster.clone(),
                    context: context.to_owned(),
                    opened: *at,
                    is_detached: false,
                    is_closed: false,
                    submissions: Vec::new(),
                }),
            }
        }
        let Some(trace) = places.get(context).and_then(|place| traces.get_mut(*place)) else {
            continue;
        };
        let key = |number: &u64| (owner.clone(), *number);
        match event {
            Event::Closed { .. } => trace.is_closed = true,
            Event::Detached { .. } => trace.is_detached = true,
            Event::Submitting { number, name, .. } => trace.submissions.push(Sent {
                key: key(number),
                name: name.clone(),
                at: *at,
                fate: LoggedFate::Unknown,
            }),
            Event::Submitted { command, number, .. } => {
                trace.settle(key(number), LoggedFate::Submitted(command.as_str().into()));
            }
            Event::Settled { number, ran: true, .. } => trace.settle(key(number), LoggedFate::AnswerLost),
            Event::Settled { number, .. } => trace.settle(key(number), LoggedFate::NotSubmitted),
            Event::Ended { command, .. } => {
                let command = CommandId::from(command.as_str());
                let is_it = |sent: &&mut Sent| sent.fate == LoggedFate::Submitted(command.clone());
                if let Some(sent) = trace.submissions.iter_mut().find(is_it) {
                    sent.fate = LoggedFate::Told(command);
                }
            }
            Event::Opening { .. } | Event::NotOpened { .. } | Event::Opened { .. } => {}
        }
    }
    traces
}

/// Openings, by their owners and numbers: their hosts and clusters.
pub(super) type Openings = BTreeMap<(String, u64), (String, ClusterId)>;

/// Openings of the dead that were neither answered nor refused.
pub(super) fn maybe_opened(lines: &[Line], dead: &HashSet<String>) -> Openings {
    let mut openings = Openings::new();
    for Line { owner, event, .. } in lines.iter().filter(|line| dead.contains(&line.owner)) {
        match event {
            Event::Opening { host, cluster, number } => {
                let place = (host.clone(), ClusterId::from(cluster.as_str()));
                openings.insert((owner.clone(), *number), place);
            }
            Event::Opened { number, .. } | Event::NotOpened { number } => {
                openings.remove(&(owner.clone(), *number));
            }
            _ => {}
        }
    }
    openings
}

/// The lines of contexts that are open, and openings that were not answered: nobody was told of them, or the answer may come
/// yet.
pub(super) fn still_matters(lines: Vec<Line>) -> Vec<Line> {
    let open = traces(&lines).into_iter().filter(Trace::is_open);
    let open: HashSet<String> = open.map(|trace| trace.context).collect();
    let answered: HashSet<(String, u64)> = lines.iter().filter_map(answered_opening).collect();
    lines
        .into_iter()
        .filter(|line| match &line.event {
            Event::Opening { number, .. } => !answered.contains(&(line.owner.clone(), *number)),
            event => event.context().is_some_and(|context| open.contains(context)),
        })
        .collect()
}

fn answered_opening(line: &Line) -> Option<(String, u64)> {
    match line.event {
        Event::Opened { number, .. } | Event::NotOpened { number } => Some((line.owner.clone(), number)),
        _ => None,
    }
}
