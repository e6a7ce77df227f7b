//! Running code in a session.

use super::server::{After, Answer, Lost, NO_CONTEXT, RUNNING, cluster, usual};
use crate::{Closing, ExecError, Session};
use dbx12_api::types::{Language, Parameters};
use std::future::IntoFuture;
use std::time::Duration;
use tokio::time::{Instant, timeout};

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

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_is_cancelled_and_a_waiter_is_not() {
    let (cluster, journal) = cluster(|path, _| match path {
        "commands/status" => Answer(200, RUNNING),
        path => usual(path),
    });
    let closing = Closing::new();
    let builder = Session::builder(&cluster, Language::Sql).closing(&closing);
    let session = builder.open().await.unwrap();
    let waiter = session.submit("SELECT 1").await.unwrap();
    assert!(timeout(Duration::from_secs(1), waiter).await.is_err());
    assert!(
        timeout(Duration::from_secs(1), session.run("SELECT 1").into_future())
            .await
            .is_err()
    );
    session.close().await.unwrap();
    closing.finished().await;
    assert_eq!(journal.count("commands/cancel"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_submission_and_a_closing_that_are_dropped_leave_no_context() {
    let (cluster, journal) = cluster(|path, _| match path {
        "commands/execute" => After(Duration::from_secs(5), r#"{"id":"k"}"#),
        "contexts/destroy" => After(Duration::from_secs(5), r#"{"id":"x"}"#),
        path => usual(path),
    });
    let closing = Closing::new();
    let builder = Session::builder(&cluster, Language::Sql).closing(&closing);
    let session = builder.open().await.unwrap();
    assert!(
        timeout(Duration::from_secs(1), session.submit("SELECT 1"))
            .await
            .is_err()
    );
    assert!(timeout(Duration::from_secs(1), session.close()).await.is_err());
    assert!(closing.finished().await.is_empty());
    assert_eq!(
        (journal.count("commands/execute"), journal.count("contexts/destroy")),
        (1, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn parameters_are_assigned_before_the_code_or_bound_into_it() {
    let (cluster, journal) = cluster(|path, _| usual(path));
    let builder = Session::builder(&cluster, Language::Python).at_most_once(false);
    let session = builder.open().await.unwrap();
    let parameters = || Parameters::default().with("limit", 3);
    session.run("print(limit)").parameters(parameters()).await.unwrap();
    assert_eq!(journal.count("commands/execute"), 2);
    let sql = session
        .run("SELECT :limit")
        .language(Language::Sql)
        .parameters(parameters());
    sql.await.unwrap();
    assert_eq!(journal.count("commands/execute"), 3);
    let missing = session
        .run("SELECT :other")
        .language(Language::Sql)
        .parameters(parameters());
    assert!(matches!(missing.await, Err(ExecError::Parameters(_))));
    assert_eq!(journal.count("commands/execute"), 3);
    session.close().await.unwrap();
}
