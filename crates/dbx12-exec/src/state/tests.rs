//! What looks mean, one by one, and the tables of them all.

mod table;

use super::*;

const CANCELLED: &str = r#"{"status":"Finished","results":{"resultType":"error","summary":null,
    "cause":"com.databricks.backend.common.rpc.CommandCancelledException\n\tat x"}}"#;

fn command(json: &str) -> Seen {
    Seen::Command(serde_json::from_str(json).unwrap())
}

fn ended(verdict: Verdict) -> Outcome {
    let Verdict::Ended(outcome) = verdict else {
        panic!("{verdict:?}")
    };
    outcome
}

fn asked() -> Circumstances {
    Circumstances {
        cancel_requested: true,
        ..Circumstances::new()
    }
}

#[test]
fn states_that_are_not_the_end_wait() {
    for status in [
        "Queued",
        "Running",
        "Cancelling",
        "RunningInBackground",
        "processing",
        "",
    ] {
        let json = format!(r#"{{"status":"{status}","results":null}}"#);
        assert_eq!(judge(command(&json), &asked()), Verdict::Wait, "{status}");
    }
}

#[test]
fn finished_is_finished_with_or_without_results() {
    let text = ended(judge(
        command(r#"{"status":"Finished","results":{"resultType":"text","data":"4"}}"#),
        &asked(),
    ));
    assert_eq!(text, Outcome::Finished(Results::text("4")));
    assert!(ended(judge(command(r#"{"status":"Finished"}"#), &asked())).is_finished());
    assert!(ended(judge(command(r#"{"results":{"resultType":"text"}}"#), &asked())).is_finished());
}

#[test]
fn a_cancellation_is_ours_only_if_we_asked() {
    for json in [
        CANCELLED,
        r#"{"status":"Cancelled"}"#,
        r#"{"status":"Canceled","results":null}"#,
    ] {
        assert_eq!(ended(judge(command(json), &asked())), Outcome::Cancelled);
        let verdict = judge(command(json), &Circumstances::new());
        assert!(matches!(verdict, Verdict::LookAtContext { .. }), "{json}: {verdict:?}");
    }
}

#[test]
fn an_exception_after_a_cancel_is_an_exception() {
    let json = r#"{"status":"Finished","results":{"resultType":"error","cause":"ValueError: x"}}"#;
    assert!(matches!(ended(judge(command(json), &asked())), Outcome::Failed(_)));
}

#[test]
fn an_engine_failure_says_what_it_can() {
    for (json, expected) in [
        (r#"{"status":"Error","results":null}"#, ""),
        (
            r#"{"status":"Error","results":{"cause":"SyntaxError: x"}}"#,
            "SyntaxError: x",
        ),
        (
            r#"{"status":"Error","results":{"resultType":"","data":"some words"}}"#,
            "some words",
        ),
    ] {
        assert_eq!(
            ended(judge(command(json), &asked())),
            Outcome::EngineFailed {
                reason: expected.to_owned()
            }
        );
    }
}

#[test]
fn no_such_command_waits_a_second_and_no_such_context_does_not() {
    let no_command = || Seen::NoCommand("CommandNotFound: x".to_owned());
    let later = Circumstances {
        since_submit: READ_AFTER_WRITE,
        ..Circumstances::new()
    };
    assert_eq!(judge(no_command(), &Circumstances::new()), Verdict::Wait);
    assert!(matches!(
        ended(judge(no_command(), &later)),
        Outcome::ContextLost { .. }
    ));
    let no_context = judge(Seen::NoContext("ContextNotFound: x".to_owned()), &Circumstances::new());
    let Verdict::LookAtCluster { otherwise } = no_context else {
        panic!("{no_context:?}")
    };
    assert!(matches!(ended(*otherwise), Outcome::ContextLost { .. }));
}

#[test]
fn trouble_is_borne_for_as_long_as_patience_lasts() {
    let out_of_patience = Circumstances {
        since_answer: Duration::from_secs(300),
        ..Circumstances::new()
    };
    assert_eq!(judge(Seen::Trouble, &Circumstances::new()), Verdict::Wait);
    assert_eq!(judge(Seen::Trouble, &out_of_patience), Verdict::GiveUp);
    assert_eq!(judge(Seen::Refused, &Circumstances::new()), Verdict::GiveUp);
}
