//! Writing tables: CSV, JSON Lines, Markdown, and outputs that fail.

use super::{table, text, typed};
use crate::results::{Table, TableError};
use std::io::{self, Write};

fn csv(table: &Table) -> Result<String, TableError> {
    let mut out = Vec::new();
    table.to_csv(&mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn json_lines(table: &Table) -> Result<String, TableError> {
    let mut out = Vec::new();
    table.to_json_lines(&mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn markdown(table: &Table) -> Result<String, TableError> {
    let mut out = Vec::new();
    table.to_markdown(&mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

fn mixed() -> Table {
    typed(
        &["id int", "a|b string", "x array<string>"],
        r#"[[1, "plain", null], [12345678901234567890.10, "", ["a,\"b\"",
            1]], [null, "a \"quoted\", two\nlines\r\n\u00e9\\", {}], [true, " x_y *z* <b>&[`|", "\u0007"]]"#,
    )
}

#[test]
fn csv_tells_null_from_empty_text() {
    let lines = [
        "id,a|b,x",
        "1,plain,",
        "12345678901234567890.10,\"\",\"[\"\"a,\\\"\"b\\\"\"\"\",\n            1]\"",
        ",\"a \"\"quoted\"\", two\nlines\r\né\\\",\"{}\"",
        "true, x_y *z* <b>&[`|,\u{7}",
        "",
    ];
    assert_eq!(csv(&mixed()).unwrap(), lines.join("\r\n"));
    assert_eq!(csv(&table("\"data\":[[1,null],[]]")).unwrap(), "1,\r\n\r\n");
    assert_eq!(csv(&typed(&[], "[]")).unwrap(), "");
    assert_eq!(
        csv(&typed(&["a int"], "[[1],[null],[2]]")).unwrap(),
        "a\r\n1\r\n\"\"\r\n2\r\n"
    );
    assert_eq!(csv(&typed(&["a,b int", " int"], "[]")).unwrap(), "\"a,b\",\"\"\r\n");
}

#[test]
fn json_lines_copy_every_digit_and_stay_lines() {
    let lines = [
        r#"{"id":1,"a|b":"plain","x":null}"#,
        r#"{"id":12345678901234567890.10,"a|b":"","x":["a,\"b\"",            1]}"#,
        r#"{"id":null,"a|b":"a \"quoted\", two\nlines\r\n\u00e9\\","x":{}}"#,
        r#"{"id":true,"a|b":" x_y *z* <b>&[`|","x":"\u0007"}"#,
        "",
    ];
    assert_eq!(json_lines(&mixed()).unwrap(), lines.join("\n"));
    assert_eq!(json_lines(&table("\"data\":[[1,null],[]]")).unwrap(), "[1,null]\n[]\n");
    assert_eq!(json_lines(&typed(&[], "[[],[]]")).unwrap(), "{}\n{}\n");
    let twice = json_lines(&typed(&["a int", "a int"], "[]")).unwrap_err();
    assert_eq!(twice.column(), Some("a"));
}

#[test]
fn markdown_shows_text_as_it_is() {
    let lines = [
        r"| id | a\|b | x |",
        "| ---: | --- | --- |",
        "| 1 | plain | *null* |",
        r#"| 12345678901234567890.10 |  | \["a,\\"b\\"",<br>            1] |"#,
        r#"| *null* | a "quoted", two<br>lines<br>é\\ | {} |"#,
        "| true |  x\\_y \\*z\\* \\<b>\\&\\[\\`\\| | \u{7} |",
        "",
    ];
    assert_eq!(markdown(&mixed()).unwrap(), lines.join("\n"));
    assert_eq!(
        markdown(&table("\"data\":[[1,2]]")).unwrap(),
        "|  |  |\n| --- | --- |\n| 1 | 2 |\n"
    );
    assert_eq!(markdown(&table("\"data\":[]")).unwrap(), "");
}

#[test]
fn writers_name_the_row_and_the_column() {
    let table = typed(&["a string", "b string"], r#"[["x","y"],["x","\udc00"]]"#);
    for error in [csv(&table).unwrap_err(), markdown(&table).unwrap_err()] {
        assert_eq!((error.row(), error.column()), (Some(2), Some("b")));
    }
    assert!(json_lines(&table).unwrap().ends_with("\"\\udc00\"}\n"));
    for data in ["[[1,2],[1]]", "[[1,2],[1,2,3]]", "[[1,2],7]"] {
        let table = typed(&["a int", "b int"], data);
        for written in [csv(&table), json_lines(&table), markdown(&table)] {
            assert_eq!(written.unwrap_err().row(), Some(2), "{data}");
        }
    }
}

/// Takes so many bytes, then fails.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_output_that_fails_is_told_apart() {
    let rows = vec!["[\"abcdefgh\"]"; 20_000].join(",");
    let table = typed(&["a string"], &format!("[{rows}]"));
    for room in [0, 70_000] {
        for error in [
            table.to_csv(Full(room)).unwrap_err(),
            table.to_json_lines(Full(room)).unwrap_err(),
            table.to_markdown(Full(room)).unwrap_err(),
        ] {
            assert_eq!(error.io_error().unwrap().kind(), io::ErrorKind::BrokenPipe);
            assert!(text(&error).contains("it cannot be written: "), "{error}");
        }
    }
    assert!(table.to_csv(Full(1_000_000)).is_ok());
    assert!(csv(&typed(&["a int"], "[[]]")).unwrap_err().io_error().is_none());
}

/// Remembers the largest piece it was given.
#[derive(Default)]
struct Largest(usize);

impl Write for Largest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.max(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn output_is_written_as_rows_are_read() {
    let rows = vec!["[\"abcdefgh\"]"; 50_000].join(",");
    let table = typed(&["a string"], &format!("[{rows}]"));
    let mut largest = Largest::default();
    table.to_csv(&mut largest).unwrap();
    table.to_json_lines(&mut largest).unwrap();
    table.to_markdown(&mut largest).unwrap();
    assert!(largest.0 <= 64 * 1024, "{} bytes at once", largest.0);
}
