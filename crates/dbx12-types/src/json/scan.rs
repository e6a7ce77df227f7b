//! Walking over JSON text without decoding it.
//!
//! The text was found to be sound JSON when the table was decoded, so nothing is checked again here. On text that is not
//! sound a walk ends early; it never panics and always ends.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A place in JSON text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

/// One JSON value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    /// All of it.
    pub(crate) text: &'a str,
    /// Whether it is a string with escapes.
    escaped: bool,
}

impl<'a> Cursor<'a> {
    /// At the beginning of `text`.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Goes into the array (`[`) or object (`{`) that begins here. False when none does; then it stays.
    pub(crate) fn enter(&mut self, bracket: u8) -> bool {
        let enters = self.skip_white_space() == Some(bracket);
        self.at += usize::from(enters);
        enters
    }

    /// The next value of the array it is in. `None` at the array's end, which it leaves.
    #[cfg(any(feature = "arrow", test))]
    pub(crate) fn element(&mut self) -> Option<Token<'a>> {
        self.has_next().then(|| self.value())
    }

    /// The next name and value of the object it is in. `None` at the object's end, which it leaves.
    #[cfg(feature = "arrow")]
    pub(crate) fn member(&mut self) -> Option<(Token<'a>, Token<'a>)> {
        self.has_next().then(|| (self.name(), self.value()))
    }

    /// The name of the member that begins here; goes on to its value.
    pub(crate) fn name(&mut self) -> Token<'a> {
        let name = self.value();
        let has_value = self.skip_white_space() == Some(b':');
        self.at += usize::from(has_value);
        self.skip_white_space();
        name
    }

    /// Whether the array or object it is in goes on; then it is at the next value. Else it leaves it.
    pub(crate) fn has_next(&mut self) -> bool {
        let mut byte = self.skip_white_space();
        if byte == Some(b',') {
            self.at += 1;
            byte = self.skip_white_space();
        }
        match byte {
            Some(b']' | b'}') => {
                self.at += 1;
                false
            }
            byte => byte.is_some(),
        }
    }

    /// The value that begins here; goes past it.
    pub(crate) fn value(&mut self) -> Token<'a> {
        let start = self.at;
        let rest = self.rest();
        let (length, escaped) = match rest.first() {
            Some(b'"') => string_length(rest),
            Some(b'[' | b'{') => (nested_length(rest), false),
            Some(b't' | b'n') => (4, false),
            Some(b'f') => (5, false),
            _ => (number_length(rest), false),
        };
        self.at = start + length;
        Token {
            text: self.text.get(start..self.at).unwrap_or_default(),
            escaped,
        }
    }

    /// What kind of value begins here.
    pub(crate) fn kind(&self) -> Kind {
        Kind::of(self.rest())
    }

    /// The text of the string that begins here; goes past it. `None` when it has escapes, or is no string; then it stays.
    pub(crate) fn plain_string(&mut self) -> Option<&'a str> {
        let (b'"', rest) = self.rest().split_first()? else {
            return None;
        };
        let length = plain_length(rest);
        if rest.get(length) != Some(&b'"') {
            return None;
        }
        let start = self.at + 1;
        self.at = start + length + 1;
        self.text.get(start..start + length)
    }

    /// The number that begins here, when it is a whole one of at most 18 digits, which any `i64` holds; goes past it.
    /// `None` for all else, and for `-0`, which is a float; then it stays.
    pub(crate) fn integer(&mut self) -> Option<i64> {
        let rest = self.rest();
        let sign = usize::from(rest.first() == Some(&b'-'));
        let mut length = sign;
        let mut number = 0i64;
        while let Some(byte) = rest.get(length).filter(|byte| byte.is_ascii_digit()) {
            number = number.wrapping_mul(10).wrapping_add(i64::from(byte - b'0'));
            length += 1;
        }
        let is_whole = rest.get(length).is_none_or(|byte| ENDS_NUMBER[usize::from(*byte)]);
        let is_negative_zero = sign == 1 && number == 0;
        if !is_whole || is_negative_zero || !(1..=18).contains(&(length - sign)) {
            return None;
        }
        self.at += length;
        Some(if sign == 1 { -number } else { number })
    }

    /// The float that begins here, when it is digits with at most one point, and at most 15 of them; goes past it. These
    /// digits and their power of ten are exact, and so their quotient is the nearest float. `None` for all else; then it
    /// stays.
    pub(crate) fn float(&mut self) -> Option<f64> {
        const POWERS_OF_TEN: [f64; 16] = [
            1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
        ];
        let rest = self.rest();
        let sign = usize::from(rest.first() == Some(&b'-'));
        let (mut length, mut digits, mut point) = (sign, 0u64, None);
        while let Some(byte) = rest.get(length) {
            match byte {
                b'0'..=b'9' => digits = digits.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')),
                b'.' if point.is_none() => point = Some(length),
                _ => break,
            }
            length += 1;
        }
        let is_plain = rest.get(length).is_none_or(|byte| ENDS_NUMBER[usize::from(*byte)]);
        let count = length - sign - usize::from(point.is_some());
        if !is_plain || !(1..=15).contains(&count) {
            return None;
        }
        let fraction = point.map_or(0, |point| length - point - 1);
        self.at += length;
        let number = digits as f64 / POWERS_OF_TEN[fraction];
        Some(if sign == 1 { -number } else { number })
    }

    /// Whether it is where `other` is, in the same text.
    pub(crate) fn is_at(&self, other: &Self) -> bool {
        self.at == other.at
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Goes to the next byte that is no white space, and returns it.
    fn skip_white_space(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !is_white_space(byte) {
                return Some(byte);
            }
            self.at += 1;
        }
    }
}

/// The length of the string that `bytes` begins with, and whether there are escapes in it.
fn string_length(bytes: &[u8]) -> (usize, bool) {
    let mut length = 1;
    let mut escaped = false;
    loop {
        let rest = bytes.get(length..).unwrap_or_default();
        length += plain_length(rest);
        match bytes.get(length) {
            Some(b'\\') => {
                escaped = true;
                length += 2;
            }
            Some(_) => return (length + 1, escaped),
            None => return (bytes.len(), escaped),
        }
    }
}

/// The length of the array or object that `bytes` begins with, however deep it is.
fn nested_length(bytes: &[u8]) -> usize {
    let (mut length, mut depth) = (0, 0usize);
    while let Some(byte) = bytes.get(length) {
        match byte {
            b'"' => {
                length += string_length(&bytes[length..]).0;
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        length += 1;
        if depth == 0 {
            break;
        }
    }
    length
}

/// The length of the number that `bytes` begins with: at least one, so that every walk ends.
fn number_length(bytes: &[u8]) -> usize {
    let rest = bytes.get(1..).unwrap_or_default();
    let length = rest.iter().position(|byte| ENDS_NUMBER[usize::from(*byte)]);
    1 + length.unwrap_or(rest.len())
}

/// How many bytes come before the first quote or backslash; all, when there is none.
fn plain_length(bytes: &[u8]) -> usize {
    memchr::memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len())
}

/// Between the values of sound JSON nothing else is as low as a blank.
fn is_white_space(byte: u8) -> bool {
    byte <= b' '
}

/// The bytes that end a number.
static ENDS_NUMBER: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        ends[byte] = byte <= b' ' as usize || matches!(byte as u8, b',' | b']' | b'}');
        byte += 1;
    }
    ends
};

impl<'a> Token<'a> {
    /// A whole text.
    pub(crate) fn of(raw: &'a RawValue) -> Self {
        Cursor::new(raw.get()).value()
    }

    /// The first byte, which says what kind of value it is.
    pub(crate) fn kind(&self) -> Kind {
        Kind::of(self.text.as_bytes())
    }

    /// The text of a string that has no escapes.
    pub(crate) fn plain(&self) -> Option<&'a str> {
        if self.escaped || self.kind() != Kind::String {
            return None;
        }
        self.text.get(1..self.text.len().checked_sub(1)?)
    }

    /// The text of a string.
    ///
    /// # Errors
    /// When it is no string, or has an escape that stands for no character: half of a surrogate pair.
    pub(crate) fn string(&self) -> Result<Cow<'a, str>, serde_json::Error> {
        match self.plain() {
            Some(plain) => Ok(Cow::Borrowed(plain)),
            None => self.decode().map(Cow::Owned),
        }
    }

    /// The value as `serde_json` decodes it.
    ///
    /// # Errors
    /// When it is not a `T`.
    pub(crate) fn decode<T: Deserialize<'a>>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.text)
    }
}

/// What kind of JSON value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    /// The kind of value that `text` begins with.
    fn of(text: &[u8]) -> Self {
        match text.first() {
            Some(b'"') => Self::String,
            Some(b'[') => Self::Array,
            Some(b'{') => Self::Object,
            Some(b't' | b'f') => Self::Boolean,
            Some(b'n') | None => Self::Null,
            Some(_) => Self::Number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{ProptestConfig, any, proptest};

    fn elements(text: &str) -> Vec<&str> {
        let mut cursor = Cursor::new(text);
        assert!(cursor.enter(b'['));
        std::iter::from_fn(|| cursor.element())
            .map(|token| token.text)
            .collect()
    }

    #[test]
    fn values_are_found_by_their_ends() {
        let text = " [ 1 ,\n\"a,]\\\"\\\\\",[[ ], {\"]\":\"}\"}] , null,true,-1.5e+3,{\t} ] ";
        let found = elements(text);
        assert_eq!(
            found,
            [
                "1",
                "\"a,]\\\"\\\\\"",
                "[[ ], {\"]\":\"}\"}]",
                "null",
                "true",
                "-1.5e+3",
                "{\t}"
            ]
        );
        assert_eq!(elements("[]"), Vec::<&str>::new());
        assert!(!Cursor::new("{}").enter(b'['));
    }

    #[test]
    #[cfg(feature = "arrow")]
    fn members_are_names_and_values() {
        let mut cursor = Cursor::new("{ \"a\" : [1] ,\"b\":2}");
        assert!(cursor.enter(b'{'));
        let members: Vec<_> = std::iter::from_fn(|| cursor.member())
            .map(|(name, value)| (name.plain().unwrap(), value.text))
            .collect();
        assert_eq!(members, [("a", "[1]"), ("b", "2")]);
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        let mut cursor = Cursor::new(r#"["plain","\u00e9","\ud800"]"#);
        cursor.enter(b'[');
        let tokens: Vec<_> = std::iter::from_fn(|| cursor.element()).collect();
        assert!(matches!(tokens[0].string().unwrap(), Cow::Borrowed("plain")));
        assert_eq!(tokens[1].string().unwrap(), "é");
        assert!(tokens[2].string().is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_walked_to_an_end(text in "[\\[\\]{},:\"\\\\ 0-9a-n\u{e9}\n]{0,40}", prefix in any::<String>()) {
            for text in [text, prefix] {
                let text = format!("[{text}");
                let found = elements(&text);
                if let Ok(expected) = serde_json::from_str::<Vec<&RawValue>>(&text) {
                    assert_eq!(found, expected.into_iter().map(RawValue::get).collect::<Vec<_>>());
                }
                let mut cursor = Cursor::new(&text);
                cursor.enter(b'[');
                #[cfg(feature = "arrow")]
                while cursor.member().is_some() {}
                while cursor.element().is_some() {}
            }
        }
    }
}
