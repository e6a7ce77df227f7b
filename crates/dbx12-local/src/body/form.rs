//! Queries and forms: `name=value&…`, percent-encoded.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// The pairs of a query or a form. A `%` that begins no escape stands for itself, as in browsers.
///
/// # Errors
/// A text that follows "the body": when it is no form, or a value is not UTF-8 once decoded.
pub(super) fn decode(text: &[u8]) -> Result<Vec<(String, String)>, String> {
    let text = text.trim_ascii();
    if !text.is_empty() && !text.contains(&b'=') {
        return Err("is neither a JSON object, nor a form, nor multipart".to_owned());
    }
    text.split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(pair)
        .collect()
}

fn pair(pair: &[u8]) -> Result<(String, String), String> {
    let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
    let name = decode_text(&pair[..equals]).ok_or_else(|| "has a name that is not UTF-8".to_owned())?;
    let value = decode_text(pair.get(equals + 1..).unwrap_or_default());
    let value = value.ok_or_else(|| format!("has a value of {name:?} that is not UTF-8"))?;
    Ok((name, value))
}

fn decode_text(encoded: &[u8]) -> Option<String> {
    let mut spaced = Cow::Borrowed(encoded);
    if encoded.contains(&b'+') {
        spaced
            .to_mut()
            .iter_mut()
            .filter(|byte| **byte == b'+')
            .for_each(|byte| *byte = b' ');
    }
    String::from_utf8(percent_decode(&spaced).collect()).ok()
}
