//! An execution context: its REPLs, and the commands that run in them one after another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dbx12_types::{CommandId, CommandInfo, ContextId, ContextStatus, Language};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};
use tracing::debug;

use crate::answer::{Refusal, Reply};
use crate::command::{Cancel, Commands, Next, Work, answer};
use crate::engine::{End, Interrupter};
use crate::faults::Journal;
use crate::outcome;
use crate::plots::ContextPlots;
use crate::repls::{NoRepl, Repls};

/// How long the first look at a command waits for its end.
const MOMENT: Duration = Duration::from_millis(20);

/// How a context ends that is killed from outside and has no process of its own.
const KILLED: &str = "was killed";

/// A context. It is driven by the future that comes with it from [`Context::new`]; dropping it ends that future.
#[derive(Debug)]
pub(crate) struct Context {
    id: ContextId,
    language: Language,
    shared: Arc<Shared>,
    /// Set when the context is to end. The future holds the only receiver, so it also tells when that has ended.
    ending: watch::Sender<bool>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// There is a command to run.
    wake: Notify,
    /// A command that runs is to be interrupted.
    cancelled: Notify,
    /// A command has ended.
    ended: Notify,
    plots: ContextPlots,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    commands: Commands,
    last_used: Instant,
}

#[derive(Debug)]
enum Phase {
    Pending,
    /// Its own Python, if that is its language.
    Running(Option<Interrupter>),
    /// It has no REPL, or no longer one; why, for people.
    Error(String),
    /// It was ended from outside.
    Ended,
}

impl Context {
    /// A context that is `Pending`, and the future that starts the REPL of its language and runs its commands.
    pub(crate) fn new(
        id: ContextId,
        language: Language,
        repls: Repls,
        journal: Arc<Journal>,
        plots: ContextPlots,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let state = State {
            phase: Phase::Pending,
            commands: Commands::new(id.clone(), journal),
            last_used: Instant::now(),
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            wake: Notify::new(),
            cancelled: Notify::new(),
            ended: Notify::new(),
            plots,
        });
        let (ending, is_ending) = watch::channel(false);
        let driver = drive(id.clone(), language.clone(), Arc::clone(&shared), repls, is_ending);
        let context = Self {
            id,
            language,
            shared,
            ending,
        };
        (context, driver)
    }

    pub(crate) fn status(&self) -> ContextStatus {
        match self.shared.lock().phase {
            Phase::Pending => ContextStatus::Pending,
            Phase::Running(_) => ContextStatus::Running,
            Phase::Error(_) | Phase::Ended => ContextStatus::Error,
        }
    }

    /// Lets a command wait for its turn, in a context that is `Pending` too. `None` when the context has ended.
    pub(crate) fn submit(&self, mut work: Work) -> Option<Result<CommandId, Refusal>> {
        let mut state = self.shared.lock();
        match &state.phase {
            Phase::Ended => return None,
            Phase::Error(why) => {
                let message = format!("Context {} is in status Error. {why}", self.id);
                return Some(Err(Refusal::new("ContextNotRunning", message)));
            }
            Phase::Pending | Phase::Running(_) => {}
        }
        state.last_used = Instant::now();
        work.language.get_or_insert_with(|| self.language.clone());
        let submitted = state.commands.submit(work);
        self.shared.wake.notify_one();
        Some(submitted)
    }

    /// The answer to `commands/status`; `None` when there is no such command, or it was forgotten.
    pub(crate) fn command(&self, id: &CommandId) -> Option<Reply<CommandInfo>> {
        self.shared.lock().commands.status(id)
    }

    /// Waits a moment for a command that was submitted just now and has nothing before it: most are that short, and who asks
    /// too early asks again much later. Cancel safe.
    pub(crate) async fn give_a_moment(&self, id: &CommandId) {
        let wait = async {
            loop {
                let ended = self.shared.ended.notified(); // before the look, so as not to miss it after
                if !self.shared.lock().may_end_in_a_moment(id) {
                    return;
                }
                ended.await;
            }
        };
        let _ = timeout(MOMENT, wait).await; // it takes longer
    }

    /// Cancels a command; `None` when there is no such command.
    pub(crate) fn cancel(&self, id: &CommandId) -> Option<()> {
        let mut state = self.shared.lock();
        match state.commands.cancel(id, || outcome::cancelled(None))? {
            Cancel::Done => {}
            Cancel::Interrupt => self.shared.cancelled.notify_waiters(),
        }
        Some(())
    }

    /// Has its process killed, as something from outside might do it. Does not wait until that was noticed. SQL and Scala
    /// have no process of their own: nothing runs in such a context any more.
    pub(crate) fn kill(&self) {
        let mut state = self.shared.lock();
        match &state.phase {
            Phase::Running(Some(interrupter)) => interrupter.kill(),
            Phase::Running(None) => {
                state.phase = Phase::Error(outcome::gone(&self.language, KILLED));
                state
                    .commands
                    .end_waiting(|| outcome::never_ran(&self.language, KILLED));
            }
            _ => {}
        }
    }

    /// Since when nothing runs or waits; `None` when something does.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let state = self.shared.lock();
        state.commands.all_ended().then_some(state.last_used)
    }

    /// Ends the context: no command begins from now on, and its process goes. Returns the commands that were cut off.
    pub(crate) fn end(&self) -> Vec<CommandId> {
        let cut_off = {
            let mut state = self.shared.lock();
            state.phase = Phase::Ended;
            state.commands.cut_off()
        };
        self.ending.send_replace(true);
        cut_off
    }

    /// Waits until the process of a context that was ended is gone.
    pub(crate) async fn gone(&self) {
        self.ending.closed().await;
    }
}

impl State {
    fn may_end_in_a_moment(&self, id: &CommandId) -> bool {
        matches!(self.phase, Phase::Running(_)) && self.last_used.elapsed() < MOMENT && self.commands.are_only(id)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends when a command was cancelled. Cancel safe.
    async fn is_cancelled(&self, id: &CommandId) {
        loop {
            let cancelled = self.cancelled.notified(); // before the look, so as not to miss it after
            if self.lock().commands.is_cancelling(id) {
                return;
            }
            cancelled.await;
        }
    }

    fn next(&self) -> Option<Next> {
        let mut state = self.lock();
        match state.phase {
            Phase::Running(_) => state.commands.next(),
            _ => None,
        }
    }

    /// Goes from one phase to another, unless the context was ended meanwhile.
    fn advance(&self, phase: Phase) {
        let mut state = self.lock();
        if !matches!(state.phase, Phase::Ended) {
            state.phase = phase;
        }
    }
}

async fn drive(
    id: ContextId,
    language: Language,
    shared: Arc<Shared>,
    mut repls: Repls,
    mut ending: watch::Receiver<bool>,
) {
    match repls.start(&language, ended(&mut ending)).await {
        Ok(()) => {}
        Err(NoRepl::GivenUp) => return repls.shutdown().await,
        Err(NoRepl::Failed(reason)) => {
            debug!(context = %id, reason, "the REPL of a context did not start");
            shared.advance(Phase::Error(reason.clone()));
            shared.lock().commands.end_waiting(|| outcome::never_started(&reason));
            return;
        }
    }
    debug!(context = %id, "context is running");
    shared.advance(Phase::Running(repls.interrupter()));
    let death = tokio::select! {
        biased;
        () = ended(&mut ending) => None,
        death = run_commands(&shared, &mut repls) => Some(death),
    };
    if let Some((language, reason)) = death {
        debug!(context = %id, reason, "a REPL of a context died");
        shared.advance(Phase::Error(outcome::gone(&language, &reason)));
        shared
            .lock()
            .commands
            .end_waiting(|| outcome::never_ran(&language, &reason));
    }
    repls.shutdown().await;
}

/// Runs commands as they come, until a REPL dies; returns whose and how. Dropping it in the middle of a command abandons
/// that.
async fn run_commands(shared: &Shared, repls: &mut Repls) -> (Language, String) {
    loop {
        let Some(Next { id, number, work }) = shared.next() else {
            tokio::select! {
                () = shared.wake.notified() => continue,
                death = repls.died() => return death,
            }
        };
        let language = work.language.clone().unwrap_or_default();
        let mut execution = repls.execute(&language, number, &work, shared.is_cancelled(&id)).await;
        let death = match &execution.end {
            End::Died { reason, .. } => Some(reason.clone()),
            _ => None,
        };
        if let Some(reason) = &death {
            // Before the command ends, so that who sees its end sees what became of the context too.
            shared.advance(Phase::Error(outcome::gone(&language, reason)));
        }
        if let End::Images(data_urls) = &mut execution.end {
            shared.plots.put_aside(data_urls);
        }
        let is_cancelling = shared.lock().commands.is_cancelling(&id);
        let answer = answer(&id, outcome::results(execution, &language, is_cancelling));
        let mut state = shared.lock();
        state.commands.end(&id, answer);
        state.last_used = Instant::now();
        drop(state);
        shared.ended.notify_waiters();
        if let Some(reason) = death {
            return (language, reason);
        }
    }
}

async fn ended(ending: &mut watch::Receiver<bool>) {
    // An error means that the context was dropped, which is an end too.
    let _ = ending.wait_for(|is_ending| *is_ending).await;
}
