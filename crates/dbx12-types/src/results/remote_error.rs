//! An exception of the code that ran, or its cancellation.

use super::plain::{plain_text, without_ansi};

mod exception;
mod frame;
mod group;
mod jvm;
mod position;
mod python;

#[cfg(test)]
mod tests;

pub use exception::Exception;
pub use frame::Frame;
pub use position::Position;

wire_object! {
    /// What the code raised, as the server tells it.
    ///
    /// The fields are untouched, and are texts for people: HTML, terminal colours, the traces of three languages. What the
    /// methods read out of them is read as far as it goes; where they find nothing, the texts still say it.
    ///
    /// ```
    /// use dbx12_types::RemoteError;
    /// let error = RemoteError::new(
    ///     Some("<span class='ansi-red-fg'>KeyError</span>: &#39;price&#39;".to_owned()),
    ///     "Traceback (most recent call last):\n  File \"<command-1>\", line 2, in total\n    row['price']\nKeyError: 'price'\n",
    /// );
    /// assert_eq!(error.plain(), "KeyError: 'price'");
    /// assert_eq!(error.exception().unwrap().class, "KeyError");
    /// assert_eq!(error.frames()[0].to_string(), "<command-1>:2 in total");
    /// ```
    #[derive(Default)]
    pub struct RemoteError {
        /// What happened, often HTML: `<span class='ansi-red-fg'>KeyError</span>: 'foo'`. Not in the document.
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

    /// What happened in one line or a few, as plain text: the summary; without one, the trace's exception, what it says
    /// behind `ErrorMessage=`, or its last line. Empty when the server said nothing.
    pub fn plain(&self) -> String {
        let summary = self.plain_summary();
        if !summary.is_empty() {
            return summary;
        }
        if let Some(exception) = self.exception() {
            return exception.to_string();
        }
        let trace = self.traceback();
        let message = trace.lines().find_map(|line| line.strip_prefix("ErrorMessage="));
        let last = || trace.lines().rfind(|line| !line.trim().is_empty());
        message.or_else(last).unwrap_or_default().trim().to_owned()
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

    /// The exception that was raised, of Python, the JVM or SQL; the last one when others led to it, and the group when it
    /// is one of several. Of code that the Scala compiler refuses the first complaint, as the class `error`.
    pub fn exception(&self) -> Option<Exception> {
        let (html, summary, trace) = (self.summary.as_deref(), self.plain_summary(), self.traceback());
        Exception::from_summary(html.unwrap_or_default(), &summary)
            .or_else(|| Exception::from_trace(group::parts(&trace).first()?))
            .or_else(|| jvm::first_compile_error(&summary))
            .or_else(|| jvm::first_compile_error(&trace))
    }

    /// The exceptions that led to it, nearest first: what Python was handling, what the JVM says behind `Caused by:`; and
    /// the exceptions of a group, in its order.
    pub fn causes(&self) -> Vec<Exception> {
        exception::causes(&self.traceback())
    }

    /// The calls that led to the exception, outermost first: the last is where it was raised.
    ///
    /// Of a Python traceback in every form (Python's own, `<command-1> in f(x)` of older runtimes, `File
    /// <command-1>:2, in f(x)` of newer ones), else of a JVM trace, else the places that the Scala compiler complains of.
    pub fn frames(&self) -> Vec<Frame> {
        let trace = self.traceback();
        if trace.trim().is_empty() {
            return frame::frames(&self.plain_summary());
        }
        frame::frames(&trace)
    }

    /// Where in the SQL text the error is, when Spark says so.
    pub fn position(&self) -> Option<Position> {
        Position::find(&self.plain_summary()).or_else(|| Position::find(&self.traceback()))
    }

    fn plain_summary(&self) -> String {
        plain_text(self.summary.as_deref().unwrap_or_default())
            .trim()
            .to_owned()
    }
}

impl std::fmt::Display for RemoteError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.plain())
    }
}

impl std::error::Error for RemoteError {}
