//! Reading JSON text that was found to be sound: without decoding it, and straight into what the caller wants.

mod inside;
mod key;
mod place;
pub(crate) mod scan;
mod value;

pub(crate) use place::Place;
pub(crate) use value::{JsonText, decode};

use serde_json::value::RawValue;

/// Whether a JSON value is this text.
pub(crate) fn says(value: &RawValue, text: &str) -> bool {
    let quoted = value.get().strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    match quoted {
        Some(quoted) if quoted.contains('\\') => {
            serde_json::from_str(value.get()).is_ok_and(|said: String| said == text)
        }
        quoted => quoted == Some(text),
    }
}

/// The message without its line and column: whoever asked tells the place in another way.
pub(crate) fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).map(str::to_owned).unwrap_or(text)
}
