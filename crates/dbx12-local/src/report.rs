//! Errors as text for people.

use std::error::Error;
use std::fmt::Write as _;

/// An error and its causes in one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to text cannot fail.
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
