//! What happens when a future is dropped in the middle, for those that no other test drops: the README of each is its
//! documentation.

use super::server::{After, Answer, Journal, RUNNING, Reply, cluster, text, usual};
use crate::{Closing, ExecError, Job, JobEvent, Runner, Session};
use dbx12_api::Cluster;
use dbx12_api::types::{Language, Parameters};
use std::time::Duration;
use tokio::time::{sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

async fn open(cluster: &Cluster, closing: &Closing) -> Session {
    let builder = Session::builder(cluster, Language::Sql).closing(closing);
    builder.open().await.unwrap()
}

fn slow_to_destroy(path: &str, count: usize) -> Reply {
    match path {
        "contexts/create" => Answer(200, [r#"{"id":"x"}"#, r#"{"id":"y"}"#][count % 2]),
        "contexts/destroy" => After(Duration::from_secs(5), r#"{"id":"x"}"#),
        path => usual(path),
    }
}

fn open_and_destroyed(journal: &Journal) -> (usize, usize) {
    (journal.count("contexts/create"), journal.count("contexts/destroy"))
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_the_end_of_all_stops_waiting_only() {
    let (cluster, journal) = cluster(slow_to_destroy);
    let closing = Closing::new();
    let (kept, dropped) = (open(&cluster, &closing).await, open(&cluster, &closing).await);
    drop(dropped);
    assert!(timeout(SECOND, closing.finished()).await.is_err());
    sleep(SECOND * 10).await;
    assert_eq!(open_and_destroyed(&journal), (2, 1));
    kept.run("SELECT 1").await.unwrap().ok().unwrap();
    kept.close().await.unwrap();
    assert_eq!(open_and_destroyed(&journal), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn closing_all_that_is_dropped_leaves_the_rest_to_the_sessions() {
    let (cluster, journal) = cluster(slow_to_destroy);
    for by_signal in [false, true] {
        let before = journal.count("contexts/destroy");
        let closing = Closing::new();
        let builder = Session::builder(&cluster, Language::Sql).closing(&closing);
        let held = [open(&cluster, &closing).await, open(&cluster, &closing).await];
        let given_up = match by_signal {
            true => timeout(SECOND * 2, closing.when(sleep(SECOND))).await,
            false => timeout(SECOND, closing.close_all()).await,
        };
        assert!(given_up.is_err());
        assert!(matches!(builder.open().await, Err(ExecError::ShuttingDown { .. })));
        // Each is asked for by who was dropped, and by its session.
        drop(held);
        sleep(SECOND * 10).await;
        assert_eq!(journal.count("contexts/destroy") - before, 4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_signal_that_is_not_waited_for_closes_nothing() {
    let (cluster, journal) = cluster(|path, _| usual(path));
    let closing = Closing::new();
    let session = open(&cluster, &closing).await;
    assert!(
        timeout(SECOND, closing.when(std::future::pending::<()>()))
            .await
            .is_err()
    );
    assert_eq!(text(session.run("SELECT 1").await.unwrap()), "42");
    session.close().await.unwrap();
    assert_eq!(open_and_destroyed(&journal), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_submission_with_parameters_that_is_dropped_has_not_sent_the_code() {
    let (cluster, journal) = cluster(|path, _| match path {
        "commands/status" => Answer(200, RUNNING),
        path => usual(path),
    });
    let builder = Session::builder(&cluster, Language::Python).at_most_once(false);
    let session = builder.open().await.unwrap();
    let run = session.run("print(n)").parameters(Parameters::default().with("n", 1));
    assert!(timeout(SECOND, run.submit()).await.is_err());
    assert_eq!(journal.count("commands/execute"), 1, "the assignment");
    let within = session.submit_within("1", SECOND);
    drop(within);
    assert_eq!(
        journal.count("commands/execute"),
        1,
        "nothing happens unless it is awaited"
    );
    session.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn events_that_are_not_taken_are_not_lost_and_a_summary_that_is_dropped_ends_the_jobs() {
    let (cluster, journal) = cluster(|path, _| match path {
        "commands/status" => Answer(200, RUNNING),
        "contexts/create" => After(SECOND * 2, r#"{"id":"x"}"#),
        path => usual(path),
    });
    let jobs = (0..3).map(|job| Job::new(job.to_string(), &cluster, Language::Sql).step("SELECT 1"));
    let mut running = Runner::new().per_cluster(2).run(jobs);
    while timeout(SECOND / 2, running.next()).await.is_err() {}
    // The first was told to whoever asked at the right time; the second is told, however often nobody waits for it.
    let mut started = 1;
    while started < 2 {
        if let Ok(Some(JobEvent::Started { .. })) = timeout(SECOND / 100, running.next()).await {
            started += 1;
        }
    }
    assert!(timeout(SECOND, running.summary()).await.is_err());
    sleep(SECOND * 10).await;
    assert_eq!(open_and_destroyed(&journal), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_submission_that_is_dropped_on_its_way_ends_with_its_session_and_is_not_sent_again() {
    let (cluster, journal) = cluster(|path, _| match path {
        "commands/execute" => After(SECOND * 5, r#"{"id":"k"}"#),
        path => usual(path),
    });
    let session = open(&cluster, &Closing::new()).await;
    let within = session.submit_within("SELECT 1", SECOND * 60);
    assert!(timeout(SECOND, within).await.is_err());
    sleep(SECOND * 60).await;
    assert_eq!(journal.count("commands/execute"), 1);
    assert_eq!(journal.count("commands/status"), 0, "nobody waits for it");
    session.close().await.unwrap();
    assert_eq!(open_and_destroyed(&journal), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_followed_is_left_to_itself_when_its_end_is_not_waited_for() {
    let (cluster, journal) = cluster(|path, count| match path {
        // What begins the spool is not answered as it should be: the code runs without, and on and on.
        "commands/status" if count > 1 => Answer(200, RUNNING),
        path => usual(path),
    });
    let builder = Session::builder(&cluster, Language::Python).at_most_once(false);
    let session = builder.open().await.unwrap();
    let follow = session.run("print(1)").follow().unwrap();
    assert!(timeout(SECOND * 10, follow.finish()).await.is_err());
    let sent = journal.count("commands/execute");
    assert_eq!(sent, 3, "the beginning and the end of the spool, and the code");
    sleep(SECOND * 600).await;
    assert_eq!(journal.count("commands/execute"), sent);
    assert_eq!(journal.count("commands/cancel"), 0);
    session.close().await.unwrap();
}
