//! Submitting code with a watch, against a server that is not helpful. What a real context makes of it is in the
//! integration tests.

use super::server::{After, Answer, Lost, cluster, text, usual};
use crate::{ExecError, Session, Submission};
use dbx12_api::types::Language;
use std::time::Duration;
use tokio::time::Instant;

const REFUSED: &str = r#"{"error":"IllegalArgumentException: no python here"}"#;

#[tokio::test(start_paused = true)]
async fn a_context_that_takes_no_watch_runs_code_all_the_same() {
    let (cluster, journal) = cluster(|path, count| match path {
        "commands/execute" if count == 1 => Answer(400, REFUSED),
        path => usual(path),
    });
    let session = Session::open(&cluster, Language::Python).await.unwrap();
    assert_eq!(text(session.run("6 * 7").await.unwrap()), "42");
    assert_eq!(journal.count("commands/execute"), 2);
    session.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn code_is_not_sent_when_not_even_the_watch_gets_an_answer() {
    let (cluster, _) = cluster(|path, _| match path {
        "commands/execute" => Lost,
        path => usual(path),
    });
    let started = Instant::now();
    let session = Session::open(&cluster, Language::Python).await.unwrap();
    let error = session.run("insert()").await.unwrap_err();
    assert!(matches!(error, ExecError::NotSubmitted { .. }), "{error}");
    let elapsed = started.elapsed();
    assert!(
        elapsed >= Duration::from_secs(10) && elapsed < Duration::from_secs(20),
        "{elapsed:?}"
    );
    session.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_gone_for_good_leaves_it_unknown() {
    let (cluster, _) = cluster(|path, count| match path {
        "commands/execute" if count > 1 => Lost,
        path => usual(path),
    });
    let started = Instant::now();
    let session = Session::open(&cluster, Language::Python).await.unwrap();
    let error = session.run("insert()").await.unwrap_err();
    assert!(matches!(error, ExecError::SubmissionUnknown { .. }), "{error}");
    assert_eq!(error.submission(), Submission::Unknown);
    assert!(started.elapsed() >= Duration::from_secs(300), "{:?}", started.elapsed());
    session.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_none_leaves_it_unknown_and_the_next_command_has_a_new_watch() {
    let (cluster, journal) = cluster(|path, count| match path {
        "commands/execute" if count == 2 => Lost,
        path => usual(path),
    });
    let session = Session::open(&cluster, Language::Python).await.unwrap();
    // Every command of this server says 42, the one that asks too.
    let error = session.run("insert()").await.unwrap_err();
    assert!(matches!(error, ExecError::SubmissionUnknown { .. }), "{error}");
    assert_eq!(journal.count("commands/execute"), 3);
    session.run("1").await.unwrap();
    assert_eq!(journal.count("commands/execute"), 5);
    session.run("1").await.unwrap();
    assert_eq!(journal.count("commands/execute"), 6);
    session.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn code_that_may_restart_python_is_followed_by_a_new_watch() {
    let (cluster, journal) = cluster(|path, _| usual(path));
    let session = Session::open(&cluster, Language::Python).await.unwrap();
    for (code, executes) in [("1", 2), ("dbutils.library.restartPython()", 3), ("1", 5), ("1", 6)] {
        session.run(code).await.unwrap();
        assert_eq!(journal.count("commands/execute"), executes, "{code}");
    }
    session.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_not_answered_does_not_hold_up_the_deadline() {
    let (cluster, _) = cluster(|path, _| match path {
        "commands/execute" => After(Duration::from_secs(100_000), ""),
        path => usual(path),
    });
    let session = Session::open(&cluster, Language::Python).await.unwrap();
    let started = Instant::now();
    let error = session.run("1").deadline(Duration::from_secs(2)).await.unwrap_err();
    assert_eq!(error.submission(), Submission::NotSubmitted, "{error}");
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    session.close().await.unwrap();
}
