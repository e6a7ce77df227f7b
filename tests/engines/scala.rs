//! Scala contexts: values, mistakes, exceptions, several interpreters in one JVM.

use dbx12_exec::api::types::Language;
use serde_json::json as expected;

use crate::notebook::{Notebook, json};

#[tokio::test]
async fn scala() {
    let notebook = Notebook::start().await;
    let context = notebook.context(Language::Scala).await;
    assert_eq!(
        notebook.text(&context, "val x = 1\nprintln(\"hi\")\nx + 1").await,
        "hi\nval x: Int = 1\nval res0: Int = 2"
    );
    assert_eq!(notebook.text(&context, "// nothing").await, "");
    assert_eq!(
        notebook.text(&context, "List(1)\n  .map(_ + x)\n  .sum").await,
        "val res1: Int = 2"
    );
    assert_eq!(
        notebook
            .text(
                &context,
                "System.err.println(\"err\"); new Thread(() => println(\"thread\")).run()"
            )
            .await,
        "err\nthread"
    );
    assert_eq!(
        notebook.text(&context, "displayHTML(\"<b>bold</b>\")").await,
        "<b>bold</b>"
    );

    let wrong = notebook.error(&context, "val good = 1\nbad").await;
    assert_eq!(
        wrong.summary.as_deref(),
        Some("<console>:2: error: not found: value bad\nbad\n^")
    );
    let unfinished = notebook.error(&context, "if (true) {").await.summary.unwrap();
    assert!(unfinished.contains("ends in the middle"), "{unfinished}");
    let thrown = notebook.error(&context, "def f(x: Int) = x / 0\nf(1)").await;
    assert_eq!(
        thrown.summary.as_deref(),
        Some("java.lang.ArithmeticException: / by zero")
    );
    let cause = thrown.cause.unwrap();
    assert!(
        cause.contains(".f(<console>:1)") && !cause.contains("dbx12.") && !cause.contains("scala.tools"),
        "{cause}"
    );

    // Two interpreters, each with a class of one name, and both with closures that run in executors.
    let other = notebook.context(Language::Scala).await;
    notebook.text(&context, "case class P(a: Int, b: String)").await;
    notebook.text(&other, "case class P(z: String)").await;
    for _ in 0..2 {
        let said = notebook
            .text(
                &context,
                "sc.parallelize(1 to 2).map(i => P(i, \"x\")).collect().toList.toString",
            )
            .await;
        assert!(said.ends_with("List(P(1,x), P(2,x))"), "{said}");
        let said = notebook
            .text(
                &other,
                "Seq(P(\"q\")).toDS.map(p => P(p.z + 1)).collect().toList.toString",
            )
            .await;
        assert!(said.ends_with("List(P(q1))"), "{said}");
    }
    let table = json(
        &notebook
            .run(&context, "display(Seq(P(1, \"a\"), P(2, null)).toDF)")
            .await,
    );
    assert_eq!(table["data"], expected!([[1, "a"], [2, null]]));
    assert_eq!(table["schema"][1]["type"], "\"string\"");

    // Languages of one context share its session.
    notebook
        .text(&context, "spark.range(3).createOrReplaceTempView(\"seen\")")
        .await;
    let rows = json(
        &notebook
            .run_as(&context, Language::Sql, "select sum(id) from seen")
            .await,
    );
    assert_eq!(rows["data"], expected!([[3]]));
    let rows = json(
        &notebook
            .run_as(&context, Language::Python, "display(spark.table('seen'))")
            .await,
    );
    assert_eq!(rows["data"], expected!([[0], [1], [2]]));
    notebook.workspace.shutdown().await;
}
