//! The literals of parameters, read by Apache Spark's own SQL parser and by the Scala that Spark brings.
//!
//! Not among the tests that `cargo test` chooses, for it needs Java and half a gigabyte of Spark: `cargo xtask nightly`
//! installs those and asks for this program by its name. When Spark is missing it fails.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use dbx12_types::parameter::{Date, Timestamp};
use dbx12_types::{Language, Parameter, Parameters};
use serde_json::{Value, json};

use values::{described, sample};

#[allow(
    dead_code,
    reason = "shared with the unit tests of `dbx12-types`, which need more of it"
)]
#[path = "../../crates/dbx12-types/src/parameter/tests/values.rs"]
mod values;

/// How many literals are read at once.
const BATCH: usize = 25;

/// The Python with PySpark that `cargo xtask nightly` prepared and named in `DBX12_SPARK_PYTHON`; else the one it
/// prepared before.
fn python() -> OsString {
    if let Some(path) = std::env::var_os("DBX12_SPARK_PYTHON") {
        return path;
    }
    let prepared = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/pyspark/bin/python");
    assert!(
        prepared.exists(),
        "there is no Spark: run `cargo xtask nightly`, which installs it"
    );
    prepared.into_os_string()
}

/// What a program says of `input`.
fn said_by(command: &mut Command, input: String) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    writer.join().unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn read_by_spark(batches: &[Vec<(String, Value)>]) {
    let lines: Vec<_> = batches.iter().map(|batch| json!(batch).to_string()).collect();
    let said = said_by(
        Command::new(python())
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/spark/sql.py"))
            // PySpark gives timestamps in the zone of its process.
            .env("TZ", "UTC")
            .env("SPARK_LOCAL_IP", "127.0.0.1"),
        lines.join("\n"),
    );
    let literals: usize = batches.iter().map(Vec::len).sum();
    assert_eq!(said, format!("read {} under 5 settings\n", literals * 5));
}

#[test]
fn spark_reads_every_sql_literal_as_the_value() {
    let literals: Vec<_> = sample(200, 600)
        .iter()
        .filter_map(|value| Some((value.literal(&Language::Sql).ok()?, described(value))))
        .collect();
    assert!(
        literals.len() > 650,
        "most values can be written, not {}",
        literals.len()
    );
    let batches: Vec<_> = literals.chunks(BATCH).map(<[_]>::to_vec).collect();
    read_by_spark(&batches);
}

/// Markers that are live, and others in comments, a string and a quoted identifier.
const STATEMENT: &str = "SELECT :v AS a, -- :v, it's
    ':v' AS `:v`, /* \":v */ 1 -:n AS b, concat(:v,'\"',:v)/*:v*/ AS c";

#[test]
fn spark_reads_bound_sql_with_the_values_only_where_markers_are_live() {
    let texts = sample(0, 600).into_iter().filter_map(|value| match value {
        Parameter::Text(text) => Some(text),
        _ => None,
    });
    let batches: Vec<Vec<_>> = texts
        .take(60)
        .map(|text| {
            let parameters = Parameters::default().with("v", text.as_str()).with("n", -5);
            let statement = parameters.bind_sql(STATEMENT).unwrap();
            let twice = format!("{text}\"{text}");
            let columns = [text.into(), ":v".into(), Parameter::from(6), twice.into()];
            columns.map(|column| (statement.clone(), described(&column))).into()
        })
        .collect();
    assert_eq!(batches.len(), 60);
    read_by_spark(&batches);
}

#[test]
fn scala_reads_every_literal_as_the_value() {
    let values = sample(200, 600);
    let mut session = format!(":paste {}/spark/show.scala\n:silent\n", env!("CARGO_MANIFEST_DIR"));
    for batch in values.chunks(BATCH) {
        let lines = batch.iter().enumerate().map(|(index, value)| {
            let literal = value.literal(&Language::Scala).unwrap();
            format!("val v{index} = {literal}; show(v{index}); ")
        });
        session.extend(lines);
        session.push('\n');
    }
    let jars = said_by(
        Command::new(python()).args(["-c", "import pyspark; print(*pyspark.__path__, sep='')"]),
        String::new(),
    );
    let said = said_by(
        Command::new("java")
            .args(["-cp", &format!("{}/jars/*", jars.trim())])
            .args(["scala.tools.nsc.MainGenericRunner", "-usejavacp", "-nc"]),
        session,
    );
    let shown: Vec<_> = said.lines().filter_map(|line| Some(line.split_once("@@")?.1)).collect();
    assert_eq!(shown.len(), values.len(), "{said}");
    for (shown, value) in shown.into_iter().zip(&values) {
        let (kind, found) = shown.split_once('\t').unwrap();
        let found: Value = serde_json::from_str(found).unwrap();
        assert_eq!(found, without_negative_zero(described(value)), "{value:?}");
        assert!(
            scala_kind(value).is_none_or(|expected| kind == expected),
            "{kind}: {value:?}"
        );
    }
}

/// The static type that a literal has in Scala. That of a collection depends on what is in it.
fn scala_kind(value: &Parameter) -> Option<&'static str> {
    Some(match value {
        Parameter::Null => "Null",
        Parameter::Bool(_) => "Boolean",
        Parameter::Integer(_) => "Long",
        Parameter::Float(_) => "Double",
        Parameter::Decimal(_) => "scala.math.BigDecimal",
        Parameter::Text(_) => "java.lang.String",
        Parameter::Bytes(_) => "Array[Byte]",
        Parameter::Date(_) => "java.time.LocalDate",
        Parameter::Timestamp(_) => "java.time.Instant",
        _ => return None,
    })
}

/// Java's decimals know none.
fn without_negative_zero(described: Value) -> Value {
    match described {
        Value::Array(items) => match items.as_slice() {
            [Value::String(kind), Value::String(number)] if kind == "decimal" && !number.contains(|c| c > '0') => {
                json!([kind, number.trim_start_matches('-')])
            }
            _ => items.into_iter().map(without_negative_zero).collect(),
        },
        other => other,
    }
}
