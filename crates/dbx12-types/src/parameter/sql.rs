//! Spark SQL literals.

use super::kind::Kind;
use super::{Parameter, ParameterError};

pub(super) fn literal(parameter: &Parameter) -> Result<String, ParameterError> {
    // A list of several kinds would be converted to one of them without a word.
    Kind::of(parameter).ok_or(ParameterError::Mixed)?;
    let mut text = String::new();
    write(&mut text, parameter);
    Ok(text)
}

fn write(out: &mut String, parameter: &Parameter) {
    match parameter {
        Parameter::Null => out.push_str("NULL"),
        Parameter::Bool(true) => out.push_str("TRUE"),
        Parameter::Bool(false) => out.push_str("FALSE"),
        Parameter::Integer(number) => out.push_str(&super::signed(*number < 0, &number.unsigned_abs().to_string())),
        Parameter::Float(number) => out.push_str(&double(*number)),
        Parameter::Decimal(decimal) => {
            out.push_str(&super::signed(
                decimal.is_negative(),
                &format!("{}BD", decimal.magnitude()),
            ));
        }
        Parameter::Text(text) => string(out, text),
        Parameter::Bytes(bytes) => hexadecimal(out, bytes),
        Parameter::Date(date) => out.push_str(&format!("DATE '{date}'")),
        // The offset `Z` in it makes it a point in time whatever `spark.sql.timestampType` says.
        Parameter::Timestamp(time) => out.push_str(&format!("TIMESTAMP '{time}'")),
        Parameter::List(items) => super::write_all(out, ["array(", ")"], items, write),
        Parameter::Map(entries) => super::write_all(out, ["map(", ")"], entries, |out, (name, value)| {
            string(out, name);
            out.push_str(", ");
            write(out, value);
        }),
    }
}

fn double(number: f64) -> String {
    if number.is_nan() {
        return "CAST('NaN' AS DOUBLE)".to_owned();
    }
    if number.is_infinite() {
        let sign = if number < 0.0 { "-" } else { "" };
        return format!("CAST('{sign}Infinity' AS DOUBLE)");
    }
    super::signed(number.is_sign_negative(), &format!("{:?}D", number.abs()))
}

fn string(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push('\'');
        out.push_str(text);
        out.push('\'');
        return;
    }
    out.push_str("CAST(");
    hexadecimal(out, text.as_bytes());
    out.push_str(" AS STRING)");
}

/// Whether neither Spark, of whatever version and setting, nor a client that only splits statements or drops comments
/// can see anything in the text but itself.
fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b" _.,:/@+=()-".contains(&byte);
    text.bytes().all(is_plain) && !text.contains("--")
}

fn hexadecimal(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push_str("X'");
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out.push('\'');
}
