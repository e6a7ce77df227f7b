//! All layers together against the local workspace, by each of the three roads to it.

mod credentials;
pub(crate) mod libraries;
mod operations;

use dbx12_exec::api;
use dbx12_exec::types::{ClusterStatus, ContextStatus, Language, Results};
use dbx12_exec::{ExecError, Outcome, Progress, Session, Waiter};
use dbx12_tests::{Road, Way};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_road_in_memory() {
    travel(Way::Memory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_road_over_http() {
    travel(Way::Http).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_road_over_https() {
    travel(Way::Https).await;
}

async fn travel(way: Way) {
    let road = Road::open(way).await;
    the_cluster_is_listed(&road).await;

    let session = Session::open(&road.cluster(), Language::Python).await.unwrap();
    assert_eq!(session.context().status().await.unwrap().status, ContextStatus::Running);
    values_and_output_come_back(&session).await;
    state_is_kept_in_a_context_and_not_between_them(&road, &session).await;
    tables_are_read_into_rust(&session).await;
    exceptions_are_outcomes(&session).await;
    a_command_is_cancelled(&session).await;
    a_deadline_ends_a_command(&session).await;
    assert_eq!(
        text(&session, "kept").await,
        "'still here'",
        "what ends a command leaves its context as it was"
    );
    languages_that_are_not_run_are_refused(&road).await;

    a_restart_ends_the_context(&road, &session).await;
    session.close().await.expect("what is gone already needs no closing");
    road.workspace().shutdown().await;
}

async fn text(session: &Session, code: &str) -> String {
    match session.run(code).await.unwrap() {
        Outcome::Finished(Results::Text(text)) => text.as_str().to_owned(),
        other => panic!("{code}: {other:?}"),
    }
}

/// A command that is running when this returns.
async fn running(session: &Session, code: &str) -> Waiter {
    let mut waiter = session.submit(code).await.unwrap();
    loop {
        match waiter.next().await.unwrap() {
            Progress::Waiting {
                status: Some(status), ..
            } if status.as_str() == "Running" => return waiter,
            Progress::Waiting { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn the_cluster_is_listed(road: &Road) {
    let clusters = api::Workspace::new(road.client()).clusters().await.unwrap();
    assert_eq!(clusters.len(), 1);
    assert_eq!(
        (&clusters[0].id, &clusters[0].status),
        (road.workspace().cluster_id(), &ClusterStatus::Running)
    );
    assert_eq!(road.cluster().status().await.unwrap(), clusters[0]);
}

async fn values_and_output_come_back(session: &Session) {
    for (code, expected) in [
        ("21 * 2", "42"),
        ("print('one'); print('two', end=' ')\n'three'", "one\ntwo 'three'"),
        ("print('Grüße, 世界 🌍')", "Grüße, 世界 🌍"),
        ("import sys; print('warned', file=sys.stderr)", "warned"),
        ("    if True:\n        print('indented')", "indented"),
        ("x = 1", ""),
        ("", ""),
    ] {
        assert_eq!(text(session, code).await, expected, "{code}");
    }
}

async fn state_is_kept_in_a_context_and_not_between_them(road: &Road, session: &Session) {
    assert_eq!(
        text(session, "def double(n):\n    return 2 * n\nkept = 'still here'").await,
        ""
    );
    assert_eq!(text(session, "import math\ndouble(math.floor(21.5))").await, "42");

    let other = Session::open(&road.cluster(), Language::Python).await.unwrap();
    let Outcome::Failed(error) = other.run("kept").await.unwrap() else {
        panic!("contexts share variables")
    };
    assert_eq!(error.plain(), "NameError: name 'kept' is not defined");
    other.close().await.unwrap();
}

async fn tables_are_read_into_rust(session: &Session) {
    let code = "display([{'name': 'Ann', 'age': 31, 'score': 2.5}, {'name': 'Ben', 'age': None, 'score': 0.0}])";
    let Outcome::Finished(Results::Table(table)) = session.run(code).await.unwrap() else {
        panic!("no table")
    };
    let columns = table.columns().unwrap();
    let columns: Vec<_> = columns
        .iter()
        .map(|column| (column.name.as_str(), column.type_name()))
        .collect();
    assert_eq!(columns, [("name", "string"), ("age", "long"), ("score", "double")]);

    let rows: Vec<(String, Option<u32>, f64)> = table.rows().unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows, [("Ann".to_owned(), Some(31), 2.5), ("Ben".to_owned(), None, 0.0)]);

    #[derive(serde::Deserialize)]
    struct Person {
        age: Option<u32>,
        name: String,
    }
    let people: Vec<Person> = table.rows().unwrap().collect::<Result<_, _>>().unwrap();
    let ages: HashMap<_, _> = people.into_iter().map(|person| (person.name, person.age)).collect();
    assert_eq!((ages["Ann"], ages["Ben"]), (Some(31), None));
}

async fn exceptions_are_outcomes(session: &Session) {
    let code = "def inner():\n    return {}['<missing>']\n\ninner()";
    let outcome = session.run(code).await.unwrap();
    let Outcome::Failed(error) = &outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(error.plain(), "KeyError: '<missing>'");
    let trace = error.traceback();
    assert!(
        trace.contains("line 4") && trace.contains("line 2, in inner"),
        "{trace}"
    );
    assert!(
        matches!(outcome.ok(), Err(ExecError::Unsuccessful(_))),
        "`ok()` makes an error of it"
    );

    let Outcome::Failed(error) = session.run("def broken(:").await.unwrap() else {
        panic!("no SyntaxError")
    };
    assert!(error.plain().starts_with("SyntaxError: "), "{}", error.plain());
}

async fn a_command_is_cancelled(session: &Session) {
    let mut waiter = running(session, "import time\ntime.sleep(600)").await;
    let queued = session.submit("'its turn has come'").await.unwrap();
    assert_eq!(queued.command().status().await.unwrap().status.as_str(), "Queued");

    let started = Instant::now();
    waiter.cancel();
    assert_eq!(waiter.await.unwrap(), Outcome::Cancelled);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    let Outcome::Finished(Results::Text(after)) = queued.await.unwrap() else {
        panic!("it did not run")
    };
    assert_eq!(after.as_str(), "'its turn has come'");

    // Somebody else's cancellation is told from ours.
    let waiter = running(session, "import time\ntime.sleep(600)").await;
    waiter.command().cancel().await.unwrap();
    assert_eq!(waiter.await.unwrap(), Outcome::CancelledByOthers);
}

async fn a_deadline_ends_a_command(session: &Session) {
    let deadline = Duration::from_millis(150);
    let error = session
        .run("import time\ntime.sleep(600)")
        .deadline(deadline)
        .await
        .unwrap_err();
    let ExecError::DeadlineExceeded {
        ids,
        after,
        stopped: true,
    } = &error
    else {
        panic!("{error:?}")
    };
    assert_eq!((&ids.context, *after), (session.context().id(), deadline));
    let status = session.context().command(&ids.command).status().await.unwrap().status;
    assert!(status.is_terminal(), "{status}");

    let in_time = session
        .run("'in time'")
        .deadline(Duration::from_secs(60))
        .await
        .unwrap();
    assert!(in_time.is_finished(), "{in_time:?}");
}

async fn languages_that_are_not_run_are_refused(road: &Road) {
    for (language, said) in [
        (
            "sql",
            "UnsupportedOperationException: this workspace was started without Apache Spark and runs python only, not sql",
        ),
        ("cobol", r#"the language "cobol" is none of python, scala, sql, r"#),
    ] {
        let error = Session::open(&road.cluster(), language.into()).await.unwrap_err();
        let ExecError::Call(call) = &error else {
            panic!("{error:?}")
        };
        assert!(!call.maybe_delivered() && call.to_string().contains(said), "{call}");
    }
}

async fn a_restart_ends_the_context(road: &Road, session: &Session) {
    let cluster = road.cluster();
    let cut_off = running(session, "import time\ntime.sleep(600)").await;
    assert_eq!(cluster.restart().await.unwrap().id.as_ref(), Some(cluster.id()));
    let outcome = cut_off.await.unwrap();
    assert!(matches!(outcome, Outcome::ContextLost { .. }), "{outcome:?}");

    let error = session.submit("1").await.unwrap_err();
    let ExecError::Call(call) = &error else {
        panic!("{error:?}")
    };
    assert!(
        call.is_context_not_found() && call.to_string().contains("restarted"),
        "{call}"
    );

    // A session waits for a cluster that is starting, and finds nothing of the old one.
    let fresh = Session::open(&cluster, Language::Python).await.unwrap();
    assert_eq!(cluster.status().await.unwrap().status, ClusterStatus::Running);
    let Outcome::Failed(error) = fresh.run("kept").await.unwrap() else {
        panic!("variables outlive a restart")
    };
    assert!(error.plain().starts_with("NameError"), "{}", error.plain());
    fresh.close().await.unwrap();
}
