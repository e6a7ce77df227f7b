//! An exception of the code that ran, or its cancellation.

use super::plain::{plain_text, without_ansi};

wire_object! {
    /// What the code raised, as the server tells it.
    ///
    /// The fields are untouched; [`plain`](Self::plain) and [`traceback`](Self::traceback) are for people.
    #[derive(Default)]
    pub struct RemoteError {
        /// One line, often HTML: `<span class='ansi-red-fg'>KeyError</span>: 'foo'`. Not in the document.
        summary: Option<String> = "summary",
        /// The whole trace, often with terminal colours.
        cause: Option<String> = "cause",
    }
}

impl RemoteError {
    /// An error as a server writes it.
    pub fn new(summary: Option<String>, cause: impl Into<String>) -> Self {
        Self {
            summary,
            cause: Some(cause.into()),
            ..Self::default()
        }
    }

    /// What happened in one line or a few, as plain text: the summary, else the trace's last line.
    pub fn plain(&self) -> String {
        match &self.summary {
            Some(summary) if !summary.trim().is_empty() => plain_text(summary).trim().to_owned(),
            _ => self
                .traceback()
                .lines()
                .rfind(|line| !line.trim().is_empty())
                .unwrap_or_default()
                .trim()
                .to_owned(),
        }
    }

    /// The whole trace as plain text; empty when the server sent none.
    pub fn traceback(&self) -> String {
        without_ansi(self.cause.as_deref().unwrap_or_default())
    }

    /// Whether the command was cancelled rather than failed: the real service ends a cancelled command as `Finished`
    /// with an error that names `CommandCancelledException`. The same comes, unasked, when its context ends.
    pub fn is_cancelled(&self) -> bool {
        [&self.summary, &self.cause]
            .into_iter()
            .flatten()
            .any(|text| text.contains("CommandCancelledException"))
    }
}

impl std::fmt::Display for RemoteError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.plain())
    }
}

impl std::error::Error for RemoteError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_plain_line_from_html_or_from_the_trace() {
        let summary = "<span class='ansi-red-fg'>Exception</span>: &lt;juhu&gt;".to_owned();
        assert_eq!(RemoteError::new(Some(summary), "…").plain(), "Exception: <juhu>");
        assert_eq!(
            RemoteError::new(None, "Traceback\n\u{1b}[31mKeyError\u{1b}[0m: 'a'\n\n").plain(),
            "KeyError: 'a'"
        );
        assert_eq!(RemoteError::default().plain(), "");
    }

    #[test]
    fn a_cancelled_command_is_known_by_its_cause() {
        let cause =
            "com.databricks.backend.common.rpc.CommandCancelledException\n\tat com.databricks.spark.chauffeur.X";
        assert!(RemoteError::new(None, cause).is_cancelled());
        assert!(!RemoteError::new(None, "KeyboardInterrupt").is_cancelled());
    }
}
