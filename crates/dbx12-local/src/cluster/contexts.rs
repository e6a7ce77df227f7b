//! The contexts of a cluster: those that are open, and what is remembered of the others.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use dbx12_types::{CommandId, ContextId};

use crate::answer::Refusal;
use crate::context::Context;

/// How many contexts that have ended are remembered, to say what became of them.
const MOST_ENDED: usize = 1_000;

pub(super) const DESTROYED: &str = "The context was destroyed.";
pub(super) const RESTARTED: &str = "The context ended when its cluster was restarted.";
pub(super) const EVICTED: &str =
    "The context was idle for the longest time when the cluster had no room for another one.";
pub(super) const TERMINATED: &str = "The context ended with its cluster.";

#[derive(Debug, Default)]
pub(super) struct Contexts {
    open: HashMap<ContextId, Arc<Context>>,
    ended: VecDeque<Ended>,
    /// The workspace was shut down.
    pub(super) closed: bool,
}

/// What is remembered of a context that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    id: ContextId,
    pub(super) how: &'static str,
    /// The commands that were cut off: who waits for one of them is told that it was cancelled.
    pub(super) cut_off: Vec<CommandId>,
}

impl Contexts {
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn get(&self, id: &ContextId) -> Option<&Arc<Context>> {
        self.open.get(id)
    }

    pub(super) fn ended(&self, id: &ContextId) -> Option<&Ended> {
        self.ended.iter().rfind(|ended| ended.id == *id)
    }

    pub(super) fn insert(&mut self, id: ContextId, context: Context) {
        self.open.insert(id, Arc::new(context));
    }

    /// An id like those of the real service, which have 19 digits.
    pub(super) fn unused_id(&self) -> ContextId {
        loop {
            let id = ContextId::from(fastrand::i64(1_000_000_000_000_000_000..).to_string());
            if !self.open.contains_key(&id) {
                return id;
            }
        }
    }

    /// Takes a context out and tells it to end.
    pub(super) fn end(&mut self, id: &ContextId, how: &'static str) -> Option<Arc<Context>> {
        let context = self.open.remove(id)?;
        self.ended.push_back(Ended {
            id: id.clone(),
            how,
            cut_off: context.end(),
        });
        if self.ended.len() > MOST_ENDED {
            self.ended.pop_front();
        }
        Some(context)
    }

    pub(super) fn end_all(&mut self, how: &'static str) -> Vec<Arc<Context>> {
        let ids: Vec<_> = self.open.keys().cloned().collect();
        ids.iter().filter_map(|id| self.end(id, how)).collect()
    }

    /// Ends the context that was idle for the longest time, as the real service does when there is no room.
    pub(super) fn evict(&mut self) -> Option<Arc<Context>> {
        let idle = self
            .open
            .iter()
            .filter_map(|(id, context)| Some((context.idle_since()?, id)));
        let id = idle.min_by_key(|(since, _)| *since)?.1.clone();
        self.end(&id, EVICTED)
    }
}

pub(super) fn command_not_found(context: &ContextId, id: &CommandId) -> Refusal {
    let message = format!(
        "Command {id} not found in context {context}. A context remembers its last commands only, and no others than its own."
    );
    Refusal::new("CommandNotFound", message)
}
