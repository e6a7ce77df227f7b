//! Scala literals, for Scala 2.12 and 2.13.

use super::kind::Kind;
use super::{Parameter, signed};
use crate::base64;

/// The longest string constant of a class file is 65,535 bytes; all of ours are ASCII.
const LONGEST_CONSTANT: usize = 32_768;

/// How many values one method makes. A method has 64 KiB at most, and a value takes up to 54 bytes of it; the values
/// that are assigned by one command are all made in one.
const MOST_VALUES: usize = 100;

pub(super) fn literal(parameter: &Parameter) -> String {
    expression(parameter).text
}

/// An expression and how many values are made in the method that has it.
struct Expression {
    text: String,
    values: usize,
}

fn expression(parameter: &Parameter) -> Expression {
    let text = match parameter {
        Parameter::Null => "null".to_owned(),
        Parameter::Bool(value) => value.to_string(),
        Parameter::Integer(number) => signed(*number < 0, &format!("{}L", number.unsigned_abs())),
        Parameter::Float(number) => double(*number),
        Parameter::Decimal(decimal) => format!("scala.BigDecimal(\"{decimal}\")"),
        Parameter::Text(text) => string(text),
        Parameter::Bytes(bytes) => decoded(bytes),
        Parameter::Date(date) => format!(
            "java.time.LocalDate.of({}, {}, {})",
            date.year(),
            date.month(),
            date.day()
        ),
        Parameter::Timestamp(time) => format!("java.time.Instant.parse(\"{time}\")"),
        Parameter::List(items) => return list(items),
        Parameter::Map(entries) => {
            let kind = Kind::common(entries.values());
            // `"a" -> 1L` would depend on an implicit conversion that code may shadow.
            let entries = entries.iter().map(|(name, value)| {
                let value = expression(value);
                Expression {
                    text: format!("({}, {})", string(name), value.text),
                    values: value.values + 1,
                }
            });
            let types = if kind.is_some() {
                ""
            } else {
                "[(java.lang.String, scala.Any)]"
            };
            let list = collected(types, entries.collect());
            return Expression {
                text: format!("{}.toMap", list.text),
                values: list.values,
            };
        }
    };
    Expression { text, values: 1 }
}

/// Numbers of several kinds in one list would all become `Double`: then its elements are declared to be of any type.
fn list(items: &[Parameter]) -> Expression {
    let types = if Kind::common(items).is_some() {
        ""
    } else {
        "[scala.Any]"
    };
    collected(types, items.iter().map(expression).collect())
}

/// An immutable list by its full name: `import scala.collection.mutable._` and `import java.util.List` are common.
///
/// A long one is made in pieces, each in a function, thus a method, of its own. That takes some 20,000 different values;
/// with more, the class file's table of constants is full and the compiler says so.
fn collected(types: &str, items: Vec<Expression>) -> Expression {
    let whole = |items: &[Expression]| {
        let items: Vec<_> = items.iter().map(|item| item.text.as_str()).collect();
        format!("scala.collection.immutable.List{types}({})", items.join(", "))
    };
    let values = 1 + items.iter().map(|item| item.values).sum::<usize>();
    if values <= MOST_VALUES {
        let text = whole(&items);
        return Expression { text, values };
    }
    let pieces = pieces(items);
    let functions: Vec<_> = pieces.iter().map(|piece| format!("() => {}", whole(piece))).collect();
    Expression {
        text: format!(
            "scala.collection.immutable.List({}).flatMap(piece => piece())",
            functions.join(", ")
        ),
        values: 1 + pieces.len(),
    }
}

/// Splits a list so that the values of a piece fit into one method.
fn pieces(items: Vec<Expression>) -> Vec<Vec<Expression>> {
    let mut pieces: Vec<Vec<Expression>> = Vec::new();
    let mut values = 0;
    for item in items {
        values += item.values;
        match pieces.last_mut() {
            Some(piece) if values <= MOST_VALUES => piece.push(item),
            _ => {
                values = item.values;
                pieces.push(vec![item]);
            }
        }
    }
    pieces
}

fn double(number: f64) -> String {
    if number.is_nan() {
        return "scala.Double.NaN".to_owned();
    }
    if number.is_infinite() {
        let sign = if number < 0.0 { "Negative" } else { "Positive" };
        return format!("scala.Double.{sign}Infinity");
    }
    signed(number.is_sign_negative(), &format!("{:?}", number.abs()))
}

fn string(text: &str) -> String {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !b"\"\\$".contains(&byte);
    if text.bytes().all(is_plain) {
        constant(text)
    } else {
        format!("new java.lang.String({}, \"UTF-8\")", decoded(text.as_bytes()))
    }
}

fn decoded(bytes: &[u8]) -> String {
    format!(
        "java.util.Base64.getDecoder.decode({})",
        constant(&base64::encode(bytes))
    )
}

/// A string constant of characters that need no escape, or several put together.
fn constant(text: &str) -> String {
    if text.len() <= LONGEST_CONSTANT {
        return format!("\"{text}\"");
    }
    let pieces: Vec<_> = text
        .as_bytes()
        .chunks(LONGEST_CONSTANT)
        .map(|piece| format!("\"{}\"", String::from_utf8_lossy(piece)))
        .collect();
    format!("scala.collection.immutable.List({}).mkString", pieces.join(", "))
}
