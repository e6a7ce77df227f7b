//! Cells are what their types say, or what they are.

use super::typed;
use crate::results::Cell;

/// The cell that `json` is in a column of this type.
fn cell(data_type: &str, json: &str) -> String {
    let table = typed(&[&format!("a {data_type}")], &format!("[[{json}]]"));
    let row = table.cells().unwrap().next().unwrap();
    format!("{:?}", row.unwrap()[0])
}

#[test]
fn cells_are_what_their_types_say() {
    for (data_type, json, expected) in [
        ("int", "7", "Integer(7)"),
        ("bigint", "-9223372036854775808", "Integer(-9223372036854775808)"),
        ("bigint", "9223372036854775808", "Number(\"9223372036854775808\")"),
        ("double", "7", "Float(7.0)"),
        ("double", "0.1", "Float(0.1)"),
        ("double", "1e999", "Number(\"1e999\")"),
        ("double", "\"NaN\"", "Float(NaN)"),
        ("float", "\"-Infinity\"", "Float(-inf)"),
        ("decimal(4,2)", "\"1.10\"", "Decimal(\"1.10\")"),
        ("decimal(4,2)", "1.10", "Decimal(\"1.10\")"),
        ("string", "\"a\\u00e9\\n\"", "Text(\"aé\\n\")"),
        ("boolean", "true", "Boolean(true)"),
        ("date", "\"2024-02-29\"", "Date(\"2024-02-29\")"),
        (
            "timestamp",
            "\"2024-02-29T00:00:00.000Z\"",
            "Timestamp(\"2024-02-29T00:00:00.000Z\")",
        ),
        (
            "timestamp_ntz",
            "\"2024-02-29 00:00\"",
            "Timestamp(\"2024-02-29 00:00\")",
        ),
        ("binary", "\"aGk=\"", "Binary([104, 105])"),
        ("array<int>", "[1, [2]]", "Nested(RawValue([1, [2]]))"),
        ("struct<a:int>", "{\"a\":1}", "Nested(RawValue({\"a\":1}))"),
        ("int", "null", "Null"),
    ] {
        assert_eq!(cell(data_type, json), expected, "{data_type}");
    }
}

#[test]
fn a_cell_that_is_not_what_its_type_says_is_what_it_is() {
    for (data_type, json, expected) in [
        ("int", "\"7\"", "Text(\"7\")"),
        ("int", "1.5", "Float(1.5)"),
        ("int", "0.12345678901234567", "Number(\"0.12345678901234567\")"),
        ("double", "\"nan\"", "Text(\"nan\")"),
        ("decimal(4,2)", "\"about 1\"", "Text(\"about 1\")"),
        ("binary", "\"?\"", "Text(\"?\")"),
        ("boolean", "0", "Integer(0)"),
        ("string", "{}", "Nested(RawValue({}))"),
        ("", "1.5", "Float(1.5)"),
        ("mystery", "\"x\"", "Text(\"x\")"),
    ] {
        assert_eq!(cell(data_type, json), expected, "{data_type}");
    }
}

#[test]
fn a_cell_that_is_no_text_is_named_and_the_next_row_is_read() {
    let table = typed(&["a string", "b string"], r#"[["x","\ud800"],["y"],["z","w"]]"#);
    let rows: Vec<_> = table.cells().unwrap().collect();
    let error = rows[0].as_ref().unwrap_err();
    assert_eq!((error.row(), error.column()), (Some(1), Some("b")));
    assert_eq!(rows[1].as_ref().unwrap_err().row(), Some(2));
    assert_eq!(rows[2].as_ref().unwrap()[1].as_str(), Some("w"));
    assert!(rows.len() == 3 && !rows[2].as_ref().unwrap()[0].is_null());
    let without_schema = super::table("\"data\":[[1,null]]");
    let row = without_schema.cells().unwrap().next().unwrap().unwrap();
    assert!(matches!(row[..], [Cell::Integer(1), Cell::Null]));
}
