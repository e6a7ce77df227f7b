//! The literals of parameters, read by Apache Spark's own SQL parser and by the Scala that Spark brings.

use dbx12_exec::api::types::Language;
use dbx12_types::parameter::{Date, Timestamp};
use dbx12_types::{Parameter, Parameters};
use serde_json::{Value, json};

use self::values::{described, sample};
use crate::notebook::Notebook;

#[allow(
    dead_code,
    reason = "shared with the unit tests of `dbx12-types`, which need more of it"
)]
#[path = "../../crates/dbx12-types/src/parameter/tests/values.rs"]
mod values;

/// How many literals are read at once.
const BATCH: usize = 25;

#[tokio::test]
async fn literals() {
    let notebook = Notebook::start().await;
    spark_reads_every_sql_literal_as_the_value(&notebook).await;
    spark_reads_bound_sql_with_the_values_only_where_markers_are_live(&notebook).await;
    scala_reads_every_literal_as_the_value(&notebook).await;
    notebook.workspace.shutdown().await;
}

async fn read_by_spark(notebook: &Notebook, batches: &[Vec<(String, Value)>]) {
    let python = notebook.context(Language::Python).await;
    notebook.run(&python, include_str!("literals.py")).await;
    // A JSON text of JSON is a literal of Python as well.
    let batches_text = json!(json!(batches).to_string());
    let said = notebook
        .text(&python, &format!("check_all(json.loads({batches_text}))"))
        .await;
    let literals: usize = batches.iter().map(Vec::len).sum();
    assert_eq!(said, format!("read {} under 6 settings", literals * 6));
}

async fn spark_reads_every_sql_literal_as_the_value(notebook: &Notebook) {
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
    read_by_spark(notebook, &batches).await;
}

/// Markers that are live, and others in comments, a string and a quoted identifier.
const STATEMENT: &str = "SELECT :v AS a, -- :v, it's
    ':v' AS `:v`, /* \":v */ 1 -:n AS b, concat(:v,'\"',:v)/*:v*/ AS c";

async fn spark_reads_bound_sql_with_the_values_only_where_markers_are_live(notebook: &Notebook) {
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
    read_by_spark(notebook, &batches).await;
}

async fn scala_reads_every_literal_as_the_value(notebook: &Notebook) {
    let values = sample(200, 600);
    let scala = notebook.context(Language::Scala).await;
    notebook.text(&scala, include_str!("literals.scala")).await;
    let mut said = String::new();
    for batch in values.chunks(BATCH) {
        let lines = batch.iter().enumerate().map(|(index, value)| {
            let literal = value.literal(&Language::Scala).unwrap();
            format!("val v{index} = {literal}; show(v{index}); ")
        });
        said += &notebook.text(&scala, &lines.collect::<String>()).await;
        said.push('\n');
    }
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
