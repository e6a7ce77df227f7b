//! `commands/cancel` in every language: what runs stops, its Spark jobs too, and the context goes on.

use std::time::Duration;

use dbx12_exec::api::types::{ContextStatus, Language};

use crate::notebook::Notebook;

#[tokio::test]
async fn cancel_reaches_spark_jobs() {
    let notebook = Notebook::start().await;
    let sql = notebook.context(Language::Sql).await;
    let scala = notebook.context(Language::Scala).await;
    let python = notebook.context(Language::Python).await;
    notebook.run(&sql, "select 1").await;
    notebook.text(&scala, "val kept = 42").await;
    notebook.text(&python, "kept = 42; spark.range(1).count()").await;

    for (context, code) in [
        (&sql, "select sum(hash(id)) from range(100000000000000)"),
        (&scala, "Thread.sleep(600000)"),
        (
            &scala,
            "sc.parallelize(1 to 4).map { i => Thread.sleep(600000); i }.count()",
        ),
        (
            &scala,
            "while (true) { try sc.parallelize(1 to 4).map { i => Thread.sleep(1000); i }.count() catch { case _: Exception => } }",
        ),
        (
            &python,
            "spark.range(100000000000000).selectExpr('sum(hash(id))').collect()",
        ),
        (&python, "while True: pass"),
    ] {
        let (took, error) = notebook.cancelled(context, code).await;
        assert!(error.is_cancelled(), "{code}: {error:?}");
        assert!(took < Duration::from_secs(10), "{code}: {took:?}");
        eprintln!("cancelled after {took:?}: {code}");
        assert_eq!(notebook.status(context).await, ContextStatus::Running, "{code}");
    }
    assert!(notebook.text(&scala, "kept").await.ends_with("42"));
    assert_eq!(notebook.text(&python, "spark.range(kept).count()").await, "42");
    // No job goes on: another context's has the processors to itself.
    assert_eq!(notebook.rows(&sql, "select count(*) from range(5)").await[0][0], 5);
    let jobs = notebook.text(&scala, "sc.statusTracker.getActiveJobIds().length").await;
    assert!(jobs.ends_with("= 0"), "{jobs}");
    notebook.workspace.shutdown().await;
}
