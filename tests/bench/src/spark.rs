//! Contexts of a local workspace on its Apache Spark, by the clock on the wall: what takes that time is another process.
//!
//! The peer of a Scala command is the interpreter it runs in, alone, in the same JVM and measured in turns with it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use dbx12_http::Client;
use dbx12_local::Workspace;
use dbx12_types::{ContextId, ContextStatus, CreateContext, ExecuteCommand, GetCommand, GetContext, Language, Results};
use tokio::time::sleep;

use crate::rounds::{GoalOutcome, Outcome};

const TASK: &str = "spark/contexts";
const SECOND_CONTEXT: Duration = Duration::from_millis(100);
const SCALA_RATIO: f64 = 1.3;
const ROUNDS: usize = 7;
const COMMANDS: usize = 15;

/// Like the one that a context has, but with nothing around it. `bare()` is the time of one of its commands, in µs.
const BARE: &str = r#"
val interpreter = {
  val settings = new scala.tools.nsc.Settings(_ => ())
  settings.processArguments(List("-Yrepl-class-based", "-classpath", System.getProperty("java.class.path")), true)
  val echo = new java.io.PrintWriter(new java.io.StringWriter)
  val config = scala.tools.nsc.interpreter.shell.ShellConfig(settings)
  val reporter = new scala.tools.nsc.interpreter.shell.ReplReporterImpl(config, settings, echo)
  val bare = new scala.tools.nsc.interpreter.IMain(settings, reporter)
  bare.interpret("val spark: org.apache.spark.sql.SparkSession = org.apache.spark.sql.SparkSession.active")
  for (line <- Seq("org.apache.spark.SparkContext._", "spark.implicits._", "spark.sql", "org.apache.spark.sql.functions._"))
    bare.interpret("import " + line)
  bare
}
def bare(): Long = { val start = System.nanoTime; interpreter.interpret("1 + 1"); (System.nanoTime - start) / 1000 }
def median(): String = "median " + (1 to COMMANDS).map(_ => bare()).sorted.apply(COMMANDS / 2)
"#;

/// Measures, if the name of the task contains `wanted`. `None`: it does not, or there is no Spark, which is said.
///
/// # Errors
/// When a command does not end as it should.
pub(crate) fn run(wanted: &str) -> Result<Option<Outcome>> {
    if !TASK.contains(wanted) {
        return Ok(None);
    }
    eprintln!("{TASK}, {ROUNDS} rounds");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let workspace = Workspace::start().await?;
        let measured = measure(&workspace).await;
        workspace.shutdown().await;
        measured
    })
}

async fn measure(workspace: &Workspace) -> Result<Option<Outcome>> {
    let notebook = Notebook {
        client: workspace.client(),
        workspace,
    };
    if let Err(reason) = notebook.context(Language::Sql).await {
        println!("{TASK}: skipped: there is no Apache Spark: {reason:#}");
        return Ok(None);
    }
    let started = Instant::now();
    notebook.context(Language::Sql).await?;
    let second = started.elapsed();

    let scala = notebook.context(Language::Scala).await?;
    notebook
        .text(&scala, &BARE.replace("COMMANDS", &COMMANDS.to_string()))
        .await?;
    let mut ratios = Vec::new();
    let mut fastest = Duration::MAX;
    for round in 0..=ROUNDS {
        let bare = notebook.text(&scala, "println(median())").await?;
        let bare: f64 = bare.trim().trim_start_matches("median ").parse().context(bare)?;
        let mut ours = Vec::new();
        for _ in 0..COMMANDS {
            let started = Instant::now();
            notebook.text(&scala, "1 + 1").await?;
            ours.push(started.elapsed());
        }
        ours.sort();
        // The first warms up.
        if round > 0 {
            ratios.push(ours[COMMANDS / 2].as_secs_f64() * 1e6 / bare);
            fastest = fastest.min(ours[COMMANDS / 2]);
        }
    }
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios[ROUNDS / 2];
    Ok(Some(Outcome {
        task: TASK,
        amount: 1,
        unit: "cluster",
        ways: Vec::new(),
        goals: vec![
            GoalOutcome {
                goal: format!("the second SQL context is `Running` within {SECOND_CONTEXT:?}"),
                measured: format!("{second:.1?}"),
                reached: second <= SECOND_CONTEXT,
            },
            GoalOutcome {
                goal: format!("a command of Scala takes at most {SCALA_RATIO} × the time of the bare interpreter"),
                measured: format!(
                    "{ratio:.2} ({:.2}–{:.2}), {fastest:.1?} at best",
                    ratios[0],
                    ratios[ROUNDS - 1]
                ),
                reached: ratio <= SCALA_RATIO,
            },
        ],
    }))
}

struct Notebook<'a> {
    workspace: &'a Workspace,
    client: Client,
}

impl Notebook<'_> {
    /// A context that is `Running`.
    async fn context(&self, language: Language) -> Result<ContextId> {
        let cluster = self.workspace.cluster_id();
        let id = self.client.send(&CreateContext::new(cluster, language)).await?.id;
        loop {
            match self.client.send(&GetContext::new(cluster, &id)).await?.status {
                ContextStatus::Running => return Ok(id),
                ContextStatus::Pending => sleep(Duration::from_millis(1)).await,
                status => bail!("{status}: {:?}", self.workspace.spark()),
            }
        }
    }

    async fn text(&self, context: &ContextId, code: &str) -> Result<String> {
        let cluster = self.workspace.cluster_id();
        let execute = ExecuteCommand::new(cluster, context, code);
        let id = self.client.send(&execute).await?.id;
        let status = GetCommand::new(cluster, context, &id);
        loop {
            match self.client.send(&status).await?.results {
                Some(Results::Text(text)) => return Ok(text.data.unwrap_or_default()),
                Some(other) => bail!("{code}: {other:?}"),
                None => sleep(Duration::from_millis(1)).await,
            }
        }
    }
}
