//! Cells become Arrow's values exactly, or an error that says where.

use crate::results::Table;
use crate::results::table::tests::{table, text, typed};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};

/// The column of this type with these cells.
fn column(data_type: &str, cells: &str) -> ArrayRef {
    let batch = one_column(data_type, cells).record_batch().unwrap();
    assert_eq!(batch.schema().field(0).name(), "c");
    batch.column(0).clone()
}

fn one_column(data_type: &str, cells: &str) -> Table {
    let cells: Vec<Box<serde_json::value::RawValue>> = serde_json::from_str(&format!("[{cells}]")).unwrap();
    let rows: Vec<_> = cells.iter().map(|cell| format!("[{cell}]")).collect();
    typed(&[&format!("c {data_type}")], &format!("[{}]", rows.join(",")))
}

/// Why a cell of this type is refused.
fn refusal(data_type: &str, cell: &str) -> String {
    let error = one_column(data_type, &format!("null, {cell}"))
        .record_batch()
        .unwrap_err();
    assert_eq!((error.row(), error.column()), (Some(2), Some("c")), "{error}");
    let text = text(&error);
    text.strip_prefix("row 2, column `c` of the table: ")
        .unwrap()
        .to_owned()
}

#[test]
fn numbers_keep_their_values() {
    let bytes = column("tinyint", "-128, null, 127");
    assert_eq!(
        bytes.as_primitive::<Int8Type>().iter().collect::<Vec<_>>(),
        [Some(-128), None, Some(127)]
    );
    assert_eq!(
        column("smallint", "-32768").as_primitive::<Int16Type>().values(),
        &[i16::MIN]
    );
    assert_eq!(
        column("int", "2147483647").as_primitive::<Int32Type>().values(),
        &[i32::MAX]
    );
    let longs = column("\"long\"", "-9223372036854775808, 9223372036854775807");
    assert_eq!(longs.as_primitive::<Int64Type>().values(), &[i64::MIN, i64::MAX]);
    let floats = column("float", "16777217, 0.1, \"-Infinity\"");
    assert_eq!(
        floats.as_primitive::<Float32Type>().values(),
        &[16_777_216.0, 0.1, f32::NEG_INFINITY]
    );
    let doubles = column("double", "9007199254740993, 1e-7, \"Infinity\", \"NaN\", -0.0");
    let doubles = doubles.as_primitive::<Float64Type>().values();
    assert_eq!(doubles[..3], [9_007_199_254_740_992.0, 1e-7, f64::INFINITY]);
    assert!(doubles[3].is_nan() && doubles[4].is_sign_negative());
    let decimals = column(
        "decimal(38,2)",
        "\"1.10\", 123456789012345678901234567890123456.78, null",
    );
    assert_eq!(decimals.data_type(), &DataType::Decimal128(38, 2));
    assert_eq!(
        decimals.as_primitive::<Decimal128Type>().iter().collect::<Vec<_>>(),
        [
            Some(110),
            Some(12_345_678_901_234_567_890_123_456_789_012_345_678),
            None
        ]
    );
}

#[test]
fn the_rest_keeps_its_values_too() {
    let booleans = column("boolean", "true, null, false");
    assert_eq!(
        booleans.as_boolean().iter().collect::<Vec<_>>(),
        [Some(true), None, Some(false)]
    );
    for data_type in ["string", "char(9)", "varchar(9)"] {
        let strings = column(data_type, r#""", null, "a\u00e9\n""#);
        assert_eq!(
            strings.as_string::<i32>().iter().collect::<Vec<_>>(),
            [Some(""), None, Some("aé\n")]
        );
    }
    let bytes = column("binary", r#""", null, "+/8=""#);
    assert_eq!(
        bytes.as_binary::<i32>().iter().collect::<Vec<_>>(),
        [Some(&b""[..]), None, Some(b"\xfb\xff")]
    );
    let days = column("date", r#""1969-12-31", null, "2024-02-29""#);
    assert_eq!(
        days.as_primitive::<Date32Type>().iter().collect::<Vec<_>>(),
        [Some(-1), None, Some(19_782)]
    );
    let moments = column("timestamp", r#""1970-01-01T02:00:00.000001+02:00""#);
    assert_eq!(
        moments.data_type(),
        &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
    );
    assert_eq!(moments.as_primitive::<TimestampMicrosecondType>().values(), &[1]);
    let local = column("timestamp_ntz", r#""1970-01-01T00:00:00.000001""#);
    assert_eq!(local.data_type(), &DataType::Timestamp(TimeUnit::Microsecond, None));
    assert_eq!(local.as_primitive::<TimestampMicrosecondType>().values(), &[1]);
    let nothing = column("void", "null, null");
    assert_eq!((nothing.data_type(), nothing.len()), (&DataType::Null, 2));
}

#[test]
fn types_that_arrow_does_not_have_are_text() {
    for data_type in ["variant", "interval day to second", "hologram(3)", ""] {
        let texts = column(data_type, r#""INTERVAL '1' DAY", null, 1.10, {"a": [1]}"#);
        assert_eq!(
            texts.as_string::<i32>().iter().collect::<Vec<_>>(),
            [Some("INTERVAL '1' DAY"), None, Some("1.10"), Some("{\"a\": [1]}")]
        );
    }
    let udt = column(r#"{"type":"udt","class":"C","sqlType":"long"}"#, "7");
    assert_eq!(udt.as_primitive::<Int64Type>().values(), &[7]);
}

#[test]
fn nested_values_keep_their_shape() {
    let lists = column("array<array<int>>", "[[1,2],null,[]], null, [], [[null,3]]");
    let lists = lists.as_list::<i32>();
    assert_eq!(lists.offsets().as_ref(), &[0, 3, 3, 3, 4]);
    assert!(lists.is_null(1) && lists.is_valid(2));
    let inner = lists.values().as_list::<i32>();
    assert_eq!(inner.offsets().as_ref(), &[0, 2, 2, 2, 4]);
    assert_eq!(
        inner.values().as_primitive::<Int32Type>().iter().collect::<Vec<_>>(),
        [Some(1), Some(2), None, Some(3)]
    );

    let structs = column(
        "struct<a:int,b:struct<c:string>>",
        r#"{"b":{"c":"x"},"a":1}, null, {}, {"a":null,"b":{}}"#,
    );
    let structs = structs.as_struct();
    let a = structs.column(0).as_primitive::<Int32Type>().iter().collect::<Vec<_>>();
    assert_eq!(a, [Some(1), None, None, None]);
    assert_eq!(
        (0..4).map(|row| structs.is_null(row)).collect::<Vec<_>>(),
        [false, true, false, false]
    );
    let b = structs.column(1).as_struct();
    assert_eq!(
        (0..4).map(|row| b.is_null(row)).collect::<Vec<_>>(),
        [false, true, true, false]
    );
    assert_eq!(b.column(0).as_string::<i32>().value(0), "x");
    assert_eq!(column("struct<>", "{}, null").len(), 2);

    let maps = column("map<string,array<bigint>>", r#"{"k\n":[1],"":null}, null, {}"#);
    let maps = maps.as_map();
    assert_eq!(maps.offsets().as_ref(), &[0, 2, 2, 2]);
    assert_eq!(
        maps.keys().as_string::<i32>().iter().flatten().collect::<Vec<_>>(),
        ["k\n", ""]
    );
    assert!(maps.values().is_null(1) && maps.is_null(1));
}

#[test]
fn keys_of_maps_are_read_out_of_their_quotes() {
    let keys = |data_type: &str, cell: &str| column(data_type, cell).as_map().keys().clone();
    let integers = keys("map<int,void>", r#"{"-1":null,"7":null}"#);
    assert_eq!(integers.as_primitive::<Int32Type>().values(), &[-1, 7]);
    let doubles = keys("map<double,void>", r#"{"0.5":null,"Infinity":null}"#);
    assert_eq!(doubles.as_primitive::<Float64Type>().values(), &[0.5, f64::INFINITY]);
    assert!(keys("map<boolean,void>", r#"{"true":null}"#).as_boolean().value(0));
    let days = keys("map<date,void>", r#"{"1970-01-02":null}"#);
    assert_eq!(days.as_primitive::<Date32Type>().values(), &[1]);
    let decimals = keys("map<decimal(3,1),void>", r#"{"1.5":null}"#);
    assert_eq!(decimals.as_primitive::<Decimal128Type>().values(), &[15]);
}

#[test]
fn what_does_not_fit_is_refused_and_named() {
    for (data_type, cell, expected) in [
        ("tinyint", "128", "it is 128, not a whole number of 8 bits"),
        ("int", "1.0", "it is 1.0, not a whole number of 32 bits"),
        (
            "bigint",
            "9223372036854775808",
            "it is 9223372036854775808, not a whole number of 64 bits",
        ),
        ("bigint", "\"7\"", "it is \"7\", not a whole number of 64 bits"),
        ("float", "1e39", "it is 1e39, not a floating-point number of 32 bits"),
        ("double", "1e999", "it is 1e999, not a floating-point number of 64 bits"),
        (
            "double",
            "\"nan\"",
            "it is \"nan\", not a floating-point number of 64 bits",
        ),
        ("decimal(4,2)", "1.105", "it is 1.105, not a decimal(4,2)"),
        ("decimal(4,2)", "true", "it is true, not a decimal(4,2)"),
        ("boolean", "1", "it is 1, not true or false"),
        ("boolean", "\"true\"", "it is \"true\", not true or false"),
        ("string", "1", "it is 1, not text"),
        ("string", "\"\\ud800\"", "it is \"\\ud800\", not text"),
        ("binary", "\"a?\"", "it is \"a?\", not bytes in base64"),
        (
            "map<string,int>",
            r#"{"a":1,"b":2,"\u0061":3}"#,
            r#"it is "\u0061", not a key that the map holds once"#,
        ),
        (
            "array<float>",
            "[1,-1e39]",
            "at `[1]` it is -1e39, not a floating-point number of 32 bits",
        ),
        ("void", "0", "it is 0, not null, the only value of `void`"),
        (
            "date",
            "\"2023-02-29\"",
            "it is \"2023-02-29\", not a date from the year 0 on, such as 2024-02-29",
        ),
        (
            "date",
            "\"-0044-03-15\"",
            "it is \"-0044-03-15\", not a date from the year 0 on, such as 2024-02-29",
        ),
        (
            "date",
            "19782",
            "it is 19782, not a date from the year 0 on, such as 2024-02-29",
        ),
        (
            "timestamp",
            "\"2024-02-29T12:00:00\"",
            "it is \"2024-02-29T12:00:00\", not a timestamp from the year 0 on, with its offset from UTC, such as \
             2024-02-29T12:00:00.000+0000",
        ),
        ("array<int>", "{}", "it is {}, not an array"),
        ("array<int>", "\"[]\"", "it is \"[]\", not an array"),
        ("map<string,int>", "[]", "it is [], not a map: an object"),
        ("struct<a:int>", "[1]", "it is [1], not a struct: an object"),
        (
            "array<int>",
            "[1,[2]]",
            "at `[1]` it is [2], not a whole number of 32 bits",
        ),
        (
            "struct<a:map<string,array<boolean>>>",
            r#"{"a":{"x y":[true,0]}}"#,
            "at `.a[\"x y\"][1]` it is 0, not true or false",
        ),
        (
            "map<int,int>",
            r#"{"a":1}"#,
            "at `[\"a\"]` it is \"a\", not a whole number of 32 bits",
        ),
        (
            "map<array<int>,int>",
            r#"{"[1]":1}"#,
            "at `[\"[1]\"]` it is \"[1]\", not a key that JSON can hold: no array, map or struct",
        ),
        (
            "struct<a:int>",
            r#"{"b":1}"#,
            "it is \"b\", not the name of a field, once",
        ),
        (
            "struct<a:int>",
            r#"{"a":1,"a":2}"#,
            "it is \"a\", not the name of a field, once",
        ),
        (
            "string",
            "[\"a cell that is too long to be shown in an error\"]",
            "it is [\"a cell that is too long to be shown in…, not text",
        ),
    ] {
        assert_eq!(refusal(data_type, cell), expected, "{data_type}");
    }
}

#[test]
fn a_null_is_refused_where_the_schema_allows_none() {
    let array = r#"{"type":"array","elementType":"long","containsNull":false}"#;
    let expected = "it is null, not a value: the schema allows no null here";
    assert_eq!(refusal(array, "[1,null]"), format!("at `[1]` {expected}"));
    let map = r#"{"type":"map","keyType":"string","valueType":"long","valueContainsNull":false}"#;
    assert_eq!(refusal(map, r#"{"a":null}"#), format!("at `[\"a\"]` {expected}"));
    let structs = r#"{"type":"struct","fields":[{"name":"a","type":"long","nullable":false,"metadata":{}}]}"#;
    assert_eq!(refusal(structs, "{}"), format!("at `.a` {expected}"));
    // Below a null there is nothing to be null.
    assert_eq!(column(structs, "null, {\"a\":1}").null_count(), 1);
}

#[test]
fn fields_of_the_same_name_are_told_apart_by_their_order() {
    let structs = column("struct<a:int,a:int,b:int>", r#"{"a":1,"b":3,"a":2}"#);
    let values: Vec<_> = structs
        .as_struct()
        .columns()
        .iter()
        .map(|column| column.as_primitive::<Int32Type>().value(0))
        .collect();
    assert_eq!(values, [1, 2, 3]);
    let batch = typed(&["a int", "a string"], r#"[[1,"x"]]"#).record_batch().unwrap();
    assert_eq!((batch.num_columns(), batch.num_rows()), (2, 1));
}

#[test]
fn tables_without_rows_or_columns_are_batches_too() {
    let shape = |batch: RecordBatch| (batch.num_columns(), batch.num_rows());
    assert_eq!(shape(typed(&["a int"], "[]").record_batch().unwrap()), (1, 0));
    assert_eq!(shape(typed(&[], "[[],[]]").record_batch().unwrap()), (0, 2));
    assert_eq!(shape(table("\"truncated\":false").record_batch().unwrap()), (0, 0));
    let unnamed = table("\"data\":[[1]]").record_batch().unwrap_err();
    assert_eq!(text(&unnamed), "table: the schema names no columns");
    let longer = typed(&["a int"], "[[1],[1,2]]").record_batch().unwrap_err();
    assert_eq!(longer.row(), Some(2));
}

/// A type and a cell of it. Cells are `null` now and then.
fn typed_cell() -> impl Strategy<Value = (String, serde_json::Value)> {
    let simple = prop_oneof![
        any::<i8>().prop_map(|it| ("tinyint", it.into())),
        any::<i32>().prop_map(|it| ("int", it.into())),
        any::<i64>().prop_map(|it| ("bigint", it.into())),
        any::<bool>().prop_map(|it| ("boolean", it.into())),
        any::<i32>().prop_map(|it| ("double", (f64::from(it) / 4.0).into())),
        any::<i32>().prop_map(|it| (
            "decimal(12,2)",
            format!("{}.{:02}", it / 100, it.unsigned_abs() % 100).into()
        )),
        any::<String>().prop_map(|it| ("string", it.into())),
        (1970..2100, 1..13, 1..29)
            .prop_map(|(year, month, day)| ("date", format!("{year}-{month:02}-{day:02}").into())),
        Just(("binary", "aGk=".into())),
    ];
    let simple = simple.prop_map(|(data_type, cell): (_, serde_json::Value)| (data_type.to_owned(), cell));
    let nested = simple.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            (inner.clone(), 0usize..3)
                .prop_map(|((inner, cell), length)| (format!("array<{inner}>"), vec![cell; length].into())),
            (inner.clone(), any::<String>()).prop_map(|((inner, cell), key)| {
                (format!("map<string,{inner}>"), serde_json::json!({ key: cell }))
            }),
            (inner.clone(), inner).prop_map(|((one, cell), (other, second))| {
                (
                    format!("struct<a:{one},b:{other}>"),
                    serde_json::json!({"b": second, "a": cell}),
                )
            }),
        ]
    });
    (nested, any::<bool>())
        .prop_map(|((data_type, cell), is_null)| (data_type, if is_null { serde_json::Value::Null } else { cell }))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_cell_of_the_declared_type_fits_and_only_null_becomes_null((data_type, cell) in typed_cell()) {
        let array = column(&data_type, &cell.to_string());
        assert_eq!((array.len(), array.null_count()), (1, usize::from(cell.is_null())));
        array.to_data().validate_full().unwrap();
    }

    #[test]
    fn any_text_is_a_moment_or_not(text in "[-+0-9TZ:. ]{0,30}|[+]?[0-9]{1,7}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.0-9]{0,8}[-+Z0-9:]{0,6}") {
        let _ = (super::time::date(&text), super::time::timestamp(&text), super::time::timestamp_ntz(&text));
        let _ = super::decimal::parse(&text, 38, 2);
    }
}
