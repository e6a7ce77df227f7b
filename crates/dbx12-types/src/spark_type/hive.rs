//! Hive strings: `struct<a:int,b:array<string>>`, as Spark's `catalogString` writes them.

use super::{
    DataType, IntervalUnit, MAX_DEPTH, MapType, SIMPLE, StructField, StructType, UnrecognizedType, write_parameterised,
};
use std::fmt;

/// The type in `text`. What cannot be read stays as it is.
pub(super) fn parse(text: &str) -> DataType {
    nested(text, MAX_DEPTH)
}

fn nested(text: &str, depth: usize) -> DataType {
    simple(text)
        .or_else(|| container(text.trim(), depth.checked_sub(1)?))
        .unwrap_or_else(|| UnrecognizedType::name(text))
}

fn container(text: &str, depth: usize) -> Option<DataType> {
    let (name, rest) = text.split_once('<')?;
    let parts = split(rest.strip_suffix('>')?)?;
    match (name.trim_end().to_ascii_lowercase().as_str(), parts.as_slice()) {
        ("array", [element]) => Some(super::ArrayType::new(nested(element, depth)).into()),
        ("map", [key, value]) => Some(MapType::new(nested(key, depth), nested(value, depth)).into()),
        ("struct", [""]) => Some(StructType::default().into()),
        ("struct", fields) => {
            let fields = fields.iter().map(|text| field(text, depth)).collect::<Option<_>>()?;
            Some(StructType::new(fields).into())
        }
        _ => None,
    }
}

fn field(text: &str, depth: usize) -> Option<StructField> {
    let text = text.trim_start();
    let (name, data_type) = match quoted(text) {
        Some((name, rest)) => (name, rest.trim_start().strip_prefix(':')?),
        None => {
            let (name, data_type) = text.split_once(':')?;
            (name.trim_end().to_owned(), data_type)
        }
    };
    // White space after the colon is how SQL writes it; an unknown type keeps the rest of its text.
    Some(StructField::new(name, nested(data_type.trim(), depth)))
}

/// A name between backticks, in which two stand for one, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('`')?;
    let mut name = String::new();
    loop {
        let (part, after) = rest.split_once('`')?;
        name.push_str(part);
        match after.strip_prefix('`') {
            Some(after) => {
                name.push('`');
                rest = after;
            }
            None => return Some((name, after)),
        }
    }
}

/// The parts between the commas that are inside no brackets and no quoted name. `None` when brackets do not match.
fn split(text: &str) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let mut open = Vec::new();
    let (mut start, mut at) = (0, 0);
    let mut expects_name = true;
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'`' if expects_name => at = text.len() - quoted(text.get(at..)?)?.1.len() - 1,
            b'<' => open.push(b'>'),
            b'(' => open.push(b')'),
            b'>' | b')' if open.pop() != Some(*byte) => return None,
            b',' if open.is_empty() => {
                parts.push(text.get(start..at)?);
                start = at + 1;
            }
            _ => {}
        }
        expects_name = matches!(byte, b'<' | b',') || (expects_name && byte.is_ascii_whitespace());
        at += 1;
    }
    parts.push(text.get(start..)?);
    open.is_empty().then_some(parts)
}

/// A type without types inside, by any of its names: Spark's in JSON, Hive's, and SQL's.
pub(super) fn simple(text: &str) -> Option<DataType> {
    let text = text.trim();
    let is = |name: &str| text.eq_ignore_ascii_case(name);
    if let Some((data_type, ..)) = SIMPLE.iter().find(|(_, json, hive)| is(json) || is(hive)) {
        return Some(data_type.clone());
    }
    if is("real") {
        return Some(DataType::Float);
    }
    if is("timestamp_ltz") {
        return Some(DataType::Timestamp);
    }
    if let Some((name, numbers)) = text.split_once('(') {
        return with_numbers(name.trim_end(), numbers.strip_suffix(')')?);
    }
    if is("decimal") || is("dec") || is("numeric") {
        return decimal("10", "0");
    }
    interval(text)
}

fn with_numbers(name: &str, numbers: &str) -> Option<DataType> {
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    if is("decimal") || is("dec") || is("numeric") {
        let (precision, scale) = numbers.split_once(',').unwrap_or((numbers, "0"));
        return decimal(precision, scale);
    }
    let length = numbers.trim().parse().ok().filter(|length| *length > 0)?;
    if is("char") || is("character") {
        return Some(DataType::Char(length));
    }
    is("varchar").then_some(DataType::Varchar(length))
}

fn decimal(precision: &str, scale: &str) -> Option<DataType> {
    let precision: u8 = precision.trim().parse().ok()?;
    let scale: i8 = scale.trim().parse().ok()?;
    let fits = (1..=38).contains(&precision) && (-38..=i16::from(precision)).contains(&i16::from(scale));
    fits.then_some(DataType::Decimal { precision, scale })
}

/// `interval day to second`: two units of one kind, the larger first.
fn interval(text: &str) -> Option<DataType> {
    let mut words = text.split_ascii_whitespace();
    if !words.next()?.eq_ignore_ascii_case("interval") {
        return None;
    }
    let first = IntervalUnit::from_name(words.next()?)?;
    let last = match words.next() {
        None => first,
        Some(to) if to.eq_ignore_ascii_case("to") => IntervalUnit::from_name(words.next()?)?,
        Some(_) => return None,
    };
    let sound = words.next().is_none() && first <= last && first.is_month_based() == last.is_month_based();
    sound.then_some(DataType::Interval { first, last })
}

/// Writes the type as `catalogString` does.
pub(super) fn write(data_type: &DataType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let is_spelled = matches!(data_type, DataType::Spelled(_));
    if let Some((_, _, name)) = SIMPLE.iter().find(|(simple, ..)| !is_spelled && simple == data_type) {
        return f.write_str(name);
    }
    match data_type {
        DataType::Array(array) => write!(f, "array<{}>", array.element),
        DataType::Map(map) => write!(f, "map<{},{}>", map.key, map.value),
        DataType::Struct(types) => write_struct(&types.fields, f),
        DataType::UserDefined(defined) => match &defined.sql_type {
            Some(sql_type) => write(sql_type, f),
            None => f.write_str("udt"),
        },
        DataType::Unrecognized(unknown) => f.write_str(unknown.as_str()),
        DataType::Spelled(spelled) => f.write_str(spelled.as_str()),
        other => write_parameterised(other, f),
    }
}

fn write_struct(fields: &[StructField], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("struct<")?;
    for (index, field) in fields.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        f.write_str(comma)?;
        if reads_back(&field.name) {
            f.write_str(&field.name)?;
        } else {
            write!(f, "`{}`", field.name.replace('`', "``"))?;
        }
        write!(f, ":{}", field.data_type)?;
    }
    f.write_str(">")
}

/// Whether the name is read back without quotes. Spark writes none, so only what could not be read gets them.
fn reads_back(name: &str) -> bool {
    !name.is_empty()
        && name.trim() == name
        && !name.contains([':', '`', '<', '>'])
        && split(name).is_some_and(|parts| parts.len() == 1)
}
