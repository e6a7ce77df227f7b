//! The macro that declares an object of the wire.

/// Declares a struct whose fields are read from, and written to, a JSON object, losing nothing.
///
/// Each field names its spelling on the wire. `Option` fields may be missing; other types decide for themselves
/// (see `fields::Field`). What could not be read stays in `extra` and is written back. With the feature `schema` its JSON
/// Schema is derived from the same declaration.
macro_rules! wire_object {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* $field:ident: $type:ty = $wire:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[cfg_attr(
            feature = "schema",
            derive(schemars::JsonSchema),
            schemars(extend("additionalProperties" = true), transform = Self::mark_required)
        )]
        #[non_exhaustive]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[cfg_attr(feature = "schema", schemars(rename = $wire))]
                pub $field: $type,
            )*
            /// What came with it and was not read into a field above, or in another spelling than it is written in; written
            /// back unchanged.
            #[cfg_attr(feature = "schema", schemars(skip))]
            pub extra: crate::Fields,
        }

        impl crate::fields::Object for $name {
            #[allow(unused_mut, reason = "an object may have no field of its own")]
            fn from_fields(mut fields: crate::Fields) -> Result<Self, crate::FieldError> {
                Ok(Self {
                    $( $field: crate::fields::Field::take(&mut fields, $wire)?, )*
                    extra: fields,
                })
            }
        }

        impl $name {
            /// What decoding cannot do without is what the schema requires.
            #[cfg(feature = "schema")]
            fn mark_required(schema: &mut schemars::Schema) {
                let missed: &[Option<&str>] = &[$(
                    <$type as crate::fields::Field>::take(&mut crate::Fields::default(), $wire)
                        .is_err()
                        .then_some($wire),
                )*];
                crate::schema::set_required(schema, missed.iter().copied().flatten());
            }

            /// Writes the fields into a JSON object that is being written.
            #[allow(dead_code, reason = "only results write their fields beside a `resultType`")]
            pub(crate) fn write_fields<M: serde::ser::SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                $(
                    crate::fields::Field::write(&self.$field, $wire, &self.extra, map)?;
                )*
                let written: &[Option<&str>] =
                    &[$( crate::fields::Field::is_written(&self.$field, $wire, &self.extra).then_some($wire), )*];
                self.extra.write_except(written, map)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                self.write_fields(&mut map)?;
                serde::ser::SerializeMap::end(map)
            }
        }
    };
}

/// [`wire_object!`] with the ordinary way to decode it.
macro_rules! message {
    (
        $(#[$meta:meta])*
        pub struct $name:ident { $($body:tt)* }
    ) => {
        wire_object! {
            $(#[$meta])*
            pub struct $name { $($body)* }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::fields::deserialize_object(deserializer)
            }
        }
    };
}
