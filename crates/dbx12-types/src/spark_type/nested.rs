//! The types that are made of others.

use super::DataType;
use crate::Fields;
use serde_json::value::RawValue;

/// An array of elements of one type.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ArrayType {
    /// The type of the elements.
    pub element: DataType,
    /// Whether an element may be `null`. Missing when the schema does not say; Hive strings never do.
    pub contains_null: Option<bool>,
    /// What else came with it.
    pub extra: Fields,
}

/// A map from keys of one type to values of one type.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MapType {
    /// The type of the keys, which are never `null`.
    pub key: DataType,
    /// The type of the values.
    pub value: DataType,
    /// Whether a value may be `null`. Missing when the schema does not say; Hive strings never do.
    pub value_contains_null: Option<bool>,
    /// What else came with it.
    pub extra: Fields,
}

/// Named fields, in order.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct StructType {
    /// The fields. Two may have the same name.
    pub fields: Vec<StructField>,
    /// What else came with it.
    pub extra: Fields,
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StructField {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Whether it may be `null`. Missing when the schema does not say; Hive strings never do.
    pub nullable: Option<bool>,
    /// What else came with it, `metadata` first of all.
    pub extra: Fields,
}

/// A type that a library defines over one of Spark's.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UserDefinedType {
    /// The type that holds its values.
    pub sql_type: Option<DataType>,
    /// What else came with it: `class`, `pyClass`, `serializedClass`.
    pub extra: Fields,
}

impl ArrayType {
    /// An array whose schema does not say whether elements may be `null`.
    pub fn new(element: DataType) -> Self {
        Self {
            element,
            contains_null: None,
            extra: Fields::default(),
        }
    }
}

impl MapType {
    /// A map whose schema does not say whether values may be `null`.
    pub fn new(key: DataType, value: DataType) -> Self {
        Self {
            key,
            value,
            value_contains_null: None,
            extra: Fields::default(),
        }
    }
}

impl StructType {
    /// A struct of these fields.
    pub fn new(fields: Vec<StructField>) -> Self {
        Self {
            fields,
            extra: Fields::default(),
        }
    }
}

impl StructField {
    /// A field whose schema does not say whether it may be `null`.
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        Self {
            name: name.into(),
            data_type,
            nullable: None,
            extra: Fields::default(),
        }
    }

    /// Its metadata as raw JSON: an object in practice.
    pub fn metadata(&self) -> Option<&RawValue> {
        self.extra.get("metadata")
    }

    /// The comment in its metadata.
    pub fn comment(&self) -> Option<String> {
        self.extra.read::<Fields>("metadata")?.read("comment")
    }
}

impl UserDefinedType {
    /// The name of the class that defines it: of the JVM, or else of Python.
    pub fn class_name(&self) -> Option<String> {
        self.extra.read("class").or_else(|| self.extra.read("pyClass"))
    }
}

impl From<ArrayType> for DataType {
    fn from(array: ArrayType) -> Self {
        Self::Array(Box::new(array))
    }
}

impl From<MapType> for DataType {
    fn from(map: MapType) -> Self {
        Self::Map(Box::new(map))
    }
}

impl From<StructType> for DataType {
    fn from(fields: StructType) -> Self {
        Self::Struct(fields)
    }
}
