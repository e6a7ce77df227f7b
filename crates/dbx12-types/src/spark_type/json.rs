//! Spark's JSON for types. Every JSON value is read, and written back equal.

use super::{
    ArrayType, DataType, MAX_DEPTH, MapType, SIMPLE, StructField, StructType, UnrecognizedType, UserDefinedType, hive,
    write_parameterised,
};
use crate::Fields;
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

/// The type in `raw`. What cannot be read stays as it is.
pub(super) fn parse(raw: &RawValue) -> DataType {
    nested(raw, MAX_DEPTH)
}

fn nested(raw: &RawValue, depth: usize) -> DataType {
    let data_type = match raw.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(raw.get()).ok().map(|name| named(&name)),
        Some(b'{') if depth > 0 => serde_json::from_str(raw.get())
            .ok()
            .and_then(|fields| object(fields, depth - 1)),
        _ => None,
    };
    data_type.unwrap_or_else(|| UnrecognizedType::json(raw))
}

/// The type of a name, if that is how Spark spells it. Any other name is kept, so that it is written back the same.
fn named(name: &str) -> DataType {
    hive::simple(name)
        .filter(|data_type| json_name(data_type).is_some_and(|own| own == name))
        .unwrap_or_else(|| UnrecognizedType::name(name))
}

fn json_name(data_type: &DataType) -> Option<String> {
    if let Some((_, name, _)) = SIMPLE.iter().find(|(simple, ..)| simple == data_type) {
        return Some((*name).to_owned());
    }
    let mut name = String::new();
    write_parameterised(data_type.plain(), &mut name).ok()?;
    (!name.is_empty()).then_some(name)
}

fn object(mut fields: Fields, depth: usize) -> Option<DataType> {
    let kind: String = fields.take("type")?;
    match kind.as_str() {
        "array" => array(fields, depth),
        "map" => map(fields, depth),
        "struct" => fields_of(fields, depth).map(DataType::Struct),
        "udt" => Some(user_defined(fields, depth)),
        _ => None,
    }
}

fn array(mut fields: Fields, depth: usize) -> Option<DataType> {
    let element = nested(&fields.remove("elementType")?, depth);
    Some(DataType::Array(Box::new(ArrayType {
        element,
        contains_null: fields.take("containsNull"),
        extra: fields,
    })))
}

fn map(mut fields: Fields, depth: usize) -> Option<DataType> {
    let key = nested(&fields.remove("keyType")?, depth);
    let value = nested(&fields.remove("valueType")?, depth);
    Some(DataType::Map(Box::new(MapType {
        key,
        value,
        value_contains_null: fields.take("valueContainsNull"),
        extra: fields,
    })))
}

fn fields_of(mut fields: Fields, depth: usize) -> Option<StructType> {
    let raw = fields.remove("fields")?;
    let items: Vec<Fields> = serde_json::from_str(raw.get()).ok()?;
    Some(StructType {
        fields: items
            .into_iter()
            .map(|item| field(item, depth))
            .collect::<Option<_>>()?,
        extra: fields,
    })
}

fn field(mut fields: Fields, depth: usize) -> Option<StructField> {
    Some(StructField {
        name: fields.take("name")?,
        data_type: nested(&fields.remove("type")?, depth),
        nullable: fields.take("nullable"),
        extra: fields,
    })
}

fn user_defined(mut fields: Fields, depth: usize) -> DataType {
    let sql_type = fields.remove("sqlType");
    DataType::UserDefined(Box::new(UserDefinedType {
        sql_type: sql_type.map(|raw| nested(&raw, depth)),
        extra: fields,
    }))
}

/// As Spark's JSON, members in Spark's order and unknown ones after them.
impl Serialize for DataType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(name) = json_name(self) {
            return serializer.serialize_str(&name);
        }
        if let Self::Unrecognized(UnrecognizedType(form)) = self.plain() {
            return match form {
                super::Form::Name(name) => serializer.serialize_str(name),
                super::Form::Json(raw) => raw.serialize(serializer),
            };
        }
        let mut map = serializer.serialize_map(None)?;
        match self.plain() {
            Self::Array(array) => {
                map.serialize_entry("type", "array")?;
                map.serialize_entry("elementType", &array.element)?;
                write_optional("containsNull", array.contains_null, &mut map)?;
                array.extra.write_except(&[], &mut map)?;
            }
            Self::Map(types) => {
                map.serialize_entry("type", "map")?;
                map.serialize_entry("keyType", &types.key)?;
                map.serialize_entry("valueType", &types.value)?;
                write_optional("valueContainsNull", types.value_contains_null, &mut map)?;
                types.extra.write_except(&[], &mut map)?;
            }
            Self::Struct(types) => {
                map.serialize_entry("type", "struct")?;
                map.serialize_entry("fields", &types.fields)?;
                types.extra.write_except(&[], &mut map)?;
            }
            Self::UserDefined(defined) => {
                map.serialize_entry("type", "udt")?;
                defined.extra.write_except(&[], &mut map)?;
                if let Some(sql_type) = &defined.sql_type {
                    map.serialize_entry("sqlType", sql_type)?;
                }
            }
            // The others have a name.
            _ => {}
        }
        map.end()
    }
}

impl Serialize for StructField {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("type", &self.data_type)?;
        write_optional("nullable", self.nullable, &mut map)?;
        self.extra.write_except(&[], &mut map)?;
        map.end()
    }
}

fn write_optional<M: SerializeMap>(name: &str, value: Option<bool>, map: &mut M) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, &value))
}

/// From Spark's JSON. Any JSON value is read; see [`DataType::parse`].
impl<'de> Deserialize<'de> for DataType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|raw| parse(&raw))
    }
}
