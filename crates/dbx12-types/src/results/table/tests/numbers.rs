//! Numbers are read exactly, or as the nearest float, or refused.

use super::{all, table, text, typed};
use crate::results::Table;
use proptest::prelude::{ProptestConfig, proptest};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[test]
fn floats_are_the_nearest_ones() {
    // serde_json without its feature `float_roundtrip` misses some of these by one bit.
    let text = "[[1.7976931348623157e308],[5e-324],[31.245270191439438],[121.48791951161945],[-0.0],[7]]";
    let table = table(&format!("\"data\":{text}"));
    let numbers: Vec<f64> = all::<(f64,)>(&table).unwrap().into_iter().map(|row| row.0).collect();
    let expected = [
        1.7976931348623157e308,
        5e-324,
        31.245270191439438,
        121.48791951161945,
        -0.0,
        7.0,
    ];
    assert_eq!(numbers.map_bits(), expected.to_vec().map_bits());
    let table = typed(&["a float"], "[[16777217.0], [0.1]]");
    assert_eq!(all::<(f32,)>(&table).unwrap(), [(16777217.0,), (0.1,)]);
}

trait MapBits {
    fn map_bits(self) -> Vec<u64>;
}

impl MapBits for Vec<f64> {
    fn map_bits(self) -> Vec<u64> {
        self.into_iter().map(f64::to_bits).collect()
    }
}

#[test]
fn whole_numbers_are_exact_to_the_edge_of_their_type() {
    for text in [
        "0",
        "-1",
        "999999999999999999",
        "-999999999999999999",
        "1000000000000000000",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "-0",
        "1.0",
        "1e2",
        "1E2",
    ] {
        let table = table(&format!("\"data\":[[{text}],[ {text}\n]]"));
        for row in 0..2 {
            let ours = |result: Option<i64>| assert_eq!(result, serde_json::from_str(text).ok(), "{text}");
            ours(table.rows::<(i64,)>().unwrap().nth(row).unwrap().ok().map(|row| row.0));
            let any = table.rows::<(Value,)>().unwrap().nth(row).unwrap().unwrap().0;
            assert_eq!(any, serde_json::from_str::<Value>(text).unwrap());
        }
    }
}

#[test]
fn a_fraction_is_no_integer_however_wide() {
    for number in ["1.5", "5e-324", "0.0", "1e2"] {
        let table = table(&format!(
            r#""data":[[{number}]],"schema":[{{"name":"n","type":"\"double\""}}]"#
        ));
        assert!(table.rows::<(i128,)>().unwrap().next().unwrap().is_err(), "{number}");
        assert!(table.rows::<(u128,)>().unwrap().next().unwrap().is_err(), "{number}");
    }
}

/// A float's text, the nearest `f64` of which a careless reader misses.
const AWKWARD: [&str; 8] = [
    "31.245270191439438",
    "121.48791951161945",
    "9007199254740993.0",
    "2.2250738585072011e-308",
    "1.7976931348623157e308",
    "5e-324",
    "0.1234567890123456789",
    "-1.00000000000000011102230246251565404",
];

#[test]
fn floats_inside_a_cell_are_the_nearest_ones_too() {
    #[derive(Deserialize)]
    struct Inner {
        a: f64,
    }
    type Row = (Vec<f64>, Inner, BTreeMap<String, f64>, Value, Option<(f64,)>);
    for text in AWKWARD {
        let expected: f64 = text.parse().unwrap();
        let cells = format!(r#"[[{text}],{{"a":{text}}},{{"k":{text}}},[{text}],[{text}]]"#);
        let table = table(&format!("\"data\":[{cells}]"));
        let (list, inner, map, value, tuple) = table.rows::<Row>().unwrap().next().unwrap().unwrap();
        let found = [list[0], inner.a, map["k"], value[0].as_f64().unwrap(), tuple.unwrap().0];
        assert_eq!(found.to_vec().map_bits(), [expected; 5].to_vec().map_bits(), "{text}");
    }
    // By way of 64 bits this is rounded twice, to the next `f32`.
    let twice = "1.00000017881393432617187499";
    let table = table(&format!("\"data\":[[{twice},[{twice}]]]"));
    let expected: f32 = twice.parse().unwrap();
    assert_eq!(all::<(f32, Vec<f32>)>(&table).unwrap(), [(expected, vec![expected])]);
}

#[test]
fn a_number_that_is_too_large_is_refused_and_named() {
    fn refused<'a, T: Deserialize<'a>>(table: &'a Table) -> String {
        text(&all::<T>(table).err().unwrap())
    }
    const HUGE: &str = "340282366920938463463374607431768211456000";
    for number in ["1e39", "-1e39", HUGE, "1e999"] {
        let table = typed(&["a int", "b float"], &format!("[[1,1],[2,{number}]]"));
        let place = "row 2, column `b` of the table: it is not what was asked for: number out of range";
        assert_eq!(refused::<(u8, f32)>(&table), place);
        assert_eq!(refused::<(u8, Option<f32>)>(&table), place);
        let column: Vec<_> = table.column::<f32>("b").unwrap().collect();
        assert_eq!(text(column[1].as_ref().unwrap_err()), place);
        assert_eq!(all::<(u8, f64)>(&table).is_err(), number == "1e999");
        assert_eq!(all::<(u8, Value)>(&table).is_err(), number == "1e999");

        let table = typed(&["a struct<x:array<float>>"], &format!("[[{{\"x\":[1,{number}]}}]]"));
        let place = "row 1, column `a` of the table: at `x[1]` it is not what was asked for: number out of range";
        assert_eq!(refused::<(BTreeMap<String, Vec<f32>>,)>(&table), place);
    }
    let table = typed(&["a int"], "[[300]]");
    assert!(refused::<(u8,)>(&table).contains("invalid value: integer `300`, expected u8"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_float_is_the_nearest_one(number in "-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,17})?([eE][+-]?[0-9]{1,3})?") {
        let table = table(&format!("\"data\":[[{number},[{number} ]]]"));
        let expected: f64 = number.parse().unwrap();
        match all::<(f64, Vec<f64>)>(&table) {
            Ok(rows) => assert_eq!([rows[0].0, rows[0].1[0]].map(f64::to_bits), [expected.to_bits(); 2]),
            Err(error) => assert!(expected.is_infinite(), "{error}"),
        }
    }
}
