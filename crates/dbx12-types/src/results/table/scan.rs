//! Walking over JSON text without decoding it.
//!
//! The text was found to be sound JSON when the table was decoded, so nothing is checked again here. On text that is not
//! sound a walk ends early; it never panics and always ends.

use serde::Deserialize;
use std::borrow::Cow;

/// A place in JSON text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

/// One JSON value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    /// All of it.
    pub(super) text: &'a str,
    /// Whether it is a string with escapes.
    escaped: bool,
}

impl<'a> Cursor<'a> {
    /// At the beginning of `text`.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Goes into the array (`[`) or object (`{`) that begins here. False when none does; then it stays.
    pub(super) fn enter(&mut self, bracket: u8) -> bool {
        let enters = self.skip_white_space() == Some(bracket);
        self.at += usize::from(enters);
        enters
    }

    /// The next value of the array it is in. `None` at the array's end, which it leaves.
    pub(super) fn element(&mut self) -> Option<Token<'a>> {
        self.has_next().then(|| self.value())
    }

    /// The next name and value of the object it is in. `None` at the object's end, which it leaves.
    #[cfg(feature = "arrow")]
    pub(super) fn member(&mut self) -> Option<(Token<'a>, Token<'a>)> {
        self.has_next().then(|| {
            let name = self.value();
            let has_value = self.skip_white_space() == Some(b':');
            self.at += usize::from(has_value);
            self.skip_white_space();
            (name, self.value())
        })
    }

    /// Whether the array or object it is in goes on; then it is at the next value. Else it leaves it.
    pub(super) fn has_next(&mut self) -> bool {
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
    pub(super) fn value(&mut self) -> Token<'a> {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let (length, escaped) = match rest.first() {
            Some(b'"') => string_length(rest),
            Some(b'[' | b'{') => (nested_length(rest), false),
            _ => (scalar_length(rest), false),
        };
        self.at = start + length;
        Token {
            text: self.text.get(start..self.at).unwrap_or_default(),
            escaped,
        }
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

/// The length of the number or word that `bytes` begins with: at least one, so that every walk ends.
fn scalar_length(bytes: &[u8]) -> usize {
    let rest = bytes.get(1..).unwrap_or_default();
    let length = rest.iter().position(|byte| ENDS_SCALAR[usize::from(*byte)]);
    1 + length.unwrap_or(rest.len())
}

/// How many bytes come before the first quote or backslash; all, when there is none. Eight at a time: most of a table
/// is text.
fn plain_length(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*word);
        let found = first_equal(word, b'"') | first_equal(word, b'\\');
        if found != 0 {
            return bytes.len() - rest.len() + (found.trailing_zeros() / 8) as usize;
        }
        rest = after;
    }
    let ends = |byte: &u8| matches!(byte, b'"' | b'\\');
    bytes.len() - rest.len() + rest.iter().position(ends).unwrap_or(rest.len())
}

/// The lowest bit set is in the lowest byte of `word` that equals `byte`; zero when there is none.
fn first_equal(word: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::from_le_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let zero_where_equal = word ^ (ONES * u64::from(byte));
    zero_where_equal.wrapping_sub(ONES) & !zero_where_equal & HIGH
}

/// Between the values of sound JSON nothing else is as low as a blank.
fn is_white_space(byte: u8) -> bool {
    byte <= b' '
}

/// The bytes that end a number or a word.
static ENDS_SCALAR: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        ends[byte] = byte <= b' ' as usize || matches!(byte as u8, b',' | b']' | b'}' | b':');
        byte += 1;
    }
    ends
};

impl<'a> Token<'a> {
    /// The first byte, which says what kind of value it is.
    pub(super) fn kind(&self) -> Kind {
        match self.text.as_bytes().first() {
            Some(b'"') => Kind::String,
            Some(b'[') => Kind::Array,
            Some(b'{') => Kind::Object,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number,
        }
    }

    /// The text of a string that has no escapes.
    pub(super) fn plain(&self) -> Option<&'a str> {
        if self.escaped || self.kind() != Kind::String {
            return None;
        }
        self.text.get(1..self.text.len().checked_sub(1)?)
    }

    /// The text of a string.
    ///
    /// # Errors
    /// When it is no string, or has an escape that stands for no character: half of a surrogate pair.
    pub(super) fn string(&self) -> Result<Cow<'a, str>, serde_json::Error> {
        match self.plain() {
            Some(plain) => Ok(Cow::Borrowed(plain)),
            None => self.decode().map(Cow::Owned),
        }
    }

    /// The value as `serde_json` decodes it.
    ///
    /// # Errors
    /// When it is not a `T`.
    pub(super) fn decode<T: Deserialize<'a>>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.text)
    }
}

/// What kind of JSON value it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{ProptestConfig, any, proptest};
    use serde_json::value::RawValue;

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
