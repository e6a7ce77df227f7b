//! How long starts and rounds take; the numbers are printed, and those that must hold are asserted.

use std::time::Duration;

use dbx12_exec::api::types::Language;

use crate::notebook::{Notebook, now};

#[tokio::test]
async fn starts_and_rounds() {
    let notebook = Notebook::start().await;
    let start = now();
    let first = notebook.context(Language::Sql).await;
    eprintln!("first SQL context running after {:?}", start.elapsed());
    notebook.rows(&first, "select 1").await;
    eprintln!("first SQL result after {:?}", start.elapsed());

    let start = now();
    let second = notebook.context(Language::Sql).await;
    let took = start.elapsed();
    eprintln!("second SQL context running after {took:?}");
    assert!(took < Duration::from_millis(100), "{took:?}");
    let rounds = rounds(&notebook, &second, "select 1").await;
    eprintln!("`select 1`: {rounds:?}");

    let start = now();
    let scala = notebook.context(Language::Scala).await;
    eprintln!("first Scala context running after {:?}", start.elapsed());
    let bare = r#"{
  val settings = new scala.tools.nsc.Settings(_ => ())
  settings.processArguments(List("-Yrepl-class-based", "-classpath", System.getProperty("java.class.path")), true)
  val echo = new java.io.PrintWriter(new java.io.StringWriter)
  val config = scala.tools.nsc.interpreter.shell.ShellConfig(settings)
  val reporter = new scala.tools.nsc.interpreter.shell.ReplReporterImpl(config, settings, echo)
  val bare = new scala.tools.nsc.interpreter.IMain(settings, reporter)
  bare.interpret("val spark: org.apache.spark.sql.SparkSession = org.apache.spark.sql.SparkSession.active")
  for (line <- Seq("org.apache.spark.SparkContext._", "spark.implicits._", "spark.sql", "org.apache.spark.sql.functions._"))
    bare.interpret("import " + line)
  for (_ <- 1 to 15) bare.interpret("1 + 1")
  val times = (1 to 25).map { _ => val start = System.nanoTime; bare.interpret("1 + 1"); (System.nanoTime - start) / 1000 }
  times.sorted.apply(12)
}"#;
    for _ in 0..15 {
        notebook.text(&scala, "1 + 1").await;
    }
    let ours = self::rounds(&notebook, &scala, "1 + 1").await;
    let bare = notebook.text(&scala, bare).await;
    let micros = bare.rsplit("= ").next().unwrap().parse().unwrap();
    let bare = Duration::from_micros(micros);
    eprintln!("Scala `1 + 1`: {ours:?}, of a bare interpreter {bare:?}");

    let python = notebook.context(Language::Python).await;
    let start = now();
    notebook.text(&python, "spark").await;
    eprintln!("Python's spark attached after {:?}", start.elapsed());
    notebook.workspace.shutdown().await;
}

/// The median of many.
async fn rounds(notebook: &Notebook, context: &dbx12_exec::api::types::ContextId, code: &str) -> Duration {
    let mut times = Vec::new();
    for _ in 0..25 {
        let start = now();
        notebook.run(context, code).await;
        times.push(start.elapsed());
    }
    times.sort();
    times[12]
}
