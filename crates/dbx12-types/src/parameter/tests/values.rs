//! Values to be written as literals, and how what an interpreter makes of them is compared. The tests of this crate use
//! it with Python, and those of the workspace with Spark.

use super::{Date, Parameter, Timestamp};
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// So many values of any kind and depth, so many that are neither list nor map, and those at the edges. The same in
/// every run.
pub(crate) fn sample(any: usize, scalars: usize) -> Vec<Parameter> {
    let mut runner = TestRunner::deterministic();
    let mut values = Vec::new();
    for _ in 0..any {
        values.push(parameter().new_tree(&mut runner).unwrap().current());
    }
    for _ in 0..scalars {
        values.push(scalar().new_tree(&mut runner).unwrap().current());
    }
    values.extend(["", "'", "\\", "\\N{BULLET}", "{x}", "%s", "\u{10ffff}", "a\u{0}b"].map(Parameter::from));
    values.extend([i64::MIN, i64::MAX, i64::from(i32::MIN), i64::from(i32::MAX)].map(Parameter::from));
    values
}

/// The value as JSON: its kind, and what it holds in a form that every language can write.
pub(crate) fn described(value: &Parameter) -> serde_json::Value {
    use serde_json::json;
    match value {
        Parameter::Null => json!(["null"]),
        Parameter::Bool(value) => json!(["bool", value]),
        Parameter::Integer(number) => json!(["integer", number.to_string()]),
        Parameter::Float(number) if number.is_nan() => json!(["float", "nan"]),
        Parameter::Float(number) => json!(["float", format!("{:016x}", number.to_bits())]),
        Parameter::Decimal(decimal) => json!(["decimal", decimal.to_string()]),
        Parameter::Text(text) => json!(["text", hex(text.as_bytes())]),
        Parameter::Bytes(bytes) => json!(["bytes", hex(bytes)]),
        Parameter::Date(date) => json!(["date", date.to_string()]),
        Parameter::Timestamp(time) => json!(["timestamp", time.to_string().replace('Z', "+00:00")]),
        Parameter::List(items) => json!(["list", items.iter().map(described).collect::<Vec<_>>()]),
        Parameter::Map(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(name, value)| json!([hex(name.as_bytes()), described(value)]))
                .collect();
            json!(["map", entries])
        }
        #[allow(
            unreachable_patterns,
            reason = "reachable from other crates, for which the enum may grow"
        )]
        other => panic!("{other:?} is of a new kind"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Text as it comes from people who mean harm, and any other.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[ -~]{0,4}",
        proptest::sample::select(HARMFUL).prop_map(str::to_owned),
    ];
    prop_oneof![
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
        "[a-zA-Z0-9 _.,:/@+=()-]{0,20}",
    ]
}

const HARMFUL: &[&str] = &[
    "'",
    "\"",
    "`",
    "\\",
    "\\\\",
    "\\'",
    "''",
    "'''",
    "\"\"\"",
    "\n",
    "\r\n",
    "\r",
    "\u{2028}",
    "\u{85}",
    "\0",
    "\u{1a}",
    "${",
    "$x",
    "${spark.sql.session.timeZone}",
    "{{x}}",
    "\\u0022",
    "\\u000a",
    "\\uuuu0027",
    "\\U00000027",
    "\\N{APOSTROPHE}",
    "\\x27",
    "\\047",
    "--",
    "/*",
    "*/",
    ";",
    "%sql",
    "!ls",
    "?",
    "#",
    "//",
    "'; DROP TABLE t; --",
    "' + exit() + '",
    "\u{1f600}",
    "\u{feff}",
    "\u{202e}",
    "é",
    "\u{2bc}",
    "\u{ff07}",
    "\t",
    "\u{7f}",
    "\u{1b}[0m",
];

fn scalar() -> impl Strategy<Value = Parameter> {
    prop_oneof![
        proptest::strategy::Just(Parameter::Null),
        any::<bool>().prop_map(Parameter::Bool),
        any::<i64>().prop_map(Parameter::Integer),
        (-3i64..3).prop_map(Parameter::Integer),
        any::<f64>().prop_map(Parameter::Float),
        proptest::sample::select(vec![
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
            5e-324,
            f64::MAX,
            f64::MIN
        ])
        .prop_map(Parameter::Float),
        "[+-]?[0-9]{1,19}(\\.[0-9]{1,19})?".prop_map(|text| Parameter::Decimal(text.parse().unwrap())),
        text().prop_map(Parameter::Text),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Parameter::Bytes),
        (-62_135_596_800_000_000i64..=253_402_300_799_999_999)
            .prop_map(|micros| Parameter::Timestamp(Timestamp::from_unix_micros(micros).unwrap())),
        (1u16..=9999, 1u8..=12, 1u8..=28).prop_map(|(y, m, d)| Parameter::Date(Date::new(y, m, d).unwrap())),
    ]
}

pub(crate) fn parameter() -> impl Strategy<Value = Parameter> {
    scalar().prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Parameter::List),
            proptest::collection::btree_map(text(), inner, 0..6).prop_map(Parameter::Map),
        ]
    })
}
