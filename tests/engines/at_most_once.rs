//! Scala is submitted at most once, and it is known whether it was, as `tests/it/at_most_once.rs` has it for Python.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use dbx12_exec::types::{Language, Results};
use dbx12_exec::{Outcome, Session, Submission};
use dbx12_tests::{Passage, Relayed};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Each adds one to a counter in the context.
const SUBMISSIONS: usize = 200;
const SESSIONS: usize = 2;
const COUNT: &str = "counter += 1";
/// How many commands the JVM remembers that came.
const REMEMBERED: &str = "print(System.getProperties.stringPropertyNames.toArray.map(_.toString)\
    .count(name => name.startsWith(\"dbx12.\") && System.getProperty(name) == \"came\"))";

/// Run one after another in one context. In none of them is a line of a trace that names the number of its command.
const PROGRAMS: &[&str] = &[
    "1 + 1",
    "val x = 1\nprintln(\"hi\")\nx + 1",
    "List(1)\n  .map(_ + x)\n  .sum",
    "\n\n3",
    "// nothing",
    "/* a */ 7",
    "var y = 1",
    "y = 2",
    "import scala.util._",
    "import scala.math._\nmax(1, 2)",
    "println(\"a\")",
    "()",
    "null",
    "1;2",
    "{ 1 }",
    "-1",
    "val (a, b) = (1, 2)",
    "implicit val i: Int = 1",
    "lazy val l = 5",
    "case class P(a: Int)",
    "P(1)",
    "import scala.util._\ncase class Q(a: Int)\nSeq(Q(1)).toDS.collect().toList",
    "@deprecated def g = 1",
    "g",
    "sc.parallelize(1 to 3).map(_ + x).sum",
    "display(spark.range(2))",
    "System.getProperties.keySet.toArray.filter(_.toString.startsWith(\"p\")).length > 0",
    // What is wrong is wrong at the same place, in the same words.
    "bad",
    "val good = 1\nbad",
    "  1 + bad",
    "f(",
    "if (true) {",
    ".toString",
    "\"unfinished",
    "package a { class C }",
    "res0",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_counter_of_scala_is_the_number_of_submissions_that_are_reported() {
    let seed = fastrand::u64(..);
    let (way, is_faulty) = Relayed::with_faults(seed).await;
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        let session = open(&way).await;
        session.run("var counter = 0").await.unwrap().ok().unwrap();
        sessions.push(session);
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
    let counted = counting.join_all().await;
    is_faulty.store(false, Ordering::Relaxed);
    for (session, reported) in counted {
        println!("{reported:?} submitted, not submitted, unknown; seed {seed}");
        let [submitted, _, unknown] = reported;
        assert_eq!(unknown, 0, "seed {seed}");
        assert!(submitted > SUBMISSIONS / SESSIONS / 2, "{reported:?}, seed {seed}");
        let counter = way.value(&session, "print(counter)").await;
        assert_eq!(counter, submitted.to_string(), "seed {seed}");
        let kept = way.value(&session, REMEMBERED).await;
        assert!(
            kept.parse::<usize>().unwrap() < 30,
            "{kept}: what was answered is removed"
        );
        session.close().await.unwrap();
    }
    way.workspace.shutdown().await;
}

async fn open(way: &Relayed) -> Session {
    way.builder(Language::Scala).open().await.unwrap()
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
async fn scala_that_arrives_late_does_not_run_and_was_sent_again() {
    let late = Arc::new(Notify::new());
    // The watch, the counter, and then what comes late.
    let passages = [Passage::Through, Passage::Through, Passage::Late(Arc::clone(&late))];
    let way = Relayed::for_commands(passages).await;
    let session = open(&way).await;
    session.run("var counter = 0").await.unwrap().ok().unwrap();
    session.run(COUNT).await.unwrap().ok().unwrap();
    assert_eq!(way.value(&session, "print(counter)").await, "1", "it was sent again");
    late.notify_one();
    way.relay.late_arrival.notified().await;
    assert_eq!(
        way.value(&session, "print(counter)").await,
        "1",
        "what came late did not run"
    );
    session.close().await.unwrap();
    way.workspace.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scala_that_is_marked_runs_as_it_would_without() {
    let way = Relayed::for_commands([]).await;
    let marked = open(&way).await;
    let plain = way.builder(Language::Scala).at_most_once(false).open().await.unwrap();
    for program in PROGRAMS {
        let (marked, plain) = (marked.run(*program).await, plain.run(*program).await);
        assert_eq!(marked.unwrap(), plain.unwrap(), "{program}");
    }
    // Numbers of lines are in a trace; that of the command is another one.
    let program = "val z = 0\ndef f(x: Int) = x / z\nf(1)";
    for session in [&marked, &plain] {
        let Outcome::Failed(error) = session.run(program).await.unwrap() else {
            panic!("it cannot divide")
        };
        let cause = error.cause.unwrap();
        assert!(
            cause.contains(".f(<console>:2)") && cause.contains("(<console>:3)"),
            "{cause}"
        );
    }
    let Outcome::Finished(Results::Text(warned)) = marked.run("1;2").await.unwrap() else {
        panic!("a warning")
    };
    assert!(!warned.as_str().contains("dbx12"), "{warned:?}");
    marked.close().await.unwrap();
    plain.close().await.unwrap();
    way.workspace.shutdown().await;
}
