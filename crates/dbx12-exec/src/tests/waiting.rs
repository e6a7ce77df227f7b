//! Waiting for a command: deadlines, cancellation, trouble.

use super::server::{After, Answer, CANCELLED, NO_CONTEXT, RUNNING, cluster, text, usual};
use crate::{ExecError, Outcome, Progress, Waiter};
use dbx12_api::Cluster;
use std::future::IntoFuture;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

fn waiter(cluster: &Cluster) -> Waiter {
    Waiter::new(cluster.context("x").command("k")).schedule(crate::PollSchedule::default(), Some(7))
}

#[tokio::test(start_paused = true)]
async fn the_end_is_heard_of_soon_and_with_few_polls() {
    for (milliseconds, most_polls) in [(100, 4), (500, 12), (1000, 21), (3000, 36), (10_000, 50)] {
        let duration = Duration::from_millis(milliseconds);
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
async fn a_lost_context_is_told_from_a_cluster_that_is_gone() {
    let gone = |status: &str| Outcome::ClusterGone {
        status: Some(status.into()),
    };
    let lost = Outcome::ContextLost {
        reason: "ContextNotFound: x".to_owned(),
    };
    for (status, body, expected) in [
        (200, r#"{"id":"c","status":"Terminated"}"#, gone("Terminated")),
        (200, r#"{"id":"c","status":"Restarting"}"#, lost.clone()),
        (403, r#"{"error_code":"403","message":"no"}"#, lost),
    ] {
        let (cluster, _) = cluster(move |path, _| match path {
            "commands/status" => Answer(500, NO_CONTEXT),
            "clusters/status" => Answer(status, body),
            path => usual(path),
        });
        assert_eq!(waiter(&cluster).await.unwrap(), expected);
    }
}

const TOO_MANY: &str = r#"{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"slow down"}"#;

#[tokio::test(start_paused = true)]
async fn a_thousand_waiters_of_a_client_keep_its_budget() {
    let started = Instant::now();
    let (cluster, journal) = cluster(move |path, count| match path {
        "commands/status" if count as f64 > 20.0 + started.elapsed().as_secs_f64() * 10.0 + 0.5 => {
            panic!("{count} polls in {:?}", started.elapsed())
        }
        "commands/status" if started.elapsed() < Duration::from_secs(2) => Answer(200, RUNNING),
        path => usual(path),
    });
    let waits: Vec<_> = (0..1000)
        .map(|_| tokio::spawn(waiter(&cluster).into_future()))
        .collect();
    for wait in waits {
        assert_eq!(text(wait.await.unwrap().unwrap()), "42");
    }
    // None is asked for often while others have not been asked for at all.
    let polls = journal.count("commands/status");
    assert!(polls <= 1100, "{polls}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_poll_is_not_sent_again_at_once_and_slows_all_down() {
    let times = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&times);
    let (cluster, _) = cluster(move |path, count| match path {
        "commands/status" => {
            seen.lock().unwrap().push(Instant::now());
            match count {
                3 => Answer(429, TOO_MANY),
                1..30 => Answer(200, RUNNING),
                _ => usual(path),
            }
        }
        path => usual(path),
    });
    assert_eq!(text(waiter(&cluster).await.unwrap()), "42");
    let times = times.lock().unwrap();
    assert!(times[3] - times[2] >= Duration::from_secs(1));
    // The rate was 10, and is half of it now.
    assert!(
        times[5] - times[3] >= Duration::from_millis(350),
        "{:?}",
        times[5] - times[3]
    );
}
