//! Any text as a table's schema: every column is found, and a table made of those columns has them again.
#![no_main]

use dbx12_fuzz::table;
use dbx12_types::Table;
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

fuzz_target!(|schema: &str| {
    let Some(sent) = table(schema, "[]") else { return };
    let Ok(columns) = sent.columns() else { return };
    let items = serde_json::from_str::<Vec<&RawValue>>(schema).map_or(0, |items| items.len());
    assert_eq!(columns.len(), items);
    for column in &columns {
        let _ = format!("{column:?} {}", column.type_name());
    }

    let made = Table::new::<()>(&columns, &[], false).expect("columns can be written");
    assert_eq!(made.columns().expect("what was written can be read"), columns);
});
