//! What Python makes of SQL, of Arrow's values and of errors before and after Spark Connect; the rest takes a server.

use super::*;

async fn value(code: &str) -> serde_json::Value {
    let mut notebook = Notebook::start().await;
    let program =
        format!("import sys, json, datetime, decimal\nc = sys.modules['_dbx12_connect']\nprint(json.dumps({code}))");
    serde_json::from_str(&notebook.text(&program).await).unwrap()
}

#[tokio::test]
async fn statements_end_at_semicolons_that_are_code() {
    let code = r#"[c.statements(text) for text in [
        "select ';' as a -- ;", "", "-- nothing", " ; ;", "set x = 1; drop view v;\n",
        "select 1 -- ; not here\n/* nor; /* here; */ */; select `;`", "select \"\\\";\"; select /*+ a; */ 2",
        "begin declare x int; select x; end", "select 'open; "]]"#;
    assert_eq!(
        value(code).await,
        serde_json::json!([
            ["select ';' as a -- ;"],
            [],
            [],
            [],
            ["set x = 1", "drop view v"],
            ["select 1 -- ; not here\n/* nor; /* here; */ */", "select `;`"],
            ["select \"\\\";\"", "select /*+ a; */ 2"],
            ["begin declare x int; select x; end"],
            ["select 'open;"],
        ])
    );
}

#[tokio::test]
async fn cells_are_as_the_bridge_in_a_jvm_writes_them() {
    let code = r#"[c.cell(value, kind) for value, kind in [
        (9223372036854775807, "long"), (decimal.Decimal("1.10"), "decimal(10,2)"), (float("nan"), "double"),
        (datetime.datetime(2024, 1, 2, 3, 4, 5, 678000, datetime.timezone.utc), "timestamp"),
        (datetime.datetime(2024, 1, 2, 3, 4, 5), "timestamp_ntz"), (datetime.datetime(2024, 1, 2, 3, 4, 5, 120000), "timestamp_ntz"),
        (datetime.date(1, 1, 2), "date"), (b"\0\xff", "binary"), (None, "void"),
        ([1, None], {"type": "array", "elementType": "integer"}),
        ([("k", 1), ("l", None)], {"type": "map", "keyType": "string", "valueType": "long"}),
        ({"x": float("inf")}, {"type": "struct", "fields": [{"name": "x", "type": "double"}]})]]"#;
    assert_eq!(
        value(code).await,
        serde_json::json!([
            9_223_372_036_854_775_807_i64,
            "1.10",
            "NaN",
            "2024-01-02T03:04:05.678+0000",
            "2024-01-02T03:04:05",
            "2024-01-02T03:04:05.12",
            "0001-01-02",
            "AP8=",
            null,
            [1, null],
            {"k": 1, "l": null},
            {"x": "Infinity"},
        ])
    );
}

#[tokio::test]
async fn an_error_of_sql_is_told_as_such() {
    let code =
        r#"json.loads(c.failure(type("AnalysisException", (Exception,), {"__module__": "pyspark.errors"})("no <t>")))"#;
    assert_eq!(
        value(code).await["error"],
        serde_json::json!({
            "summary": "Error in SQL statement: AnalysisException: no <t>",
            "cause": "com.databricks.backend.common.rpc.SparkDriverExceptions$SQLExecutionException: \
                pyspark.errors.AnalysisException: no <t>",
            "interrupt": false,
        })
    );
}
