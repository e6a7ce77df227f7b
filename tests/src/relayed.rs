//! A local workspace behind a relay, and what gets through of the requests to it.

use crate::{Passage, Relay};
use dbx12_exec::api::{self, Cluster};
use dbx12_exec::http::{Client, Credentials, RetryPolicy};
use dbx12_exec::types::{Language, Results};
use dbx12_exec::{Outcome, PollSchedule, Session, SessionBuilder, Waiter};
use dbx12_local::{Server, Workspace};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A workspace that is reached by way of a relay, and without.
#[derive(Debug)]
pub struct Relayed {
    /// The workspace.
    pub workspace: Workspace,
    /// The relay before it.
    pub relay: Relay,
    server: Server,
}

impl Relayed {
    /// Starts both; the relay passes on as a function of a request's first line says.
    ///
    /// # Panics
    /// When they do not start.
    pub async fn through(choose: impl Fn(&str) -> Passage + Send + Sync + 'static) -> Self {
        let workspace = Workspace::start().await.expect("a workspace");
        let server = workspace
            .serve(([127, 0, 0, 1], 0).into(), false)
            .await
            .expect("a free port");
        let relay = Relay::start(server.address(), choose).await;
        Self {
            workspace,
            relay,
            server,
        }
    }

    /// The commands that are sent take these ways, one after another, and those after them all get through. The first of
    /// a session is the one that sets up the watch.
    ///
    /// # Panics
    /// When they do not start.
    pub async fn for_commands(passages: impl IntoIterator<Item = Passage>) -> Self {
        let passages = Mutex::new(passages.into_iter().collect::<VecDeque<_>>());
        Self::through(move |line| match line.contains("commands/execute") {
            true => passages
                .lock()
                .expect("no panic")
                .pop_front()
                .unwrap_or(Passage::Through),
            false => Passage::Through,
        })
        .await
    }

    /// Two in five requests meet a fault, while the switch is on.
    ///
    /// # Panics
    /// When they do not start.
    pub async fn with_faults(seed: u64) -> (Self, Arc<AtomicBool>) {
        let faults = Mutex::new(fastrand::Rng::with_seed(seed));
        let is_faulty = Arc::new(AtomicBool::new(false));
        let faulty = Arc::clone(&is_faulty);
        let relayed = Self::through(move |_| match faulty.load(Ordering::Relaxed) {
            true => any_passage(&mut faults.lock().expect("no panic")),
            false => Passage::Through,
        });
        (relayed.await, is_faulty)
    }

    fn cluster_at(&self, host: String) -> Cluster {
        let retry = RetryPolicy::default()
            .base(Duration::from_millis(1))
            .cap(Duration::from_millis(5));
        let client = Client::builder(host)
            .credentials(Credentials::bearer(self.workspace.token()))
            .retry(retry)
            .build();
        api::Workspace::new(client.expect("a client")).cluster(self.workspace.cluster_id())
    }

    /// The cluster, by way of the relay.
    pub fn cluster(&self) -> Cluster {
        self.cluster_at(self.relay.host())
    }

    /// Prepares to open a session by way of the relay that asks often.
    pub fn builder(&self, language: Language) -> SessionBuilder {
        let mut schedule = PollSchedule::default();
        schedule.floor = Duration::from_millis(3);
        Session::builder(&self.cluster(), language).schedule(schedule)
    }

    /// What an expression is in the context of a session, asked on a way without a relay.
    ///
    /// # Panics
    /// When it has no value.
    pub async fn value(&self, session: &Session, expression: &str) -> String {
        let context = self
            .cluster_at(self.server.host())
            .context(session.context().id().clone());
        let command = context.execute(expression).await.expect("an answer");
        match Waiter::new(command).await.expect("an end") {
            Outcome::Finished(Results::Text(text)) => text.as_str().to_owned(),
            Outcome::Finished(Results::Empty(_)) => String::new(),
            other => panic!("{expression}: {other:?}"),
        }
    }
}

fn any_passage(random: &mut fastrand::Rng) -> Passage {
    match random.u8(..10) {
        0 => Passage::LoseRequest,
        1 => Passage::CutRequest(random.f64()),
        2 => Passage::CutAnswer(0.0),
        3 => Passage::CutAnswer(random.f64()),
        _ => Passage::Through,
    }
}
