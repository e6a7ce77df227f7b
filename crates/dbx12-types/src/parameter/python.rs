//! Python literals.

use super::Parameter;
use super::time::Clock;
use std::fmt::Write as _;

pub(super) fn literal(parameter: &Parameter) -> String {
    let mut text = String::new();
    write(&mut text, parameter);
    text
}

fn write(out: &mut String, parameter: &Parameter) {
    match parameter {
        Parameter::Null => out.push_str("None"),
        Parameter::Bool(true) => out.push_str("True"),
        Parameter::Bool(false) => out.push_str("False"),
        Parameter::Integer(number) => out.push_str(&super::signed(*number < 0, &number.unsigned_abs().to_string())),
        Parameter::Float(number) => out.push_str(&float(*number)),
        Parameter::Decimal(decimal) => push(out, format_args!("__import__('decimal').Decimal('{decimal}')")),
        Parameter::Text(text) => quoted(out, text),
        Parameter::Bytes(bytes) => {
            out.push('b');
            quoted(out, &bytes.iter().copied().map(char::from).collect::<String>());
        }
        Parameter::Date(date) => {
            let (year, month, day) = (date.year(), date.month(), date.day());
            push(out, format_args!("__import__('datetime').date({year}, {month}, {day})"));
        }
        Parameter::Timestamp(time) => {
            let Clock {
                date,
                hour,
                minute,
                second,
                micro,
            } = time.clock();
            let (year, month, day) = (date.year(), date.month(), date.day());
            push(
                out,
                format_args!(
                    "__import__('datetime').datetime({year}, {month}, {day}, {hour}, {minute}, {second}, {micro}, \
                     __import__('datetime').timezone.utc)"
                ),
            );
        }
        Parameter::List(items) => super::write_all(out, ["[", "]"], items, write),
        Parameter::Map(entries) => super::write_all(out, ["{", "}"], entries, |out, (name, value)| {
            quoted(out, name);
            out.push_str(": ");
            write(out, value);
        }),
    }
}

/// `float` may have been given another meaning by the code; `math` is asked for anew.
fn float(number: f64) -> String {
    if number.is_nan() {
        return "__import__('math').nan".to_owned();
    }
    let magnitude = if number.is_infinite() {
        "__import__('math').inf".to_owned()
    } else {
        format!("{:?}", number.abs())
    };
    super::signed(number.is_sign_negative(), &magnitude)
}

/// A `'…'` of printable ASCII. Every escape has a fixed length, so what follows it cannot become part of it.
fn quoted(out: &mut String, text: &str) {
    out.push('\'');
    for character in text.chars() {
        match character {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(character),
            '\0'..='\u{ff}' => push(out, format_args!("\\x{:02x}", u32::from(character))),
            '\u{100}'..='\u{ffff}' => push(out, format_args!("\\u{:04x}", u32::from(character))),
            _ => push(out, format_args!("\\U{:08x}", u32::from(character))),
        }
    }
    out.push('\'');
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _ = out.write_fmt(text);
}
