//! Building arrays of values that are no others inside.

use super::misfit::Misfit;
use super::{decimal, time};
use crate::json::scan::{Kind, Token};
use crate::results::table::cell::not_finite;
use crate::{DataType, base64};
use arrow_array::ArrayRef;
use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder, Float64Builder, Int8Builder,
    Int16Builder, Int32Builder, Int64Builder, NullBuilder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_schema::{DataType as ArrowType, TimeUnit};
use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

/// Values that are no others inside, one after the other.
#[derive(Debug)]
pub(super) enum Primitive {
    Void(NullBuilder),
    Boolean(BooleanBuilder),
    Byte(Int8Builder),
    Short(Int16Builder),
    Integer(Int32Builder),
    Long(Int64Builder),
    Float(Float32Builder),
    Double(Float64Builder),
    Decimal(Decimal128Builder, u8, i8),
    String(StringBuilder),
    Binary(BinaryBuilder),
    Date(Date32Builder),
    /// Moments.
    Timestamp(TimestampMicrosecondBuilder),
    /// Dates and times without a zone.
    TimestampNtz(TimestampMicrosecondBuilder),
    /// Whatever came, as text: of types that Arrow or this version does not have.
    Anything(StringBuilder),
}

/// Does the same with the builder inside, whatever it is.
macro_rules! with_builder {
    ($self:ident, $builder:ident => $result:expr) => {
        match $self {
            Self::Void($builder) => $result,
            Self::Boolean($builder) => $result,
            Self::Byte($builder) => $result,
            Self::Short($builder) => $result,
            Self::Integer($builder) => $result,
            Self::Long($builder) => $result,
            Self::Float($builder) => $result,
            Self::Double($builder) => $result,
            Self::Decimal($builder, ..) => $result,
            Self::String($builder) | Self::Anything($builder) => $result,
            Self::Binary($builder) => $result,
            Self::Date($builder) => $result,
            Self::Timestamp($builder) | Self::TimestampNtz($builder) => $result,
        }
    };
}

impl Primitive {
    /// For values of this type, as text when Arrow has no such type.
    pub(super) fn new(data_type: &DataType) -> Self {
        match data_type {
            DataType::Void => Self::Void(NullBuilder::new()),
            DataType::Boolean => Self::Boolean(BooleanBuilder::new()),
            DataType::Byte => Self::Byte(Int8Builder::new()),
            DataType::Short => Self::Short(Int16Builder::new()),
            DataType::Integer => Self::Integer(Int32Builder::new()),
            DataType::Long => Self::Long(Int64Builder::new()),
            DataType::Float => Self::Float(Float32Builder::new()),
            DataType::Double => Self::Double(Float64Builder::new()),
            DataType::Decimal { precision, scale } => {
                let builder = Decimal128Builder::new().with_data_type(ArrowType::Decimal128(*precision, *scale));
                Self::Decimal(builder, *precision, *scale)
            }
            DataType::String | DataType::Char(_) | DataType::Varchar(_) => Self::String(StringBuilder::new()),
            DataType::Binary => Self::Binary(BinaryBuilder::new()),
            DataType::Date => Self::Date(Date32Builder::new()),
            DataType::Timestamp => Self::Timestamp(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            DataType::TimestampNtz => Self::TimestampNtz(TimestampMicrosecondBuilder::new()),
            _ => Self::Anything(StringBuilder::new()),
        }
    }

    /// The array's type.
    pub(super) fn data_type(&self) -> ArrowType {
        match self {
            Self::Void(_) => ArrowType::Null,
            Self::Boolean(_) => ArrowType::Boolean,
            Self::Byte(_) => ArrowType::Int8,
            Self::Short(_) => ArrowType::Int16,
            Self::Integer(_) => ArrowType::Int32,
            Self::Long(_) => ArrowType::Int64,
            Self::Float(_) => ArrowType::Float32,
            Self::Double(_) => ArrowType::Float64,
            Self::Decimal(_, precision, scale) => ArrowType::Decimal128(*precision, *scale),
            Self::String(_) | Self::Anything(_) => ArrowType::Utf8,
            Self::Binary(_) => ArrowType::Binary,
            Self::Date(_) => ArrowType::Date32,
            Self::Timestamp(_) => ArrowType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::TimestampNtz(_) => ArrowType::Timestamp(TimeUnit::Microsecond, None),
        }
    }

    /// Adds a value that is not `null`.
    pub(super) fn append(&mut self, value: Token<'_>) -> Result<(), Misfit> {
        match self {
            Self::Boolean(builder) => builder.append_value(boolean(value, value.text)?),
            Self::Byte(builder) => builder.append_value(integer(value, number(value))?),
            Self::Short(builder) => builder.append_value(integer(value, number(value))?),
            Self::Integer(builder) => builder.append_value(integer(value, number(value))?),
            Self::Long(builder) => builder.append_value(integer(value, number(value))?),
            Self::Float(builder) => builder.append_value(float(value, number(value))?),
            Self::Double(builder) => builder.append_value(float(value, number(value))?),
            other => return other.append_text(value),
        }
        Ok(())
    }

    /// Adds a map's key: what is no text is the text of a string.
    pub(super) fn append_key(&mut self, key: Token<'_>) -> Result<(), Misfit> {
        let text = key.plain();
        match self {
            Self::Boolean(builder) => builder.append_value(boolean(key, text.unwrap_or_default())?),
            Self::Byte(builder) => builder.append_value(integer(key, text)?),
            Self::Short(builder) => builder.append_value(integer(key, text)?),
            Self::Integer(builder) => builder.append_value(integer(key, text)?),
            Self::Long(builder) => builder.append_value(integer(key, text)?),
            Self::Float(builder) => builder.append_value(float(key, text)?),
            Self::Double(builder) => builder.append_value(float(key, text)?),
            other => return other.append_text(key),
        }
        Ok(())
    }

    /// Adds a value of the types whose values are text in JSON.
    fn append_text(&mut self, value: Token<'_>) -> Result<(), Misfit> {
        match self {
            Self::Decimal(builder, precision, scale) => {
                builder.append_value(decimal_number(value, *precision, *scale)?);
            }
            Self::String(builder) => builder.append_value(string(value, "text")?),
            Self::Binary(builder) => {
                let expected = "bytes in base64";
                let bytes = base64::decode(&string(value, expected)?);
                builder.append_value(bytes.ok_or_else(|| Misfit::new(expected, value.text))?);
            }
            Self::Date(builder) => builder.append_value(moment(value, time::DATE, time::date)?),
            Self::Timestamp(builder) => builder.append_value(moment(value, time::TIMESTAMP, time::timestamp)?),
            Self::TimestampNtz(builder) => {
                builder.append_value(moment(value, time::TIMESTAMP_NTZ, time::timestamp_ntz)?);
            }
            Self::Anything(builder) if value.kind() == Kind::String => builder.append_value(string(value, "text")?),
            Self::Anything(builder) => builder.append_value(value.text),
            _ => return Err(Misfit::new("null, the only value of `void`", value.text)),
        }
        Ok(())
    }

    /// Adds a null.
    pub(super) fn append_null(&mut self) {
        with_builder!(self, builder => builder.append_null());
    }

    /// The array.
    pub(super) fn finish(mut self) -> ArrayRef {
        let this = &mut self;
        with_builder!(this, builder => Arc::new(builder.finish()))
    }
}

fn boolean(value: Token<'_>, text: &str) -> Result<bool, Misfit> {
    text.parse().map_err(|_| Misfit::new("true or false", value.text))
}

/// The digits of a number; those of a key are in quotes, which its own caller takes off.
fn number(value: Token<'_>) -> Option<&str> {
    (value.kind() == Kind::Number).then_some(value.text)
}

fn integer<T: FromStr>(value: Token<'_>, digits: Option<&str>) -> Result<T, Misfit> {
    let integer = digits.and_then(|digits| digits.parse().ok());
    integer.ok_or_else(|| {
        let bits = size_of::<T>() * 8;
        Misfit::new(format!("a whole number of {bits} bits"), value.text)
    })
}

/// The nearest float. Not what is too large for one: infinity is a value of its own.
fn float<T: FromStr + From<f32> + Into<f64> + Copy>(value: Token<'_>, digits: Option<&str>) -> Result<T, Misfit> {
    if let Some(number) = value.plain().and_then(not_finite) {
        return Ok(T::from(number));
    }
    let number: Option<T> = digits.and_then(|digits| digits.parse().ok());
    let number = number.filter(|number| (*number).into().is_finite());
    number.ok_or_else(|| {
        let bits = size_of::<T>() * 8;
        Misfit::new(format!("a floating-point number of {bits} bits"), value.text)
    })
}

fn decimal_number(value: Token<'_>, precision: u8, scale: i8) -> Result<i128, Misfit> {
    let text = match value.kind() {
        Kind::Number => Some(value.text),
        _ => value.plain(),
    };
    let number = text.and_then(|text| decimal::parse(text, precision, scale));
    number.ok_or_else(|| Misfit::new(format!("a decimal({precision},{scale})"), value.text))
}

fn string<'a>(value: Token<'a>, expected: &str) -> Result<Cow<'a, str>, Misfit> {
    value.string().map_err(|_| Misfit::new(expected, value.text))
}

fn moment<T>(value: Token<'_>, expected: &str, parse: fn(&str) -> Option<T>) -> Result<T, Misfit> {
    let moment = value.string().ok().and_then(|text| parse(&text));
    moment.ok_or_else(|| Misfit::new(expected, value.text))
}
