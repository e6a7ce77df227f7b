//! The tables in the documentation are what the functions answer.
//!
//! After a change of the state machine: `DBX12_WRITE_STATE_TABLE=1 cargo nextest run -p dbx12-exec state::tests::table`,
//! and see that the difference is what you mean.

use super::*;
use std::fmt::Write as _;

const NO_CONTEXT: &str = "ContextNotFound: x";
const NO_COMMAND: &str = "CommandNotFound: x";

/// What is known beside what was seen, in words.
fn circumstances(and: &str) -> Circumstances {
    let mut circumstances = Circumstances {
        since_submit: Duration::from_secs(60),
        ..Circumstances::new()
    };
    match and {
        "" | "we did not cancel it" | "the last answer is younger than the patience" => {}
        "we asked to cancel it" => circumstances.cancel_requested = true,
        "in the first second" => circumstances.since_submit = Duration::from_millis(999),
        "after the first second" => circumstances.since_submit = READ_AFTER_WRITE,
        "the last answer is older than the patience" => circumstances.since_answer = circumstances.patience,
        other => panic!("{other}"),
    }
    circumstances
}

/// A verdict in words.
fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Wait => "wait".to_owned(),
        Verdict::Ended(outcome) => format!("**{}**", name(outcome)),
        Verdict::LookAtContext { .. } => "look at the context".to_owned(),
        Verdict::LookAtCluster { otherwise } => {
            format!("look at the cluster; while it is there: {}", words(otherwise))
        }
        Verdict::GiveUp => "give up: **LostSight**, the command may run on".to_owned(),
    }
}

fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Finished(_) => "Finished",
        Outcome::Failed(_) => "Failed",
        Outcome::Cancelled => "Cancelled",
        Outcome::CancelledByOthers => "CancelledByOthers",
        Outcome::ContextLost { .. } => "ContextLost",
        Outcome::ClusterGone { .. } => "ClusterGone",
        Outcome::EngineFailed { .. } => "EngineFailed",
    }
}

/// Everything that can be seen of a command, in words.
fn seen(what: &str) -> Seen {
    match what {
        "`Queued`" => command(r#"{"status":"Queued","results":null}"#),
        "`Running`" => command(r#"{"status":"Running","results":null}"#),
        "`Cancelling`" => command(r#"{"status":"Cancelling"}"#),
        "a status this version does not know" => command(r#"{"status":"Resting"}"#),
        "no status, no results" => command("{}"),
        "no status, but results" => command(r#"{"results":{"resultType":"text","data":"4"}}"#),
        "`Finished` with results" => command(r#"{"status":"Finished","results":{"resultType":"text","data":"4"}}"#),
        "`Finished` without results" => command(r#"{"status":"Finished","results":null}"#),
        "`Finished` with an error" => {
            command(r#"{"status":"Finished","results":{"resultType":"error","cause":"ValueError: x"}}"#)
        }
        "`Finished` with `CommandCancelledException`" => command(CANCELLED),
        "`Cancelled`, `Canceled`" => command(r#"{"status":"Canceled"}"#),
        "`Error`" => command(r#"{"status":"Error"}"#),
        "no such context" => Seen::NoContext(NO_CONTEXT.to_owned()),
        "no such command" => Seen::NoCommand(NO_COMMAND.to_owned()),
        "the cluster is not ready" => Seen::NotReady,
        "no such cluster" => Seen::NoCluster,
        "429, 5xx, no connection" => Seen::Trouble,
        "refused: 401, 403, a login page, not readable" => Seen::Refused,
        other => panic!("{other}"),
    }
}

const ASKED: [&str; 2] = ["we asked to cancel it", "we did not cancel it"];
const AGE: [&str; 2] = ["in the first second", "after the first second"];
const PATIENCE: [&str; 2] = [
    "the last answer is younger than the patience",
    "the last answer is older than the patience",
];

/// Everything that can be seen, and what then makes a difference.
const COMMANDS: [(&str, &[&str]); 18] = [
    ("`Queued`", &[""]),
    ("`Running`", &[""]),
    ("`Cancelling`", &[""]),
    ("a status this version does not know", &[""]),
    ("no status, no results", &[""]),
    ("no status, but results", &[""]),
    ("`Finished` with results", &[""]),
    ("`Finished` without results", &[""]),
    ("`Finished` with an error", &[""]),
    ("`Finished` with `CommandCancelledException`", &ASKED),
    ("`Cancelled`, `Canceled`", &ASKED),
    ("`Error`", &[""]),
    ("no such command", &AGE),
    ("no such context", &[""]),
    ("the cluster is not ready", &PATIENCE),
    ("no such cluster", &[""]),
    ("429, 5xx, no connection", &PATIENCE),
    ("refused: 401, 403, a login page, not readable", &[""]),
];

/// What can be seen of a context instead of its status.
const CONTEXT_FAILURES: [(&str, &[&str]); 5] = [
    ("no such context", &AGE),
    ("the cluster is not ready", &PATIENCE),
    ("no such cluster", &[""]),
    ("429, 5xx, no connection", &PATIENCE),
    ("refused: 401, 403, a login page, not readable", &[""]),
];

fn tables() -> String {
    let mut text = String::from("A command:\n\n| what was seen | and | means |\n|---|---|---|\n");
    let mut row = |seen: &str, and: &str, means: &str| writeln!(text, "| {seen} | {and} | {means} |").unwrap();
    for (what, circumstance) in COMMANDS {
        for and in circumstance {
            row(what, and, &words(&judge(seen(what), &circumstances(and))));
        }
    }
    text += "\nThe further looks:\n\n| at | what was seen | means |\n|---|---|---|\n";
    let mut row = |at: &str, seen: &str, means: &str| writeln!(text, "| {at} | {seen} | {means} |").unwrap();
    for status in ["Running", "Pending", "Error"] {
        let verdict = judge_unasked_cancel(Some(status.into()), String::new());
        row("the context", &format!("`{status}`"), &words(&verdict));
    }
    let nothing = judge_unasked_cancel(None, String::new());
    row("the context", "nothing, or no such context", &words(&nothing));
    for status in ClusterStatus::KNOWN {
        let verdict = judge_cluster(Some((*status).into()), Verdict::Wait);
        let means = match verdict {
            Verdict::Wait => "it is there".to_owned(),
            verdict => words(&verdict),
        };
        row("the cluster", &format!("`{status}`"), &means);
    }
    text += "\nA context that is being set up:\n\n| what was seen | and | means |\n|---|---|---|\n";
    let mut row = |seen: &str, and: &str, means: ContextVerdict| {
        writeln!(text, "| {seen} | {and} | {means:?} |").unwrap();
    };
    for status in ["Pending", "Running", "Error"] {
        let verdict = judge_context(Ok(status.into()), &Circumstances::new());
        row(&format!("`{status}`"), "", verdict);
    }
    let unknown = judge_context(Ok("Resting".into()), &Circumstances::new());
    row("a status this version does not know, or none", "", unknown);
    for (what, circumstance) in CONTEXT_FAILURES {
        for and in circumstance {
            row(what, and, judge_context(Err(seen(what)), &circumstances(and)));
        }
    }
    text
}

#[test]
fn the_documented_tables_are_what_is_judged() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/state/table.md");
    let tables = tables();
    if std::env::var_os("DBX12_WRITE_STATE_TABLE").is_some() {
        std::fs::write(path, &tables).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        tables,
        "see the head of this file"
    );
}
