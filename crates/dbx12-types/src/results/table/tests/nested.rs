//! What is inside a cell is read as `serde_json` reads it, and told by its place where it does not fit.

use super::{all, table, text, typed};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};

#[derive(Debug, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Colour {
    Red,
    Rgb(u8, u8, u8),
}

#[derive(Debug, Deserialize, PartialEq)]
struct Item<'a> {
    name: &'a str,
    #[serde(default)]
    size: Option<u8>,
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
}

#[test]
fn cells_are_read_as_serde_json_does() {
    type Row<'a> = (
        Vec<Item<'a>>,
        HashMap<u16, bool>,
        BTreeMap<Colour, (f64, char)>,
        HashMap<&'a str, &'a RawValue>,
        BTreeMap<bool, ()>,
        Vec<Colour>,
        IgnoredAny,
        Value,
    );
    let data = r#"[[
        [ {"name" : "a", "more":[1.5,{"x":null}]} , {"size":7,"name":"b"} ],
        {"12" : true, "7":false}, {"Red":[1,"\u00e9"]}, {"k": {"a" :1}}, {"true":null},
        ["Red", {"Rgb":[1,2,3]}], {"]":"}"}, {"a":[1,{"b":"\n"}], "a":2, "\u0062":[ ]}
    ]]"#;
    let table = table(&format!("\"data\":{data}"));
    let theirs: Vec<Row<'_>> = serde_json::from_str(data).unwrap();
    let ours = all::<Row<'_>>(&table).unwrap();
    assert_eq!(ours[0].0, theirs[0].0);
    assert_eq!(ours[0].1, theirs[0].1);
    assert_eq!(ours[0].3["k"].get(), "{\"a\" :1}");
    assert_eq!(ours[0].7, theirs[0].7);
    assert_eq!(
        (&ours[0].2, &ours[0].4, &ours[0].5),
        (&theirs[0].2, &theirs[0].4, &theirs[0].5)
    );
}

#[test]
fn what_does_not_fit_is_told_by_its_place_in_the_cell() {
    type Row<'a> = (u8, BTreeMap<String, Vec<Item<'a>>>);
    for (cell, problem) in [
        (
            r#"{"a":[{"name":"x"},{"name":"y","size":[]}]}"#,
            "at `a[1].size` it is not what was asked for: invalid type: sequence, expected u8",
        ),
        (
            r#"{"b c":[{"name":7}]}"#,
            "at `[\"b c\"][0].name` it is not what was asked for: invalid type: integer `7`, expected a borrowed string",
        ),
        (
            r#"{"a":[{}]}"#,
            "at `a[0]` it is not what was asked for: missing field `name`",
        ),
        (
            "[]",
            "it is not what was asked for: invalid type: sequence, expected a map",
        ),
    ] {
        let table = typed(&["id int", "items string"], &format!("[[1,{cell}],[2,{{}}]]"));
        let rows: Vec<_> = table.rows::<Row<'_>>().unwrap().collect();
        let error = rows[0].as_ref().unwrap_err();
        assert_eq!(text(error), format!("row 1, column `items` of the table: {problem}"));
        assert_eq!(rows[1].as_ref().unwrap().0, 2);
    }
    let table = typed(&["id int"], "[[[1,2,3]]]");
    let error = all::<((u8, u8),)>(&table).unwrap_err();
    assert!(text(&error).contains("more in it than the type takes"), "{error}");
}

/// `None` for what cannot be read: an error that whoever asked got over.
fn if_fits<'a, D: Deserializer<'a>, T: Deserialize<'a>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(T::deserialize(deserializer).ok())
}

#[test]
fn reading_goes_on_behind_an_error_that_somebody_got_over() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Row {
        #[serde(deserialize_with = "if_fits")]
        a: Option<Vec<(u8, BTreeMap<String, u8>)>>,
        b: u8,
    }
    for cell in [
        r#"[[1,{"x":"no","y":2}],[3,{}]]"#,
        r#"[[1],[2,{}]]"#,
        r#"[[1,{},3],[2,{}]]"#,
        r#"{"a":[1,2]}"#,
        "\"x\"",
        "null",
        &("[".repeat(200) + &"]".repeat(200)),
    ] {
        let table = typed(&["a string", "b int"], &format!("[[{cell},1],[[],2],[{cell},[]]]"));
        let rows: Vec<_> = table.rows::<Row>().unwrap().collect();
        assert_eq!(rows[0].as_ref().unwrap(), &Row { a: None, b: 1 }, "{cell}");
        assert_eq!(
            rows[1].as_ref().unwrap(),
            &Row {
                a: Some(Vec::new()),
                b: 2
            },
            "{cell}"
        );
        let error = rows[2].as_ref().unwrap_err();
        assert_eq!(
            text(error),
            "row 3, column `b` of the table: it is not what was asked for: invalid type: sequence, expected u8"
        );
    }
}

#[test]
fn keys_of_maps_are_borrowed_from_the_schema() {
    let borrowed = typed(&["a int", "b int"], "[[1,2]]");
    assert_eq!(
        all::<HashMap<&str, u8>>(&borrowed).unwrap(),
        [HashMap::from([("a", 1), ("b", 2)])]
    );
    let escaped = table(r#""schema":[{"name":"\u0061","type":""}],"data":[[1]]"#);
    assert!(all::<HashMap<&str, u8>>(&escaped).is_err());
    assert_eq!(all::<HashMap<String, u8>>(&escaped).unwrap()[0]["a"], 1);
}

#[test]
fn a_map_that_would_lose_a_column_is_refused() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct OnlyB {
        b: u8,
    }
    let table = typed(&["a int", "b int", "a int"], "[[1,2,3]]");
    let error = all::<BTreeMap<String, u8>>(&table).unwrap_err();
    assert_eq!((error.row(), error.column()), (Some(1), Some("a")));
    assert!(text(&error).contains("several columns have that name"), "{error}");
    assert_eq!(all::<OnlyB>(&table).unwrap(), [OnlyB { b: 2 }]);
    assert_eq!(all::<Vec<u8>>(&table).unwrap(), [[1, 2, 3]]);
}
