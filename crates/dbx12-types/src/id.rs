//! Identifiers. All are text on the wire: a context id has 19 digits, more than a JSON number keeps.

use crate::fields::{Field, FieldError, Fields, require_text};
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as it stands on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl crate::fields::Value for $name {}

        /// An id must be there: without it a message makes no sense.
        impl Field for $name {
            fn take(fields: &mut Fields, name: &'static str) -> Result<Self, FieldError> {
                require_text(fields, name).map(Self)
            }

            fn is_absent(&self) -> bool {
                false
            }
        }
    };
}

id! {
    /// Names a cluster, for example `1234-567890-span123`.
    ClusterId
}

id! {
    /// Names an execution context, for example `1234567890123456789`. Unique within its cluster.
    ContextId
}

id! {
    /// Names a command, for example `1234ab56-7890-1cde-234f-5abcdef67890`.
    CommandId
}
