//! What was asked of the workspace, and what became of it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// How many requests are remembered.
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

#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    entries: VecDeque<JournalEntry>,
    last_number: u64,
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

    pub(crate) fn clear(&self) {
        *self.lock() = Entries::default();
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
