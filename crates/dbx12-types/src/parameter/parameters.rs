//! Parameters by name: assignments to run before the code, and markers in SQL.

use super::{Parameter, ParameterError, markers};
use crate::Language;
use std::collections::BTreeMap;

/// Parameters by name.
///
/// In Python and Scala they are assigned to variables by a [`prelude`](Self::prelude); in SQL they take the place of
/// [`:name` markers](Self::bind_sql).
///
/// ```
/// use dbx12_types::{Language, Parameters};
/// let parameters = Parameters::default().with("city", "Zürich").with("limit", 10);
/// assert_eq!(parameters.prelude(&Language::Python)?, "city = 'Z\\xfcrich'\nlimit = 10\n");
/// assert_eq!(
///     parameters.bind_sql("SELECT name FROM people WHERE city = :city LIMIT :limit")?,
///     "SELECT name FROM people WHERE city = CAST(X'5AC3BC72696368' AS STRING) LIMIT 10",
/// );
/// # Ok::<_, dbx12_types::ParameterError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters(BTreeMap<String, Parameter>);

impl Parameters {
    /// The parameters with one more, or another value of one.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Parameter>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.0.get(name)
    }

    /// Names and values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Parameter)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One line for each parameter that assigns it to a variable: `limit = 10` in Python, `val limit = 10L` in Scala.
    ///
    /// Run it as a command of its own in the same context, before the code: then the code's line numbers stay what they
    /// are, and so do its indentation and the magics in its first line.
    ///
    /// # Errors
    /// When a name is no plain ASCII identifier, is a keyword, or is one that must keep its meaning (`__import__`,
    /// `java`); when the language has no such assignments, as SQL; or when [a value](Parameter::literal) cannot be
    /// written.
    pub fn prelude(&self, language: &Language) -> Result<String, ParameterError> {
        let (assignment, reserved) = match language {
            Language::Python => ("", PYTHON_RESERVED),
            Language::Scala => ("val ", SCALA_RESERVED),
            _ => {
                return Err(ParameterError::NoPrelude {
                    language: language.clone(),
                });
            }
        };
        let lines = self.iter().map(|(name, value)| {
            if !is_identifier(name) || name.starts_with("__") || reserved.contains(&name) {
                return Err(ParameterError::Name {
                    name: name.to_owned(),
                    language: language.clone(),
                });
            }
            Ok(format!("{assignment}{name} = {}\n", value.literal(language)?))
        });
        lines.collect()
    }

    /// The SQL text with every marker `:name` replaced by the value as a literal.
    ///
    /// Markers are looked for outside of strings, quoted identifiers and comments. A colon right behind an expression is
    /// none: `a:b` takes a field out of JSON, `a::int` converts. Parameters that no marker names are left out.
    ///
    /// What Spark itself puts in the place of `${…}` is not looked at.
    ///
    /// # Errors
    /// When a marker has no value, when the text has something that versions of Spark read differently or that is not
    /// closed, so that a marker might lie in a string, or when [a value](Parameter::literal) cannot be written.
    pub fn bind_sql(&self, sql: &str) -> Result<String, ParameterError> {
        let mut bound = String::with_capacity(sql.len());
        let mut rest = 0;
        for marker in markers::find(sql)? {
            let value = self.get(marker.name).ok_or_else(|| ParameterError::Unbound {
                name: marker.name.to_owned(),
                line: markers::line_at(sql, marker.start),
            })?;
            bound.push_str(&sql[rest..marker.start]);
            bound.push_str(&value.literal(&Language::Sql)?);
            rest = marker.end();
        }
        bound.push_str(&sql[rest..]);
        Ok(bound)
    }
}

impl<N: Into<String>, V: Into<Parameter>> FromIterator<(N, V)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// ASCII only: Python takes letters that look alike for one another, Scala for different ones.
fn is_identifier(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(is_part)
        && name.bytes().any(|byte| byte != b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Python's keywords (The Python Language Reference, 2.3.1), and `print` and `exec`, which were some. Names that begin
/// with two underscores are refused anyhow: literals use `__import__`.
const PYTHON_RESERVED: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "exec", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
    "nonlocal", "not", "or", "pass", "print", "raise", "return", "try", "while", "with", "yield",
];

/// Scala's keywords (Scala Language Specification 2.13, 1.1, and Scala 3's), and the names that literals begin with.
const SCALA_RESERVED: &[&str] = &[
    "abstract",
    "case",
    "catch",
    "class",
    "def",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "final",
    "finally",
    "for",
    "forSome",
    "given",
    "if",
    "implicit",
    "import",
    "java",
    "lazy",
    "macro",
    "match",
    "new",
    "null",
    "object",
    "override",
    "package",
    "private",
    "protected",
    "return",
    "scala",
    "sealed",
    "super",
    "then",
    "this",
    "throw",
    "trait",
    "true",
    "try",
    "type",
    "val",
    "var",
    "while",
    "with",
    "yield",
];
