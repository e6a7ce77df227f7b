//! Types come back as they came, from both forms, whatever they are.

use super::{ArrayType, DataType, IntervalUnit, MapType, StructField, StructType};
use crate::Fields;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use serde_json::Value;

fn recognized(data_type: &DataType) -> bool {
    !matches!(data_type, DataType::Unrecognized(_))
}

#[test]
fn every_simple_type_has_a_name_in_both_forms() {
    for (json, hive) in [
        ("void", "void"),
        ("boolean", "boolean"),
        ("byte", "tinyint"),
        ("short", "smallint"),
        ("integer", "int"),
        ("long", "bigint"),
        ("float", "float"),
        ("double", "double"),
        ("decimal(10,2)", "decimal(10,2)"),
        ("decimal(38,38)", "decimal(38,38)"),
        ("decimal(5,-2)", "decimal(5,-2)"),
        ("string", "string"),
        ("char(3)", "char(3)"),
        ("varchar(65535)", "varchar(65535)"),
        ("binary", "binary"),
        ("date", "date"),
        ("timestamp", "timestamp"),
        ("timestamp_ntz", "timestamp_ntz"),
        ("interval", "interval"),
        ("interval day to second", "interval day to second"),
        ("interval month", "interval month"),
        ("variant", "variant"),
    ] {
        let json = format!("\"{json}\"");
        let (one, other) = (DataType::parse(&json), DataType::parse(hive));
        assert!(recognized(&one), "{json}");
        assert_eq!(one, other);
        assert_eq!((one.to_json(), other.to_hive()), (json, hive.to_owned()));
    }
}

#[test]
fn other_spellings_of_hive_strings_are_read_and_kept() {
    for (text, canonical) in [
        (" BIGINT ", "bigint"),
        ("long", "bigint"),
        ("Integer", "int"),
        ("real", "float"),
        ("timestamp_ltz", "timestamp"),
        ("DECIMAL", "decimal(10,0)"),
        ("numeric( 7 )", "decimal(7,0)"),
        ("dec(7 , 3)", "decimal(7,3)"),
        ("Interval  Day  TO  Hour", "interval day to hour"),
        ("interval day to day", "interval day"),
        (
            "STRUCT<a: INT, `b c`: ARRAY<STRING>>",
            "struct<a:int,b c:array<string>>",
        ),
        ("map <string, int>", "map<string,int>"),
    ] {
        let (spelled, data_type) = (DataType::parse(text), DataType::parse(canonical));
        assert_eq!(spelled, data_type, "{text}");
        assert_eq!(
            (spelled.to_string(), spelled.to_hive()),
            (text.to_owned(), text.to_owned())
        );
        assert_eq!(spelled.plain().to_string(), canonical);
        assert_eq!(spelled.to_json(), data_type.to_json());
        assert_eq!(spelled.is_numeric(), data_type.is_numeric());
        assert_ne!(spelled, DataType::Binary);
    }
    assert_ne!(DataType::parse("DECIMAL(4,1)"), DataType::parse("decimal(4,2)"));
    assert_ne!(DataType::parse("ARRAY<int>"), DataType::parse("array<string>"));
}

#[test]
fn json_that_is_no_type_stays_json() {
    for text in ["5", "-1e999", "[1, 2]", "true", "[]"] {
        let data_type = DataType::parse(text);
        assert!(!recognized(&data_type));
        assert_eq!(
            (data_type.to_json(), data_type.to_string()),
            (text.to_owned(), text.to_owned())
        );
    }
    assert_eq!(DataType::parse("\rfalse"), DataType::parse("false"));
}

#[test]
fn nested_types_are_read_from_hive_strings() {
    let text = "struct<a:int,b:array<string>,c:map<string,struct<d:decimal(10,2),count(1, 2):void>>>";
    let DataType::Struct(types) = DataType::parse(text) else {
        panic!("a struct")
    };
    assert_eq!(types.fields.len(), 3);
    assert_eq!(
        types.fields[1],
        StructField::new("b", ArrayType::new(DataType::String).into())
    );
    let DataType::Map(map) = &types.fields[2].data_type else {
        panic!("a map")
    };
    let DataType::Struct(inner) = &map.value else {
        panic!("a struct")
    };
    assert_eq!(inner.fields[1], StructField::new("count(1, 2)", DataType::Void));
    assert_eq!(DataType::Struct(types).to_string(), text);
    assert_eq!(DataType::parse("struct<>"), StructType::default().into());
}

#[test]
fn names_that_could_not_be_read_are_quoted() {
    for name in ["a:b", "a,b", "a`b", "", " a", ")(", "x<y"] {
        let data_type = DataType::from(StructType::new(vec![StructField::new(name, DataType::Long)]));
        assert_eq!(DataType::parse(&data_type.to_string()), data_type);
    }
    let text = "struct<a b:int,`c,``d`:int>";
    assert_eq!(DataType::parse(text).to_string(), text);
}

#[test]
fn json_of_spark_comes_back_byte_for_byte() {
    for json in [
        r#"{"type":"struct","fields":[{"name":"a","type":"long","nullable":true,"metadata":{}},{"name":"b","type":{"type":"array","elementType":"string","containsNull":false},"nullable":false,"metadata":{"comment":"the \u2026","n":12345678901234567890123}}]}"#,
        r#"{"type":"map","keyType":"string","valueType":{"type":"struct","fields":[]},"valueContainsNull":true}"#,
        r#"{"type":"udt","class":"org.apache.spark.ml.linalg.VectorUDT","pyClass":"pyspark.ml.linalg.VectorUDT","sqlType":"binary"}"#,
        r#"{"type":"array","elementType":"geometry(4326)"}"#,
        r#"{"type":"hologram","of":["long"]}"#,
        r#""string collate UNICODE""#,
    ] {
        assert_eq!(DataType::parse(json).to_json(), json);
    }
}

#[test]
fn what_came_with_a_field_is_kept() {
    let json = r#"{"type":"struct","fields":[{"type":"long","name":"a","nullable":"maybe","metadata":{"comment":"x"},"new":1}],"more":null}"#;
    let data_type = DataType::parse(json);
    let DataType::Struct(types) = &data_type else {
        panic!("a struct")
    };
    assert_eq!(types.fields[0].nullable, None);
    assert_eq!(types.fields[0].comment().as_deref(), Some("x"));
    let as_value = |json: &str| serde_json::from_str::<Value>(json).unwrap();
    assert_eq!(as_value(&data_type.to_json()), as_value(json));
}

#[test]
fn what_is_not_known_or_broken_stays_text() {
    for text in [
        "",
        "geography(4326)",
        "decimal(39,0)",
        "decimal(5,6)",
        "varchar(0)",
        "interval month to day",
        "interval second to day",
        "struct<a>",
        "struct<a:int",
        "array<int,int>",
        "map<int>",
        "array<struct<a:int>",
        "struct<`a:int>",
        "{not json",
        "…",
    ] {
        let data_type = DataType::parse(text);
        assert!(!recognized(&data_type), "{text}: {data_type:?}");
        assert_eq!(data_type.to_string(), text);
        assert_eq!(DataType::parse(&data_type.to_json()), data_type);
    }
    assert_eq!(DataType::parse("array<new>").to_string(), "array<new>");
    let DataType::Unrecognized(unknown) = DataType::parse("\"bigint\"") else {
        panic!("no name of Spark's JSON")
    };
    assert_eq!(unknown.as_str(), "bigint");
}

#[test]
fn nesting_is_bounded_and_nothing_is_lost() {
    for (open, inner, close) in [
        ("array<", "int", ">"),
        ("{\"type\":\"array\",\"elementType\":", "\"long\"", "}"),
        ("struct<a:", "int", ">"),
        ("(", "", ")"),
        ("[", "", "]"),
    ] {
        for depth in [63, 65, 5_000] {
            let text = open.repeat(depth) + inner + &close.repeat(depth);
            let data_type = DataType::parse(&text);
            let printed = if inner.starts_with('"') {
                data_type.to_json()
            } else {
                data_type.to_string()
            };
            assert!(printed == text, "{open} {depth}");
        }
    }
}

fn simple() -> impl Strategy<Value = DataType> {
    let units = any::<(proptest::sample::Index, proptest::sample::Index)>().prop_map(|(one, other)| {
        let first = IntervalUnit::ALL[one.index(6)];
        let last: Vec<_> = IntervalUnit::ALL
            .into_iter()
            .filter(|unit| *unit >= first && unit.is_month_based() == first.is_month_based())
            .collect();
        DataType::Interval {
            first,
            last: last[other.index(last.len())],
        }
    });
    prop_oneof![
        proptest::sample::select(super::SIMPLE.iter().map(|(it, ..)| it.clone()).collect::<Vec<_>>()),
        (1..=38u8)
            .prop_flat_map(|precision| (Just(precision), -38..=precision as i8))
            .prop_map(|(precision, scale)| DataType::Decimal { precision, scale }),
        (1..=u32::MAX).prop_map(DataType::Char),
        (1..=u32::MAX).prop_map(DataType::Varchar),
        units,
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z_]{1,8}", "\\PC{0,6}", "[a:,`<>() ]{0,6}", any::<String>()]
}

fn data_type() -> impl Strategy<Value = DataType> {
    simple().prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|element| ArrayType::new(element).into()),
            (inner.clone(), inner.clone()).prop_map(|(key, value)| MapType::new(key, value).into()),
            proptest::collection::vec((name(), inner), 0..4).prop_map(|fields| {
                let field = |(name, data_type): (String, DataType)| StructField::new(name, data_type);
                StructType::new(fields.into_iter().map(field).collect()).into()
            }),
        ]
    })
}

/// Says of everything nested whether it may be null, as Spark's JSON does, and adds members of tomorrow.
fn annotated(data_type: DataType, flag: bool) -> DataType {
    let mut extra = Fields::default();
    extra.set("metadata", &serde_json::json!({"x": [1, null]})).unwrap();
    match data_type {
        DataType::Array(mut array) => {
            array.element = annotated(array.element, !flag);
            array.contains_null = Some(flag);
            array.extra = extra;
            DataType::Array(array)
        }
        DataType::Map(mut map) => {
            map.key = annotated(map.key, !flag);
            map.value = annotated(map.value, !flag);
            map.value_contains_null = Some(flag);
            DataType::Map(map)
        }
        DataType::Struct(mut types) => {
            for field in &mut types.fields {
                field.data_type = annotated(field.data_type.clone(), !flag);
                field.nullable = Some(flag);
                field.extra = extra.clone();
            }
            types.extra = extra;
            DataType::Struct(types)
        }
        other => other,
    }
}

fn json() -> impl Strategy<Value = Value> {
    let word = proptest::sample::select(vec![
        "type",
        "struct",
        "array",
        "map",
        "udt",
        "fields",
        "name",
        "elementType",
        "keyType",
        "valueType",
        "sqlType",
        "containsNull",
        "nullable",
        "metadata",
        "long",
        "decimal(4,2)",
        "bigint",
        "DATE",
    ]);
    let text = prop_oneof![word.prop_map(str::to_owned), any::<String>()];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((text.clone(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_type_survives_both_forms(data_type in data_type(), flag in any::<bool>()) {
        assert_eq!(DataType::parse(&data_type.to_json()), data_type);
        assert_eq!(DataType::parse(&data_type.to_hive()), data_type);
        let annotated = annotated(data_type, flag);
        assert_eq!(DataType::parse(&annotated.to_json()), annotated);
    }

    #[test]
    fn any_text_is_read_once_and_for_all(
        text in prop_oneof![
            any::<String>(),
            "[a-z<>,:()`{}\" 0-9]{0,30}",
            "(array<|map<|struct<|a:|,|>|int|`|decimal\\(1,1\\)|x| ){0,12}",
        ],
    ) {
        let data_type = DataType::parse(&text);
        match text.parse::<Value>() {
            Ok(value) if text != "null" => assert_eq!(data_type.to_json().parse::<Value>().unwrap(), value),
            _ => assert_eq!(data_type.to_string(), text),
        }
        let plain = data_type.plain().to_string();
        if recognized(&data_type) {
            assert_eq!(DataType::parse(&plain).to_string(), plain);
        }
    }

    #[test]
    fn any_json_comes_back_equal(value in json()) {
        let data_type: DataType = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(serde_json::to_value(&data_type).unwrap(), value);
        assert_eq!(serde_json::from_str::<DataType>(&value.to_string()).unwrap(), data_type);
    }
}
