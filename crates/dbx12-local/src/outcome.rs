//! What came of a command, in the words of the wire.

use dbx12_types::results::Table;
use dbx12_types::{Image, Images, Language, RemoteError, Results, Text};
use serde_json::value::{RawValue, to_raw_value};

use crate::engine::{Column, End, Execution};

/// How much of the last output is told of a process that died, in bytes.
const LAST_OUTPUT: usize = 10 << 10;

/// The results of a command that its engine brought to an end.
///
/// One command has one result: an error, else what was shown last, else the output. Of a command that raised, the real
/// service tells only the error.
pub(crate) fn results(execution: Execution, language: &Language, is_cancelling: bool) -> Results {
    match execution.end {
        End::Text => text(execution.output, execution.output_truncated),
        End::Html(html) => Results::text(html),
        End::Images(mut data_urls) if data_urls.len() == 1 => Results::Image(Image::new(data_urls.remove(0))),
        End::Images(data_urls) => Results::Images(Images::new(data_urls)),
        End::Table {
            rows,
            schema,
            truncated,
        } => table(rows, &schema, truncated),
        End::Interrupted => cancelled(None),
        // Whatever an interrupted command raises on its way out, it was cancelled.
        End::Error { .. } if is_cancelling => cancelled(None),
        End::Error { summary, cause } => Results::Error(RemoteError::new(Some(summary), cause)),
        End::Died { reason, .. } if is_cancelling => cancelled(Some(&gone(language, &reason))),
        End::Died { reason, .. } => died(language, &reason, &execution.output),
    }
}

/// A command that was cancelled by `commands/cancel`. The real service has no summary here, and a cause that begins so.
pub(crate) fn cancelled(remark: Option<&str>) -> Results {
    let cause = "com.databricks.backend.common.rpc.CommandCancelledException\n\tat \
                 com.databricks.spark.chauffeur.SequenceExecutionState.cancel";
    let remark = remark.map(|remark| format!("\n{remark}")).unwrap_or_default();
    Results::Error(RemoteError::new(None, format!("{cause}{remark}")))
}

/// A command whose context was ended before it.
pub(crate) fn context_ended(how: &str) -> Results {
    let cause = "com.databricks.backend.common.rpc.CommandCancelledException\n\tat \
                 com.databricks.spark.chauffeur.ExecContextState.shutdown";
    Results::Error(RemoteError::new(None, format!("{cause}\n{how}")))
}

/// What runs a language.
fn engine(language: &Language) -> &'static str {
    match language {
        Language::Sql | Language::Scala => "Spark",
        _ => "Python",
    }
}

/// A command that waited for a process which never came to be.
pub(crate) fn never_started(reason: &str) -> Results {
    let cause = "com.databricks.backend.common.rpc.ReplStartFailureException";
    Results::Error(RemoteError::new(
        Some(format!("Fatal error: {reason}")),
        format!("{cause}: {reason}"),
    ))
}

/// A command that waited behind one with which the process died.
pub(crate) fn never_ran(language: &Language, reason: &str) -> Results {
    let cause = format!("{} The command had not begun.", gone(language, reason));
    Results::Error(RemoteError::new(Some(format!("Fatal error: {cause}")), cause))
}

/// What became of a context whose process died, for people.
pub(crate) fn gone(language: &Language, reason: &str) -> String {
    format!(
        "The {} process {reason}. Its variables are gone: destroy the context and create a new one.",
        engine(language)
    )
}

fn died(language: &Language, reason: &str, output: &str) -> Results {
    let summary = format!("Fatal error: The {} process {reason}.", engine(language));
    let mut cause = gone(language, reason);
    let last = output
        .get(output.len().saturating_sub(LAST_OUTPUT)..)
        .unwrap_or_else(|| {
            let start = (output.len() - LAST_OUTPUT..).find(|index| output.is_char_boundary(*index));
            &output[start.unwrap_or(output.len())..]
        });
    if !last.trim().is_empty() {
        cause = format!("{cause}\nThe last of its output:\n\n{last}");
    }
    Results::Error(RemoteError::new(Some(summary), cause))
}

fn text(output: String, truncated: bool) -> Results {
    let mut text = Text::default();
    text.data = Some(output);
    if truncated {
        // A flag is JSON.
        let _ = text.extra.set("truncated", &true);
    }
    Results::Text(text)
}

fn table(rows: Box<RawValue>, schema: &[Column], truncated: bool) -> Results {
    match to_raw_value(schema) {
        Ok(schema) => Results::Table(Table::from_raw(rows, schema, truncated)),
        Err(error) => {
            let cause = format!("The table that the command showed cannot be written: {error}");
            Results::Error(RemoteError::new(Some(cause.clone()), cause))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn execution(end: End) -> Execution {
        Execution {
            output: "printed".to_owned(),
            output_truncated: false,
            end,
        }
    }

    fn json(end: End, is_cancelling: bool) -> serde_json::Value {
        serde_json::to_value(results(execution(end), &Language::Python, is_cancelling)).unwrap()
    }

    fn raised() -> End {
        End::Error {
            summary: "s".to_owned(),
            cause: "c".to_owned(),
        }
    }

    fn killed() -> End {
        End::Died {
            reason: "was killed by signal 9 (SIGKILL)".to_owned(),
            killed_by_us: true,
        }
    }

    #[test]
    fn each_end_has_its_result() {
        use serde_json::json as expected;
        assert_eq!(
            json(End::Text, false),
            expected!({"resultType": "text", "data": "printed"})
        );
        assert_eq!(
            json(End::Html("<b>".to_owned()), false),
            expected!({"resultType": "text", "data": "<b>"})
        );
        assert_eq!(
            json(End::Images(vec!["a".to_owned()]), false),
            expected!({"resultType": "image", "fileName": "a"})
        );
        assert_eq!(
            json(End::Images(vec!["a".to_owned(), "b".to_owned()]), false),
            expected!({"resultType": "images", "fileNames": ["a", "b"]})
        );
        let rows = RawValue::from_string("[[1,\"a\"],[12345678901234567890123,null]]".to_owned()).unwrap();
        let schema = expected!([
            {"name": "n", "type": "\"long\"", "metadata": "{\"comment\":\"c\"}"},
            {"name": "s", "type": "\"string\"", "metadata": "{}"},
        ]);
        let table = End::Table {
            rows,
            schema: serde_json::from_value(schema).unwrap(),
            truncated: true,
        };
        let text = serde_json::to_string(&results(execution(table), &Language::Python, false)).unwrap();
        assert!(text.contains("[[1,\"a\"],[12345678901234567890123,null]]"), "{text}");
        assert!(
            text.contains(r#"{"name":"n","type":"\"long\"","metadata":"{\"comment\":\"c\"}"}"#),
            "{text}"
        );
        assert!(
            text.contains(r#""truncated":true"#) && text.contains(r#""isJsonSchema":true"#),
            "{text}"
        );
        assert_eq!(
            json(raised(), false),
            expected!({"resultType": "error", "summary": "s", "cause": "c"})
        );
    }

    #[test]
    fn whatever_an_interrupted_command_raises_it_was_cancelled() {
        for end in [End::Interrupted, raised(), killed()] {
            let Results::Error(error) = results(execution(end), &Language::Python, true) else {
                panic!("an error")
            };
            assert!(error.is_cancelled() && error.summary.is_none(), "{error:?}");
        }
        assert_eq!(
            json(End::Text, true)["data"],
            "printed",
            "it ended before the interrupt came"
        );
    }

    #[test]
    fn a_death_is_told_with_the_last_output() {
        let output = format!("{}é the end", "é".repeat(LAST_OUTPUT));
        let end = End::Died {
            reason: "was killed by signal 11 (SIGSEGV)".to_owned(),
            killed_by_us: false,
        };
        let Results::Error(error) = results(
            Execution {
                output,
                output_truncated: false,
                end,
            },
            &Language::Python,
            false,
        ) else {
            panic!("an error")
        };
        assert_eq!(
            error.summary.as_deref(),
            Some("Fatal error: The Python process was killed by signal 11 (SIGSEGV).")
        );
        let cause = error.cause.unwrap();
        assert!(cause.ends_with("é the end") && cause.len() < LAST_OUTPUT + 300);
    }

    #[test]
    fn cut_output_says_so() {
        let cut = Execution {
            output: "x".to_owned(),
            output_truncated: true,
            end: End::Text,
        };
        assert_eq!(
            serde_json::to_value(results(cut, &Language::Python, false)).unwrap()["truncated"],
            true
        );
    }
}
