//! The invariants of ARCHITECTURE.md that no look at the sources can check, each by tests that are named after it.

mod cleanup;
mod delivery;
mod features;
mod secrets;
mod security;
mod unknown;

use dbx12_exec::api::{self, Cluster};
use dbx12_exec::http::{Client, Credentials, RetryPolicy};
use dbx12_exec::types::Language;
use dbx12_exec::{ExecError, Outcome, Session};
use dbx12_local::Workspace;
use dbx12_tests::{Fate, Peer, Reaction, Witness};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Attempts follow each other at once.
fn quick() -> RetryPolicy {
    RetryPolicy::default()
        .base(Duration::from_millis(1))
        .cap(Duration::from_millis(2))
}

/// A client of a peer.
fn client_of(peer: &Peer) -> Client {
    let client = Client::builder(peer.host())
        .credentials(Credentials::bearer("dapi0"))
        .retry(quick());
    client.build().unwrap()
}

/// The workspace's cluster, by way of a witness.
fn cluster_behind(witness: &Witness, workspace: &Workspace) -> Cluster {
    let client = Client::builder("http://localhost")
        .credentials(Credentials::bearer(workspace.token()))
        .transport(witness.clone())
        .retry(quick());
    api::Workspace::new(client.build().unwrap()).cluster(workspace.cluster_id())
}

async fn open(cluster: &Cluster) -> Session {
    Session::open(cluster, Language::Python).await.unwrap()
}

/// Waits until something holds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < Duration::from_secs(10), "{what}: it did not happen");
        sleep(Duration::from_millis(5)).await;
    }
}
