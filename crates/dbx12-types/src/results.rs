//! What came of a command.

use crate::Fields;
use crate::fields::Object;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use std::fmt;

mod image;
mod mime;
mod plain;
mod remote_error;
mod table;

pub use image::{Image, ImageSource, Images};
pub use mime::{MimeBundle, MimeData};
pub use plain::plain_text;
pub use remote_error::{Exception, Frame, Position, RemoteError};
pub use table::{Cell, Cells, Column, ColumnValues, Rows, Table, TableError};

/// What came of a command: `results` of `commands/status`. One command has one result.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Results {
    /// Text: what was printed, and the value of the last expression.
    Text(Text),
    /// A table.
    Table(Table),
    /// One image.
    Image(Image),
    /// Several images.
    Images(Images),
    /// The code raised an exception, or was cancelled.
    Error(RemoteError),
    /// No `resultType`: the code ran and left nothing to show. What came all the same is kept.
    Empty(Fields),
    /// A `resultType` that this version does not know. All its fields are kept.
    Unrecognized(Fields),
}

wire_object! {
    /// A text result.
    #[derive(Default)]
    pub struct Text {
        /// The text, without a newline at its end. It may be HTML.
        data: Option<String> = "data",
    }
}

impl Text {
    /// The text; empty when the server sent none.
    pub fn as_str(&self) -> &str {
        self.data.as_deref().unwrap_or_default()
    }
}

impl Results {
    /// A text result.
    pub fn text(data: impl Into<String>) -> Self {
        Self::Text(Text {
            data: Some(data.into()),
            extra: Fields::default(),
        })
    }

    /// The `resultType` as written on the wire; empty when there is none.
    pub fn result_type(&self) -> String {
        match self {
            Self::Text(_) => "text".to_owned(),
            Self::Table(_) => "table".to_owned(),
            Self::Image(_) => "image".to_owned(),
            Self::Images(_) => "images".to_owned(),
            Self::Error(_) => "error".to_owned(),
            Self::Empty(fields) | Self::Unrecognized(fields) => fields.read("resultType").unwrap_or_default(),
        }
    }

    fn from_fields(mut fields: Fields) -> Result<Self, crate::FieldError> {
        let result_type: Option<String> = fields.read("resultType");
        let known = matches!(
            result_type.as_deref(),
            Some("text" | "table" | "image" | "images" | "error")
        );
        if known {
            fields.remove("resultType");
        }
        Ok(match result_type.as_deref() {
            Some("text") => Self::Text(Text::from_fields(fields)?),
            Some("table") => Self::Table(Table::from_fields(fields)?),
            Some("image") => Self::Image(Image::from_fields(fields)?),
            Some("images") => Self::Images(Images::from_fields(fields)?),
            Some("error") => Self::Error(RemoteError::from_fields(fields)?),
            None if fields.get("resultType").is_some_and(|raw| raw.get() != "null") => Self::Unrecognized(fields),
            None | Some("") => Self::Empty(fields),
            Some(_) => Self::Unrecognized(fields),
        })
    }
}

impl crate::fields::Value for Results {}

impl Serialize for Results {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::Empty(fields) | Self::Unrecognized(fields) = self {
            return fields.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("resultType", &self.result_type())?;
        match self {
            Self::Text(text) => text.write_fields(&mut map)?,
            Self::Table(table) => table.write_fields(&mut map)?,
            Self::Image(image) => image.write_fields(&mut map)?,
            Self::Images(images) => images.write_fields(&mut map)?,
            Self::Error(error) => error.write_fields(&mut map)?,
            Self::Empty(_) | Self::Unrecognized(_) => {}
        }
        map.end()
    }
}

/// Values are kept as raw text until the `resultType` is known, so it may come first or last.
impl<'de> Deserialize<'de> for Results {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_fields(Fields::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// What stands where results should be.
pub(crate) enum ResultsOrRaw {
    Results(Results),
    /// No object: `null`, or what no version of the service is known to send.
    Raw(Box<RawValue>),
}

/// Results may be large, so they are decoded on the way. Anything else is small, and made JSON text again.
impl<'de> Deserialize<'de> for ResultsOrRaw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyVisitor;

        impl AnyVisitor {
            fn raw<E: de::Error>(value: &(impl Serialize + ?Sized)) -> Result<ResultsOrRaw, E> {
                to_raw_value(value).map(ResultsOrRaw::Raw).map_err(E::custom)
            }
        }

        impl<'de> Visitor<'de> for AnyVisitor {
            type Value = ResultsOrRaw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("results")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ResultsOrRaw, A::Error> {
                let results = Results::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ResultsOrRaw::Results(results))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<ResultsOrRaw, A::Error> {
                Self::raw(&Vec::<Box<RawValue>>::deserialize(SeqAccessDeserializer::new(seq))?)
            }

            fn visit_unit<E: de::Error>(self) -> Result<ResultsOrRaw, E> {
                Self::raw(&())
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<ResultsOrRaw, E> {
                Self::raw(&value)
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<ResultsOrRaw, E> {
                Self::raw(&value)
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<ResultsOrRaw, E> {
                Self::raw(&value)
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<ResultsOrRaw, E> {
                Self::raw(value)
            }

            // No `visit_f64`: by then digits are lost, so a number with a fraction or beyond 64 bits is refused.
        }

        deserializer.deserialize_any(AnyVisitor)
    }
}
