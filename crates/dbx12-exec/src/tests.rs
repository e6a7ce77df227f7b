//! Waiting and sessions against a scripted server, on a paused clock.

use crate::{Closing, ExecError, Outcome, Progress, Session, Waiter};
use dbx12_api::http::bytes::Bytes;
use dbx12_api::http::http::{Request, Response};
use dbx12_api::http::{Client, Credentials, TransportError, TransportErrorKind, transport};
use dbx12_api::types::{ClusterStatus, Language, Results};
use dbx12_api::{Cluster, Workspace};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What the server does with a request.
enum Reply {
    Answer(u16, &'static str),
    After(Duration, &'static str),
    Lost,
}

use Reply::{After, Answer, Lost};

/// The requests that a server saw: paths without `/api/1.2/`.
#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    fn count(&self, path: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|seen| *seen == path).count()
    }
}

/// A cluster behind a server that answers by path and by how often that path was asked for, counted from 1.
fn cluster(reply: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> (Cluster, Journal) {
    let journal = Journal::default();
    let seen = journal.clone();
    let reply = Arc::new(reply);
    let transport = transport::from_fn(move |request: Request<Bytes>| {
        let (seen, reply) = (seen.clone(), Arc::clone(&reply));
        async move {
            let path = request.uri().path().trim_start_matches("/api/1.2/").to_owned();
            seen.0.lock().unwrap().push(path.clone());
            let (status, body) = match reply(&path, seen.count(&path)) {
                Answer(status, body) => (status, body),
                After(delay, body) => {
                    sleep(delay).await;
                    (200, body)
                }
                Lost => return Err(TransportError::new(TransportErrorKind::Interrupted, "cut")),
            };
            let body = Bytes::from_static(body.as_bytes());
            Ok(Response::builder()
                .status(status)
                .header("content-type", "application/json")
                .body(body)
                .unwrap())
        }
    });
    let client = Client::builder("https://example.test")
        .credentials(Credentials::bearer("t"))
        .transport(transport);
    (Workspace::new(client.build().unwrap()).cluster("c"), journal)
}

const RUNNING: &str = r#"{"id":"k","status":"Running","results":null}"#;
const FINISHED: &str = r#"{"id":"k","status":"Finished","results":{"resultType":"text","data":"42"}}"#;
const CANCELLED: &str = r#"{"id":"k","status":"Finished","results":{"resultType":"error",
    "cause":"com.databricks.backend.common.rpc.CommandCancelledException\n\tat x"}}"#;
const NO_CONTEXT: &str = r#"{"error":"ContextNotFound: x"}"#;
const NOT_READY: &str = r#"{"error":"ClusterNotReadyException: Cluster c not currently ready (currently Pending)"}"#;

/// The usual answers around what a test is about.
fn usual(path: &str) -> Reply {
    match path {
        "contexts/create" => Answer(200, r#"{"id":"x"}"#),
        "contexts/status" => Answer(200, r#"{"id":"x","status":"Running"}"#),
        "contexts/destroy" => Answer(200, r#"{"id":"x"}"#),
        "commands/execute" => Answer(200, r#"{"id":"k"}"#),
        "commands/cancel" => Answer(200, r#"{"id":"k"}"#),
        "commands/status" => Answer(200, FINISHED),
        other => panic!("{other}"),
    }
}

fn waiter(cluster: &Cluster) -> Waiter {
    Waiter::new(cluster.context("x").command("k")).schedule(crate::PollSchedule::default(), Some(7))
}

fn text(outcome: Outcome) -> String {
    let Outcome::Finished(Results::Text(text)) = outcome else {
        panic!("{outcome:?}")
    };
    text.as_str().to_owned()
}

#[tokio::test(start_paused = true)]
async fn the_end_is_heard_of_soon_and_with_few_polls() {
    for (duration, most_polls) in [(Duration::from_millis(300), 8), (Duration::from_secs(10), 50)] {
        let started = Instant::now();
        let (cluster, journal) = cluster(move |path, _| match path {
            "commands/status" if started.elapsed() < duration => Answer(200, RUNNING),
            path => usual(path),
        });
        assert_eq!(text(waiter(&cluster).await.unwrap()), "42");
        let late = started.elapsed() - duration;
        assert!(
            late <= duration.mul_f64(0.12).max(Duration::from_millis(60)),
            "{late:?} after {duration:?}"
        );
        assert!(
            journal.count("commands/status") <= most_polls,
            "{}",
            journal.count("commands/status")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn there_is_no_hidden_timeout() {
    let started = Instant::now();
    let day = Duration::from_secs(24 * 3600);
    let (cluster, _) = cluster(move |path, _| match path {
        "commands/status" if started.elapsed() < day => Answer(200, RUNNING),
        path => usual(path),
    });
    assert_eq!(text(waiter(&cluster).await.unwrap()), "42");
    assert!(started.elapsed() >= day);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_cancels_and_sees_it_stop() {
    let started = Instant::now();
    let (cluster, journal) = cluster(|path, count| match path {
        "commands/status" if count < 40 => Answer(200, RUNNING),
        "commands/status" => Answer(200, CANCELLED),
        path => usual(path),
    });
    let error = waiter(&cluster).deadline(Duration::from_secs(2)).await.unwrap_err();
    assert!(
        matches!(error, ExecError::DeadlineExceeded { stopped: true, .. }),
        "{error}"
    );
    assert_eq!(journal.count("commands/cancel"), 1);
    assert!(started.elapsed() >= Duration::from_secs(2) && started.elapsed() < Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_command_that_finishes_just_in_time_has_finished() {
    let cancelled = Arc::new(Mutex::new(false));
    let (cluster, _) = cluster(move |path, _| {
        let mut cancelled = cancelled.lock().unwrap();
        match path {
            "commands/status" if !*cancelled => Answer(200, RUNNING),
            "commands/cancel" => {
                *cancelled = true;
                usual(path)
            }
            path => usual(path),
        }
    });
    assert_eq!(
        text(waiter(&cluster).deadline(Duration::from_secs(1)).await.unwrap()),
        "42"
    );
}

#[tokio::test(start_paused = true)]
async fn a_command_that_does_not_stop_is_said_to_be_running() {
    let started = Instant::now();
    let (cluster, _) = cluster(|path, _| match path {
        "commands/status" => Answer(200, RUNNING),
        "commands/cancel" => Answer(500, r#"{"error":"RuntimeException: not now"}"#),
        path => usual(path),
    });
    let error = waiter(&cluster).deadline(Duration::from_secs(1)).await.unwrap_err();
    let ExecError::DeadlineExceeded {
        ids, stopped: false, ..
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!(ids.to_string(), "command k in context x on cluster c");
    assert!(started.elapsed() < Duration::from_secs(40));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_does_not_hold_up_the_deadline() {
    let started = Instant::now();
    let (cluster, _) = cluster(|_, _| After(Duration::from_secs(100_000), ""));
    let error = waiter(&cluster).deadline(Duration::from_secs(5)).await.unwrap_err();
    assert!(
        matches!(error, ExecError::DeadlineExceeded { stopped: false, .. }),
        "{error}"
    );
    assert!(started.elapsed() < Duration::from_secs(45), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_wait_says_so_and_dropped_steps_lose_nothing() {
    let (cluster, journal) = cluster(|path, count| match path {
        "commands/status" if count < 5 => Answer(200, RUNNING),
        "commands/status" => Answer(200, CANCELLED),
        path => usual(path),
    });
    let mut waiter = waiter(&cluster);
    assert!(matches!(
        waiter.next().await.unwrap(),
        Progress::Waiting { polls: 1, .. }
    ));
    // A step that is dropped while it sleeps.
    assert!(
        tokio::time::timeout(Duration::from_millis(1), waiter.next())
            .await
            .is_err()
    );
    waiter.cancel();
    let outcome = waiter.await.unwrap();
    assert_eq!(outcome, Outcome::Cancelled);
    assert_eq!(journal.count("commands/cancel"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failing_status_call_does_not_fail_the_command() {
    let (cluster, _) = cluster(|path, count| match path {
        "commands/status" if count < 20 => Answer(
            500,
            r#"{"error":"RuntimeException: Unknown ExecutionStatus RunningInBackground(x)"}"#,
        ),
        path => usual(path),
    });
    assert_eq!(text(waiter(&cluster).await.unwrap()), "42");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_for_good_is_given_up_with_the_ids() {
    let started = Instant::now();
    let (cluster, _) = cluster(|_, _| Answer(500, r#"{"error":"RuntimeException: broken"}"#));
    let error = waiter(&cluster).await.unwrap_err();
    assert!(matches!(error, ExecError::LostSight { .. }), "{error}");
    assert!(
        error.to_string().contains("command k in context x on cluster c"),
        "{error}"
    );
    assert!(started.elapsed() >= Duration::from_secs(300));
}

#[tokio::test(start_paused = true)]
async fn an_unasked_cancellation_is_told_from_a_lost_context() {
    for (context, expected) in [
        (Answer(200, r#"{"status":"Running"}"#), Outcome::CancelledByOthers),
        (
            Answer(500, NO_CONTEXT),
            Outcome::ContextLost {
                reason: "com.databricks.backend.common.rpc.CommandCancelledException".to_owned(),
            },
        ),
    ] {
        let Answer(status, body) = context else { unreachable!() };
        let (cluster, _) = cluster(move |path, _| match path {
            "commands/status" => Answer(200, CANCELLED),
            "contexts/status" => Answer(status, body),
            path => usual(path),
        });
        assert_eq!(waiter(&cluster).await.unwrap(), expected);
    }
}

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
    // Each time the cluster is looked at, rather than knocked at again.
    assert_eq!(journal.count("clusters/status"), 29);
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
async fn a_submission_that_is_not_answered_does_not_hold_up_the_deadline() {
    let started = Instant::now();
    let (cluster, journal) = cluster(|path, _| match path {
        "commands/execute" => After(Duration::from_secs(100_000), ""),
        path => usual(path),
    });
    let session = Session::open(&cluster, Language::Python).await.unwrap();
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
    let session = Session::open(&cluster, Language::Python).await.unwrap();
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
