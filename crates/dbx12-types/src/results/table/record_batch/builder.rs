//! Building an array of any Spark type.

use super::misfit::Misfit;
use super::nested::{ArrayBuilder, MapBuilder, StructBuilder};
use super::primitive::Primitive;
use crate::DataType;
use crate::json::scan::{Kind, Token};
use arrow_array::ArrayRef;
use arrow_schema::{ArrowError, DataType as ArrowType, Field, FieldRef};
use std::sync::Arc;

/// Builds an array of the values of one Spark type.
#[derive(Debug)]
pub(super) struct Builder {
    values: Values,
    nullable: bool,
}

#[derive(Debug)]
enum Values {
    Primitive(Primitive),
    Array(Box<ArrayBuilder>),
    Map(Box<MapBuilder>),
    Struct(StructBuilder),
}

impl Builder {
    /// For values of this type. They may be `null` unless the schema says that they may not.
    pub(super) fn new(data_type: &DataType, nullable: Option<bool>) -> Self {
        let values = match data_type {
            DataType::Array(array) => Values::Array(Box::new(ArrayBuilder::new(array))),
            DataType::Map(map) => Values::Map(Box::new(MapBuilder::new(map))),
            DataType::Struct(types) => Values::Struct(StructBuilder::new(types)),
            DataType::UserDefined(defined) if defined.sql_type.is_some() => {
                return Self::new(defined.sql_type.as_ref().unwrap_or(&DataType::Void), nullable);
            }
            simple => Values::Primitive(Primitive::new(simple)),
        };
        Self {
            values,
            nullable: nullable.unwrap_or(true),
        }
    }

    /// The array's type.
    pub(super) fn data_type(&self) -> ArrowType {
        match &self.values {
            Values::Primitive(primitive) => primitive.data_type(),
            Values::Array(array) => array.data_type(),
            Values::Map(map) => map.data_type(),
            Values::Struct(types) => types.data_type(),
        }
    }

    /// The array as a field of another type.
    pub(super) fn field(&self, name: &str) -> FieldRef {
        Arc::new(Field::new(name, self.data_type(), self.nullable))
    }

    /// Adds a value.
    ///
    /// # Errors
    /// When it is not of the type. Then the array is of no use any more.
    pub(super) fn append(&mut self, value: Token<'_>) -> Result<(), Misfit> {
        if value.kind() == Kind::Null {
            return self.append_missing();
        }
        match &mut self.values {
            Values::Primitive(primitive) => primitive.append(value),
            Values::Array(array) => array.append(value),
            Values::Map(map) => map.append(value),
            Values::Struct(types) => types.append(value),
        }
    }

    /// Adds a map's key, which is text in JSON whatever its type is.
    pub(super) fn append_key(&mut self, key: Token<'_>) -> Result<(), Misfit> {
        match &mut self.values {
            Values::Primitive(primitive) => primitive.append_key(key),
            _ => Err(Misfit::new(
                "a key that JSON can hold: no array, map or struct",
                key.text,
            )),
        }
    }

    /// Adds a null, if the schema allows one.
    pub(super) fn append_missing(&mut self) -> Result<(), Misfit> {
        if !self.nullable {
            return Err(Misfit::new("a value: the schema allows no null here", "null"));
        }
        self.append_null();
        Ok(())
    }

    /// Adds a null; also what stands for nothing below a null.
    pub(super) fn append_null(&mut self) {
        match &mut self.values {
            Values::Primitive(primitive) => primitive.append_null(),
            Values::Array(array) => array.append_null(),
            Values::Map(map) => map.append_null(),
            Values::Struct(types) => types.append_null(),
        }
    }

    /// The array.
    pub(super) fn finish(self) -> Result<ArrayRef, ArrowError> {
        match self.values {
            Values::Primitive(primitive) => Ok(primitive.finish()),
            Values::Array(array) => array.finish(),
            Values::Map(map) => map.finish(),
            Values::Struct(types) => types.finish(),
        }
    }
}
