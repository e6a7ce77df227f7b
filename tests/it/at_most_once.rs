//! Code is submitted at most once, and it is known whether it was: against a real context, behind a relay that loses what
//! passes.

mod unchanged;

use dbx12_exec::types::Language;
use dbx12_exec::{Code, ExecError, Session, Submission};
use dbx12_tests::{Passage, Relayed};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// Each adds one to a counter in the context.
const SUBMISSIONS: usize = 1000;
const SESSIONS: usize = 10;
const COUNT: &str = "counter = globals().get('counter', 0) + 1";

async fn open(way: &Relayed) -> Session {
    way.builder(Language::Python).open().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counter_is_the_number_of_submissions_that_are_reported() {
    let seed = fastrand::u64(..);
    let (way, is_faulty) = Relayed::with_faults(seed).await;
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        sessions.push(open(&way).await);
    }
    is_faulty.store(true, Ordering::Relaxed);
    let mut counting = JoinSet::new();
    for session in sessions {
        counting.spawn(async move {
            let mut reported = [0; 3];
            for _ in 0..SUBMISSIONS / SESSIONS {
                reported[count(&session).await as usize] += 1;
            }
            (session, reported)
        });
    }
    let mut all = [0; 3];
    for (session, reported) in counting.join_all().await {
        let [submitted, _, unknown] = reported;
        assert_eq!(unknown, 0, "seed {seed}");
        let counter = way.value(&session, "globals().get('counter', 0)").await;
        assert_eq!(counter, submitted.to_string(), "seed {seed}");
        all.iter_mut()
            .zip(reported)
            .for_each(|(all, reported)| *all += reported);
        is_faulty.store(false, Ordering::Relaxed);
        session.close().await.unwrap();
    }
    println!("{all:?} submitted, not submitted, unknown; seed {seed}");
    assert!(all[0] > SUBMISSIONS / 2, "{all:?}, seed {seed}");
    way.workspace.shutdown().await;
}

async fn count(session: &Session) -> Submission {
    match session.run(COUNT).await {
        Ok(outcome) => {
            outcome.ok().unwrap();
            Submission::Submitted
        }
        Err(error) => error.submission(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_arrives_late_does_not_run_and_was_sent_again() {
    let late = Arc::new(Notify::new());
    let way = Relayed::for_commands([Passage::Through, Passage::Late(Arc::clone(&late))]).await;
    let session = open(&way).await;
    session.run(COUNT).await.unwrap().ok().unwrap();
    assert_eq!(way.value(&session, "counter").await, "1", "it was sent again");
    late.notify_one();
    way.relay.late_arrival.notified().await;
    assert_eq!(way.value(&session, "counter").await, "1", "what came late did not run");
    session.close().await.unwrap();
    way.workspace.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_never_gets_through_is_reported_as_not_submitted() {
    // The watch, then an attempt and a question, in turns.
    let lost_and_asked = (0..4).flat_map(|_| [Passage::LoseRequest, Passage::Through]);
    let way = Relayed::for_commands([Passage::Through].into_iter().chain(lost_and_asked)).await;
    let session = open(&way).await;
    let error = session.run(COUNT).await.unwrap_err();
    assert!(matches!(error, ExecError::NotSubmitted { .. }), "{error}");
    assert_eq!(error.submission(), Submission::NotSubmitted);
    assert_eq!(way.value(&session, "'counter' in globals()").await, "False");
    assert_eq!(count(&session).await, Submission::Submitted, "the session goes on");
    session.close().await.unwrap();
    way.workspace.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_whose_answer_was_lost_is_reported_when_it_has_run() {
    let lost = Passage::CutAnswer(0.5);
    // Also the answers of the watch and of the first question are lost.
    let way = Relayed::for_commands([lost.clone(), Passage::Through, lost.clone(), lost]).await;
    let session = open(&way).await;
    let started = Instant::now();
    let code = "import time; time.sleep(0.3); counter = 1; raise ValueError('ran')";
    let error = session.run(code).await.unwrap_err();
    assert!(matches!(error, ExecError::AnswerLost { .. }), "{error}");
    assert_eq!(error.submission(), Submission::Submitted);
    assert!(
        started.elapsed() >= Duration::from_millis(300),
        "its end was waited for"
    );
    assert_eq!(way.value(&session, "counter").await, "1");
    session.close().await.unwrap();
    way.workspace.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_ends_the_asking_too() {
    let way = Relayed::for_commands([Passage::Through, Passage::CutAnswer(0.5)]).await;
    let session = open(&way).await;
    let run = session
        .run("import time; time.sleep(60)")
        .deadline(Duration::from_millis(500));
    let error = timeout(Duration::from_secs(5), run.into_future())
        .await
        .unwrap()
        .unwrap_err();
    let ExecError::SubmissionUnknown { cluster, context, .. } = &error else {
        panic!("{error}")
    };
    assert!(cluster == way.workspace.cluster_id() && context == session.context().id());
    session.close().await.unwrap();
    way.workspace.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_watches_nothing_is_guessed() {
    let lost = Passage::CutAnswer(0.5);
    let way = Relayed::for_commands([
        // The watch; `%sh` carries no mark and is not asked for.
        Passage::Through,
        lost.clone(),
        // Code that removes the watch, then code that it does not see, then the question.
        Passage::Through,
        lost.clone(),
        Passage::Through,
        // The watch is set up anew.
        Passage::Through,
        Passage::Through,
    ])
    .await;
    let session = open(&way).await;
    assert_eq!(submission(&session, "%sh true").await, Submission::Unknown);
    let remove = "import sys; del sys.modules['_dbx12_exec']";
    assert_eq!(submission(&session, remove).await, Submission::Submitted);
    assert_eq!(submission(&session, "a = 1").await, Submission::Unknown);
    assert_eq!(submission(&session, "b = 1").await, Submission::Submitted);
    session.close().await.unwrap();
    way.workspace.shutdown().await;
}

async fn submission(session: &Session, code: &str) -> Submission {
    match session.run(code).await {
        Ok(_) => Submission::Submitted,
        Err(error) => error.submission(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_switched_off_and_other_languages_do_without() {
    let way = Relayed::for_commands([Passage::LoseRequest, Passage::LoseRequest]).await;
    let session = Session::builder(&way.cluster(), Language::Python).at_most_once(false);
    let session = session.open().await.unwrap();
    assert_eq!(submission(&session, "1").await, Submission::Unknown);
    session.close().await.unwrap();
    let session = open(&way).await;
    let error = session
        .run(Code::new("SELECT 1").language(Language::Sql))
        .await
        .unwrap_err();
    assert_eq!(error.submission(), Submission::Unknown);
    session.close().await.unwrap();
    way.workspace.shutdown().await;
}
