//! The commands of one context: which wait, which runs, and what came of the others.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use dbx12_types::{CommandId, CommandInfo, CommandStatus, ContextId, Language, Results};
use uuid::Uuid;

use crate::answer::{Refusal, Reply};
use crate::faults::{CommandEnd, Journal};

/// How many commands may wait in a context.
const MOST_WAITING: usize = 1_000;

/// How many ended commands of a context are remembered, and how many bytes their answers may have together. The last
/// one is remembered whatever its size.
const MOST_ENDED: usize = 1_000;
const MOST_ENDED_BYTES: usize = 256 << 20;

/// Bytes of an answer beside the results themselves.
const ROOM: usize = 1 << 10;

/// What is to be run.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) code: String,
    /// That of the context when not given.
    pub(crate) language: Option<Language>,
    /// Tables end after this many rows.
    pub(crate) row_limit: usize,
}

/// A command that waits for its turn, or has it.
#[derive(Debug)]
pub(crate) struct Next {
    pub(crate) id: CommandId,
    /// Its number within the context, from 1.
    pub(crate) number: u64,
    pub(crate) work: Work,
}

#[derive(Debug)]
enum Progress {
    Queued,
    Running,
    Cancelling,
    /// The answer to `commands/status`, written once.
    Ended(Bytes),
}

/// What cancelling a command asks of the caller.
#[derive(Debug, PartialEq)]
pub(crate) enum Cancel {
    /// Nothing more: it had not begun, has ended, or is being cancelled already.
    Done,
    /// The command runs and has to be interrupted.
    Interrupt,
}

/// What came of a command that has ended.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The answer to `commands/status`.
    pub(crate) json: Bytes,
    end: CommandEnd,
}

#[derive(Debug)]
pub(crate) struct Commands {
    context: ContextId,
    journal: Arc<Journal>,
    /// The context has ended, and all commands with it.
    closed: bool,
    progress: HashMap<CommandId, Progress>,
    waiting: VecDeque<Next>,
    ended: VecDeque<CommandId>,
    ended_bytes: usize,
    last_number: u64,
}

impl Commands {
    /// Those of a context, none yet.
    pub(crate) fn new(context: ContextId, journal: Arc<Journal>) -> Self {
        Self {
            context,
            journal,
            closed: false,
            progress: HashMap::new(),
            waiting: VecDeque::new(),
            ended: VecDeque::new(),
            ended_bytes: 0,
            last_number: 0,
        }
    }

    /// Lets a command wait for its turn.
    pub(crate) fn submit(&mut self, work: Work) -> Result<CommandId, Refusal> {
        if self.waiting.len() >= MOST_WAITING {
            let message = format!("{MOST_WAITING} commands wait in this context already: let some of them end first");
            return Err(Refusal::new("TooManyCommands", message));
        }
        self.last_number += 1;
        let id = CommandId::from(Uuid::new_v4().to_string());
        self.journal.accept(&self.context, &id);
        self.progress.insert(id.clone(), Progress::Queued);
        self.waiting.push_back(Next {
            id: id.clone(),
            number: self.last_number,
            work,
        });
        Ok(id)
    }

    /// The command whose turn it is; it counts as running from now on.
    pub(crate) fn next(&mut self) -> Option<Next> {
        let next = self.waiting.pop_front()?;
        self.progress.insert(next.id.clone(), Progress::Running);
        Some(next)
    }

    /// The answer to `commands/status`.
    pub(crate) fn status(&self, id: &CommandId) -> Option<Reply<CommandInfo>> {
        let status = match self.progress.get(id)? {
            Progress::Queued => CommandStatus::Queued,
            Progress::Running => CommandStatus::Running,
            Progress::Cancelling => CommandStatus::Cancelling,
            Progress::Ended(answer) => return Some(Reply::written(answer.clone())),
        };
        Some(CommandInfo::new(id, status, None).into())
    }

    /// Cancels a command: one that waits ends with `results`, one that runs is to be interrupted.
    pub(crate) fn cancel(&mut self, id: &CommandId, results: impl FnOnce() -> Results) -> Option<Cancel> {
        if self.closed {
            return None;
        }
        let progress = self.progress.get_mut(id)?;
        match progress {
            Progress::Running => {
                *progress = Progress::Cancelling;
                Some(Cancel::Interrupt)
            }
            Progress::Queued => {
                self.waiting.retain(|waiting| waiting.id != *id);
                self.end(id, answer(id, results()));
                Some(Cancel::Done)
            }
            Progress::Cancelling | Progress::Ended(_) => Some(Cancel::Done),
        }
    }

    pub(crate) fn is_cancelling(&self, id: &CommandId) -> bool {
        matches!(self.progress.get(id), Some(Progress::Cancelling))
    }

    /// Records what came of a command, as [`answer`] writes it; not when its context ended before it.
    pub(crate) fn end(&mut self, id: &CommandId, answer: Answer) {
        if self.closed {
            return;
        }
        self.journal.end(id, answer.end);
        self.ended_bytes += answer.json.len();
        self.progress.insert(id.clone(), Progress::Ended(answer.json));
        self.ended.push_back(id.clone());
        while self.ended.len() > 1 && (self.ended.len() > MOST_ENDED || self.ended_bytes > MOST_ENDED_BYTES) {
            self.forget_oldest();
        }
    }

    /// Ends all commands that wait.
    pub(crate) fn end_waiting(&mut self, results: impl Fn() -> Results) {
        for Next { id, .. } in std::mem::take(&mut self.waiting) {
            self.end(&id, answer(&id, results()));
        }
    }

    /// Whether none waits or runs.
    pub(crate) fn all_ended(&self) -> bool {
        self.unfinished().next().is_none()
    }

    /// Whether this one has not ended, and all others have.
    pub(crate) fn are_only(&self, id: &CommandId) -> bool {
        self.unfinished().eq([id])
    }

    /// The context has ended: all that have not go with it, and these are they. A second time there are none.
    pub(crate) fn cut_off(&mut self) -> Vec<CommandId> {
        if std::mem::replace(&mut self.closed, true) {
            return Vec::new();
        }
        self.waiting.clear();
        let cut_off: Vec<_> = self.unfinished().cloned().collect();
        for id in &cut_off {
            self.journal.end(id, CommandEnd::ContextEnded);
        }
        cut_off
    }

    fn unfinished(&self) -> impl Iterator<Item = &CommandId> {
        self.progress
            .iter()
            .filter(|(_, progress)| !matches!(progress, Progress::Ended(_)))
            .map(|(id, _)| id)
    }

    fn forget_oldest(&mut self) {
        let oldest = self.ended.pop_front().and_then(|id| self.progress.remove(&id));
        if let Some(Progress::Ended(answer)) = oldest {
            self.ended_bytes -= answer.len();
        }
    }
}

/// What `commands/status` and the journal say of a command that has ended.
pub(crate) fn answer(id: &CommandId, results: Results) -> Answer {
    let end = match &results {
        Results::Error(error) if error.is_cancelled() => CommandEnd::Cancelled,
        Results::Error(_) => CommandEnd::Failed,
        _ => CommandEnd::Finished,
    };
    // All of it at once: a vector that grows holds what is large twice while it moves.
    let size = match &results {
        Results::Text(text) => text.data.as_ref().map_or(0, String::len),
        Results::Table(table) => table.data().map_or(0, |data| data.get().len()),
        _ => 0,
    };
    let mut json = Vec::with_capacity(size + size / 16 + ROOM);
    let info = CommandInfo::new(id, CommandStatus::Finished, Some(results));
    if serde_json::to_writer(&mut json, &info).is_err() {
        json.clear(); // cannot be: results are text, and JSON that was read as such
    }
    Answer { json: json.into(), end }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands() -> Commands {
        Commands::new(ContextId::from("1"), Arc::default())
    }

    fn work() -> Work {
        Work {
            code: "1".to_owned(),
            language: None,
            row_limit: 10,
        }
    }

    fn status(commands: &Commands, id: &CommandId) -> Option<CommandInfo> {
        let response = commands.status(id)?.into_response();
        Some(serde_json::from_slice(response.body()).unwrap())
    }

    fn written(json: Vec<u8>) -> Answer {
        Answer {
            json: json.into(),
            end: CommandEnd::Finished,
        }
    }

    fn cancelled() -> Results {
        Results::text("cancelled")
    }

    #[test]
    fn commands_run_in_order_and_each_ends_once() {
        let mut commands = commands();
        let ids: Vec<_> = (0..3).map(|_| commands.submit(work()).unwrap()).collect();
        assert_eq!(status(&commands, &ids[0]).unwrap().status, CommandStatus::Queued);

        for (index, id) in ids.iter().enumerate() {
            let next = commands.next().unwrap();
            assert_eq!((&next.id, next.number), (id, index as u64 + 1));
            assert_eq!(status(&commands, id).unwrap().status, CommandStatus::Running);
            commands.end(id, answer(id, Results::text(format!("{index}"))));
            assert_eq!(
                status(&commands, id).unwrap(),
                CommandInfo::new(id, CommandStatus::Finished, Some(Results::text(format!("{index}"))))
            );
        }
        assert!(commands.next().is_none());
    }

    #[test]
    fn cancel_ends_what_waits_interrupts_what_runs_and_leaves_what_ended() {
        let mut commands = commands();
        let running = commands.submit(work()).unwrap();
        let waiting = commands.submit(work()).unwrap();
        commands.next();

        assert_eq!(commands.cancel(&waiting, cancelled), Some(Cancel::Done));
        assert_eq!(status(&commands, &waiting).unwrap().results, Some(cancelled()));
        assert_eq!(commands.cancel(&running, cancelled), Some(Cancel::Interrupt));
        assert_eq!(status(&commands, &running).unwrap().status, CommandStatus::Cancelling);
        assert_eq!(
            commands.cancel(&running, cancelled),
            Some(Cancel::Done),
            "a second time"
        );
        assert!(commands.is_cancelling(&running));

        commands.end(&running, answer(&running, Results::text("done")));
        assert_eq!(commands.cancel(&running, cancelled), Some(Cancel::Done));
        assert_eq!(
            status(&commands, &running).unwrap().results,
            Some(Results::text("done"))
        );
        assert!(commands.next().is_none(), "the cancelled one never runs");
        assert_eq!(commands.cancel(&CommandId::from("other"), cancelled), None);
    }

    #[test]
    fn memory_is_bounded() {
        let mut commands = commands();
        let mut ids = Vec::new();
        for _ in 0..MOST_ENDED + 5 {
            let id = commands.submit(work()).unwrap();
            commands.next();
            commands.end(&id, written(b"{}".to_vec()));
            ids.push(id);
        }
        assert!(commands.status(&ids[4]).is_none() && commands.status(&ids[5]).is_some());
        assert_eq!(commands.ended_bytes, MOST_ENDED * 2);

        let huge = commands.submit(work()).unwrap();
        commands.next();
        commands.end(&huge, written(vec![b' '; MOST_ENDED_BYTES + 1]));
        assert!(commands.status(&huge).is_some(), "the last one stays");
        assert_eq!(commands.progress.len(), 1);

        for _ in 0..MOST_WAITING {
            commands.submit(work()).unwrap();
        }
        assert!(
            commands
                .submit(work())
                .unwrap_err()
                .to_string()
                .contains("commands wait")
        );
    }

    #[test]
    fn all_that_wait_can_be_ended_at_once() {
        let mut commands = commands();
        let running = commands.submit(work()).unwrap();
        let waiting = commands.submit(work()).unwrap();
        commands.next();
        assert_eq!(commands.unfinished().count(), 2);
        commands.end_waiting(cancelled);
        assert_eq!(commands.unfinished().collect::<Vec<_>>(), [&running]);
        assert_eq!(status(&commands, &waiting).unwrap().results, Some(cancelled()));
    }

    #[test]
    fn the_journal_has_one_end_of_each_whatever_comes_later() {
        let mut commands = commands();
        let ids: Vec<_> = (0..5).map(|_| commands.submit(work()).unwrap()).collect();
        let error = |text: &str| Results::Error(dbx12_types::RemoteError::new(None, text));
        commands.next();
        commands.end(&ids[0], answer(&ids[0], Results::text("1")));
        commands.next();
        commands.end(&ids[1], answer(&ids[1], error("ValueError")));
        commands.cancel(&ids[2], || crate::outcome::cancelled(None));
        commands.next();
        assert!(!commands.all_ended());

        assert_eq!(commands.cut_off().len(), 2, "one that runs and one that waits");
        assert_eq!(commands.cut_off(), []);
        commands.end(&ids[3], answer(&ids[3], Results::text("too late")));
        assert_eq!(commands.cancel(&ids[4], cancelled), None);
        commands.end_waiting(cancelled);
        assert!(commands.next().is_none());

        use CommandEnd::{Cancelled, ContextEnded, Failed, Finished};
        let ends: Vec<_> = commands
            .journal
            .commands()
            .into_iter()
            .map(|entry| entry.ends)
            .collect();
        assert_eq!(
            ends,
            [Finished, Failed, Cancelled, ContextEnded, ContextEnded].map(|end| vec![end])
        );
    }
}
