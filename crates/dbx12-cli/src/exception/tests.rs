//! Where an exception is said to be.

use super::*;

fn cell(name: &str, number: Option<usize>, first_line: usize, code: &str) -> Cell {
    Cell {
        language: Language::Python,
        code: code.to_owned(),
        origin: Some(Origin {
            name: name.into(),
            number,
            first_line,
            text: code.into(),
        }),
    }
}

fn place(cells: &[Cell], cause: &str) -> (String, Option<String>) {
    let error = RemoteError::new(None, cause);
    let raised = Raised {
        error: &error,
        cells,
        left: 0,
    };
    let line = raised.location().and_then(|(_, line)| Some(line?.1.to_owned()));
    (raised.place(), line)
}

#[test]
fn the_deepest_line_of_ones_own_is_told_in_whichever_cell_it_is() {
    let cells = [
        cell(
            "etl.py",
            Some(2),
            8,
            "import json\ndef load(text):\n    return json.loads(text)",
        ),
        cell("etl.py", Some(3), 14, "a = 1\nload('{')"),
    ];
    let trace = "Traceback (most recent call last):\n  File \"<command-2>\", line 2, in <module>\n    load('{')\n  \
        File \"<command-1>\", line 3, in load\n    return json.loads(text)\n  \
        File \"/usr/lib/python3/json/decoder.py\", line 3, in decode\n    raise error\nValueError: x\n";
    let own = "    return json.loads(text)".to_owned();
    assert_eq!(place(&cells, trace), ("etl.py:10 (cell 2): ".to_owned(), Some(own)));
}

#[test]
fn without_a_line_the_cell_is_told() {
    let trace = "java.lang.Exception: x\n\tat a.B.c(B.scala:3)\n";
    assert_eq!(place(&[cell("a.py", None, 1, "1")], trace), ("a.py: ".to_owned(), None));
    let notebook = [cell("a.ipynb", Some(3), 1, "1\n2")];
    let trace =
        "Traceback (most recent call last):\n  File \"<command-1>\", line 2, in <module>\n    2\nValueError: x\n";
    assert_eq!(
        place(&notebook, trace),
        ("cell 3 of a.ipynb, line 2: ".to_owned(), Some("2".to_owned()))
    );
    assert_eq!(
        place(&[Cell::hidden(Language::Python, "1".to_owned())], trace).0,
        "before the program: "
    );
}

#[test]
fn the_place_of_an_error_in_sql_is_the_one_that_spark_says() {
    let mut sql = cell("q.sql", None, 1, "SELECT 1\nFORM t");
    sql.language = Language::Sql;
    let cause = "org.apache.spark.sql.catalyst.parser.ParseException: bad (line 2, pos 0)\n";
    assert_eq!(
        place(&[sql], cause),
        ("q.sql:2: ".to_owned(), Some("FORM t".to_owned()))
    );
}

#[test]
fn nothing_in_an_annotation_is_taken_for_a_part_of_it() {
    assert_eq!(
        github("error", Some("a,b:c.py"), Some(3), Some("E"), "100%\n::x::"),
        "::error file=a%2Cb%3Ac.py,line=3,title=E::100%25%0A::x::"
    );
    assert_eq!(github("error", None, None, None, "x"), "::error::x");
}
