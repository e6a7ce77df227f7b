//! What was asked of the workspace, and what became of it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dbx12_types::{CommandId, ContextId};
use serde::Serialize;

/// How many requests are remembered, and how many commands.
const MOST_ENTRIES: usize = 10_000;

/// A request that was answered, or was to go wrong. It holds no credential and no code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct JournalEntry {
    /// Which it was, from 1; each has a number of its own, and they are in the order of their answers.
    pub number: u64,
    /// `GET` or `POST`.
    pub method: String,
    /// The path, as it came.
    pub path: String,
    /// The query, as it came.
    pub query: String,
    /// The size of the body, in bytes.
    pub body_bytes: usize,
    /// The client's name for itself.
    pub user_agent: String,
    /// The status of the answer. Of one that was lost, what it would have been.
    pub status: Option<u16>,
    /// The id in the answer: of the context or the command that was created, cancelled or looked at.
    pub id: Option<String>,
    /// The fault that was done to it, such as `lost_answer`.
    pub fault: Option<&'static str>,
    /// How long the answer took, in milliseconds.
    pub elapsed_ms: u64,
}

/// A command that was accepted, and how it ended. It holds no code and no result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CommandEntry {
    /// Its context.
    pub context_id: ContextId,
    /// The id by which its client knows it, unless the answer was lost.
    pub id: CommandId,
    /// Nothing while it waits or runs, and then one end. More than one would be a fault of this workspace.
    pub ends: Vec<CommandEnd>,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CommandEnd {
    /// Normally, with a result.
    Finished,
    /// With an error: its own, or that its process died.
    Failed,
    /// It was cancelled by `commands/cancel`.
    Cancelled,
    /// Its context was ended before it.
    ContextEnded,
}

#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    entries: VecDeque<JournalEntry>,
    last_number: u64,
    commands: VecDeque<CommandEntry>,
}

impl Journal {
    /// Enters a request; its number is given here.
    pub(crate) fn enter(&self, mut entry: JournalEntry) {
        let mut entries = self.lock();
        entries.last_number += 1;
        entry.number = entries.last_number;
        if entries.entries.len() == MOST_ENTRIES {
            entries.entries.pop_front();
        }
        entries.entries.push_back(entry);
    }

    pub(crate) fn entries(&self) -> Vec<JournalEntry> {
        self.lock().entries.iter().cloned().collect()
    }

    /// A command was accepted.
    pub(crate) fn accept(&self, context_id: &ContextId, id: &CommandId) {
        let commands = &mut self.lock().commands;
        if commands.len() == MOST_ENTRIES {
            commands.pop_front();
        }
        commands.push_back(CommandEntry {
            context_id: context_id.clone(),
            id: id.clone(),
            ends: Vec::new(),
        });
    }

    /// A command ended. One that is not remembered any more is let go.
    pub(crate) fn end(&self, id: &CommandId, end: CommandEnd) {
        if let Some(entry) = self.lock().commands.iter_mut().rfind(|entry| entry.id == *id) {
            entry.ends.push(end);
        }
    }

    pub(crate) fn commands(&self) -> Vec<CommandEntry> {
        self.lock().commands.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        *self.lock() = Entries::default();
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
