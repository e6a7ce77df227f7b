//! The calls that led to an exception.

use super::{exception, group, jvm, python};
use std::fmt;

/// One call on the way to an exception, or a place that a compiler complains of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Frame {
    /// The file as the trace names it: a path, or `<command-1>`, `Cell In[1]`, `<console>` for code that was sent.
    pub file: String,
    /// The line in it, from 1.
    pub line: u32,
    /// The function, without its arguments: `f`, `<module>`, `org.apache.spark.sql.Dataset.show`.
    pub function: Option<String>,
    /// The line of code, without its indentation, when the trace shows it.
    pub source_line: Option<String>,
}

impl Frame {
    pub(super) fn new(file: &str, line: u32) -> Self {
        Self {
            file: file.to_owned(),
            line,
            function: None,
            source_line: None,
        }
    }
}

/// As `<command-1>:2 in f`.
impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        match &self.function {
            Some(function) => write!(f, " in {function}"),
            None => Ok(()),
        }
    }
}

/// The frames of the exception that was raised last.
pub(super) fn frames(trace: &str) -> Vec<Frame> {
    let parts = group::parts(trace);
    let last = exception::last_of_chain(parts.first().map_or("", String::as_str));
    let python = python::frames(last);
    if !python.is_empty() {
        return python;
    }
    let jvm = jvm::frames(last);
    if jvm.is_empty() { jvm::compile_errors(last) } else { jvm }
}
