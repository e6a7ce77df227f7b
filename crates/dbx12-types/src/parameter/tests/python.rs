//! Literals read by the real Python.

use super::values::{described, sample};
use crate::Language;
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

#[test]
fn python_reads_every_literal_as_the_value() {
    let values = sample(500, 2_500);
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
