//! The journal beside a scripted server: what is written when, and what is found after a crash.

use super::*;
use crate::tests::server::{After, Answer, Lost, NO_CONTEXT, cluster, text, usual};
use crate::{Closing, Session};
use dbx12_api::types::Language;
use dbx12_api::{Cluster, Workspace};
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::Notify;

fn workspace(cluster: &Cluster) -> Workspace {
    Workspace::new(cluster.client().clone())
}

fn events(path: &Path) -> Vec<Event> {
    let file = File::open(path.to_owned()).unwrap();
    file.lines().unwrap().into_iter().map(|line| line.event).collect()
}

/// The names of events, in order.
fn names(path: &Path) -> String {
    let names = events(path).into_iter().map(|event| {
        let text = serde_json::to_value(event).unwrap();
        text["event"].as_str().unwrap().to_owned()
    });
    names.collect::<Vec<_>>().join(" ")
}

/// What a killed process leaves: its lines, and an owner's file that nobody locks.
fn kill(journal: &Journal) {
    let inner = &journal.0;
    inner.file.orphan(&inner.owner);
}

#[tokio::test]
async fn every_step_is_written_before_it_is_sent_and_no_code_or_secret_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let seen = path.clone();
    let (cluster, _) = cluster(move |asked, _| {
        match asked {
            "contexts/create" => assert_eq!(names(&seen), "opening"),
            "commands/execute" => assert_eq!(names(&seen), "opening opened submitting"),
            _ => {}
        }
        usual(asked)
    });
    let journal = Journal::open(&path).await.unwrap();
    let builder = Session::builder(&cluster, Language::Sql).journal(&journal);
    let session = builder.open().await.unwrap();
    session.run("SELECT 'secret'").await.unwrap();
    session.close().await.unwrap();
    assert_eq!(names(&path), "opening opened submitting submitted ended closed");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("secret") && !text.contains("SELECT"), "{text}");

    journal.compact().await.unwrap();
    assert_eq!(names(&path), "");
    drop(journal);
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[tokio::test]
async fn a_torn_line_is_passed_over_and_the_next_one_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::open(&path).await.unwrap();
    journal.closed(&"one".into()).await;
    let whole = std::fs::read(&path).unwrap();
    for cut in 1..whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        journal.closed(&"two".into()).await;
        let last = events(&path).pop().unwrap();
        assert_eq!(
            last,
            Event::Closed {
                context: "two".to_owned()
            }
        );
    }
}

#[tokio::test]
async fn what_a_dead_process_left_is_found_and_what_a_living_one_has_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let (cluster, seen) = cluster(|asked, count| match asked {
        "contexts/create" if count == 1 => Answer(200, r#"{"id":"idle"}"#),
        "contexts/create" if count == 2 => Answer(200, r#"{"id":"busy"}"#),
        "contexts/create" => Answer(200, r#"{"id":"living"}"#),
        asked => usual(asked),
    });
    let (dead, living) = (Journal::open(&path).await.unwrap(), Journal::open(&path).await.unwrap());
    let open = |journal: &Journal| Session::builder(&cluster, Language::Sql).journal(journal).open();
    let idle = open(&dead).await.unwrap();
    idle.run("SELECT 1").await.unwrap();
    let busy = open(&dead).await.unwrap();
    drop(busy.submit("SELECT 2").await.unwrap());
    let lives = open(&living).await.unwrap();
    drop(lives.submit("SELECT 3").await.unwrap());
    dead.opening(cluster.client().host(), cluster.id()).await.unwrap();
    kill(&dead);
    // What was dead does not clean up.
    std::mem::forget((idle, busy, dead));

    let journal = Journal::open(&path).await.unwrap();
    let closing = Closing::new();
    let recovery = journal.recover(&workspace(&cluster), &closing).await.unwrap();
    assert_eq!(recovery.destroyed, [("c".into(), "idle".into())]);
    assert_eq!(recovery.maybe_opened, ["c".into()]);
    let [recovered] = <[Recovered; 1]>::try_from(recovery.recovered).unwrap();
    assert_eq!(
        (recovered.session.context().id().as_str(), recovered.unknown),
        ("busy", 0)
    );
    for waiter in recovered.waiters {
        assert_eq!(text(waiter.await.unwrap()), "42");
    }
    // It is found once: now it belongs to somebody who lives.
    let other = Journal::open(&path).await.unwrap();
    let again = other.recover(&workspace(&cluster), &closing).await.unwrap();
    assert!(again.recovered.is_empty() && again.destroyed.is_empty());
    recovered.session.close().await.unwrap();
    assert_eq!(seen.count("contexts/destroy"), 2);
    assert_eq!(seen.count("commands/execute"), 3);
    lives.close().await.unwrap();
}

#[tokio::test]
async fn a_submission_on_its_way_is_unknown_and_a_lost_context_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let (cluster, _) = cluster(|asked, count| match asked {
        "commands/execute" if count == 2 => Lost,
        "commands/status" => Answer(500, NO_CONTEXT),
        asked => usual(asked),
    });
    let dead = Journal::open(&path).await.unwrap();
    let session = Session::builder(&cluster, Language::Sql)
        .journal(&dead)
        .open()
        .await
        .unwrap();
    drop(session.submit("SELECT 1").await.unwrap());
    assert!(session.submit("SELECT 2").await.is_err());
    kill(&dead);
    std::mem::forget((session, dead));

    let journal = Journal::open(&path).await.unwrap();
    let mut recovery = journal.recover(&workspace(&cluster), &Closing::new()).await.unwrap();
    let recovered = recovery.recovered.remove(0);
    assert_eq!(recovered.unknown, 1);
    for waiter in recovered.waiters {
        assert!(matches!(waiter.await.unwrap(), crate::Outcome::ContextLost { .. }));
    }
    recovered.session.close().await.unwrap();
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_stops_the_submission() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("below").join("journal");
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    let (cluster, seen) = cluster(|asked, _| usual(asked));
    let journal = Journal::open(&path).await.unwrap();
    let session = Session::builder(&cluster, Language::Sql)
        .journal(&journal)
        .open()
        .await
        .unwrap();
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    let error = session.run("SELECT 1").await.unwrap_err();
    assert!(matches!(error, ExecError::Journal { .. }), "{error}");
    assert_eq!(seen.count("commands/execute"), 0);
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_recovery_that_is_dropped_at_any_call_loses_nothing() {
    for hanging in 1..=5 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let is_recovering = Arc::new(AtomicBool::new(false));
        let hangs = Arc::new(Notify::new());
        let (counting, signal) = ((Arc::clone(&is_recovering), AtomicU64::new(0)), Arc::clone(&hangs));
        let (cluster, seen) = cluster(move |asked, count| match asked {
            _ if counting.0.load(Ordering::SeqCst) && counting.1.fetch_add(1, Ordering::SeqCst) + 1 == hanging => {
                signal.notify_one();
                After(Duration::from_secs(10_000), "")
            }
            "contexts/create" => Answer(200, [r#"{"id":"a"}"#, r#"{"id":"b"}"#, r#"{"id":"d"}"#][count - 1]),
            asked => usual(asked),
        });
        let dead = Journal::open(&path).await.unwrap();
        let mut sessions = Vec::new();
        for code in [Some("SELECT 1"), None, Some("SELECT 2")] {
            let session = Session::builder(&cluster, Language::Sql)
                .journal(&dead)
                .open()
                .await
                .unwrap();
            if let Some(code) = code {
                drop(session.submit(code).await.unwrap());
            }
            sessions.push(session);
        }
        dead.opening(cluster.client().host(), cluster.id()).await.unwrap();
        kill(&dead);
        std::mem::forget((sessions, dead));

        is_recovering.store(true, Ordering::SeqCst);
        let (journal, closing) = (Journal::open(&path).await.unwrap(), Closing::new());
        let workspace = workspace(&cluster);
        let mut destroyed = Vec::new();
        // Three looks and one destruction: the fifth call is none of the recovery's.
        tokio::select! {
            biased;
            () = hangs.notified() => assert!(hanging < 5),
            recovery = journal.recover(&workspace, &closing) => {
                let recovery = recovery.unwrap();
                assert!(hanging == 5 && recovery.recovered.len() == 2, "{recovery:?}");
                is_recovering.store(false, Ordering::SeqCst);
                continue;
            }
        }
        let again = journal.recover(&workspace, &closing).await.unwrap();
        destroyed.extend(again.destroyed);
        let found: Vec<_> = again
            .recovered
            .iter()
            .map(|one| one.session.context().id().to_string())
            .collect();
        assert_eq!(found, ["a", "d"], "call {hanging}");
        assert_eq!(again.maybe_opened, ["c".into()], "call {hanging}");
        for recovered in again.recovered {
            assert_eq!(recovered.waiters.len(), 1);
            for waiter in recovered.waiters {
                assert_eq!(text(waiter.await.unwrap()), "42");
            }
            recovered.session.close().await.unwrap();
        }
        assert!(seen.count("contexts/destroy") >= 3, "call {hanging}");
        let last = journal.recover(&workspace, &closing).await.unwrap();
        assert!(last.maybe_opened.is_empty() && last.recovered.is_empty(), "{last:?}");
        assert_eq!(names(&path), "", "call {hanging}");
    }
}

#[tokio::test]
async fn opening_and_compacting_go_on_when_they_are_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let (journal, others) = (Journal::open(&path).await.unwrap(), Journal::open(&path));
    assert!(begun_and_dropped(others).await);
    for _ in 0..3 {
        journal.closed(&"gone".into()).await;
    }
    assert!(begun_and_dropped(journal.compact()).await);
    while !names(&path).is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(journal.path(), path);
}

/// Whether work was left in the middle.
async fn begun_and_dropped<T>(work: impl Future<Output = T>) -> bool {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(|context| std::task::Poll::Ready(work.as_mut().poll(context).is_pending())).await
}

#[tokio::test]
async fn what_is_detached_is_no_orphan_and_one_process_at_a_time_takes_it_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let (cluster, seen) = cluster(|asked, _| usual(asked));
    let dead = Journal::open(&path).await.unwrap();
    let builder = Session::builder(&cluster, Language::Sql).journal(&dead);
    let session = builder.open().await.unwrap();
    drop(session.run("SELECT 1").name("first").submit().await.unwrap());
    let context = session.detach().await.unwrap();
    dead.opening(cluster.client().host(), cluster.id()).await.unwrap();
    drop(dead);

    let (journal, other) = (Journal::open(&path).await.unwrap(), Journal::open(&path).await.unwrap());
    let closing = Closing::new();
    let logged = journal.logged().await.unwrap();
    assert_eq!(logged.maybe_opened, [("https://example.test".to_owned(), "c".into())]);
    let [left] = <[LoggedContext; 1]>::try_from(logged.contexts).unwrap();
    assert_eq!(
        (left.holder, left.host.as_str()),
        (Holder::Detached, "https://example.test")
    );
    let submission = &left.submissions[0];
    assert_eq!(submission.name.as_deref(), Some("first"));
    assert_eq!(submission.fate, LoggedFate::Submitted("k".into()));
    assert!(left.opened > std::time::SystemTime::UNIX_EPOCH);
    let recovery = journal.recover(&workspace(&cluster), &closing).await.unwrap();
    assert!(recovery.recovered.is_empty() && recovery.destroyed.is_empty());
    let logged = journal.logged().await.unwrap();
    assert!(logged.maybe_opened.is_empty(), "it is told once");

    let session = journal.take_over(&context, &closing).await.unwrap().unwrap();
    assert!(other.take_over(&context, &closing).await.unwrap().is_none());
    let holder = async || other.logged().await.unwrap().contexts[0].holder;
    assert_eq!(holder().await, Holder::Process);
    kill(&journal);
    assert_eq!(holder().await, Holder::Detached, "being killed changes nothing");
    assert_eq!(text(session.waiter("k").await.unwrap()), "42");
    assert_eq!(
        other.logged().await.unwrap().contexts[0].submissions[0].fate,
        LoggedFate::Told("k".into())
    );
    session.close().await.unwrap();
    assert_eq!(holder().await, Holder::Closed);
    assert!(other.take_over(&context, &closing).await.unwrap().is_none());
    assert_eq!(seen.count("contexts/destroy"), 1);
}

/// A context with a command whose end nobody was told, of a process that is no more.
async fn orphan(cluster: &Cluster, path: &Path) -> Context {
    let dead = Journal::open(path).await.unwrap();
    let builder = Session::builder(cluster, Language::Sql).journal(&dead);
    let session = builder.open().await.unwrap();
    drop(session.submit("SELECT 1").await.unwrap());
    let context = session.context().clone();
    kill(&dead);
    std::mem::forget((session, dead));
    context
}

#[tokio::test]
async fn of_those_who_recover_at_the_same_time_one_gets_a_context() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let (cluster, _) = cluster(|asked, _| match asked {
        // All have read the journal before one of them goes on.
        "contexts/status" => After(Duration::from_millis(50), r#"{"id":"x","status":"Running"}"#),
        asked => usual(asked),
    });
    orphan(&cluster, &path).await;
    let (one, other) = (Journal::open(&path).await.unwrap(), Journal::open(&path).await.unwrap());
    let (workspace, closing) = (workspace(&cluster), Closing::new());
    let (first, second, third) = tokio::join!(
        one.recover(&workspace, &closing),
        one.recover(&workspace, &closing),
        other.recover(&workspace, &closing)
    );
    let recovered = [first, second, third].map(|recovery| recovery.unwrap().recovered);
    assert_eq!(recovered.iter().map(Vec::len).sum::<usize>(), 1, "{recovered:?}");
}

#[tokio::test]
async fn taking_over_that_is_dropped_is_done_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let (cluster, _) = cluster(|asked, _| usual(asked));
    let context = orphan(&cluster, &path).await;
    let (journal, closing) = (Journal::open(&path).await.unwrap(), Closing::new());
    assert!(begun_and_dropped(journal.take_over(&context, &closing)).await);
    let session = journal.take_over(&context, &closing).await.unwrap().unwrap();
    assert!(journal.take_over(&context, &closing).await.unwrap().is_none());
    session.close().await.unwrap();
}
