//! What the fuzz targets share: how to compare JSON without losing any of it, and how to make a table of text.

use std::collections::BTreeMap;

use dbx12_types::{Fields, Results, Table};
use serde_json::value::RawValue;

/// How deep [`exact`] looks. Below, equal means the same text.
const DEPTH: usize = 64;

/// JSON with numbers as their text, so that none is rounded before it is compared.
#[derive(Debug, PartialEq)]
pub enum Exact {
    /// Text by its value: an escape may be written in another way.
    Text(String),
    /// A number or a word, or what was not looked into, as written.
    Written(String),
    /// An array.
    List(Vec<Exact>),
    /// An object. A name that comes twice has its last value.
    Object(BTreeMap<String, Exact>),
}

/// Reads sound JSON for a comparison.
pub fn exact(json: &str) -> Exact {
    exact_to(json.trim(), DEPTH)
}

fn exact_to(json: &str, depth: usize) -> Exact {
    let written = || Exact::Written(json.to_owned());
    if depth == 0 {
        return written();
    }
    let inner = |raw: &RawValue| exact_to(raw.get(), depth - 1);
    match json.bytes().next() {
        Some(b'{') => serde_json::from_str::<Fields>(json).map_or_else(
            |_| written(),
            |fields| Exact::Object(fields.iter().map(|(name, raw)| (name.to_owned(), inner(raw))).collect()),
        ),
        Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(json).map_or_else(
            |_| written(),
            |items| Exact::List(items.into_iter().map(inner).collect()),
        ),
        Some(b'"') => serde_json::from_str(json).map_or_else(|_| written(), Exact::Text),
        _ => written(),
    }
}

/// The table whose schema and rows are these, when both are sound JSON. An empty schema is none.
pub fn table(schema: &str, data: &str) -> Option<Table> {
    // Checked one by one: two broken halves must not make a whole.
    let is_json = |text: &str| serde_json::from_str::<&RawValue>(text).is_ok();
    let schema = match schema {
        "" => String::new(),
        schema if is_json(schema) => format!(r#""schema":{schema},"#),
        _ => return None,
    };
    if !is_json(data) {
        return None;
    }
    let json = format!(r#"{{"resultType":"table",{schema}"data":{data}}}"#);
    match serde_json::from_str(&json) {
        Ok(Results::Table(table)) => Some(table),
        other => panic!("a table of sound JSON was refused: {other:?}"),
    }
}
