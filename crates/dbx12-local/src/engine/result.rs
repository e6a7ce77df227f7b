//! What comes of a command.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A command that came to an end, and all it wrote.
#[derive(Debug)]
pub(crate) struct Execution {
    /// What the command and its children wrote to stdout and stderr, in order, without one last newline. Bytes that are
    /// no UTF-8 are replaced. If it was too much, the text ends by saying so.
    pub(crate) output: String,
    /// Whether output was dropped because it passed the limit.
    pub(crate) output_truncated: bool,
    /// The result, or what came instead of it.
    pub(crate) end: End,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Normally; its result is the output.
    Text,
    /// Normally, and it showed HTML.
    Html(String),
    /// Normally, and it showed pictures: `data:image/png;base64,…` each.
    Images(Vec<String>),
    /// Normally, and it showed a table; the last one counts.
    Table {
        /// The rows: JSON text of an array of arrays.
        rows: Box<RawValue>,
        /// The columns, in the order of the cells.
        schema: Vec<Column>,
        /// Whether rows are missing at the end, or long cells were cut.
        truncated: bool,
    },
    /// It raised an exception.
    Error {
        /// One line of HTML: `<span class='ansi-red-fg'>KeyError</span>: 'a'`.
        summary: String,
        /// The traceback, with terminal colours.
        cause: String,
    },
    /// It was interrupted by an [`Interrupter`](super::Interrupter), and stopped.
    Interrupted,
    /// Its process ended before it did. The variables are gone, the interpreter is of no use any more.
    Died {
        /// To be read after "the python process": `exited with code 7`, `was killed by signal 11 (SIGSEGV)`.
        reason: String,
        /// Whether it followed from our interrupt: by the signal itself, or by being killed after the grace.
        killed_by_us: bool,
    },
}

impl End {
    pub(super) fn died(reason: impl Into<String>) -> Self {
        Self::Died {
            reason: reason.into(),
            killed_by_us: false,
        }
    }
}

/// A column of a table, as the service describes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// Spark's type as JSON text: `"long"` with its quotes, or an object.
    #[serde(rename = "type")]
    pub(crate) data_type: String,
    /// JSON text: `{}`.
    pub(crate) metadata: String,
}
