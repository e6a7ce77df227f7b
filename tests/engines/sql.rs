//! SQL contexts: real schemas, every type of Spark, several statements, errors, row limits.

use dbx12_exec::api::types::{ContextStatus, ExecuteCommand, Language};
use dbx12_local::SparkStatus;
use serde_json::json as expected;

use crate::notebook::{Notebook, json};

#[tokio::test]
async fn sql() {
    let notebook = Notebook::start().await;
    assert_eq!(notebook.workspace.spark(), SparkStatus::NotStarted);
    let context = notebook.pending(Language::Sql).await;
    assert_eq!(notebook.status(&context).await, ContextStatus::Pending);
    let early = notebook.submit(&context, None, "select 1 as one").await;
    assert_eq!(notebook.settled(&context).await, ContextStatus::Running);
    assert!(
        matches!(notebook.workspace.spark(), SparkStatus::Running(version) if version.starts_with('4')),
        "{:?}",
        notebook.workspace.spark()
    );
    let one = json(&notebook.finished(&context, &early).await);
    assert_eq!(
        one,
        expected!({"resultType": "table", "data": [[1]], "truncated": false, "isJsonSchema": true,
            "schema": [{"name": "one", "type": "\"integer\"", "metadata": "{}"}]})
    );

    values(&notebook).await;
    statements(&notebook).await;
    errors(&notebook).await;
    limits(&notebook).await;

    // Views are a context's own, tables the cluster's.
    let other = notebook.context(Language::Sql).await;
    notebook.run(&context, "create temp view mine as select 1").await;
    assert!(
        notebook
            .error(&other, "select * from mine")
            .await
            .plain()
            .contains("TABLE_OR_VIEW_NOT_FOUND")
    );
    notebook.run(&context, "create table ours (a int)").await;
    notebook.run(&context, "insert into ours values (7)").await;
    assert_eq!(notebook.rows(&other, "select * from ours").await, expected!([[7]]));
    notebook.workspace.shutdown().await;
}

pub(crate) async fn values(notebook: &Notebook) {
    let context = notebook.context(Language::Sql).await;
    let code = "select 9223372036854775807 big, cast(1.10 as decimal(10,2)) d, \
        cast(12345678901234567890123456789012345678 as decimal(38,0)) wide, double('NaN') nan, float('-inf') inf, \
        timestamp'2024-01-02 03:04:05.678' t, timestamp_ntz'2024-01-02 03:04:05' tn, date'0001-01-02' day, X'00ff' bin, null nothing, \
        true yes, 'é\"' text, array(1, null) list, named_struct('x', 1, 'y', array(double('NaN'))) struct, map('k', 1L, 'l', null) map, \
        interval 1 day span, parse_json('{\"a\":1}') variant, 1 big";
    let table = json(&notebook.run(&context, code).await);
    assert_eq!(
        table["data"],
        expected!([[
            9_223_372_036_854_775_807_i64,
            "1.10",
            "12345678901234567890123456789012345678",
            "NaN",
            "-Infinity",
            "2024-01-02T03:04:05.678+0000",
            "2024-01-02T03:04:05",
            "0001-01-02",
            "AP8=",
            null,
            true,
            "é\"",
            [1, null],
            {"x": 1, "y": ["NaN"]},
            {"k": 1, "l": null},
            "INTERVAL '1' DAY",
            "{\"a\":1}",
            1
        ]])
    );
    let types: Vec<_> = table["schema"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types[..10],
        [
            "\"long\"",
            "\"decimal(10,2)\"",
            "\"decimal(38,0)\"",
            "\"double\"",
            "\"float\"",
            "\"timestamp\"",
            "\"timestamp_ntz\"",
            "\"date\"",
            "\"binary\"",
            "\"void\"",
        ]
    );
    assert_eq!(
        types[12],
        r#"{"type":"array","elementType":"integer","containsNull":true}"#
    );
}

pub(crate) async fn statements(notebook: &Notebook) {
    let context = notebook.context(Language::Sql).await;
    let nothing =
        expected!({"resultType": "table", "data": [], "schema": [], "truncated": false, "isJsonSchema": true});
    for code in [
        "create temp view v as select ';' as a -- ;",
        "",
        "-- nothing",
        "set x = 1; drop view v;\n",
    ] {
        let results = json(&notebook.run(&context, code).await);
        assert_eq!(results, nothing, "{code}");
    }
    let several = "create table t (a int);\ninsert into t values (1), (2); -- ; not here\n/* nor; /* here; */ */ select sum(a) from t;\n";
    assert_eq!(notebook.rows(&context, several).await, expected!([[3]]));
    assert_eq!(
        notebook
            .rows(&context, "begin declare x int default 3; select x; end")
            .await,
        expected!([[3]])
    );
}

async fn errors(notebook: &Notebook) {
    let context = notebook.context(Language::Sql).await;
    for (code, name, said) in [
        ("select * from nope", "AnalysisException", "`nope` cannot be found"),
        ("select 1\nfrom (", "ParseException", "(line 2, pos "),
        ("select 1/0", "SparkArithmeticException", "DIVIDE_BY_ZERO"),
    ] {
        let error = notebook.error(&context, code).await;
        let summary = error.summary.unwrap();
        assert!(
            summary.starts_with(&format!("Error in SQL statement: {name}: ")) && summary.contains(said),
            "{summary}"
        );
        let cause = error.cause.unwrap();
        assert!(
            cause.starts_with(
                "com.databricks.backend.common.rpc.SparkDriverExceptions$SQLExecutionException: org.apache.spark."
            ) && cause.contains("\n\tat ")
                && !cause.contains("at dbx12."),
            "{cause}"
        );
    }
}

pub(crate) async fn limits(notebook: &Notebook) {
    let context = notebook.context(Language::Sql).await;
    let table = json(&notebook.run(&context, "select * from range(10001)").await);
    assert_eq!(table["data"].as_array().unwrap().len(), 10_000);
    assert_eq!(table["truncated"], true);

    let options = expected!({"clusterId": notebook.workspace.cluster_id(), "contextId": context,
        "command": "select * from range(10)", "options": {"displayRowLimit": 3}});
    let request: ExecuteCommand = serde_json::from_value(options).unwrap();
    let command = notebook.workspace.client().send(&request).await.unwrap().id;
    let table = json(&notebook.finished(&context, &command).await);
    assert_eq!(table["data"], expected!([[0], [1], [2]]));
    assert_eq!(table["truncated"], true);
}
