//! Base64, by hand: so that this crate needs serde alone.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The standard alphabet, padded.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for position in 0..4 {
            let digit = ALPHABET[(group >> (18 - 6 * position) & 63) as usize];
            text.push(if position <= chunk.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

/// The bytes that `text` stands for. `None` unless it is standard base64: no white space, padding complete or left out, no
/// stray bits at the end.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = unpadded(text)?;
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    let (mut buffer, mut bits) = (0u32, 0u32);
    for character in digits.bytes() {
        buffer = buffer << 6 | u32::from(value(character)?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits) as u8);
            buffer &= (1 << bits) - 1;
        }
    }
    // Six bits left over are half a byte: the text was cut. Others must be zero: they stand for nothing.
    (bits != 6 && buffer == 0).then_some(bytes)
}

/// The bytes that `text` stands for, also when it is in the alphabet for URLs, has white space in it, or padding that it
/// does not need.
pub(crate) fn decode_lenient(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches(|c: char| c == '=' || c.is_ascii_whitespace());
    let standard = digits.chars().filter(|c| !c.is_ascii_whitespace()).map(|c| match c {
        '-' => '+',
        '_' => '/',
        other => other,
    });
    decode(&standard.collect::<String>())
}

/// The text without its padding, which fills it up to a multiple of four characters.
fn unpadded(text: &str) -> Option<&str> {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    (padding == 0 || (padding <= 2 && text.len().is_multiple_of(4))).then_some(digits)
}

fn value(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, decode_lenient, encode};
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

    #[test]
    fn sound_text_becomes_bytes() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("Zg==", b"f"),
            ("Zg", b"f"),
            ("Zm8=", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9vYmE=", b"fooba"),
            ("+/8=", b"\xfb\xff"),
        ] {
            assert_eq!(decode(text).as_deref(), Some(bytes), "{text}");
        }
    }

    #[test]
    fn other_text_does_not() {
        for text in [
            "a", "Zm9vY", "Z===", "Zg=", "Zm=v", "Zm9v\n", "Zm9-", "Zh==", "=", "====", "é",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn lenient_where_it_is_harmless_and_nowhere_else() {
        assert_eq!(decode_lenient("aGVs\nbG8 = \n").unwrap(), b"hello");
        assert_eq!(decode_lenient("-_-_"), decode("+/+/"));
        assert_eq!(decode_lenient("aGVsb"), None);
        assert_eq!(decode_lenient("a!"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn bytes_survive(bytes in any::<Vec<u8>>()) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes.clone()));
            prop_assert_eq!(decode_lenient(&encode(&bytes)), Some(bytes));
        }
    }
}
