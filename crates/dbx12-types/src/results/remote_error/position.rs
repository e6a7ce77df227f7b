//! Where in an SQL text an error is.

use std::fmt;

/// A place in the SQL text of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 0 as Spark counts its `pos`, in characters.
    pub column: u32,
}

impl Position {
    /// The first `line 1, pos 7` (a `ParseException`) or `line 1 pos 7` (an `AnalysisException`) in a text.
    pub(super) fn find(text: &str) -> Option<Self> {
        text.match_indices("line ").find_map(|(at, word)| {
            let (line, rest) = number(&text[at + word.len()..])?;
            let (column, _) = number(rest.strip_prefix(',').unwrap_or(rest).strip_prefix(" pos ")?)?;
            Some(Self { line, column })
        })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// The number that a text begins with, and the rest.
pub(super) fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}
