//! Enums of strings that keep what they do not know.

use std::fmt;

/// A value that this version does not know, kept as it came.
///
/// It can only come from text, and never stands for a known value: so nothing known can be forged with it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
pub struct Unrecognized(pub(crate) String);

impl Unrecognized {
    /// The text as it came. Empty when the field was missing.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Unrecognized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Declares an open enum: `Variant = "Written" | "also read"`.
///
/// The default is the empty unrecognised value: it stands for a field that was missing, and is left out when written.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $variant:ident = $text:literal $(| $alias:literal)*, )*
        }
    ) => {
        $(#[$meta])*
        ///
        /// # Unknown values
        /// A value that this version does not know becomes `Unrecognized`, is kept, and is written back as it came. A
        /// missing value is the empty `Unrecognized`, see `is_absent`. Where a known value came in another spelling, a
        /// message keeps that in its `extra`, and writes it back as long as the field stays the same.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub enum $name {
            $(
                $(#[$variant_meta])*
                #[cfg_attr(feature = "schema", schemars(rename = $text))]
                $variant,
            )*
            /// A value that this version does not know.
            #[cfg_attr(feature = "schema", schemars(untagged))]
            Unrecognized(crate::Unrecognized),
        }

        impl $name {
            /// The values that this version knows, as written on the wire.
            pub const KNOWN: &'static [&'static str] = &[$($text),*];

            /// The value as written on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )*
                    Self::Unrecognized(text) => text.as_str(),
                }
            }

            /// Whether the field was missing.
            pub fn is_absent(&self) -> bool {
                self.as_str().is_empty()
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text $(| $alias)* => Self::$variant, )*
                    _ => Self::Unrecognized(crate::Unrecognized(text.to_owned())),
                }
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match Self::from(text.as_str()) {
                    Self::Unrecognized(_) => Self::Unrecognized(crate::Unrecognized(text)),
                    known => known,
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(text))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Unrecognized(crate::Unrecognized(String::new()))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }

        impl crate::fields::Value for $name {
            fn is_written_as(&self, text: &serde_json::value::RawValue) -> bool {
                crate::json::says(text, self.as_str())
            }
        }

        impl crate::fields::Field for $name {
            fn take(fields: &mut crate::Fields, name: &'static str) -> Result<Self, crate::FieldError> {
                // Empty text would read as "missing": it stays in `extra`.
                let said = fields.get(name).is_some_and(|raw| raw.get() != "\"\"");
                Ok(if said { fields.take_spelled(name).unwrap_or_default() } else { Self::default() })
            }

            fn is_absent(&self) -> bool {
                Self::is_absent(self)
            }

            fn other_spelling<'a>(
                extra: &'a crate::Fields,
                name: &str,
            ) -> Option<(Self, &'a serde_json::value::RawValue)> {
                extra.other_spelling(name)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::{CommandInfo, CommandStatus, ExecuteCommand, Language};

    #[test]
    fn a_message_keeps_the_spelling_it_came_with_until_the_field_is_changed() {
        let canceled = r#"{"id":"1","status":"Canceled"}"#;
        let mut info: CommandInfo = serde_json::from_str(canceled).unwrap();
        assert_eq!(info.status, CommandStatus::Cancelled);
        assert_eq!(serde_json::to_string(&info).unwrap(), canceled);
        info.status = CommandStatus::Finished;
        assert_eq!(
            serde_json::to_string(&info).unwrap(),
            r#"{"id":"1","status":"Finished"}"#
        );

        let execute = r#"{"clusterId":"c","contextId":"x","language":"Scala","command":"1"}"#;
        let mut request: ExecuteCommand = serde_json::from_str(execute).unwrap();
        assert_eq!(request.language, Some(Language::Scala));
        assert_eq!(serde_json::to_string(&request).unwrap(), execute);
        request.language = Some(Language::Sql);
        assert_eq!(
            serde_json::to_string(&request).unwrap(),
            execute.replace("Scala", "sql")
        );
        request.language = None;
        assert!(!serde_json::to_string(&request).unwrap().contains("language"));
    }

    #[test]
    fn spellings_of_the_wild_are_read_and_one_is_written() {
        assert_eq!(CommandStatus::from("Canceled"), CommandStatus::Cancelled);
        assert_eq!(Language::from("Scala"), Language::Scala);
        assert_eq!(serde_json::to_string(&Language::from("PYTHON")).unwrap(), r#""python""#);
    }

    #[test]
    fn an_unknown_value_is_kept_and_equals_nothing_known() {
        let status: CommandStatus = serde_json::from_str(r#""RunningInBackground""#).unwrap();
        assert!(
            CommandStatus::KNOWN
                .iter()
                .all(|known| CommandStatus::from(*known) != status)
        );
        assert_eq!(serde_json::to_string(&status).unwrap(), r#""RunningInBackground""#);
    }
}
