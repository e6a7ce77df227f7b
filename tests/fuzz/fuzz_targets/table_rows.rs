//! A line of schema and the rows below it, read in every way: always the rows that serde_json finds, and no others.
#![no_main]

use std::collections::BTreeMap;

use dbx12_fuzz::table;
use dbx12_types::Table;
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[expect(dead_code, reason = "it is read into, and thrown away")]
struct Person<'a> {
    #[serde(borrow)]
    name: Option<&'a str>,
    id: i64,
}

fuzz_target!(|text: &str| {
    let (schema, data) = text.split_once('\n').unwrap_or(("", text));
    let Some(table) = table(schema, data) else { return };
    let Ok(rows) = serde_json::from_str::<Vec<&RawValue>>(data) else {
        // Not an array: refused, or no rows at all.
        assert_eq!(table.rows::<IgnoredAny>().map_or(0, Iterator::count), 0);
        return;
    };
    let Ok(columns) = table.columns() else {
        assert!(table.rows::<IgnoredAny>().is_err());
        return;
    };
    let names: Vec<_> = columns.into_iter().map(|column| column.name).collect();

    check_cells(&table, &rows);
    check_maps(&table, &rows, &names);
    read::<IgnoredAny>(&table, rows.len());
    read::<Box<RawValue>>(&table, rows.len());
    read::<Vec<&RawValue>>(&table, rows.len());
    read::<Vec<Option<String>>>(&table, rows.len());
    read::<(i64, &str)>(&table, rows.len());
    read::<(Option<f64>, Value)>(&table, rows.len());
    read::<Person<'_>>(&table, rows.len());
    read::<Option<(bool,)>>(&table, rows.len());
});

/// Every row is read or refused, once.
fn read<'a, T: Deserialize<'a>>(table: &'a Table, rows: usize) {
    let read = table.rows::<T>().expect("the rows are an array").take(rows + 1);
    let numbers: Vec<_> = read.zip(1..).map(|(row, number)| (row.err(), number)).collect();
    assert_eq!(numbers.len(), rows);
    for (error, number) in numbers.into_iter().filter_map(|(error, number)| Some((error?, number))) {
        assert_eq!(error.row(), Some(number), "{error}");
    }
}

/// What serde_json makes of a row. Cell by cell, because it counts how deep things are nested from where it begins.
fn cells(row: &RawValue) -> Option<Vec<Value>> {
    let cells = serde_json::from_str::<Vec<&RawValue>>(row.get()).ok()?;
    cells
        .into_iter()
        .map(|cell| serde_json::from_str(cell.get()).ok())
        .collect()
}

/// Rows as lists of values are what serde_json makes of them.
fn check_cells(table: &Table, rows: &[&RawValue]) {
    let read = table.rows::<Vec<Value>>().expect("the rows are an array");
    let mut read = read.take(rows.len() + 1);
    for row in rows {
        let ours = read.next().expect("there is another row");
        match (ours, cells(row)) {
            (Ok(ours), theirs) => assert_eq!(Some(ours), theirs),
            // Refused with reason: of another length than the schema, or nested too deep, which takes some text.
            (Err(error), Some(cells)) => {
                assert!(table.schema().is_some() || row.get().len() > 250, "{cells:?}: {error}");
            }
            (Err(_), None) => {}
        }
    }
    assert!(read.next().is_none());
}

/// Rows as maps have each cell under its column's name.
fn check_maps(table: &Table, rows: &[&RawValue], names: &[String]) {
    let read = table.rows::<BTreeMap<String, Value>>().expect("the rows are an array");
    for (ours, row) in read.zip(rows) {
        let (Ok(ours), Some(cells)) = (ours, cells(row)) else {
            continue;
        };
        let theirs: BTreeMap<_, _> = names.iter().cloned().zip(cells).collect();
        assert_eq!(ours, theirs);
    }
}
