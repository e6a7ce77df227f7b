//! Single cells, by their Spark types.

use super::error::TableError;
use super::number::Parts;
use super::walk::Walk;
use crate::json::scan::{Kind, Token};
use crate::{DataType, base64};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A cell of a table, as far as possible as its column's Spark type says. Text is borrowed where it has no escapes.
///
/// A cell that is not what its type says is given as what it is instead: text in a column of numbers is
/// [`Text`](Cell::Text). So nothing is lost, and nothing becomes `Null` that did not come as `null`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Cell<'a> {
    /// `null`, of any type.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A floating-point number; `NaN` and the infinities too, which come as text.
    Float(f64),
    /// A decimal number, with the digits it came with; as JSON number or text.
    Decimal(Cow<'a, str>),
    /// A number that would lose digits as `i64` or `f64`, as it came.
    Number(&'a str),
    /// Text: strings, and what has no variant of its own, such as intervals.
    Text(Cow<'a, str>),
    /// A day, as it came: `2024-02-29`.
    Date(Cow<'a, str>),
    /// A moment, or a date and time without a zone, as it came: `2024-02-29T12:00:00.000+0000`.
    Timestamp(Cow<'a, str>),
    /// Bytes, which come as base64.
    Binary(Vec<u8>),
    /// An array, a map or a struct, as JSON.
    Nested(&'a RawValue),
}

impl<'a> Cell<'a> {
    /// # Errors
    /// When it is text with an escape that stands for no character.
    fn new(token: Token<'a>, data_type: &DataType) -> Result<Self, serde_json::Error> {
        Ok(match token.kind() {
            Kind::Null => Self::Null,
            Kind::Boolean => Self::Boolean(token.text == "true"),
            Kind::Number => number(token.text, data_type),
            Kind::String => text(token.string()?, data_type),
            Kind::Array | Kind::Object => Self::Nested(token.decode()?),
        })
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// What came as text, or as digits that are kept as text. `None` for the others.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Decimal(text) | Self::Text(text) | Self::Date(text) | Self::Timestamp(text) => Some(text),
            Self::Number(text) => Some(text),
            _ => None,
        }
    }
}

fn number<'a>(text: &'a str, data_type: &DataType) -> Cell<'a> {
    match data_type {
        DataType::Decimal { .. } => return Cell::Decimal(Cow::Borrowed(text)),
        // A float's digits are an approximation from the start.
        DataType::Float | DataType::Double => return float(text).unwrap_or(Cell::Number(text)),
        _ => {}
    }
    if let Ok(integer) = text.parse() {
        return Cell::Integer(integer);
    }
    // Every number of 15 digits or less comes back from an `f64` as it was.
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let exact = text.contains(['.', 'e', 'E']) && digits <= 15;
    let float = exact.then(|| float(text)).flatten();
    // Near zero an `f64` has fewer digits, and in the end none.
    let is_zero = || {
        !text
            .split(['e', 'E'])
            .next()
            .is_some_and(|digits| digits.contains(|c| ('1'..='9').contains(&c)))
    };
    let float = float.filter(|cell| matches!(cell, Cell::Float(number) if number.is_normal() || is_zero()));
    float.unwrap_or(Cell::Number(text))
}

fn float(text: &str) -> Option<Cell<'_>> {
    let number: f64 = text.parse().ok()?;
    number.is_finite().then_some(Cell::Float(number))
}

fn text<'a>(text: Cow<'a, str>, data_type: &DataType) -> Cell<'a> {
    match data_type {
        DataType::Decimal { .. } if Parts::of(&text).is_some() => Cell::Decimal(text),
        DataType::Date => Cell::Date(text),
        DataType::Timestamp | DataType::TimestampNtz => Cell::Timestamp(text),
        DataType::Float | DataType::Double => {
            not_finite(&text).map_or(Cell::Text(text), |number| Cell::Float(number.into()))
        }
        DataType::Binary => base64::decode(&text).map_or(Cell::Text(text), Cell::Binary),
        _ => Cell::Text(text),
    }
}

/// The numbers that JSON cannot write, as Spark does: `NaN`, `Infinity`, `-Infinity`.
pub(super) fn not_finite(text: &str) -> Option<f32> {
    match text {
        "NaN" => Some(f32::NAN),
        "Infinity" => Some(f32::INFINITY),
        "-Infinity" => Some(f32::NEG_INFINITY),
        _ => None,
    }
}

/// The rows of a table as cells: an iterator that borrows the table's text.
///
/// A row that cannot be read is an error; the rows after it can still be read.
#[derive(Debug)]
pub struct Cells<'a> {
    walk: Walk<'a>,
    types: Vec<DataType>,
    /// The type of cells that the schema says nothing of.
    untyped: DataType,
}

impl<'a> Cells<'a> {
    pub(super) fn new(walk: Walk<'a>, types: Vec<DataType>) -> Self {
        Self {
            walk,
            types,
            untyped: DataType::parse(""),
        }
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = Result<Vec<Cell<'a>>, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut cells = Vec::with_capacity(self.types.len());
        let row = self.walk.each_cell(|index, token| {
            cells.push(Cell::new(token, self.types.get(index).unwrap_or(&self.untyped))?);
            Ok(())
        })?;
        Some(row.map(|()| cells))
    }
}
