//! A line of schema and the rows below it, written in every way: what others read of it is what came.
#![no_main]

use dbx12_fuzz::{Exact, exact, table};
use dbx12_types::results::TableError;
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

type Rows<'a> = Vec<Vec<&'a RawValue>>;

fuzz_target!(|text: &str| {
    let (schema, data) = text.split_once('\n').unwrap_or(("", text));
    let Some(table) = table(schema, data) else { return };
    let (csv, lines, markdown) = (
        written(|out| table.to_csv(out)),
        written(|out| table.to_json_lines(out)),
        written(|out| table.to_markdown(out)),
    );
    let _ = table.cells().map(|rows| rows.for_each(|row| drop(format!("{row:?}"))));
    let Ok(rows) = serde_json::from_str::<Option<Rows<'_>>>(data).map(Option::unwrap_or_default) else {
        assert!(
            csv.is_none() && lines.is_none() && markdown.is_none(),
            "rows that are none were written"
        );
        return;
    };
    assert_eq!(table.row_count().ok(), Some(rows.len()));
    let columns = table.columns().map_or(0, |columns| columns.len());
    let has_schema = table.schema().is_some_and(|schema| schema.get() != "null");
    if let Some(csv) = csv {
        check_csv(&csv, &rows, has_schema);
    }
    if let Some(lines) = lines {
        check_lines(&lines, &rows);
    }
    if let Some(markdown) = markdown
        && columns > 0
    {
        assert_eq!(markdown.lines().count(), rows.len() + 2, "{markdown}");
    }
});

/// What is written, as text. `None` when the table is refused.
fn written(write: impl FnOnce(&mut Vec<u8>) -> Result<(), TableError>) -> Option<String> {
    let mut bytes = Vec::new();
    write(&mut bytes).ok()?;
    Some(String::from_utf8(bytes).expect("what is written is UTF-8"))
}

fn check_csv(text: &str, rows: &Rows<'_>, has_schema: bool) {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(has_schema)
        .flexible(true)
        .from_reader(text.as_bytes());
    // A reader sees no record in an empty line: that of a row without cells.
    let visible = rows.iter().filter(|row| !row.is_empty());
    let records = reader
        .records()
        .collect::<Result<Vec<_>, _>>()
        .expect("others can read it");
    assert_eq!(records.len(), visible.clone().count(), "{text}");
    for (record, row) in records.iter().zip(visible) {
        let cells: Vec<_> = row.iter().map(|cell| cell_text(cell)).collect();
        assert_eq!(record.iter().collect::<Vec<_>>(), cells);
    }
}

fn cell_text(cell: &RawValue) -> String {
    match exact(cell.get()) {
        Exact::Text(text) => text,
        Exact::Written(word) if word == "null" => String::new(),
        _ => cell.get().to_owned(),
    }
}

fn check_lines(text: &str, rows: &Rows<'_>) {
    assert_eq!(text.lines().count(), rows.len());
    for (line, row) in text.lines().zip(rows) {
        let theirs: Vec<_> = row.iter().map(|cell| exact(cell.get())).collect();
        match exact(line) {
            Exact::List(ours) => assert_eq!(ours, theirs),
            Exact::Object(ours) => {
                assert_eq!(ours.len(), theirs.len());
                assert!(ours.values().all(|cell| theirs.contains(cell)));
            }
            other => panic!("neither an array nor an object: {other:?}"),
        }
    }
}
