//! Any text as a table's schema and as a type: every column is found, a table made of those columns has them again, and
//! types are written as they came.
#![no_main]

use dbx12_fuzz::{exact, table};
use dbx12_types::{DataType, Table};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

fuzz_target!(|schema: &str| {
    check_type(schema);
    let Some(sent) = table(schema, "[]") else { return };
    let Ok(columns) = sent.columns() else { return };
    let items = serde_json::from_str::<Vec<&RawValue>>(schema).map_or(0, |items| items.len());
    assert_eq!(columns.len(), items);
    for column in &columns {
        let _ = format!("{column:?} {}", column.type_name());
        check_type(&column.data_type);
    }

    let made = Table::new::<()>(&columns, &[], false).expect("columns can be written");
    assert_eq!(made.columns().expect("what was written can be read"), columns);
});

/// JSON comes back equal as JSON, and a Hive string byte for byte.
fn check_type(text: &str) {
    let data_type = DataType::parse(text);
    let (json, hive) = (data_type.to_json(), data_type.to_hive());
    assert_eq!(DataType::parse(&json).to_json(), json);
    // `null` was Hive's name of a type.
    if serde_json::from_str::<&RawValue>(text).is_ok_and(|raw| raw.get() != "null") {
        assert_eq!(exact(&json), exact(text));
    } else {
        assert_eq!(hive, text);
    }
    assert_eq!(&data_type, data_type.plain());
    let _ = format!("{data_type:?}");
}
