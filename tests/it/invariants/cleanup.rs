//! Invariant 8: Whatever `dbx12-exec` opens it closes: on success, error, timeout, cancellation and drop. What it could
//! not close, it reports. (Ctrl-C is in `cli.rs`.)

mod command_line;
mod stage;

use super::*;
use dbx12_tests::{Traced, processes_of};
use stage::{LONG, Stage, arrive, processes_end, running};
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn invariant_8_closing_leaves_nothing_whatever_came_of_the_command() {
    let stage = Stage::set().await;
    let (witness, cluster) = stage.watched(arrive);
    for what in ["ended", "dead", "unfinished"] {
        let session = open(&cluster).await;
        assert!(!processes_of(stage.home()).is_empty(), "a context is a process");
        match what {
            "ended" => all_ends_of_a_command(&session).await,
            "dead" => drop(session.run("import os; os._exit(7)").await),
            _ => drop(running(&session).await),
        }
        session.close().await.unwrap();
        stage.is_clean(what, &witness).await;
    }
    assert_eq!(witness.created().len(), 3);
    stage.workspace.shutdown().await;
}

async fn all_ends_of_a_command(session: &Session) {
    session.run("1 + 1").await.unwrap().ok().unwrap();
    session.run("1 / 0").await.unwrap().ok().unwrap_err();
    let error = session
        .run(LONG)
        .deadline(Duration::from_millis(200))
        .await
        .unwrap_err();
    assert!(
        matches!(error, ExecError::DeadlineExceeded { stopped: true, .. }),
        "{error}"
    );
    let mut waiter = running(session).await;
    waiter.cancel();
    assert_eq!(waiter.await.unwrap(), Outcome::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_8_dropping_at_any_moment_leaves_nothing() {
    let stage = Stage::set().await;

    // While the context is being made: its answer comes, and nobody waits for it.
    for operation in [
        "contexts/create",
        "contexts/status",
        "commands/execute",
        "commands/status",
    ] {
        let (witness, cluster) = stage.watched(arrive);
        let whole = async {
            let session = Session::open(&cluster, Language::Python).await?;
            session.run(LONG).await
        };
        tokio::select! {
            biased;
            // The request is on its way, or has been answered just now.
            () = witness.sees(operation) => {}
            ended = whole => panic!("{ended:?}"),
        }
        stage.is_left_clean(operation, &witness).await;
        assert_eq!(witness.created().len(), 1, "{operation}");
    }

    let (witness, cluster) = stage.watched(arrive);
    let session = open(&cluster).await;
    let waiter = running(&session).await;
    drop(session);
    stage.is_left_clean("a session under its waiter", &witness).await;
    let outcome = waiter.await.unwrap();
    assert!(matches!(outcome, Outcome::ContextLost { .. }), "{outcome:?}");
    stage.workspace.shutdown().await;
}

/// One thread, so that what is ready at the same moment is seen in an order that is known.
#[tokio::test]
async fn invariant_8_a_context_that_is_made_in_the_moment_of_dropping_is_not_left() {
    let stage = Stage::set().await;
    let (witness, cluster) = stage.watched(arrive);
    tokio::select! {
        biased;
        // The answer is on its way to the opening, which is dropped before it can take it.
        () = witness.sees_context() => {}
        opened = Session::open(&cluster, Language::Python) => panic!("{opened:?}"),
    }
    stage.is_left_clean("an answer that nobody takes", &witness).await;
    stage.workspace.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_8_an_opening_that_fails_leaves_nothing() {
    let stage = Stage::set().await;
    let hang = |operation: &str, _| {
        if operation == "contexts/status" {
            Fate::Hang
        } else {
            Fate::Arrive
        }
    };
    let (witness, cluster) = stage.watched(hang);
    let opening = Session::builder(&cluster, Language::Python).timeout(Duration::from_millis(100));
    let error = opening.open().await.unwrap_err();
    assert!(matches!(error, ExecError::OpenTimeout { .. }), "{error}");
    stage.is_left_clean("a timeout", &witness).await;

    let refuse = |operation: &str, _| {
        if operation == "contexts/status" {
            Fate::Refuse(400)
        } else {
            Fate::Arrive
        }
    };
    let (witness, cluster) = stage.watched(refuse);
    let error = Session::open(&cluster, Language::Python).await.unwrap_err();
    assert!(matches!(error, ExecError::Call(_)), "{error}");
    stage.is_left_clean("a refusal", &witness).await;

    // Too late for the caller, but the context is made all the same.
    let (witness, cluster) = stage.watched(arrive);
    let opening = Session::builder(&cluster, Language::Python).timeout(Duration::ZERO);
    assert!(matches!(
        opening.open().await.unwrap_err(),
        ExecError::OpenTimeout { .. }
    ));
    until("what was begun ends", async || {
        witness.created().len() == witness.count("contexts/create")
    })
    .await;
    for context in witness.created() {
        until("an orphan is destroyed", async || !stage.is_open(&context).await).await;
    }
    stage.workspace.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_8_a_workspace_that_is_shut_down_leaves_nothing_at_any_moment() {
    let start = async |home: &Path, wait| {
        Workspace::builder()
            .env("DBX12_TEST_HOME", home)
            .wait_for_cluster(wait)
            .start()
            .await
            .unwrap()
    };
    let home = tempfile::tempdir().unwrap();

    let workspace = start(home.path(), false).await;
    until("it looks for its Python", async || {
        !processes_of(home.path()).is_empty()
    })
    .await;
    workspace.shutdown().await;
    processes_end(home.path(), "while it looks for its Python").await;

    for what in [
        "while a context starts",
        "while a command runs",
        "while a library is installed",
    ] {
        let workspace = start(home.path(), true).await;
        let cluster = api::Workspace::new(workspace.client()).cluster(workspace.cluster_id());
        let mut kept = None;
        match what {
            "while a context starts" => drop(cluster.create_context(Language::Python).await.unwrap()),
            "while a command runs" => drop(running(kept.insert(open(&cluster).await)).await),
            _ => drop(
                cluster
                    .upload_library("l", Language::Python, "file:/l-1.0-py3-none-any.whl")
                    .await
                    .unwrap(),
            ),
        }
        until(what, async || !processes_of(home.path()).is_empty()).await;
        workspace.shutdown().await;
        processes_end(home.path(), what).await;
    }
}

#[tokio::test]
async fn invariant_8_what_could_not_be_closed_is_reported() {
    let traced = Traced::start();
    let stage = Stage::set().await;
    let (witness, cluster) = stage.watched(|operation, _| {
        if operation == "contexts/destroy" {
            Fate::Refuse(400)
        } else {
            Fate::Arrive
        }
    });
    let session = open(&cluster).await;
    let error = session.close().await.unwrap_err();
    assert!(
        matches!(&error, ExecError::Call(call) if call.path().ends_with("contexts/destroy")),
        "{error}"
    );

    let session = open(&cluster).await;
    let left = session.context().id().clone();
    drop(session);
    let warned = || traced.text().contains("could not be destroyed and may be left behind");
    until("a warning", async || warned()).await;
    let text = traced.text();
    let warning = text.lines().find(|line| line.contains("may be left behind")).unwrap();
    assert!(warning.contains("WARN") && warning.contains(left.as_str()), "{warning}");
    assert!(warning.contains(stage.workspace.cluster_id().as_str()), "{warning}");
    assert_eq!((witness.count("contexts/destroy"), witness.created().len()), (2, 2));

    // What no session destroys ends with its workspace.
    stage.workspace.shutdown().await;
    processes_end(stage.home(), "the workspace").await;
}
