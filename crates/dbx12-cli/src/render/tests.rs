//! Forms of results.

use super::*;
use dbx12_exec::types::results::Column;

fn table() -> Table {
    let columns = [Column::new("name", "\"string\""), Column::new("age", "\"long\"")];
    Table::new(&columns, &[("Ann", Some(31)), ("Ben", None)], false).unwrap()
}

#[test]
fn a_fence_is_longer_than_any_in_the_text() {
    let fenced = |text: &str| markdown::of(&Results::text(text), &[]).unwrap();
    assert_eq!(fenced("a ``` b"), "````text\na ``` b\n````\n");
    assert_eq!(fenced("a\n"), "```text\na\n```\n");
    assert_eq!(fenced(""), "");
}

#[test]
fn tables_for_people_have_lines_or_none() {
    assert_eq!(
        table::without_lines(&table()).unwrap(),
        " name  age\n Ann   31\n Ben   null"
    );
    assert_eq!(
        table::with_lines(&table(), false).unwrap(),
        "┌──────┬──────┐\n│ name ┆  age │\n╞══════╪══════╡\n│ Ann  ┆   31 │\n│ Ben  ┆ null │\n└──────┴──────┘"
    );
}

#[test]
fn arrow_is_written_as_a_file_or_as_a_stream() {
    for (as_file, begins) in [(true, &b"ARROW1"[..]), (false, &[0xff, 0xff, 0xff, 0xff])] {
        let mut content = Vec::new();
        arrow::write(&table(), as_file, &mut content).unwrap();
        assert!(content.starts_with(begins), "{:?}", &content[..8]);
    }
}

#[test]
fn a_files_ending_tells_the_form() {
    assert_eq!(format_of(Path::new("a/B.CSV")), Some(OutputFormat::Csv));
    assert_eq!(format_of(Path::new("a.md")), Some(OutputFormat::Markdown));
    assert_eq!(format_of(Path::new("csv")), None);
}
