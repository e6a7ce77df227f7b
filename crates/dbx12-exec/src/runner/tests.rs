//! Jobs against a scripted server, on a paused clock.

use super::*;
use crate::Submission;
use crate::tests::server::{After, Answer, RUNNING, Reply, cluster, usual};
use std::time::Duration;
use tokio::time::sleep;

const RAISED: &str = r#"{"status":"Finished","results":{"resultType":"error","summary":"x","cause":"ValueError: x"}}"#;

fn jobs(cluster: &Cluster, count: usize) -> impl Iterator<Item = Job> {
    (0..count).map(move |index| {
        Job::new(index.to_string(), cluster, Language::Sql)
            .step("SELECT 1")
            .step("SELECT 2")
    })
}

#[tokio::test(start_paused = true)]
async fn so_many_run_at_once_in_order_and_nothing_is_left() {
    let open = Arc::new(Mutex::new((0_usize, 0_usize)));
    let seen = Arc::clone(&open);
    let (cluster, journal) = cluster(move |path, _| {
        let mut open = seen.lock().unwrap();
        match path {
            "contexts/create" => open.0 += 1,
            "contexts/destroy" => open.0 -= 1,
            _ => {}
        }
        open.1 = open.1.max(open.0);
        usual(path)
    });
    let mut running = Runner::new().per_cluster(3).run(jobs(&cluster, 20));
    let (mut started, mut finished) = (Vec::new(), 0);
    while let Some(event) = running.next().await {
        match event {
            JobEvent::Started { job, step: 0, .. } => started.push(job),
            JobEvent::Finished(report) => {
                assert_eq!((report.steps.len(), report.end.is_success()), (2, true));
                finished += 1;
            }
            _ => {}
        }
    }
    assert!(started.windows(2).all(|pair| pair[1] + 3 > pair[0]), "{started:?}");
    let summary = running.summary().await;
    assert_eq!((finished, summary.succeeded(), summary.reports.len()), (20, 20, 20));
    assert_eq!(*open.lock().unwrap(), (0, 3));
    assert_eq!(journal.count("commands/execute"), 40);
}

#[tokio::test(start_paused = true)]
async fn nobody_has_to_read_events() {
    let (cluster, _) = cluster(|path, _| usual(path));
    let running = Runner::new().run(jobs(&cluster, 200));
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(running.summary().await.succeeded(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_failed_step_ends_its_job_and_the_others_go_on_or_not() {
    let failing = || {
        cluster(|path, count| match path {
            "commands/status" if count == 1 => Answer(200, RAISED),
            path => usual(path),
        })
    };
    let (cluster, journal) = failing();
    let summary = Runner::new().per_cluster(1).run(jobs(&cluster, 3)).summary().await;
    assert_eq!((summary.succeeded(), summary.failed(), summary.skipped()), (2, 1, 0));
    assert_eq!(journal.count("commands/execute"), 5);

    let (cluster, journal) = failing();
    let runner = Runner::new().per_cluster(1).stop_on_error(true);
    let summary = runner.run(jobs(&cluster, 3)).summary().await;
    assert_eq!((summary.succeeded(), summary.failed(), summary.skipped()), (0, 1, 2));
    assert_eq!(journal.count("commands/execute"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_did_not_run_is_tried_again_and_what_may_have_run_is_not() {
    let (cluster, journal) = cluster(|path, count| match path {
        "contexts/status" if count == 1 => Answer(200, r#"{"id":"x","status":"Error"}"#),
        "commands/execute" if count == 2 => Answer(504, ""),
        path => usual(path),
    });
    let summary = Runner::new().run(jobs(&cluster, 1)).summary().await;
    let JobEnd::Error(error) = &summary.reports[0].end else {
        panic!("{summary:?}")
    };
    assert_eq!(error.submission(), Submission::Unknown);
    assert_eq!(
        (journal.count("contexts/create"), journal.count("contexts/destroy")),
        (2, 2)
    );
    assert_eq!(journal.count("commands/execute"), 2);
}

#[tokio::test(start_paused = true)]
async fn an_abort_cancels_what_runs_and_skips_the_rest() {
    let (cluster, journal) = cluster(|path, count| match path {
        "commands/status" if count < 100 => Answer(200, RUNNING),
        "commands/status" => Answer(200, r#"{"status":"Cancelled"}"#),
        path => usual(path),
    });
    let running = Runner::new().per_cluster(2).run(jobs(&cluster, 6));
    let control = running.control();
    tokio::spawn(async move {
        sleep(Duration::from_secs(3)).await;
        control.abort();
        control.drain();
    });
    let summary = running.summary().await;
    assert_eq!((summary.failed(), summary.skipped()), (2, 4));
    assert_eq!(
        (journal.count("commands/cancel"), journal.count("contexts/destroy")),
        (2, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn one_script_runs_with_many_parameters_in_few_contexts() {
    let (cluster, journal) = cluster(|path, _| usual(path));
    let parameters = (0..50).map(|index| Parameters::default().with("n", index));
    let running = Runner::new()
        .per_cluster(4)
        .map(&[cluster], &Language::Sql, "SELECT :n", parameters);
    assert_eq!(running.summary().await.succeeded(), 50);
    assert_eq!(journal.count("commands/execute"), 50);
    assert_eq!(
        (journal.count("contexts/create"), journal.count("contexts/destroy")),
        (4, 4)
    );
}

#[tokio::test(start_paused = true)]
async fn jobs_that_are_dropped_leave_nothing() {
    let (cluster, journal) = cluster(|path, _| match path {
        "commands/status" => Answer(200, RUNNING),
        "contexts/destroy" => After(Duration::from_secs(1), r#"{"id":"x"}"#),
        path => usual(path),
    });
    let mut running = Runner::new().per_cluster(2).run(jobs(&cluster, 6));
    assert!(matches!(running.next().await, Some(JobEvent::Started { .. })));
    drop(running);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(journal.count("contexts/create"), journal.count("contexts/destroy"));
}

#[tokio::test(start_paused = true)]
async fn an_abort_cuts_waits_for_another_attempt_and_for_an_answer() {
    const NOT_NOW: &str = r#"{"error_code":"TEMPORARILY_UNAVAILABLE","message":"not now"}"#;
    let unreachable = |what: &'static str, answer: fn() -> Reply| {
        cluster(move |path, _| if path == what { answer() } else { usual(path) })
    };
    let hours = || After(Duration::from_secs(10_000), "");
    for (what, answer, submission) in [
        (
            "contexts/status",
            (|| Answer(200, r#"{"id":"x","status":"Error"}"#)) as fn() -> Reply,
            Submission::NotSubmitted,
        ),
        ("commands/execute", || Answer(429, NOT_NOW), Submission::NotSubmitted),
        ("commands/execute", hours, Submission::Unknown),
    ] {
        let (cluster, journal) = unreachable(what, answer);
        let running = Runner::new().retries(1000).run(jobs(&cluster, 1));
        let control = running.control();
        sleep(Duration::from_secs(3600)).await;
        let aborted = Instant::now();
        control.abort();
        let summary = running.summary().await;
        assert!(
            aborted.elapsed() < Duration::from_secs(1),
            "{what}: {:?}",
            aborted.elapsed()
        );
        let JobEnd::Error(error) = &summary.reports[0].end else {
            panic!("{summary:?}")
        };
        assert_eq!(error.submission(), submission, "{what}: {error}");
        assert_eq!(
            journal.count("contexts/create"),
            journal.count("contexts/destroy"),
            "{what}"
        );
    }
}
