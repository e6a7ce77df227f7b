//! The named values of a JSON object, kept as they came: what makes the models lossless.

use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;

/// Named JSON values in the order they came, each as its original text.
///
/// A model takes out of it the fields it knows and can read; what stays is written back unchanged. So a field this
/// version does not know, a `null`, or a number that no Rust type holds survives decoding and encoding.
///
/// A name that comes twice keeps its last value, as JSON readers commonly do.
#[derive(Clone, Default)]
pub struct Fields(Vec<(String, Box<RawValue>)>);

impl Fields {
    /// The value of `name` as raw JSON.
    pub fn get(&self, name: &str) -> Option<&RawValue> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }

    /// The value of `name` read as `T`: `None` when it is missing, `null`, or not a `T`.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        read_raw(self.get(name)?)
    }

    /// Sets `name`, replacing the value it had.
    ///
    /// # Errors
    /// When `value` cannot be written as JSON.
    pub fn set<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), serde_json::Error> {
        self.set_raw(name.to_owned(), serde_json::value::to_raw_value(value)?);
        Ok(())
    }

    /// Sets `name` to a value that already is JSON text.
    pub fn set_raw(&mut self, name: String, value: Box<RawValue>) {
        match self.0.iter_mut().find(|(key, _)| *key == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// Takes `name` out and returns its raw value.
    pub fn remove(&mut self, name: &str) -> Option<Box<RawValue>> {
        let index = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(index).1)
    }

    /// Takes `name` out if it can be read as `T`. A missing value, a `null` or a value of another kind stays.
    pub fn take<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let value = self.read(name)?;
        self.remove(name);
        Some(value)
    }

    /// As [`take`](Self::take), but a value in another spelling than it is written in stays.
    pub(crate) fn take_spelled<T: Value>(&mut self, name: &str) -> Option<T> {
        let value: T = self.read(name)?;
        if self.get(name).is_some_and(|raw| value.is_written_as(raw)) {
            self.remove(name);
        }
        Some(value)
    }

    /// The value of `name`, if it is in another spelling than it is written in.
    pub(crate) fn other_spelling<T: Value>(&self, name: &str) -> Option<(T, &RawValue)> {
        let raw = self.get(name)?;
        let value: T = read_raw(raw)?;
        (!value.is_written_as(raw)).then_some((value, raw))
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Names and raw values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), &**value))
    }

    /// Writes every value whose name is not among `written`.
    pub(crate) fn write_except<M: SerializeMap>(&self, written: &[Option<&str>], map: &mut M) -> Result<(), M::Error> {
        self.iter()
            .filter(|(name, _)| !written.contains(&Some(name)))
            .try_for_each(|(name, value)| map.serialize_entry(name, value))
    }
}

impl Fields {
    /// Fields in the order in which they came.
    pub(crate) fn of(fields: Vec<(String, Box<RawValue>)>) -> Self {
        Self(last_of_each(fields))
    }
}

fn read_raw<T: DeserializeOwned>(value: &RawValue) -> Option<T> {
    if value.get() == "null" {
        return None;
    }
    serde_json::from_str(value.get()).ok()
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.iter().map(|(name, value)| (name, value.get())))
            .finish()
    }
}

/// Equal when the same names have the same JSON text, in whatever order.
impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && sorted(self.iter()).eq(&sorted(other.iter()))
    }
}

/// Sorted, so that comparing many fields does not cost their number squared.
fn sorted<'a>(fields: impl Iterator<Item = (&'a str, &'a RawValue)>) -> Vec<(&'a str, &'a str)> {
    let mut fields: Vec<_> = fields.map(|(name, value)| (name, value.get())).collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    fields
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields::of(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

/// Of fields with the same name the last value, in the place of the first.
///
/// Many are sorted for it, so that they do not cost their number squared: what comes is not ours.
fn last_of_each<K: Ord, V: Clone>(mut fields: Vec<(K, V)>) -> Vec<(K, V)> {
    const FEW: usize = 8;
    let is_new = |index: usize| fields[..index].iter().all(|earlier| earlier.0 != fields[index].0);
    if fields.len() <= FEW && (0..fields.len()).all(is_new) {
        return fields;
    }
    let mut order: Vec<_> = (0..fields.len()).collect();
    order.sort_by(|one, other| fields[*one].0.cmp(&fields[*other].0));
    let same = order.chunk_by(|one, other| fields[*one].0 == fields[*other].0);
    let repeated: Vec<_> = same.filter(|same| same.len() > 1).map(<[_]>::to_vec).collect();
    if repeated.is_empty() {
        return fields;
    }
    let mut stays = vec![true; fields.len()];
    for same in &repeated {
        fields[same[0]].1 = fields[same[same.len() - 1]].1.clone();
        same[1..].iter().for_each(|later| stays[*later] = false);
    }
    let mut stays = stays.into_iter();
    fields.retain(|_| stays.next().unwrap_or(true));
    fields
}

/// A field without which a message makes no sense is missing, or is of another kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldError {
    /// The field is missing, `null`, or an empty string.
    Missing {
        /// Its name on the wire.
        field: &'static str,
    },
    /// The field is there, but is not what it should be.
    Mismatch {
        /// Its name on the wire.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

impl FieldError {
    /// The field's name on the wire.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Missing { field } | Self::Mismatch { field, .. } => field,
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { field } => write!(f, "missing {field}"),
            Self::Mismatch { field, expected } => write!(f, "{field} is not {expected}"),
        }
    }
}

impl std::error::Error for FieldError {}

/// A typed field of a wire object: how it is taken out of [`Fields`], and when it is left out of the answer.
pub(crate) trait Field: PartialEq + Sized {
    fn take(fields: &mut Fields, name: &'static str) -> Result<Self, FieldError>;
    fn is_absent(&self) -> bool;

    /// The value that stayed in `extra`, because it came in another spelling than it is written in.
    fn other_spelling<'a>(_extra: &'a Fields, _name: &str) -> Option<(Self, &'a RawValue)> {
        None
    }

    /// Writes the field into a JSON object: as it came, unless it was changed since.
    fn write<M: SerializeMap>(&self, name: &'static str, extra: &Fields, map: &mut M) -> Result<(), M::Error>
    where
        Self: Serialize,
    {
        match Self::other_spelling(extra, name) {
            Some((value, raw)) if value == *self => map.serialize_entry(name, raw),
            _ if !self.is_absent() => map.serialize_entry(name, self),
            _ => Ok(()),
        }
    }

    /// Whether `extra` does not write it.
    fn is_written(&self, name: &str, extra: &Fields) -> bool {
        !self.is_absent() || Self::other_spelling(extra, name).is_some()
    }
}

/// A value that may be missing from a message.
pub(crate) trait Value: DeserializeOwned {
    /// Whether `text` is how the value is written. Other spellings stay among the fields, and are written back.
    fn is_written_as(&self, _text: &RawValue) -> bool {
        true
    }
}

impl Value for String {}
impl Value for Vec<String> {}
impl Value for u16 {}
impl Value for u32 {}

impl<T: Value + PartialEq> Field for Option<T> {
    fn take(fields: &mut Fields, name: &'static str) -> Result<Self, FieldError> {
        Ok(fields.take_spelled(name))
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn other_spelling<'a>(extra: &'a Fields, name: &str) -> Option<(Self, &'a RawValue)> {
        extra.other_spelling::<T>(name).map(|(value, raw)| (Some(value), raw))
    }
}

/// Text without which the message makes no sense.
impl Field for String {
    fn take(fields: &mut Fields, name: &'static str) -> Result<Self, FieldError> {
        require_text(fields, name)
    }

    fn is_absent(&self) -> bool {
        false
    }
}

/// Takes text that must be there; empty text counts as missing.
pub(crate) fn require_text(fields: &mut Fields, name: &'static str) -> Result<String, FieldError> {
    match fields.take::<String>(name) {
        Some(text) if !text.is_empty() => Ok(text),
        Some(_) => Err(FieldError::Missing { field: name }),
        None if fields.get(name).is_none_or(|value| value.get() == "null") => Err(FieldError::Missing { field: name }),
        None => Err(FieldError::Mismatch {
            field: name,
            expected: "text",
        }),
    }
}

/// An object on the wire: typed fields over [`Fields`].
pub(crate) trait Object: Sized {
    fn from_fields(fields: Fields) -> Result<Self, FieldError>;
}

pub(crate) fn deserialize_object<'de, T: Object, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::from_fields(Fields::deserialize(deserializer)?).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::cmp::Ordering;

    #[test]
    fn a_name_that_comes_twice_keeps_its_last_value_in_its_first_place() {
        let fields: Fields = serde_json::from_str(r#"{"b":1,"a":2,"b":3,"c":4,"b":5,"a":6}"#).unwrap();
        assert_eq!(serde_json::to_string(&fields).unwrap(), r#"{"b":5,"a":6,"c":4}"#);
    }

    #[test]
    fn fields_are_equal_in_any_order_and_many_are_compared_in_no_time() {
        let fields = |json: &str| serde_json::from_str::<Fields>(json).unwrap();
        assert_eq!(fields(r#"{"a":1,"b":[2]}"#), fields(r#"{"b":[2],"a":1}"#));
        assert_ne!(fields(r#"{"a":1}"#), fields(r#"{"a":1.0}"#));
        assert_ne!(fields(r#"{"a":1}"#), fields(r#"{"b":1}"#));
        assert_ne!(fields(r#"{"a":1}"#), fields(r#"{"a":1,"b":1}"#));
        // Each looked for among all, this would take hours.
        const NAMES: usize = 300_000;
        let many = |names: &mut dyn Iterator<Item = usize>| {
            Fields(
                names
                    .map(|name| (name.to_string(), RawValue::NULL.to_owned()))
                    .collect(),
            )
        };
        assert_eq!(many(&mut (0..NAMES)), many(&mut (0..NAMES).rev()));
    }

    /// A name that counts how often it is compared.
    struct Name<'a>(usize, &'a Cell<usize>);

    impl Ord for Name<'_> {
        fn cmp(&self, other: &Self) -> Ordering {
            self.1.update(|count| count + 1);
            self.0.cmp(&other.0)
        }
    }

    impl PartialOrd for Name<'_> {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    impl PartialEq for Name<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.cmp(other).is_eq()
        }
    }

    impl Eq for Name<'_> {}

    #[test]
    fn many_names_are_not_each_compared_with_each() {
        const NAMES: usize = 10_000;
        let compared = Cell::new(0);
        // Each comes twice, in no order: 7 is no divisor of their number.
        let fields = (0..2 * NAMES).map(|index| (Name(index * 7 % NAMES, &compared), index));
        let fields = last_of_each(fields.collect());
        assert_eq!(fields.len(), NAMES);
        assert!(fields.iter().enumerate().all(|(index, field)| field.1 == NAMES + index));
        assert!(compared.get() < 40 * NAMES, "{} comparisons", compared.get());
    }
}
