//! A Spark that dies, contexts that are destroyed while their jobs run, and a Spark that cannot be had.

use dbx12_exec::api::types::{ContextStatus, Language};
use dbx12_local::{SparkStatus, Workspace};

use crate::notebook::Notebook;

#[tokio::test]
async fn a_spark_that_dies_is_told_and_replaced() {
    let notebook = Notebook::start().await;
    let context = notebook.context(Language::Scala).await;
    let python = notebook.context(Language::Python).await;
    notebook.text(&python, "import os; spark.range(1).count()").await;
    let error = notebook
        .error(&context, "println(\"last words\"); Runtime.getRuntime.halt(7)")
        .await;
    let summary = error.summary.unwrap();
    assert!(summary.contains("The Spark process exited with code 7"), "{summary}");
    assert_eq!(notebook.status(&context).await, ContextStatus::Error);
    assert!(matches!(notebook.workspace.spark(), SparkStatus::Failed(_)));
    assert_eq!(notebook.text(&python, "1 + 1").await, "2", "Python goes on");

    let again = notebook.context(Language::Sql).await;
    assert_eq!(notebook.rows(&again, "select 1").await[0][0], 1);
    notebook.workspace.shutdown().await;
    assert_eq!(notebook.workspace.spark(), SparkStatus::NotStarted);
}

#[tokio::test]
async fn a_destroyed_context_takes_its_jobs_with_it() {
    let notebook = Notebook::start().await;
    let busy = notebook.context(Language::Python).await;
    notebook.text(&busy, "spark.range(1).count()").await;
    notebook
        .submit(
            &busy,
            None,
            "spark.range(100000000000000).selectExpr('sum(hash(id))').collect()",
        )
        .await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    notebook.destroy(&busy).await;
    let scala = notebook.context(Language::Scala).await;
    let jobs = notebook
        .text(&scala, "Thread.sleep(500); sc.statusTracker.getActiveJobIds().length")
        .await;
    assert!(jobs.ends_with("= 0"), "{jobs}");
    notebook.workspace.shutdown().await;
}

#[tokio::test]
async fn a_spark_that_cannot_be_had_is_said_so_and_python_goes_on() {
    let empty = tempfile::tempdir().unwrap();
    let workspace = Workspace::builder().spark_home(empty.path()).start().await.unwrap();
    let notebook = Notebook::of(workspace);
    let context = notebook.pending(Language::Sql).await;
    let early = notebook.submit(&context, None, "select 1").await;
    assert_eq!(notebook.settled(&context).await, ContextStatus::Error);
    let told = format!("{:?}", notebook.finished(&context, &early).await);
    assert!(told.contains("it has no folder `jars`"), "{told}");
    let python = notebook.context(Language::Python).await;
    assert_eq!(notebook.text(&python, "1 + 1").await, "2");
    let error = format!("{:?}", notebook.error(&python, "spark").await);
    assert!(error.contains("it has no folder `jars`"), "{error}");
    notebook.workspace.shutdown().await;
}
