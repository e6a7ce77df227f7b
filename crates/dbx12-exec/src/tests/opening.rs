//! Opening sessions, and what is left of them.

use super::server::{After, Answer, NO_CONTEXT, NOT_READY, cluster, text, usual};
use crate::{Closing, ExecError, Session};
use dbx12_api::types::{ClusterStatus, Language};
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[tokio::test(start_paused = true)]
async fn a_session_opens_runs_and_closes() {
    let (cluster, journal) = cluster(|path, count| match path {
        "contexts/status" if count == 1 => Answer(500, NO_CONTEXT),
        "contexts/status" if count < 4 => Answer(200, r#"{"id":"x","status":"Pending"}"#),
        path => usual(path),
    });
    let session = Session::open(&cluster, Language::Python).await.unwrap();
    assert_eq!(text(session.run("6 * 7").await.unwrap()), "42");
    session.close().await.unwrap();
    assert_eq!(
        (journal.count("contexts/create"), journal.count("contexts/destroy")),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_starting_cluster_is_waited_for() {
    let (cluster, journal) = cluster(|path, count| match path {
        "contexts/create" if count < 30 => Answer(500, NOT_READY),
        "clusters/status" => Answer(200, r#"{"id":"c","status":"Pending"}"#),
        path => usual(path),
    });
    Session::open(&cluster, Language::Python)
        .await
        .unwrap()
        .close()
        .await
        .unwrap();
    assert_eq!(journal.count("contexts/create"), 30);
}

#[tokio::test(start_paused = true)]
async fn a_terminated_cluster_is_not_waited_for() {
    let (cluster, journal) = cluster(|path, _| match path {
        "contexts/create" => Answer(500, NOT_READY),
        "clusters/status" => Answer(200, r#"{"id":"c","status":"Terminated"}"#),
        path => usual(path),
    });
    let started = Instant::now();
    let error = Session::open(&cluster, Language::Python).await.unwrap_err();
    assert!(
        matches!(
            error,
            ExecError::ClusterUnavailable {
                status: ClusterStatus::Terminated,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(error.to_string(), "cluster c is Terminated: start it, then try again");
    // It is looked at, rather than knocked at again.
    assert_eq!(
        (journal.count("contexts/create"), started.elapsed()),
        (1, Duration::ZERO)
    );
}

#[tokio::test(start_paused = true)]
async fn a_context_that_breaks_is_destroyed() {
    let (cluster, journal) = cluster(|path, _| match path {
        "contexts/status" => Answer(200, r#"{"id":"x","status":"Error"}"#),
        path => usual(path),
    });
    let error = Session::open(&cluster, Language::Python).await.unwrap_err();
    assert!(matches!(error, ExecError::ContextFailed { .. }), "{error}");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(journal.count("contexts/destroy"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_opening_that_takes_too_long_leaves_nothing() {
    let (cluster, journal) = cluster(|path, _| match path {
        "contexts/status" => Answer(200, r#"{"id":"x","status":"Pending"}"#),
        path => usual(path),
    });
    let opening = Session::builder(&cluster, Language::Python).timeout(Duration::from_secs(3));
    let error = opening.open().await.unwrap_err();
    assert!(matches!(error, ExecError::OpenTimeout { .. }), "{error}");
    assert!(
        error.to_string().ends_with("last seen: the context is Pending"),
        "{error}"
    );
    sleep(Duration::from_secs(1)).await;
    assert_eq!(journal.count("contexts/destroy"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_session_is_destroyed() {
    let (cluster, journal) = cluster(|path, _| usual(path));
    drop(Session::open(&cluster, Language::Python).await.unwrap());
    sleep(Duration::from_secs(1)).await;
    assert_eq!(journal.count("contexts/destroy"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_opening_destroys_the_context_that_was_being_made() {
    let (cluster, journal) = cluster(|path, _| match path {
        "contexts/create" => After(Duration::from_secs(2), r#"{"id":"x"}"#),
        path => usual(path),
    });
    let opening = Session::open(&cluster, Language::Python);
    assert!(tokio::time::timeout(Duration::from_secs(1), opening).await.is_err());
    sleep(Duration::from_secs(5)).await;
    assert_eq!(
        (journal.count("contexts/create"), journal.count("contexts/destroy")),
        (1, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_all_that_was_left_to_the_background() {
    let (cluster, journal) = cluster(|path, _| match path {
        "contexts/create" => After(Duration::from_secs(2), r#"{"id":"x"}"#),
        "contexts/destroy" => After(Duration::from_secs(3), r#"{"id":"x"}"#),
        path => usual(path),
    });
    let closing = Closing::new();
    let started = Instant::now();
    let opening = Session::builder(&cluster, Language::Python).closing(&closing).open();
    assert!(tokio::time::timeout(Duration::from_secs(1), opening).await.is_err());
    closing.finished().await;
    assert_eq!(
        (journal.count("contexts/create"), journal.count("contexts/destroy")),
        (1, 1)
    );
    assert!(started.elapsed() >= Duration::from_secs(5), "{:?}", started.elapsed());
    Closing::new().finished().await;
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_down_is_restarted_when_asked() {
    for down in [r#"{"id":"c","status":"Terminated"}"#, r#"{"id":"c","status":"Error"}"#] {
        let (cluster, journal) = cluster(move |path, count| match path {
            "contexts/create" if count < 20 => Answer(500, NOT_READY),
            // What it was is said for a moment longer.
            "clusters/status" if count < 3 => Answer(200, down),
            "clusters/status" => Answer(200, r#"{"id":"c","status":"Restarting"}"#),
            "clusters/restart" => Answer(200, r#"{"id":"c"}"#),
            path => usual(path),
        });
        let session = Session::builder(&cluster, Language::Python)
            .start_cluster(true)
            .open()
            .await;
        session.unwrap().close().await.unwrap();
        assert_eq!(journal.count("clusters/restart"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_cannot_be_restarted_is_started() {
    const REFUSED: &str = r#"{"error":"ClusterNotRunning: Cluster c is in status Terminated"}"#;
    for (start, words) in [
        (Answer(200, "{}"), None),
        (
            Answer(403, r#"{"error_code":"PERMISSION_DENIED","message":"not yours"}"#),
            Some("not yours"),
        ),
        (Answer(404, "{}"), Some("ClusterNotRunning")),
    ] {
        let start = Mutex::new(Some(start));
        let (cluster, journal) = cluster(move |path, count| match path {
            "contexts/create" if count < 9 => Answer(500, NOT_READY),
            "clusters/status" if count < 3 => Answer(200, r#"{"id":"c","status":"Terminated"}"#),
            "clusters/status" => Answer(200, r#"{"id":"c","status":"Pending"}"#),
            "clusters/restart" => Answer(400, REFUSED),
            "/api/2.1/clusters/start" => start.lock().unwrap().take().unwrap(),
            path => usual(path),
        });
        let builder = Session::builder(&cluster, Language::Sql).start_cluster(true);
        match (builder.open().await, words) {
            (Ok(session), None) => session.close().await.unwrap(),
            (Err(error), Some(words)) => assert!(format!("{error:?}").contains(words), "{error:?}"),
            (opened, words) => panic!("{opened:?}, {words:?}"),
        }
        assert_eq!(
            (
                journal.count("clusters/restart"),
                journal.count("/api/2.1/clusters/start")
            ),
            (1, 1)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn libraries_are_waited_for_when_asked() {
    let (open, journal) = cluster(|path, count| match path {
        "libraries/list" if count < 5 => Answer(200, r#"[{"name":"a","status":"LibraryPending"}]"#),
        "libraries/list" => Answer(200, r#"[{"name":"a","status":"LibraryLoaded"}]"#),
        path => usual(path),
    });
    let session = Session::builder(&open, Language::Python)
        .wait_for_libraries(true)
        .open()
        .await;
    session.unwrap().close().await.unwrap();
    assert_eq!(journal.count("libraries/list"), 5);

    let (broken, journal) = cluster(|path, _| match path {
        "libraries/list" => Answer(200, r#"[{"name":"a","status":"LibraryError"}]"#),
        path => usual(path),
    });
    let closing = Closing::new();
    let builder = Session::builder(&broken, Language::Python).closing(&closing);
    let error = builder.wait_for_libraries(true).open().await.unwrap_err();
    assert_eq!(error.to_string(), "libraries of cluster c could not be installed: a");
    assert!(closing.finished().await.is_empty());
    assert_eq!(journal.count("contexts/destroy"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_set_up_that_fails_fails_the_opening_and_leaves_nothing() {
    let (cluster, journal) = cluster(|path, count| match path {
        "commands/status" if count == 1 => usual(path),
        "commands/status" => Answer(
            200,
            r#"{"status":"Finished","results":{"resultType":"error","summary":"<b>NameError</b>: x","cause":"NameError: x"}}"#,
        ),
        path => usual(path),
    });
    let closing = Closing::new();
    let builder = Session::builder(&cluster, Language::Sql).closing(&closing);
    let error = builder.set_up("USE a").set_up("USE b").open().await.unwrap_err();
    assert!(matches!(error, ExecError::SetUpFailed { .. }), "{error}");
    assert!(closing.finished().await.is_empty());
    assert_eq!(
        (journal.count("commands/execute"), journal.count("contexts/destroy")),
        (2, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_closes_all_and_reports_what_it_could_not_close() {
    let (cluster, journal) = cluster(|path, count| match path {
        "contexts/create" if count == 1 => Answer(200, r#"{"id":"first"}"#),
        "contexts/create" if count == 2 => Answer(200, r#"{"id":"second"}"#),
        "contexts/create" => After(Duration::from_secs(5), r#"{"id":"third"}"#),
        "contexts/destroy" if count == 1 => Answer(403, r#"{"error_code":"403","message":"no"}"#),
        path => usual(path),
    });
    let closing = Closing::new();
    let builder = || Session::builder(&cluster, Language::Python).closing(&closing);
    let held = (builder().open().await.unwrap(), builder().open().await.unwrap());
    let late = tokio::spawn(builder().open());
    sleep(Duration::from_secs(1)).await;
    let refused = builder();

    let left = closing.when(sleep(Duration::from_secs(1))).await;
    assert_eq!(left.len(), 1);
    assert!(
        left[0].to_string().contains(" on cluster c may be left behind: "),
        "{}",
        left[0]
    );
    assert!(matches!(late.await.unwrap(), Err(ExecError::ShuttingDown { .. })));
    assert!(matches!(refused.open().await, Err(ExecError::ShuttingDown { .. })));
    assert_eq!(journal.count("contexts/create"), 3);
    assert_eq!(journal.count("contexts/destroy"), 3);
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn many_sessions_leave_no_task_and_no_entry() {
    let (cluster, journal) = cluster(|path, _| usual(path));
    let closing = Closing::new();
    for number in 0..1000 {
        let builder = Session::builder(&cluster, Language::Sql).closing(&closing);
        let session = builder.open().await.unwrap();
        if number % 2 == 0 {
            session.close().await.unwrap();
        }
    }
    assert!(closing.finished().await.is_empty());
    // The last task has told of its end, and may not have ended itself.
    tokio::task::yield_now().await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
    assert_eq!(journal.count("contexts/destroy"), 1000);
}

#[tokio::test(start_paused = true)]
async fn an_opening_tells_what_it_waits_for() {
    let (cluster, _) = cluster(|path, count| match path {
        "contexts/create" if count < 3 => Answer(500, NOT_READY),
        "clusters/status" => Answer(200, r#"{"id":"c","status":"Pending"}"#),
        path => usual(path),
    });
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let tell = move |seen: &str| drop(told.send(seen.to_owned()));
    let session = Session::builder(&cluster, Language::Python).on_progress(tell).open();
    session.await.unwrap().close().await.unwrap();
    assert_eq!(heard.recv().await.unwrap(), "the cluster is Pending");
    assert_eq!(heard.recv().await.unwrap(), "the cluster is Pending");
    assert_eq!(heard.recv().await.unwrap(), "the context is Running");
    assert_eq!(heard.recv().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_session_in_a_context_of_others_leaves_it_there() {
    let (cluster, journal) = cluster(|path, _| usual(path));
    let session = Session::in_context(cluster.context("x"), Language::Sql);
    assert_eq!(text(session.run("SELECT 42").await.unwrap()), "42");
    session.close().await.unwrap();
    drop(Session::in_context(cluster.context("x"), Language::Sql));
    tokio::task::yield_now().await;
    assert_eq!(
        (journal.count("contexts/create"), journal.count("contexts/destroy")),
        (0, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_cannot_be_restarted_because_it_is_down_is_started() {
    let (cluster, journal) = cluster(|path, count| match path {
        "contexts/create" if count < 3 => Answer(500, NOT_READY),
        "clusters/status" if count == 1 => Answer(200, r#"{"id":"c","status":"Terminated"}"#),
        "clusters/status" => Answer(200, r#"{"id":"c","status":"Pending"}"#),
        "clusters/restart" => Answer(500, r#"{"error":"ClusterNotRunning: Cluster c is Terminated"}"#),
        "/api/2.1/clusters/start" => Answer(200, "{}"),
        path => usual(path),
    });
    let opening = Session::builder(&cluster, Language::Python).start_cluster(true).open();
    opening.await.unwrap().close().await.unwrap();
    assert_eq!(
        (
            journal.count("clusters/restart"),
            journal.count("/api/2.1/clusters/start")
        ),
        (1, 1)
    );
}
