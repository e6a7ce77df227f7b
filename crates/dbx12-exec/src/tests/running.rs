//! Running code in a session.

use super::server::{After, Answer, Lost, NO_CONTEXT, cluster, usual};
use crate::{ExecError, Session};
use dbx12_api::types::Language;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn a_submission_that_is_not_answered_does_not_hold_up_the_deadline() {
    let started = Instant::now();
    let (cluster, journal) = cluster(|path, _| match path {
        "commands/execute" => After(Duration::from_secs(100_000), ""),
        path => usual(path),
    });
    let session = Session::builder(&cluster, Language::Python).at_most_once(false);
    let session = session.open().await.unwrap();
    let error = session.run("1").deadline(Duration::from_secs(2)).await.unwrap_err();
    assert!(matches!(error, ExecError::SubmissionUnknown { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    assert_eq!(journal.count("commands/execute"), 1);
    session.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn code_that_may_have_arrived_is_not_sent_again() {
    let (cluster, journal) = cluster(|path, _| match path {
        "commands/execute" => Lost,
        path => usual(path),
    });
    let session = Session::builder(&cluster, Language::Python).at_most_once(false);
    let session = session.open().await.unwrap();
    let error = session.run("insert()").await.unwrap_err();
    assert!(matches!(error, ExecError::SubmissionUnknown { .. }), "{error}");
    assert_eq!(journal.count("commands/execute"), 1);
    session.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_context_that_is_gone_already_closes_well() {
    let (cluster, _) = cluster(|path, _| match path {
        "contexts/destroy" => Answer(500, NO_CONTEXT),
        path => usual(path),
    });
    Session::open(&cluster, Language::Python)
        .await
        .unwrap()
        .close()
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_not_text_is_refused_before_anything_is_sent() {
    let (cluster, journal) = cluster(|path, _| usual(path));
    let session = Session::open(&cluster, Language::Python).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program.py");
    std::fs::write(&path, b"print('\xff')").unwrap();
    let error = session.run_file(&path).unwrap_err();
    assert!(
        error.to_string().ends_with("program.py: it is not UTF-8 text (byte 7)"),
        "{error}"
    );
    assert!(session.run_file(&folder.path().join("none.py")).is_err());
    assert_eq!(journal.count("commands/execute"), 0);
    session.close().await.unwrap();
}
