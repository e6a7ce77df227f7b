//! How many polls a second a workspace sees, whoever waits for what.

mod queue;

pub use queue::{PollQueue, Ticket};

use dbx12_api::http::Client;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Polls a second that a workspace is asked for by default. The service answers about 30 requests a second and workspace,
/// and there is more to ask for than the state of commands.
const RATE: f64 = 10.0;
/// Polls that may come at once after a quiet time.
const BURST: u32 = 20;

/// A budget of polls, shared by all who wait for something of the same workspace. Clones are handles to the same budget.
///
/// By default everything that goes through clones of one [`Client`] shares one: 10 polls a second, 20 at once
/// ([`of`](Self::of)). While there are enough, nobody notices it. Where more want to ask, [`PollQueue`] says who is next:
/// the waits of all stretch in proportion to the ages of what they wait for, so that each hears late by the same share.
/// An answer of 429 halves the rate, which recovers within seconds.
#[derive(Clone)]
pub struct PollBudget(Arc<Shared>);

struct Shared {
    epoch: Instant,
    state: Mutex<State>,
    /// Keeps the address of the client's inside taken for as long as the budget is known by it.
    _client: Option<Client>,
}

struct State {
    /// `None`: no limit.
    queue: Option<PollQueue>,
    turns: HashMap<Ticket, oneshot::Sender<()>>,
    /// Somebody hands out turns.
    is_driven: bool,
}

/// The budgets of clients, by where their shared inside is.
static BUDGETS: Mutex<Vec<(usize, Weak<Shared>)>> = Mutex::new(Vec::new());

impl PollBudget {
    /// A budget of `per_second` polls a second, of which `burst` may come at once after a quiet time.
    pub fn new(per_second: f64, burst: u32) -> Self {
        Self::with(Some(PollQueue::new(per_second, burst)), None)
    }

    /// No limit.
    pub fn unlimited() -> Self {
        Self::with(None, None)
    }

    /// The budget that everything shares that goes through clones of this client, and was not given another.
    pub fn of(client: &Client) -> Self {
        // All clones of a client share their host, and nobody else has it.
        let address = std::ptr::from_ref(client.host()) as usize;
        let mut budgets = BUDGETS.lock().unwrap_or_else(PoisonError::into_inner);
        budgets.retain(|(_, budget)| budget.strong_count() > 0);
        let known = budgets.iter().find(|(known, _)| *known == address);
        if let Some(shared) = known.and_then(|(_, budget)| budget.upgrade()) {
            return Self(shared);
        }
        let budget = Self::with(Some(PollQueue::new(RATE, BURST)), Some(client.clone()));
        budgets.push((address, Arc::downgrade(&budget.0)));
        budget
    }

    fn with(queue: Option<PollQueue>, client: Option<Client>) -> Self {
        Self(Arc::new(Shared {
            epoch: Instant::now(),
            state: Mutex::new(State {
                queue,
                turns: HashMap::new(),
                is_driven: false,
            }),
            _client: client,
        }))
    }

    /// Waits for the turn of somebody who has waited since `started` and asked at `asked` last, at most until `limit`:
    /// a last look comes in any case. Dropping the future gives the turn to others.
    pub(crate) async fn turn(&self, started: Instant, asked: Instant, limit: Option<Instant>) {
        let turn = self.next_turn(started, asked);
        let Some(limit) = limit else { return turn.await };
        if timeout_at(limit, turn).await.is_err()
            && let Some(queue) = &mut self.0.lock().queue
        {
            queue.overdraw(self.0.now());
        }
    }

    async fn next_turn(&self, started: Instant, asked: Instant) {
        while let Some((place, turn)) = self.0.line_up(started, asked) {
            let has_turn = turn.await.is_ok();
            drop(place);
            if has_turn {
                return;
            }
            // Whoever handed out turns ended, with its runtime: line up again.
        }
    }

    /// The service refused a poll because there are too many.
    pub(crate) fn refused(&self, retry_after: Option<Duration>) {
        if let Some(queue) = &mut self.0.lock().queue {
            queue.refused(self.0.now(), retry_after);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.since_epoch(Instant::now())
    }

    fn since_epoch(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.epoch)
    }

    /// `None`: it is one's turn at once.
    fn line_up(self: &Arc<Self>, started: Instant, asked: Instant) -> Option<(Place, oneshot::Receiver<()>)> {
        let mut state = self.lock();
        let queue = state.queue.as_mut()?;
        if queue.take(self.now()) {
            return None;
        }
        let ticket = queue.push(self.since_epoch(started), self.since_epoch(asked));
        let (give, turn) = oneshot::channel();
        state.turns.insert(ticket, give);
        if !std::mem::replace(&mut state.is_driven, true) {
            tokio::spawn(drive(Driver {
                shared: Arc::clone(self),
                is_done: false,
            }));
        }
        let shared = Arc::clone(self);
        Some((Place { shared, ticket }, turn))
    }

    /// Gives turns to those who may ask now. Returns when to come again; `None` when nobody waits.
    fn hand_out(&self) -> Option<Instant> {
        let now = self.now();
        let mut state = self.lock();
        let State {
            queue,
            turns,
            is_driven,
        } = &mut *state;
        let queue = queue.as_mut()?;
        while let Some(ticket) = queue.pop(now) {
            if let Some(give) = turns.remove(&ticket) {
                // An error means that it has just left.
                let _ = give.send(());
            }
        }
        let next = queue.next_at(now);
        *is_driven = next.is_some();
        next.map(|next| self.epoch + next)
    }
}

/// Hands out turns while there is somebody who waits.
async fn drive(mut driver: Driver) {
    while let Some(next) = driver.shared.hand_out() {
        sleep_until(next).await;
    }
    driver.is_done = true;
}

/// Who hands out turns. When its runtime ends before it is done, those who wait elsewhere learn of it.
struct Driver {
    shared: Arc<Shared>,
    is_done: bool,
}

impl Drop for Driver {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let mut state = self.shared.lock();
        state.is_driven = false;
        let left: Vec<_> = state.turns.drain().collect();
        if let Some(queue) = &mut state.queue {
            left.iter().for_each(|(ticket, _)| queue.remove(*ticket));
        }
    }
}

/// A place in the queue, given up when it is dropped.
struct Place {
    shared: Arc<Shared>,
    ticket: Ticket,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if state.turns.remove(&self.ticket).is_some()
            && let Some(queue) = &mut state.queue
        {
            queue.remove(self.ticket);
        }
    }
}

impl fmt::Debug for PollBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.lock();
        f.debug_struct("PollBudget")
            .field("per_second", &state.queue.as_ref().map(PollQueue::per_second))
            .field("waiting", &state.turns.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
