//! Why a parameter cannot be bound.

use crate::Language;
use std::fmt;

/// A parameter that cannot be written in a language, or a text that it cannot be bound in. It never shows a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParameterError {
    /// Values are written in Python, Scala and SQL only.
    NoLiterals {
        /// The language asked for.
        language: Language,
    },
    /// The language has no assignments to put before the code.
    NoPrelude {
        /// The language asked for.
        language: Language,
    },
    /// The name is no identifier of the language, is one of its keywords, or is a name that literals use.
    Name {
        /// The name.
        name: String,
        /// The language asked for.
        language: Language,
    },
    /// An SQL list or map has values of different kinds, or decimals that no `DECIMAL(38, s)` can hold together.
    Mixed,
    /// Lists and maps lie more than 32 deep in each other.
    TooDeep,
    /// The SQL text has a marker `:name` without a value.
    Unbound {
        /// The marker's name.
        name: String,
        /// The line it is in, from 1.
        line: usize,
    },
    /// The SQL text has something that cannot be told apart from a string or a comment with certainty: it is open at the
    /// end, or versions of Spark read it differently.
    Ambiguous {
        /// What it is.
        what: &'static str,
        /// The line it starts in, from 1.
        line: usize,
    },
    /// The text is no decimal number, or has more digits than Spark's 38.
    Decimal,
    /// The text is no date, or one that is not in the years 1 to 9999.
    Date,
    /// The text is no point in time, or one that is not in the years 1 to 9999.
    Timestamp,
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLiterals { language } => {
                write!(f, "parameters can be given in python, scala and sql, not in {language}")
            }
            Self::NoPrelude { language } => write!(
                f,
                "{language} has no assignments to put before the code; in sql, write :name where the value belongs"
            ),
            Self::Name { name, language } => write!(f, "{name:?} cannot be the name of a parameter in {language}"),
            Self::Mixed => f.write_str("a list or map in sql must hold values of one kind"),
            Self::TooDeep => {
                f.write_str("lists and maps lie more than 32 deep in each other; pass the value as JSON text")
            }
            Self::Unbound { name, line } => write!(f, "there is no value for :{name} in line {line}"),
            Self::Ambiguous { what, line } => write!(
                f,
                "no parameters can be bound in this sql: {what} in line {line} is read differently by versions of Spark, \
                 or is not closed"
            ),
            Self::Decimal => f.write_str("not a decimal number of at most 38 digits, such as -12.50"),
            Self::Date => f.write_str("not a date of the years 1 to 9999, such as 2024-02-29"),
            Self::Timestamp => {
                f.write_str("not a point in time of the years 1 to 9999, such as 2024-02-29T12:30:00.5Z or …+02:00")
            }
        }
    }
}

impl std::error::Error for ParameterError {}
