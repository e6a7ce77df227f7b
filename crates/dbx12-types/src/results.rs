//! What came of a command.

use crate::Fields;
use crate::fields::Object;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap, Serializer};

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
