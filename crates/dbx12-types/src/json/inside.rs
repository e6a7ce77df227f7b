//! What is inside an array or an object, as serde reads it.

use super::key::Key;
use super::scan::{Cursor, Token};
use super::value::decode;
use super::{JsonText, Place};
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess};
use serde_json::Error;

/// The elements of an array.
pub(super) struct Elements<'c, 'a> {
    inside: Inside<'c, 'a>,
    index: usize,
}

/// The members of an object.
pub(super) struct Members<'c, 'a> {
    inside: Inside<'c, 'a>,
    key: Option<Token<'a>>,
}

/// Inside an array or an object.
struct Inside<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    place: &'c mut Place,
    /// Whether it is between a name and its value.
    owes_value: bool,
    /// Whether its end was reached.
    left: bool,
}

impl<'c, 'a> JsonText<'c, 'a> {
    /// Reads the array that begins here, and goes past it, also when it is not what `read` asks for.
    pub(super) fn array<V>(self, read: impl FnOnce(&mut Elements<'c, 'a>) -> Result<V, Error>) -> Result<V, Error> {
        let inside = Inside::enter(self, b'[')?;
        let mut elements = Elements { inside, index: 0 };
        let value = read(&mut elements);
        elements.inside.leave(value, |cursor| {
            cursor.value();
        })
    }

    /// Reads the object that begins here, and goes past it, also when it is not what `read` asks for.
    pub(super) fn object<V>(self, read: impl FnOnce(&mut Members<'c, 'a>) -> Result<V, Error>) -> Result<V, Error> {
        let inside = Inside::enter(self, b'{')?;
        let mut members = Members { inside, key: None };
        let value = read(&mut members);
        members.inside.leave(value, |cursor| {
            cursor.name();
            cursor.value();
        })
    }
}

impl<'c, 'a> Inside<'c, 'a> {
    fn enter(text: JsonText<'c, 'a>, bracket: u8) -> Result<Self, Error> {
        if !text.place.enter() {
            text.cursor.value();
            return Err(Error::custom("recursion limit exceeded"));
        }
        text.cursor.enter(bracket);
        Ok(Self {
            cursor: text.cursor,
            place: text.place,
            owes_value: false,
            left: false,
        })
    }

    fn has_next(&mut self) -> bool {
        self.left = self.left || !self.cursor.has_next();
        !self.left
    }

    fn value<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Error> {
        self.owes_value = false;
        decode(self.cursor, self.place, seed)
    }

    /// Goes past what nobody asked for: after an error too, since whoever asked may get over it and go on behind.
    fn leave<V>(mut self, value: Result<V, Error>, pass: impl Fn(&mut Cursor<'a>)) -> Result<V, Error> {
        self.place.leave();
        if self.owes_value {
            self.cursor.value();
        }
        let mut is_over = true;
        while self.has_next() {
            is_over = false;
            pass(self.cursor);
        }
        if value.is_ok() && !is_over {
            return Err(Error::custom("there is more in it than the type takes"));
        }
        value
    }
}

impl<'a> SeqAccess<'a> for Elements<'_, 'a> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if !self.inside.has_next() {
            return Ok(None);
        }
        let element = self.inside.value(seed);
        if element.is_err() {
            self.inside.place.below_index(self.index);
        }
        self.index += 1;
        element.map(Some)
    }
}

impl<'a> MapAccess<'a> for Members<'_, 'a> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if !self.inside.has_next() {
            return Ok(None);
        }
        let key = self.inside.cursor.name();
        (self.key, self.inside.owes_value) = (Some(key), true);
        seed.deserialize(Key(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let value = self.inside.value(seed);
        if let (Err(_), Some(key)) = (&value, self.key) {
            self.inside.place.below_key(key);
        }
        value
    }
}
