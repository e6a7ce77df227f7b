//! The state machine of a command: what one look at it means. Pure.
//!
//! | what was seen | and | means |
//! |---|---|---|
//! | `Queued`, `Running`, `Cancelling`, a status this version does not know | | wait |
//! | `Finished` with results, or without | | finished |
//! | `Finished` with an error | | failed |
//! | `Finished` with an error that names `CommandCancelledException`, or `Cancelled` | we asked for it | cancelled |
//! | the same | we did not | look at the context: it was cancelled by others, or the context was lost |
//! | `Error` | | the engine failed |
//! | no status, but results | | as `Finished` |
//! | no such context | | the context was lost |
//! | no such command | within a second of the submission | wait: the server may not know it yet |
//! | no such command | later | the context was lost |
//! | the look itself failed (5xx, connection) | for less than the patience | wait: the command may run on |
//! | the look itself failed (5xx, connection) | for longer | give up; the command may run on |
//! | the look was refused (401, 403, …) | | give up; the command may run on |

use crate::Outcome;
use dbx12_api::http::Error;
use dbx12_api::types::{CommandInfo, CommandStatus, RemoteError, Results};
use std::time::Duration;

/// How long after the submission "no such command" may only mean "not yet".
pub const READ_AFTER_WRITE: Duration = Duration::from_secs(1);

/// What one look at a command showed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Seen {
    /// The server described the command.
    Command(CommandInfo),
    /// The server knows no such context; with its words.
    NoContext(String),
    /// The server knows no such command; with its words.
    NoCommand(String),
    /// The look failed in a way that may pass.
    Trouble,
    /// The look failed in a way that will not pass.
    Refused,
}

impl Seen {
    /// What a failed call shows of the command.
    pub fn failure(error: &Error) -> Self {
        let Some(body) = error.body() else {
            return if may_pass(error) { Self::Trouble } else { Self::Refused };
        };
        if body.is_context_not_found() {
            Self::NoContext(body.to_string())
        } else if body.is_command_not_found() {
            Self::NoCommand(body.to_string())
        } else if may_pass(error) {
            Self::Trouble
        } else {
            Self::Refused
        }
    }
}

/// Server trouble passes, and so does a lost connection. A refusal, a login page or an answer that cannot be read
/// stays.
fn may_pass(error: &Error) -> bool {
    error
        .status()
        .is_some_and(|status| status.is_server_error() || status.as_u16() == 429)
        || error.is_transient()
}

/// What is known beside what was seen.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Circumstances {
    /// We asked to cancel the command.
    pub cancel_requested: bool,
    /// Time since the command was submitted.
    pub since_submit: Duration,
    /// Time since a look last succeeded.
    pub since_answer: Duration,
    /// How long looks may fail before we give up.
    pub patience: Duration,
}

impl Circumstances {
    /// Circumstances of a command that was just submitted, with five minutes of patience.
    pub fn new() -> Self {
        Self {
            cancel_requested: false,
            since_submit: Duration::ZERO,
            since_answer: Duration::ZERO,
            patience: Duration::from_secs(300),
        }
    }
}

impl Default for Circumstances {
    fn default() -> Self {
        Self::new()
    }
}

/// What a look means.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// Look again later.
    Wait,
    /// The command has ended.
    Ended(Outcome),
    /// The command was cancelled though we did not ask: whether the context lives tells by whom.
    LookAtContext {
        /// What the server said.
        reason: String,
    },
    /// Nothing more can be found out; the command may run on.
    GiveUp,
}

/// What a look at a command means.
pub fn judge(seen: Seen, circumstances: &Circumstances) -> Verdict {
    match seen {
        Seen::Command(info) => judge_command(info, circumstances),
        Seen::NoContext(reason) => Verdict::Ended(Outcome::ContextLost { reason }),
        Seen::NoCommand(_) if circumstances.since_submit < READ_AFTER_WRITE => Verdict::Wait,
        Seen::NoCommand(reason) => Verdict::Ended(Outcome::ContextLost { reason }),
        Seen::Trouble if circumstances.since_answer < circumstances.patience => Verdict::Wait,
        Seen::Trouble | Seen::Refused => Verdict::GiveUp,
    }
}

fn judge_command(info: CommandInfo, circumstances: &Circumstances) -> Verdict {
    match info.status {
        CommandStatus::Finished => judge_results(info.results, circumstances),
        ref status if status.is_absent() && info.results.is_some() => judge_results(info.results, circumstances),
        CommandStatus::Cancelled => judge_cancelled("the command was cancelled".to_owned(), circumstances),
        CommandStatus::Error => Verdict::Ended(Outcome::EngineFailed {
            reason: engine_reason(info.results),
        }),
        _ => Verdict::Wait,
    }
}

fn judge_results(results: Option<Results>, circumstances: &Circumstances) -> Verdict {
    match results {
        Some(Results::Error(error)) if error.is_cancelled() => judge_cancelled(cancel_reason(&error), circumstances),
        Some(Results::Error(error)) => Verdict::Ended(Outcome::Failed(error)),
        Some(results) => Verdict::Ended(Outcome::Finished(results)),
        None => Verdict::Ended(Outcome::Finished(Results::Empty(Default::default()))),
    }
}

fn judge_cancelled(reason: String, circumstances: &Circumstances) -> Verdict {
    if circumstances.cancel_requested {
        Verdict::Ended(Outcome::Cancelled)
    } else {
        Verdict::LookAtContext { reason }
    }
}

/// The first line of the trace that cancelled the command.
fn cancel_reason(error: &RemoteError) -> String {
    error.traceback().lines().next().unwrap_or_default().to_owned()
}

fn engine_reason(results: Option<Results>) -> String {
    match results {
        Some(Results::Error(error)) => error.plain(),
        Some(Results::Text(text)) => text.as_str().to_owned(),
        Some(Results::Empty(fields) | Results::Unrecognized(fields)) => {
            fields.read("cause").or_else(|| fields.read("data")).unwrap_or_default()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
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
        assert!(matches!(ended(no_context), Outcome::ContextLost { .. }));
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
}
