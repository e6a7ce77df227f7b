//! Decoding a message, with errors that say where.

use crate::json::scan::Cursor;
use crate::json::{self, Place};
use serde::Deserialize;
use std::fmt;
use std::marker::PhantomData;

/// Decodes a message of this crate, or anything else, from the bytes of a body.
///
/// It is `serde_json::from_slice` with an error that names the path in the JSON.
///
/// ```
/// use dbx12_types::{ClusterInfo, decode};
/// let error = decode::<Vec<ClusterInfo>>(br#"[{"id": "1"}, {"name": "x"}]"#).unwrap_err();
/// assert_eq!(error.path(), "[1]");
/// assert_eq!(error.to_string(), "at `[1]`: missing id");
/// ```
///
/// # Errors
/// When it is not JSON, or makes no sense as a `T`. To find the path, a sound body is then decoded once more.
pub fn decode<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(body).map_err(|source| DecodeError {
        path: path::<T>(body).unwrap_or_default(),
        source,
    })
}

/// Where in sound JSON the value is that is no part of a `T`.
fn path<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<String> {
    let text: &serde_json::value::RawValue = serde_json::from_slice(body).ok()?;
    let mut place = Place::default();
    let value = json::decode(&mut Cursor::new(text.get()), &mut place, PhantomData::<T>);
    value.is_err().then(|| place.into_path())
}

/// A body that cannot be decoded.
///
/// What it says may quote from the body.
#[derive(Debug)]
pub struct DecodeError {
    path: String,
    source: serde_json::Error,
}

impl DecodeError {
    /// Where in the JSON it is: `results.schema[2]`, names that are no words as `["a b"]`. Empty when it is the whole, and
    /// when the body is not JSON; then the line and the column in [`problem`](Self::problem) tell.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong there, with line and column where known.
    pub fn problem(&self) -> &serde_json::Error {
        &self.source
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => self.source.fmt(f),
            path => write!(f, "at `{path}`: {}", json::without_place(&self.source)),
        }
    }
}

impl std::error::Error for DecodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClusterInfo, CommandInfo, CreatedContext};
    use std::collections::BTreeMap;

    fn refused<'a, T: Deserialize<'a>>(body: &'a str) -> (String, String) {
        let error = decode::<T>(body.as_bytes()).err().unwrap();
        (error.path().to_owned(), error.problem().to_string())
    }

    #[test]
    fn an_error_names_the_path() {
        let (path, problem) = refused::<Vec<ClusterInfo>>(r#" [{"id":"1"}, "x"]"#);
        assert_eq!(path, "[1]");
        assert!(problem.starts_with("invalid type: string \"x\""), "{problem}");
        let (path, problem) = refused::<CommandInfo>(r#"{"status":"Finished","results":1e400}"#);
        assert_eq!(path, "results");
        assert!(problem.starts_with("number out of range"), "{problem}");
        let (path, problem) = refused::<CreatedContext>(r#"{"id":7}"#);
        assert_eq!((path.as_str(), problem.as_str()), ("", "id is not text"));
        let nested = r#"{"a.b":{"c":[[],[1,"CANARY"]]}}"#;
        let (path, _) = refused::<BTreeMap<&str, BTreeMap<String, Vec<Vec<u8>>>>>(nested);
        assert_eq!(path, r#"["a.b"].c[1][1]"#);
    }

    #[test]
    fn what_is_not_json_has_a_line_and_a_column() {
        for body in [r#"{"id":"1""#, "", "{}x", "Service is warming up"] {
            let error = decode::<CommandInfo>(body.as_bytes()).unwrap_err();
            assert_eq!(error.path(), "");
            assert!(
                error.problem().line() > 0 && error.to_string().contains(" at line 1 column "),
                "{error}"
            );
        }
        assert!(decode::<CommandInfo>(b"{\"status\":\"\xff\"}").is_err());
    }
}
