//! Errors as clusters of several generations send them.

use crate::RemoteError;
use proptest::prelude::{ProptestConfig, any, prop_assert, proptest};

mod jvm;
mod python;

/// `(class, message)`.
fn raised(error: &RemoteError) -> Option<(String, String)> {
    error.exception().map(|exception| (exception.class, exception.message))
}

fn some(class: &str, message: &str) -> Option<(String, String)> {
    Some((class.to_owned(), message.to_owned()))
}

/// Each frame with its line of code.
fn frames(error: &RemoteError) -> Vec<String> {
    let shown = |frame: &crate::results::Frame| match &frame.source_line {
        Some(source) => format!("{frame} | {source}"),
        None => frame.to_string(),
    };
    error.frames().iter().map(shown).collect()
}

fn error(summary: &str, cause: &str) -> RemoteError {
    let summary = Some(summary.to_owned()).filter(|summary| !summary.is_empty());
    RemoteError::new(summary, cause)
}

#[test]
fn the_plain_text_is_what_happened() {
    for (summary, cause, plain) in [
        (
            "<span class='ansi-red-fg'>Exception</span>: &lt;juhu&gt;",
            "…",
            "Exception: <juhu>",
        ),
        ("", "Traceback\n\u{1b}[31mKeyError\u{1b}[0m: 'a'\n\n", "KeyError: 'a'"),
        ("", "", ""),
        (" ", "first\nlast\n\n", "last"),
        ("", "x\nErrorMessage=Error was here\nmore", "Error was here"),
        (
            "",
            "ExecutionError: \nStatusCode=400\nStatusDescription=ABC",
            "ExecutionError: StatusCode=400\nStatusDescription=ABC",
        ),
        (
            "<b>NotFoundException: it went wrong; nested exception is: here</b>",
            "",
            "NotFoundException: it went wrong; nested exception is: here",
        ),
        (
            "",
            "java.lang.IllegalStateException: the kernel may be restarting\n\tat a.b(C.scala:1)",
            "java.lang.IllegalStateException: the kernel may be restarting",
        ),
    ] {
        assert_eq!(error(summary, cause).plain(), plain);
    }
}

#[test]
fn a_cancelled_command_is_known_by_its_cause() {
    let cause = "com.databricks.backend.common.rpc.CommandCancelledException\n\tat com.databricks.spark.chauffeur.X.y(Z.scala:1)";
    let error = RemoteError::new(None, cause);
    assert!(error.is_cancelled());
    assert_eq!(
        raised(&error),
        some("com.databricks.backend.common.rpc.CommandCancelledException", "")
    );
    assert!(!RemoteError::new(None, "KeyboardInterrupt").is_cancelled());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_error_makes_it_panic(summary in any::<Option<String>>(), cause in any::<String>()) {
        look_at(&RemoteError::new(summary, cause))?;
    }

    #[test]
    fn nor_does_one_that_is_almost_as_usual(
        cause in "(File |\"|<command-1>|Cell In\\[1\\]|, line |:2|, in f\\(x\\)| in |---> 3 |\n|\n {4}|\tat |a.b\\(C:1\\)|Caused by: |\
            KeyError|: |The above exception was the direct cause of the following exception:|line 1, pos 2|: error: |é|\
            \u{1b}\\[3|<b>|&lt;|\\[A\\]|SQLSTATE: |Exception in thread \"|SQLExecutionException){0,16}",
    ) {
        look_at(&RemoteError::new(None, cause.as_str()))?;
        look_at(&RemoteError::new(Some(cause), ""))?;
    }
}

fn look_at(error: &RemoteError) -> Result<(), proptest::test_runner::TestCaseError> {
    for exception in error.exception().into_iter().chain(error.causes()) {
        prop_assert!(!exception.class.is_empty());
        let _ = (exception.name(), exception.condition(), exception.sql_state());
    }
    prop_assert!(error.frames().iter().all(|frame| !frame.file.contains('\n')));
    let _ = (error.plain(), error.position(), error.is_cancelled());
    Ok(())
}

#[test]
fn a_message_on_a_line_of_its_own_is_told_behind_its_class() {
    let error = RemoteError::new(None, "coledException\ntte.cancel(ExecContextState.scalaw:428)");
    assert_eq!(error.plain(), "coledException: tte.cancel(ExecContextState.scalaw:428)");
}
