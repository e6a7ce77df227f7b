//! Reading tables: rows, columns, cells, and what is said of those that do not fit.

use super::{all, table, text, typed};
use crate::results::{Column, Table};
use crate::{DataType, Results};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

fn people() -> Table {
    let columns = [Column::new("id", "\"long\""), Column::new("name", "\"string\"")];
    Table::new(&columns, &[(1, "Al,[]"), (2, "B\"ob")], false).unwrap()
}

#[derive(Debug, Deserialize, PartialEq)]
struct Person {
    name: String,
    id: u8,
}

#[test]
fn rows_become_tuples_structs_and_maps() {
    let table = people();
    let tuples: Vec<(u8, String)> = all(&table).unwrap();
    assert_eq!(tuples, [(1, "Al,[]".to_owned()), (2, "B\"ob".to_owned())]);
    let structs: Vec<Person> = all(&table).unwrap();
    let bob = Person {
        name: "B\"ob".to_owned(),
        id: 2,
    };
    assert_eq!(structs[1], bob);
    let wrapped: Vec<Option<Person>> = all(&table).unwrap();
    assert_eq!(wrapped[1], Some(bob));
    let maps: Vec<BTreeMap<String, Value>> = all(&table).unwrap();
    assert_eq!(maps[0]["name"], "Al,[]");
    let raw: Vec<&RawValue> = all(&table).unwrap();
    assert_eq!(raw[0].get(), "[1,\"Al,[]\"]");
    assert_eq!(all::<IgnoredAny>(&table).unwrap().len(), 2);
    let cows: Vec<(u8, Cow<'_, str>)> = all(&table).unwrap();
    assert_eq!(cows[1].1, "B\"ob");
}

#[test]
fn a_wrapper_around_a_row_is_read_through() {
    #[derive(Deserialize)]
    struct Wrapper(Person);
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Transparent {
        inner: (u8, String),
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Row(u8, String),
    }
    let table = people();
    assert_eq!(all::<Wrapper>(&table).unwrap()[0].0.id, 1);
    assert_eq!(all::<Transparent>(&table).unwrap()[0].inner.0, 1);
    let Either::Row(id, name) = &all::<Either>(&table).unwrap()[0];
    assert_eq!((*id, name.as_str()), (1, "Al,[]"));
}

#[test]
fn text_without_escapes_is_borrowed() {
    let table = people();
    let mut rows = table.rows::<(u8, &str)>().unwrap();
    assert_eq!(rows.next().unwrap().unwrap(), (1, "Al,[]"));
    let error = rows.next().unwrap().unwrap_err();
    assert_eq!((error.row(), error.column()), (Some(2), Some("name")));
    assert!(rows.next().is_none());
}

#[test]
fn cells_are_decoded_as_serde_json_does() {
    #[derive(Debug, Deserialize, PartialEq)]
    enum Colour {
        Red,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Wrapped(i64);
    type Row<'a> = (
        i8,
        u64,
        i128,
        (f32, f64),
        bool,
        char,
        Option<u8>,
        Option<Wrapped>,
        Colour,
        (),
        &'a RawValue,
        Vec<u8>,
    );
    let data = r#"[[-128,18446744073709551615,-170141183460469231731687303715884105728,[0.1,1],true,"\u00e9",null,-7,"Red",null, {"a" :1},[1,2]]]"#;
    let table = table(&format!("\"data\":{data}"));
    let by_serde_json: Vec<Row<'_>> = serde_json::from_str(data).unwrap();
    let [ours] = &all::<Row<'_>>(&table).unwrap()[..] else {
        panic!("a row")
    };
    let [theirs] = &by_serde_json[..] else { panic!("a row") };
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    assert_eq!(ours.10.get(), "{\"a\" :1}");
}

#[test]
fn a_row_that_does_not_fit_is_named_and_the_next_is_read() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Pair {
        a: u8,
        b: u8,
    }
    let table = typed(
        &["a int", "b int"],
        r#"[[1],[1,2,3],[1,"x"],7,{"a":1},[1,[300]],[],[1,2]]"#,
    );
    let rows: Vec<_> = table.rows::<Pair>().unwrap().collect();
    let errors: Vec<_> = rows.iter().filter_map(|row| row.as_ref().err()).map(text).collect();
    assert_eq!(
        errors,
        [
            "row 1 of the table: it has 1 cell, and the schema's number of columns is 2",
            "row 2 of the table: it has 3 cells, and the schema's number of columns is 2",
            "row 3, column `b` of the table: it is not what was asked for: invalid type: string \"x\", expected u8",
            "row 4 of the table: it is not an array of cells",
            "row 5 of the table: it is not an array of cells",
            "row 6, column `b` of the table: it is not what was asked for: invalid type: sequence, expected u8",
            "row 7 of the table: it has 0 cells, and the schema's number of columns is 2",
        ]
    );
    assert_eq!(rows[7].as_ref().unwrap(), &Pair { a: 1, b: 2 });
    assert_eq!(table.row_count().unwrap(), 8);
}

#[test]
fn rows_have_as_many_cells_as_there_are_columns() {
    let table = typed(&["a int", "b int"], "[[1],[1,2,3],[1,2]]");
    let rows: Vec<_> = table.rows::<Vec<u8>>().unwrap().map(|row| row.ok()).collect();
    assert_eq!(rows, [None, None, Some(vec![1, 2])]);
    let shorter: Vec<_> = table
        .rows::<(u8,)>()
        .unwrap()
        .map(|row| text(&row.unwrap_err()))
        .collect();
    assert!(
        shorter[2].ends_with("the row has more cells than the type takes"),
        "{}",
        shorter[2]
    );
    let without_schema = super::table("\"data\":[[1],[1,2,3]]");
    assert_eq!(all::<Vec<u8>>(&without_schema).unwrap(), [vec![1], vec![1, 2, 3]]);
    assert!(all::<Person>(&without_schema).is_err());
}

#[test]
fn a_type_that_reads_nothing_still_walks_on() {
    struct Nothing;
    impl<'de> Deserialize<'de> for Nothing {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Ok(Self)
        }
    }
    let table = people();
    assert_eq!(all::<Nothing>(&table).unwrap().len(), 2);
    let names = all::<(Nothing, String)>(&table).unwrap();
    assert_eq!(names[1].1, "B\"ob");
}

#[test]
fn tables_without_rows_or_schema_are_empty() {
    for fields in [
        r#""data":[]"#,
        r#""data":null,"schema":null"#,
        r#""truncated":true"#,
        r#""data": [ ] "#,
    ] {
        let table = table(fields);
        assert_eq!(table.row_count().unwrap(), 0);
        assert_eq!(table.columns().unwrap(), []);
        assert_eq!(all::<Value>(&table).unwrap(), Vec::<Value>::new());
        assert!(table.cells().unwrap().next().is_none());
    }
    for fields in [r#""data":{"a":1}"#, r#""data":"[]""#, r#""data":0"#] {
        let error = table(fields).row_count().unwrap_err();
        assert_eq!(text(&error), "table: its rows are not an array");
    }
    let error = table(r#""schema":{},"data":[]"#).cells().unwrap_err();
    assert!(
        text(&error).starts_with("table: its schema cannot be read: "),
        "{error}"
    );
}

#[test]
fn schemas_are_read_in_both_shapes_and_both_forms() {
    let json = r#""schema":[{"name":"a","type":"\"decimal(10,2)\"","metadata":"{}"},{"name":"b","type":{"type":"array","elementType":"long","containsNull":true}},{"name":"c"}],"isJsonSchema":true"#;
    let types = |table: Table| -> Vec<String> {
        let columns = table.columns().unwrap();
        columns.iter().map(|column| column.spark_type().to_string()).collect()
    };
    assert_eq!(types(table(json)), ["decimal(10,2)", "array<bigint>", ""]);
    let hive = r#""schema":[["a","bigint"],["b","struct<x:int>"]],"isJsonSchema":false"#;
    assert_eq!(types(table(hive)), ["bigint", "struct<x:int>"]);
}

#[test]
fn a_column_is_read_by_its_name() {
    let table = typed(&["a int", "b string", "b int"], r#"[[1,"x",3],[2,"y"],["?","z",4]]"#);
    let column: Vec<_> = table
        .column::<u8>("a")
        .unwrap()
        .map(|cell| cell.map_err(|error| text(&error)))
        .collect();
    assert_eq!(
        column,
        [
            Ok(1),
            Err("row 2 of the table: it has 2 cells, and the schema's number of columns is 3".to_owned()),
            Err(
                "row 3, column `a` of the table: it is not what was asked for: invalid type: string \"?\", expected u8"
                    .to_owned()
            ),
        ]
    );
    let unknown = table.column::<u8>("d").unwrap_err();
    assert_eq!(
        text(&unknown),
        "column `d` of the table: there is none of that name, only `a`, `b`, `b`"
    );
    let ambiguous = table.column::<u8>("b").unwrap_err();
    assert_eq!(
        text(&ambiguous),
        "column `b` of the table: several columns have that name; rename them in the query"
    );
    let without_schema = super::table("\"data\":[[1]]");
    let unnamed = without_schema.column::<u8>("a").unwrap_err();
    assert_eq!(text(&unnamed), "column `a` of the table: the schema names no columns");
}

#[test]
fn the_type_of_a_column_of_a_new_table_is_known() {
    assert_eq!(people().columns().unwrap()[0].spark_type(), DataType::Long);
    let Results::Table(again) =
        serde_json::from_str(&serde_json::to_string(&Results::Table(people())).unwrap()).unwrap()
    else {
        panic!("a table")
    };
    assert_eq!(again, people());
}

#[test]
fn a_schema_that_cannot_be_read_is_named_by_its_column() {
    let error = table(r#""schema":[{"name":"a"},7],"data":[]"#).columns().unwrap_err();
    assert!(
        text(&error).starts_with("column `#2` of the table: its schema cannot be read: invalid type"),
        "{error}"
    );
}
