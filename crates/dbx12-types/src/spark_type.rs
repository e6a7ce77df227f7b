//! Spark's types, in the two forms that a table's schema writes them in.

use serde_json::value::RawValue;
use std::convert::Infallible;
use std::fmt;
use std::mem::discriminant;
use std::str::FromStr;

mod hive;
mod json;
mod nested;
#[cfg(test)]
mod tests;

pub use nested::{ArrayType, MapType, StructField, StructType, UserDefinedType};

/// A type of Spark, as a table's schema names it.
///
/// Two forms are read: Spark's JSON (`"long"` with its quotes, `{"type":"array",…}`) and Hive strings (`bigint`,
/// `struct<a:int,b:array<string>>`). Reading never fails: what this version does not know, what is broken, and what is
/// nested deeper than 64 levels is [`Unrecognized`](DataType::Unrecognized), with its text.
///
/// * JSON is written back equal as JSON: unknown members of a struct, a field or a field's metadata are kept, and byte
///   for byte when it came as Spark writes it.
/// * A Hive string is written back byte for byte. What came in another spelling than Spark's own (`BIGINT`, `long`,
///   `decimal( 10, 2 )`) is [`Spelled`](DataType::Spelled), equal to the same type in any other spelling; to match on it,
///   see [`plain`](DataType::plain).
///
/// ```
/// use dbx12_types::DataType;
/// let json = r#"{"type":"array","elementType":"decimal(10,2)","containsNull":true}"#;
/// let data_type = DataType::parse(json);
/// assert_eq!(data_type.to_json(), json);
/// assert_eq!(data_type.to_string(), "array<decimal(10,2)>");
/// assert_eq!(DataType::parse("geography(4326)").to_string(), "geography(4326)");
///
/// let spelled = DataType::parse("ARRAY<long>");
/// assert_eq!(spelled, DataType::parse("array<bigint>"));
/// assert_eq!(spelled.to_string(), "ARRAY<long>");
/// ```
///
/// The names are those of Spark's `DataType.typeName` (JSON) and `DataType.catalogString` (Hive).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DataType {
    /// Only `null`: `void`.
    Void,
    /// `boolean`.
    Boolean,
    /// Whole numbers of 8 bits: `byte`, `tinyint`.
    Byte,
    /// Whole numbers of 16 bits: `short`, `smallint`.
    Short,
    /// Whole numbers of 32 bits: `integer`, `int`.
    Integer,
    /// Whole numbers of 64 bits: `long`, `bigint`.
    Long,
    /// Floating point of 32 bits: `float`.
    Float,
    /// Floating point of 64 bits: `double`.
    Double,
    /// Exact decimal numbers: `decimal(10,2)`.
    Decimal {
        /// Digits in all: 1 to 38.
        precision: u8,
        /// Digits after the point: at most `precision`; may be negative.
        scale: i8,
    },
    /// Text of any length: `string`.
    String,
    /// Text of so many characters, padded: `char(3)`.
    Char(u32),
    /// Text of at most so many characters: `varchar(3)`.
    Varchar(u32),
    /// Bytes: `binary`.
    Binary,
    /// A day: `date`.
    Date,
    /// A moment, in microseconds: `timestamp`.
    Timestamp,
    /// A date and a time of day without a zone, in microseconds: `timestamp_ntz`.
    TimestampNtz,
    /// Months, days and microseconds: `interval`.
    CalendarInterval,
    /// A span of years and months, or of days to seconds: `interval year to month`, `interval day`.
    Interval {
        /// The largest unit.
        first: IntervalUnit,
        /// The smallest unit; the same for `interval day`.
        last: IntervalUnit,
    },
    /// Values of any type, each with its own: `variant`.
    Variant,
    /// `array<string>`.
    Array(Box<ArrayType>),
    /// `map<string,int>`.
    Map(Box<MapType>),
    /// `struct<a:int,b:string>`.
    Struct(StructType),
    /// A type that a library defines over one of Spark's, such as a vector: `udt` in JSON. Hive strings name the type below.
    UserDefined(Box<UserDefinedType>),
    /// A type that this version does not know. It is written back as it came.
    Unrecognized(UnrecognizedType),
    /// A known type whose Hive string is not how Spark spells it. It is written back as it came. Types inside of others
    /// are never this, and neither is [`Column::spark_type`](crate::results::Column::spark_type).
    Spelled(Box<SpelledType>),
}

impl DataType {
    /// The type in either form. JSON begins with a quote, a bracket, a brace or a digit, and no Hive string does.
    pub fn parse(text: &str) -> Self {
        let may_be_json = |first: char| "\"[{-".contains(first) || first.is_ascii_digit();
        if (text.trim_start().starts_with(may_be_json) || matches!(text.trim(), "true" | "false"))
            && let Ok(raw) = serde_json::from_str::<&RawValue>(text)
        {
            return json::parse(raw);
        }
        let data_type = hive::parse(text);
        if data_type.to_string() == text {
            return data_type;
        }
        Self::Spelled(Box::new(SpelledType {
            text: text.into(),
            data_type,
        }))
    }

    /// What the type is, however it was spelled: never [`Spelled`](Self::Spelled).
    pub fn plain(&self) -> &Self {
        match self {
            Self::Spelled(spelled) => &spelled.data_type,
            plain => plain,
        }
    }

    /// As [`plain`](Self::plain).
    pub(crate) fn into_plain(self) -> Self {
        match self {
            Self::Spelled(spelled) => spelled.data_type,
            plain => plain,
        }
    }

    /// Spark's JSON for it: `"long"`, with its quotes.
    pub fn to_json(&self) -> String {
        // Writing to text cannot fail, and every key is text.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The Hive string for it: `bigint`.
    pub fn to_hive(&self) -> String {
        self.to_string()
    }

    /// Whether it is a type of numbers.
    pub fn is_numeric(&self) -> bool {
        self.is_integral() || matches!(self.plain(), Self::Float | Self::Double | Self::Decimal { .. })
    }

    /// Whether it is a type of whole numbers, of 8 to 64 bits.
    pub fn is_integral(&self) -> bool {
        matches!(self.plain(), Self::Byte | Self::Short | Self::Integer | Self::Long)
    }
}

/// Equal when they are the same type, however it was spelled.
impl PartialEq for DataType {
    fn eq(&self, other: &Self) -> bool {
        match (self.plain(), other.plain()) {
            (
                Self::Decimal { precision, scale },
                Self::Decimal {
                    precision: other_precision,
                    scale: other_scale,
                },
            ) => (precision, scale) == (other_precision, other_scale),
            (Self::Char(one), Self::Char(other)) | (Self::Varchar(one), Self::Varchar(other)) => one == other,
            (
                Self::Interval { first, last },
                Self::Interval {
                    first: other_first,
                    last: other_last,
                },
            ) => (first, last) == (other_first, other_last),
            (Self::Array(one), Self::Array(other)) => one == other,
            (Self::Map(one), Self::Map(other)) => one == other,
            (Self::Struct(one), Self::Struct(other)) => one == other,
            (Self::UserDefined(one), Self::UserDefined(other)) => one == other,
            (Self::Unrecognized(one), Self::Unrecognized(other)) => one == other,
            // The others are one word each.
            (one, other) => discriminant(one) == discriminant(other),
        }
    }
}

/// A type by the text of its Hive string, which is not Spark's own spelling.
#[derive(Clone, Debug)]
pub struct SpelledType {
    text: Box<str>,
    data_type: DataType,
}

impl SpelledType {
    /// The text as it came.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// As a Hive string.
impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hive::write(self, f)
    }
}

/// From either form, as [`DataType::parse`].
impl FromStr for DataType {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::parse(text))
    }
}

/// A unit of an interval. Larger units come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum IntervalUnit {
    /// Years.
    Year,
    /// Months.
    Month,
    /// Days.
    Day,
    /// Hours.
    Hour,
    /// Minutes.
    Minute,
    /// Seconds, down to microseconds.
    Second,
}

impl IntervalUnit {
    const ALL: [Self; 6] = [
        Self::Year,
        Self::Month,
        Self::Day,
        Self::Hour,
        Self::Minute,
        Self::Second,
    ];

    /// Its name in a type: `year`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Minute => "minute",
            Self::Second => "second",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|unit| name.eq_ignore_ascii_case(unit.name()))
    }

    /// Years and months do not mix with the rest: a month has no fixed length.
    fn is_month_based(self) -> bool {
        self <= Self::Month
    }
}

/// A type that this version does not know. It comes from a schema only, so it cannot be taken for a known one.
#[derive(Clone)]
pub struct UnrecognizedType(Form);

#[derive(Clone)]
enum Form {
    /// A name, or a whole Hive string.
    Name(Box<str>),
    /// JSON of another kind: an object of an unknown type, a broken one, or one nested too deep.
    Json(Box<RawValue>),
}

impl UnrecognizedType {
    fn name(text: &str) -> DataType {
        DataType::Unrecognized(Self(Form::Name(text.into())))
    }

    fn json(raw: &RawValue) -> DataType {
        DataType::Unrecognized(Self(Form::Json(raw.to_owned())))
    }

    /// The type as it came: its name or Hive string, or its JSON text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Form::Name(name) => name,
            Form::Json(raw) => raw.get(),
        }
    }
}

impl fmt::Debug for UnrecognizedType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnrecognizedType").field(&self.as_str()).finish()
    }
}

/// Equal when the text is the same.
impl PartialEq for UnrecognizedType {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// How deep types may be nested: deeper ones stay text, so that no schema can exhaust the stack.
const MAX_DEPTH: usize = 64;

/// The types that are one word, with their names in JSON and in Hive strings.
static SIMPLE: [(DataType, &str, &str); 15] = [
    (DataType::Void, "void", "void"),
    (DataType::Boolean, "boolean", "boolean"),
    (DataType::Byte, "byte", "tinyint"),
    (DataType::Short, "short", "smallint"),
    (DataType::Integer, "integer", "int"),
    (DataType::Long, "long", "bigint"),
    (DataType::Float, "float", "float"),
    (DataType::Double, "double", "double"),
    (DataType::String, "string", "string"),
    (DataType::Binary, "binary", "binary"),
    (DataType::Date, "date", "date"),
    (DataType::Timestamp, "timestamp", "timestamp"),
    (DataType::TimestampNtz, "timestamp_ntz", "timestamp_ntz"),
    (DataType::CalendarInterval, "interval", "interval"),
    (DataType::Variant, "variant", "variant"),
];

/// The name of a type that is a word with its numbers; the same in both forms.
fn write_parameterised(data_type: &DataType, f: &mut impl fmt::Write) -> fmt::Result {
    match data_type {
        DataType::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
        DataType::Char(length) => write!(f, "char({length})"),
        DataType::Varchar(length) => write!(f, "varchar({length})"),
        DataType::Interval { first, last } if first == last => write!(f, "interval {}", first.name()),
        DataType::Interval { first, last } => write!(f, "interval {} to {}", first.name(), last.name()),
        _ => Ok(()),
    }
}
