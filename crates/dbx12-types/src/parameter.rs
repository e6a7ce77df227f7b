//! Values given to code, written in its language so that no content can break out of its place.
//!
//! # Why it is safe
//! A literal consists of a fixed frame and of characters of a short list, all of them ASCII. What is not on the list is
//! written as digits: an escape with a fixed number of hexadecimal digits in Python, base64 in Scala, hexadecimal in
//! SQL. So whatever a value holds, its literal has no quote, no backslash and no line end of its own:
//!
//! | language | as it is | anything else |
//! |---|---|---|
//! | Python | printable ASCII without `'` and `\` | `\'`, `\\`, `\n`, `\r`, `\t`, `\xNN`, `\uNNNN`, `\UNNNNNNNN` in a plain `'…'` |
//! | Scala | printable ASCII without `"`, `\` and `$` | the whole text as base64: Scala 2.12 turns `\u0022` into a quote *before* it looks for the end of a string, so an escape is no way out |
//! | SQL | letters, digits, space and `_ . , : / @ + = ( ) -`, without `--` | the whole text as `CAST(X'…' AS STRING)`: what a backslash means depends on `spark.sql.parser.escapedStringLiterals`, what `''` means on Spark's version, and `${…}` is replaced inside strings too (`spark.sql.variable.substitute`) |
//!
//! Negative numbers are in parentheses, so that `1 -` and `-5` do not make a comment of SQL, nor `2 **` and `-5` another
//! power than meant.
//!
//! The literals are compared with what the real Python makes of them in this crate's tests, and every night with what
//! Spark 4 makes of them, as SQL (with and without ANSI mode, `doubleQuotedIdentifiers` and `escapedStringLiterals`)
//! and in Scala 2.13 (`tests/engines/literals.rs`). They were compared with Spark 3.5 and Scala 2.12, too.

use crate::Language;
use std::collections::BTreeMap;

mod decimal;
mod error;
mod kind;
mod markers;
mod parameters;
mod python;
mod scala;
mod sql;
mod time;

#[cfg(test)]
mod tests;

pub use decimal::Decimal;
pub use error::ParameterError;
pub use parameters::Parameters;
pub use time::{Date, Timestamp};

/// How deep lists and maps may lie in each other: all three languages' parsers go this deep.
const DEEPEST: usize = 32;

/// A value given to code.
///
/// ```
/// use dbx12_types::{Language, Parameter};
/// let name = Parameter::from("O'Brien");
/// assert_eq!(name.literal(&Language::Python)?, r"'O\'Brien'");
/// assert_eq!(name.literal(&Language::Scala)?, r#""O'Brien""#);
/// assert_eq!(name.literal(&Language::Sql)?, "CAST(X'4F27427269656E' AS STRING)");
/// # Ok::<_, dbx12_types::ParameterError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Parameter {
    /// No value: `None`, `null`, `NULL`.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number: `int` in Python, `Long` in Scala, `INT` in SQL where it fits and `BIGINT` where not (as SQL
    /// itself reads digits: `LIMIT` takes no `BIGINT`).
    Integer(i64),
    /// A floating point number, also NaN and the infinities: `float`, `Double`, `DOUBLE`.
    Float(f64),
    /// An exact decimal number: `decimal.Decimal`, `BigDecimal`, `DECIMAL`.
    Decimal(Decimal),
    /// Text: `str`, `String`, `STRING`. Where SQL's grammar wants a bare string, such as `LOCATION '…'`, only text that
    /// needs no encoding will do.
    Text(String),
    /// Bytes: `bytes`, `Array[Byte]`, `BINARY`.
    Bytes(Vec<u8>),
    /// A day: `datetime.date`, `java.time.LocalDate`, `DATE`.
    Date(Date),
    /// A point in time: `datetime.datetime` in UTC, `java.time.Instant`, `TIMESTAMP`.
    Timestamp(Timestamp),
    /// A list: `list`, `List`, `ARRAY`. SQL wants all its values to be of one kind; Scala's is a `List[Any]` when they
    /// are not.
    List(Vec<Parameter>),
    /// Values by name: `dict`, `Map`, `MAP`. What is said of lists goes for its values.
    Map(BTreeMap<String, Parameter>),
}

impl Parameter {
    /// The value as an expression of the language.
    ///
    /// The expression depends on no import, and stands wherever an expression of the language may.
    ///
    /// # Errors
    /// When the language is another than Python, Scala or SQL, when lists lie more than 32 deep in each other, or when
    /// an SQL list or map holds values of different kinds. No error shows the value.
    pub fn literal(&self, language: &Language) -> Result<String, ParameterError> {
        self.check_depth(DEEPEST)?;
        match language {
            Language::Python => Ok(python::literal(self)),
            Language::Scala => Ok(scala::literal(self)),
            Language::Sql => sql::literal(self),
            Language::R | Language::Unrecognized(_) => Err(ParameterError::NoLiterals {
                language: language.clone(),
            }),
        }
    }

    fn check_depth(&self, left: usize) -> Result<(), ParameterError> {
        if left == 0 && matches!(self, Self::List(_) | Self::Map(_)) {
            return Err(ParameterError::TooDeep);
        }
        match self {
            Self::List(items) => items.iter().try_for_each(|item| item.check_depth(left - 1)),
            Self::Map(entries) => entries.values().try_for_each(|item| item.check_depth(left - 1)),
            _ => Ok(()),
        }
    }
}

/// A number; in parentheses when it is negative.
fn signed(is_negative: bool, magnitude: &str) -> String {
    if is_negative {
        format!("(-{magnitude})")
    } else {
        magnitude.to_owned()
    }
}

/// Writes items between brackets, with commas between them.
fn write_all<I: IntoIterator>(
    out: &mut String,
    [open, close]: [&str; 2],
    items: I,
    write: impl Fn(&mut String, I::Item),
) {
    out.push_str(open);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(out, item);
    }
    out.push_str(close);
}

/// Values that become parameters as they are.
macro_rules! from {
    ($($type:ty => $variant:ident,)*) => {
        $(impl From<$type> for Parameter {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

from! {
    bool => Bool,
    i32 => Integer,
    u32 => Integer,
    i64 => Integer,
    f64 => Float,
    Decimal => Decimal,
    &str => Text,
    String => Text,
    Date => Date,
    Timestamp => Timestamp,
}

impl<T: Into<Parameter>> From<Option<T>> for Parameter {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Parameter>> From<Vec<T>> for Parameter {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}
