//! A workspace whose contexts and processes can be looked for.

use super::*;
use dbx12_exec::types::{ContextId, GetContext};
use dbx12_exec::{Progress, Waiter};
use tempfile::TempDir;

/// Code that would run, with a process of its own, long after its test.
pub(super) const LONG: &str = "import subprocess, time\nchild = subprocess.Popen(['sleep', '600'])\ntime.sleep(600)";

/// A workspace whose processes can be found.
pub(super) struct Stage {
    pub(super) workspace: Workspace,
    home: TempDir,
}

impl Stage {
    pub(super) async fn set() -> Self {
        let home = tempfile::tempdir().unwrap();
        let workspace = Workspace::builder()
            .env("DBX12_TEST_HOME", home.path())
            .start()
            .await
            .unwrap();
        Self { workspace, home }
    }

    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// A witness of all that is sent to the workspace, and its cluster by way of it.
    pub(super) fn watched(
        &self,
        interfere: impl Fn(&str, usize) -> Fate + Send + Sync + 'static,
    ) -> (Witness, Cluster) {
        let witness = Witness::interfering(&self.workspace, interfere);
        let cluster = cluster_behind(&witness, &self.workspace);
        (witness, cluster)
    }

    pub(super) async fn is_open(&self, context: &ContextId) -> bool {
        match self
            .workspace
            .client()
            .send(&GetContext::new(self.workspace.cluster_id(), context))
            .await
        {
            Ok(_) => true,
            Err(error) if error.is_context_not_found() => false,
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits until no context that the witness saw is left, nor a process of one.
    pub(super) async fn is_left_clean(&self, what: &str, witness: &Witness) {
        assert!(
            witness.count("contexts/create") > 0,
            "{what}: there was nothing to clean up"
        );
        until(what, async || {
            // What was begun before the caller went is carried out.
            if witness.created().len() < witness.count("contexts/create") {
                return false;
            }
            for context in witness.created() {
                if self.is_open(&context).await {
                    return false;
                }
            }
            true
        })
        .await;
        processes_end(self.home(), what).await;
    }

    /// As [`is_left_clean`](Self::is_left_clean), but the contexts are gone already.
    pub(super) async fn is_clean(&self, what: &str, witness: &Witness) {
        for context in witness.created() {
            assert!(!self.is_open(&context).await, "{what}: context {context} is left");
        }
        processes_end(self.home(), what).await;
    }
}

/// How often nobody must be seen before nobody is there: a process has no environment in the moment of its `exec`.
const EMPTY_LOOKS: u32 = 3;

/// Waits until no process lives in a home. Children of a killed process were killed with it, but they are not ours to
/// wait for, and on a busy machine the end of a process takes a moment.
pub(super) async fn processes_end(home: &Path, what: &str) {
    let started = Instant::now();
    let mut empty = 0;
    while empty < EMPTY_LOOKS {
        let left = processes_of(home);
        empty = if left.is_empty() { empty + 1 } else { 0 };
        assert!(started.elapsed() < Duration::from_secs(30), "{what}: {left:?}");
        sleep(Duration::from_millis(5)).await;
    }
}

pub(super) fn arrive(_: &str, _: usize) -> Fate {
    Fate::Arrive
}

/// Submits code that goes on for long, and waits until it runs.
pub(super) async fn running(session: &Session) -> Waiter {
    let mut waiter = session.submit(LONG).await.unwrap();
    loop {
        if let Progress::Waiting {
            status: Some(status), ..
        } = waiter.next().await.unwrap()
            && status.as_str() == "Running"
        {
            return waiter;
        }
    }
}
