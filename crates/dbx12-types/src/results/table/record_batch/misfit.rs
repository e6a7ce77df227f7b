//! Values that are not of their declared type.

use std::fmt;

/// A value that is not of its declared type.
#[derive(Debug)]
pub(in crate::results::table) struct Misfit {
    /// Where in the cell it is: `.a[2]`. Empty when it is the cell itself.
    path: String,
    expected: String,
    found: String,
}

impl Misfit {
    /// `found` is the value's JSON text.
    pub(super) fn new(expected: impl Into<String>, found: &str) -> Self {
        Self {
            path: String::new(),
            expected: expected.into(),
            found: shortened(found),
        }
    }

    /// The same, seen from the value that it is in.
    pub(super) fn below(self, step: impl fmt::Display) -> Self {
        Self {
            path: format!("{step}{}", self.path),
            ..self
        }
    }
}

/// Errors end in logs: they show what is needed to find the value, not all of it.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "at `{}` ", self.path)?;
        }
        write!(f, "it is {}, not {}", self.found, self.expected)
    }
}
