//! Standard base64, strictly. By hand, so that this crate needs serde alone.

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
    use super::decode;

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
}
