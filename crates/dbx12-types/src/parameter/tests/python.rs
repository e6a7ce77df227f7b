//! Literals read by the real Python.

use super::{parameter, scalar};
use crate::Language;
use crate::parameter::Parameter;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Reads one JSON pair a line, a literal and its value in the form of [`described`]; names each that differs.
///
/// What is a literal to Python itself must be one: `literal_eval` runs nothing. The others call a constructor.
const READER: &str = r"
import ast, datetime, decimal, json, math, struct, sys

def described(value):
    if value is None: return ['null']
    if value is True or value is False: return ['bool', value]
    if type(value) is int: return ['integer', str(value)]
    if type(value) is float: return ['float', 'nan' if math.isnan(value) else struct.pack('>d', value).hex()]
    if type(value) is decimal.Decimal: return ['decimal', str(value) if value else format(value, 'f')]
    if type(value) is str: return ['text', value.encode().hex()]
    if type(value) is bytes: return ['bytes', value.hex()]
    if type(value) is datetime.date: return ['date', value.isoformat()]
    if type(value) is datetime.datetime: return ['timestamp', value.isoformat(timespec='microseconds')]
    if type(value) is list: return ['list', [described(item) for item in value]]
    if type(value) is dict: return ['map', [[key.encode().hex(), described(item)] for key, item in value.items()]]
    raise TypeError(type(value))

read = 0
for line in sys.stdin:
    literal, expected = json.loads(line)
    scope = {}
    exec('value = ' + literal, scope)
    if described(scope['value']) != expected:
        print(literal, described(scope['value']), expected)
    if '__import__' not in literal:
        assert described(ast.literal_eval(literal)) == expected, literal
    assert [type(node).__name__ for node in ast.parse('value = ' + literal).body] == ['Assign'], literal
    read += 1
print('read', read)
";

fn described(value: &Parameter) -> serde_json::Value {
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
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn python_reads_every_literal_as_the_value() {
    let mut runner = TestRunner::deterministic();
    let (any, plain) = (parameter(), scalar());
    let nested: Vec<_> = (0..500).map(|_| any.new_tree(&mut runner).unwrap().current()).collect();
    let plain = (0..2_500).map(|_| plain.new_tree(&mut runner).unwrap().current());
    let edges = ["", "'", "\\", "\\N{BULLET}", "{x}", "%s", "\u{10ffff}", "a\u{0}b"].map(Parameter::from);
    let values: Vec<_> = nested
        .into_iter()
        .chain(plain)
        .chain(edges)
        .chain([i64::MIN, i64::MAX].map(Parameter::from))
        .collect();
    let lines: Vec<_> = values
        .iter()
        .map(|value| {
            let literal = value.literal(&Language::Python).unwrap();
            serde_json::json!([literal, described(value)]).to_string()
        })
        .collect();

    let mut python = Command::new("python3")
        .args(["-c", READER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    let mut input = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(lines.join("\n").as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!("read {}\n", values.len())
    );
    assert!(output.status.success());
}
