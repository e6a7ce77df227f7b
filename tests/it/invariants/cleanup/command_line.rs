//! What `dbx12 run` opens on a distant workspace it closes before it leaves.

use super::*;
use dbx12_tests::{Finished, dbx12, start};
use rustix::process::{Pid, Signal, kill_process};

/// How long the making of a context takes there.
const SLOW: Duration = Duration::from_millis(400);

/// A workspace on which contexts are made slowly, and then are `Pending` for ever.
async fn distant() -> Peer {
    Peer::start(|asked| match asked.operation.as_str() {
        "contexts/create" => {
            let body = r#"{"id":"1"}"#;
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            Reaction::Late(SLOW, answer.into())
        }
        "contexts/status" => Reaction::json(r#"{"id":"1","status":"Pending"}"#),
        _ => Reaction::json(r#"{"id":"1"}"#),
    })
    .await
}

/// Runs a program there, and interrupts it once an operation was asked for; how it ended.
async fn run(peer: &Peer, arguments: &[&str], interrupt_at: Option<&str>) -> Finished {
    let home = tempfile::tempdir().unwrap();
    let mut command = dbx12(home.path(), &["run", "--cluster", "1234-567890-distant", "-c", "1"]);
    command
        .args(arguments)
        .env("DATABRICKS_HOST", peer.host())
        .env("DATABRICKS_TOKEN", "dapi0");
    let child = start(command);
    if let Some(operation) = interrupt_at {
        until(operation, async || peer.count(operation) > 0).await;
        kill_process(Pid::from_raw(child.id().cast_signed()).unwrap(), Signal::INT).unwrap();
    }
    child.wait_with_output().unwrap().into()
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_8_an_interrupt_while_the_context_starts_destroys_it() {
    for operation in ["contexts/create", "contexts/status"] {
        let peer = distant().await;
        let finished = run(&peer, &[], Some(operation)).await;
        assert_eq!(finished.code, Some(130), "{operation}: {}", finished.stderr);
        assert_eq!(
            (peer.count("contexts/create"), peer.count("contexts/destroy")),
            (1, 1),
            "{operation}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_8_a_timeout_while_the_context_starts_destroys_it() {
    for timeout in ["100ms", "600ms"] {
        let peer = distant().await;
        let finished = run(&peer, &["--timeout", timeout], None).await;
        assert_eq!(finished.code, Some(124), "{timeout}: {}", finished.stderr);
        assert_eq!(
            (peer.count("contexts/create"), peer.count("contexts/destroy")),
            (1, 1),
            "{timeout}"
        );
    }
}
