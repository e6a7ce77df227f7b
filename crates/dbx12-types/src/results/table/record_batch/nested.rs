//! Building arrays of arrays, maps and structs.

use super::builder::Builder;
use super::misfit::Misfit;
use crate::json::scan::{Cursor, Token};
use crate::spark_type::{ArrayType, MapType, StructType};
use arrow_array::builder::{NullBufferBuilder, OffsetBufferBuilder};
use arrow_array::{ArrayRef, ListArray, MapArray, StructArray};
use arrow_schema::{ArrowError, DataType as ArrowType, Field, FieldRef, Fields};
use std::collections::HashSet;
use std::sync::Arc;

/// Arrays, one after the other.
#[derive(Debug)]
pub(super) struct ArrayBuilder {
    elements: Builder,
    offsets: OffsetBufferBuilder<i32>,
    nulls: NullBufferBuilder,
}

impl ArrayBuilder {
    pub(super) fn new(array: &ArrayType) -> Self {
        Self {
            elements: Builder::new(&array.element, array.contains_null),
            offsets: OffsetBufferBuilder::new(0),
            nulls: NullBufferBuilder::new(0),
        }
    }

    fn field(&self) -> FieldRef {
        self.elements.field("element")
    }

    pub(super) fn data_type(&self) -> ArrowType {
        ArrowType::List(self.field())
    }

    pub(super) fn append(&mut self, value: Token<'_>) -> Result<(), Misfit> {
        let mut cursor = Cursor::new(value.text);
        if !cursor.enter(b'[') {
            return Err(Misfit::new("an array", value.text));
        }
        let mut length = 0;
        while let Some(element) = cursor.element() {
            let appended = self.elements.append(element);
            appended.map_err(|misfit| misfit.below(format_args!("[{length}]")))?;
            length += 1;
        }
        self.offsets.push_length(length);
        self.nulls.append_non_null();
        Ok(())
    }

    pub(super) fn append_null(&mut self) {
        self.offsets.push_length(0);
        self.nulls.append_null();
    }

    pub(super) fn finish(self) -> Result<ArrayRef, ArrowError> {
        let (field, nulls) = (self.field(), self.nulls.build());
        let array = ListArray::try_new(field, self.offsets.finish(), self.elements.finish()?, nulls)?;
        Ok(Arc::new(array))
    }
}

/// Maps, one after the other.
#[derive(Debug)]
pub(super) struct MapBuilder {
    keys: Builder,
    values: Builder,
    offsets: OffsetBufferBuilder<i32>,
    nulls: NullBufferBuilder,
}

impl MapBuilder {
    pub(super) fn new(map: &MapType) -> Self {
        Self {
            keys: Builder::new(&map.key, Some(false)),
            values: Builder::new(&map.value, map.value_contains_null),
            offsets: OffsetBufferBuilder::new(0),
            nulls: NullBufferBuilder::new(0),
        }
    }

    fn entry_fields(&self) -> Fields {
        Fields::from(vec![self.keys.field("key"), self.values.field("value")])
    }

    fn field(&self) -> FieldRef {
        Arc::new(Field::new("entries", ArrowType::Struct(self.entry_fields()), false))
    }

    pub(super) fn data_type(&self) -> ArrowType {
        ArrowType::Map(self.field(), false)
    }

    pub(super) fn append(&mut self, value: Token<'_>) -> Result<(), Misfit> {
        let mut cursor = Cursor::new(value.text);
        if !cursor.enter(b'{') {
            return Err(Misfit::new("a map: an object", value.text));
        }
        let mut known = HashSet::new();
        while let Some((key, value)) = cursor.member() {
            let appended = self.keys.append_key(key).and_then(|()| self.values.append(value));
            appended.map_err(|misfit| misfit.below(format_args!("[{}]", key.text)))?;
            // Spark's maps hold a key once; of two values nobody knows which one is meant.
            if !key.string().is_ok_and(|key| known.insert(key)) {
                return Err(Misfit::new("a key that the map holds once", key.text));
            }
        }
        self.offsets.push_length(known.len());
        self.nulls.append_non_null();
        Ok(())
    }

    pub(super) fn append_null(&mut self) {
        self.offsets.push_length(0);
        self.nulls.append_null();
    }

    pub(super) fn finish(self) -> Result<ArrayRef, ArrowError> {
        let (field, fields, nulls) = (self.field(), self.entry_fields(), self.nulls.build());
        let entries = StructArray::try_new(fields, vec![self.keys.finish()?, self.values.finish()?], None)?;
        let array = MapArray::try_new(field, self.offsets.finish(), entries, nulls, false)?;
        Ok(Arc::new(array))
    }
}

/// Structs, one after the other.
#[derive(Debug)]
pub(super) struct StructBuilder {
    fields: Vec<(String, Builder)>,
    nulls: NullBufferBuilder,
}

impl StructBuilder {
    pub(super) fn new(types: &StructType) -> Self {
        let fields = types.fields.iter();
        Self {
            fields: fields
                .map(|field| (field.name.clone(), Builder::new(&field.data_type, field.nullable)))
                .collect(),
            nulls: NullBufferBuilder::new(0),
        }
    }

    fn arrow_fields(&self) -> Fields {
        self.fields.iter().map(|(name, builder)| builder.field(name)).collect()
    }

    pub(super) fn data_type(&self) -> ArrowType {
        ArrowType::Struct(self.arrow_fields())
    }

    pub(super) fn append(&mut self, value: Token<'_>) -> Result<(), Misfit> {
        let members = self.members(value)?;
        for ((name, builder), member) in self.fields.iter_mut().zip(members) {
            // Spark leaves out members that are null when it writes JSON.
            let appended = match member {
                Some(member) => builder.append(member),
                None => builder.append_missing(),
            };
            appended.map_err(|misfit| misfit.below(format_args!(".{name}")))?;
        }
        self.nulls.append_non_null();
        Ok(())
    }

    /// The members of an object in the order of the fields; those that are not there are `None`.
    fn members<'a>(&self, value: Token<'a>) -> Result<Vec<Option<Token<'a>>>, Misfit> {
        let mut cursor = Cursor::new(value.text);
        if !cursor.enter(b'{') {
            return Err(Misfit::new("a struct: an object", value.text));
        }
        let mut members = vec![None; self.fields.len()];
        let mut next = 0;
        while let Some((name, member)) = cursor.member() {
            let text = name
                .string()
                .map_err(|_| Misfit::new("the name of a field", name.text))?;
            // Mostly they come in the order of the fields. Fields may have the same name; then the members have it too.
            let mut indices = (next..members.len()).chain(0..next);
            let index = indices.find(|index| members[*index].is_none() && self.fields[*index].0 == text);
            let index = index.ok_or_else(|| Misfit::new("the name of a field, once", name.text))?;
            members[index] = Some(member);
            next = index + 1;
        }
        Ok(members)
    }

    pub(super) fn append_null(&mut self) {
        self.fields.iter_mut().for_each(|(_, builder)| builder.append_null());
        self.nulls.append_null();
    }

    pub(super) fn finish(self) -> Result<ArrayRef, ArrowError> {
        let (fields, length, nulls) = (self.arrow_fields(), self.nulls.len(), self.nulls.build());
        let arrays: Result<_, _> = self.fields.into_iter().map(|(_, builder)| builder.finish()).collect();
        let array = StructArray::try_new_with_length(fields, arrays?, nulls, length)?;
        Ok(Arc::new(array))
    }
}
