//! A Spark that is not the workspace's own: a standalone cluster, a Spark Connect server, and Sail.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dbx12_exec::api::types::{ContextStatus, Language};
use dbx12_local::{SparkStatus, Workspace};
use serde_json::json as expected;
use tempfile::TempDir;

use crate::notebook::{Notebook, json};

/// A server of Spark in a process of its own. Dropping it kills it.
struct Server {
    process: Child,
    folder: TempDir,
}

impl Server {
    /// Starts a class of Spark, like its own scripts do.
    fn start(home: &Path, class: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let process = Command::new(home.join("bin/spark-class"))
            .arg(class)
            .args(arguments)
            .env("SPARK_HOME", home)
            .env("SPARK_SCALA_VERSION", "2.13")
            .env("SPARK_LOCAL_IP", "127.0.0.1")
            .env("SPARK_WORKER_DIR", folder.path())
            .env("SPARK_LOCAL_DIRS", folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { process, folder }
    }

    /// Waits until its log has a line with these words, and returns what comes after them.
    async fn said(&mut self, words: &str) -> String {
        let path = self.folder.path().join("log");
        for _ in 0..3000 {
            let log = std::fs::read_to_string(&path).unwrap();
            let found = log.lines().find_map(|line| Some(line.split_once(words)?.1.to_owned()));
            if let Some(rest) = found {
                return rest;
            }
            assert!(self.process.try_wait().unwrap().is_none(), "it ended: {log}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no {words:?} in {}", std::fs::read_to_string(&path).unwrap());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill(); // it may have ended
        let _ = self.process.wait();
    }
}

/// The home of the Spark that workspaces install.
async fn home() -> PathBuf {
    let notebook = Notebook::start().await;
    let python = notebook.context(Language::Python).await;
    let home = notebook
        .text(&python, "import pyspark, os; print(os.path.dirname(pyspark.__file__))")
        .await;
    notebook.workspace.shutdown().await;
    home.into()
}

#[tokio::test]
async fn jobs_run_on_the_cluster_of_another_master() {
    let home = home().await;
    let mut master = Server::start(
        &home,
        "org.apache.spark.deploy.master.Master",
        &["--host", "127.0.0.1", "--port", "0"],
    );
    let address = format!("spark://{}", master.said("Starting Spark master at spark://").await);
    let worker = ["--cores", "2", "--memory", "1g", "--host", "127.0.0.1", &address];
    let mut worker = Server::start(&home, "org.apache.spark.deploy.worker.Worker", &worker);
    worker.said("Successfully registered with master").await;

    let builder = Workspace::builder()
        .spark_home(&home)
        .spark_master(address.parse().unwrap());
    let builder = builder
        .spark_property("spark.executor.memory", "512m")
        .spark_property("spark.cores.max", "2");
    let notebook = Notebook::of(builder.start().await.unwrap());
    let scala = notebook.context(Language::Scala).await;
    let said = notebook.text(&scala, "sc.master").await;
    assert!(said.ends_with(&address), "{said}");

    // What Scala compiled is known to executors in other processes.
    notebook.text(&scala, "case class P(a: Int, pid: Long)").await;
    let code = "val there = sc.parallelize(1 to 4).map(i => P(i, ProcessHandle.current.pid)).collect()
(there.map(_.a).sum, there.exists(_.pid == ProcessHandle.current.pid)).toString";
    let said = notebook.text(&scala, code).await;
    assert!(said.ends_with("(10,false)"), "{said}");
    notebook
        .text(
            &scala,
            "Seq(P(1, 2)).toDS.map(p => p.copy(a = p.a + 1)).createOrReplaceTempView(\"ps\")",
        )
        .await;
    let rows = json(&notebook.run_as(&scala, Language::Sql, "select * from ps").await);
    assert_eq!(rows["data"], expected!([[2, 2]]));

    let python = notebook.context(Language::Python).await;
    let code = "sc.parallelize(range(4)).map(lambda i: i * 2).sum()";
    assert_eq!(notebook.text(&python, code).await, "12");
    let sql = notebook.context(Language::Sql).await;
    let (took, error) = notebook
        .cancelled(&sql, "select sum(hash(id)) from range(100000000000000)")
        .await;
    assert!(
        error.is_cancelled() && took < Duration::from_secs(10),
        "{took:?} {error:?}"
    );
    assert_eq!(
        notebook.rows(&sql, "select count(*) from range(5)").await,
        expected!([[5]])
    );
    notebook.workspace.shutdown().await;

    // A master that is gone is told in seconds.
    drop((master, worker));
    let builder = Workspace::builder()
        .spark_home(&home)
        .spark_master(address.parse().unwrap());
    let told = failure(builder.start().await.unwrap()).await;
    assert!(
        told.contains(&format!("there is no Spark master at {address}: ")),
        "{told}"
    );
}

#[tokio::test]
async fn a_spark_connect_server_runs_sql_and_python() {
    let home = home().await;
    let class = "org.apache.spark.deploy.SparkSubmit";
    let mut server = Server::start(
        &home,
        class,
        &[
            "--class",
            "org.apache.spark.sql.connect.service.SparkConnectServer",
            "--conf",
            "spark.connect.grpc.binding.address=127.0.0.1",
            "--conf",
            "spark.connect.grpc.binding.port=0",
            "--conf",
            "spark.ui.enabled=false",
            "--conf",
            "spark.sql.session.timeZone=Etc/UTC",
            "--driver-memory",
            "1g",
            "spark-internal",
        ],
    );
    let rest = server.said("Spark Connect server started at: ").await;
    let port: String = rest
        .rsplit(':')
        .next()
        .unwrap()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let address = format!("sc://127.0.0.1:{port}");
    let builder = Workspace::builder().spark_remote(address.parse().unwrap());
    let notebook = Notebook::of(builder.start().await.unwrap());
    let sql = notebook.context(Language::Sql).await;
    assert!(matches!(notebook.workspace.spark(), SparkStatus::Running(version) if version.starts_with("4.")));
    crate::sql::values(&notebook).await;
    crate::sql::statements(&notebook).await;
    crate::sql::limits(&notebook).await;
    over_connect(&notebook).await;

    let error = notebook.error(&sql, "select * from nope").await;
    let summary = error.summary.unwrap();
    assert!(
        summary.starts_with("Error in SQL statement: AnalysisException: ")
            && summary.contains("`nope` cannot be found"),
        "{summary}"
    );
    // Tables are the server's.
    notebook
        .run(&sql, "create table ours using parquet as select 7 as a")
        .await;
    let other = notebook.context(Language::Sql).await;
    assert_eq!(notebook.rows(&other, "select * from ours").await, expected!([[7]]));

    let python = notebook.context(Language::Python).await;
    for (context, code) in [
        (&sql, "select sum(hash(id)) from range(100000000000000)"),
        (
            &python,
            "spark.range(100000000000000).selectExpr('sum(hash(id))').collect()",
        ),
    ] {
        let (took, error) = notebook.cancelled(context, code).await;
        assert!(
            error.is_cancelled() && took < Duration::from_secs(10),
            "{took:?} {error:?}"
        );
        assert_eq!(notebook.status(context).await, ContextStatus::Running);
    }
    notebook.workspace.shutdown().await;

    drop(server);
    let builder = Workspace::builder().spark_remote(address.parse().unwrap());
    let told = failure(builder.start().await.unwrap()).await;
    assert!(
        told.contains(&format!("there is no Spark Connect server at {address}: ")),
        "{told}"
    );
}

#[tokio::test]
async fn sail_runs_sql_and_python_and_is_no_spark() {
    let notebook = Notebook::of(Workspace::builder().sail().start().await.unwrap());
    let sql = notebook.context(Language::Sql).await;
    let version = notebook.workspace.spark();
    assert!(
        matches!(&version, SparkStatus::Running(version) if version.starts_with("Sail ") && version.ends_with("is not Apache Spark")),
        "{version:?}"
    );
    let code = "select 9223372036854775807 big, cast(1.10 as decimal(10,2)) d, double('NaN') nan, \
        timestamp'2024-01-02 03:04:05.678' t, date'0001-01-02' day, X'00ff' bin, array(1, null) list, map('k', 1L) map";
    assert_eq!(
        notebook.rows(&sql, code).await,
        expected!([[9_223_372_036_854_775_807_i64, "1.10", "NaN", "2024-01-02T03:04:05.678+0000", "0001-01-02", "AP8=",
            [1, null], {"k": 1}]])
    );
    crate::sql::limits(&notebook).await;
    over_connect(&notebook).await;

    let pid = notebook.workspace.spark();
    let python = notebook.context(Language::Python).await;
    assert_eq!(notebook.text(&python, "spark.range(3).count()").await, "3", "{pid:?}");
    notebook.workspace.shutdown().await;
    assert_eq!(notebook.workspace.spark(), SparkStatus::NotStarted);
}

/// What holds wherever Spark Connect is spoken.
async fn over_connect(notebook: &Notebook) {
    // The languages of a context share its session, and no other context does.
    let python = notebook.context(Language::Python).await;
    notebook
        .text(&python, "spark.range(3).createOrReplaceTempView('mine')")
        .await;
    let rows = json(
        &notebook
            .run_as(&python, Language::Sql, "select count(*) as n from mine")
            .await,
    );
    assert_eq!(rows["data"], expected!([[3]]));
    assert_eq!(
        rows["schema"][0],
        expected!({"name": "n", "type": "\"long\"", "metadata": "{}"})
    );
    let sql = notebook.context(Language::Sql).await;
    let error = notebook.error(&sql, "select * from mine").await;
    assert!(error.plain().contains("mine"), "{error:?}");
    notebook
        .run(&sql, "create temp view seen as select 1 as a, 2 as b; select 1")
        .await;
    let shown = json(
        &notebook
            .run_as(&sql, Language::Python, "display(spark.table('seen'))")
            .await,
    );
    assert_eq!(shown["data"], expected!([[1, 2]]), "{shown}");

    let code = "from pyspark.sql import SparkSession\nSparkSession.builder.getOrCreate() is spark";
    assert_eq!(notebook.text(&python, code).await, "True");
    let code = "from pyspark.sql.functions import udf\nspark.range(1).select(udf(lambda i: f'<{i}>')('id')).first()[0]";
    assert_eq!(notebook.text(&python, code).await, "'<0>'");
    let said = notebook.text(&python, "spark.stop()\nspark.range(2).count()").await;
    assert!(said.ends_with('2'), "{said}");

    // Scala is refused, and its reason told.
    let told = notebook.refused(Language::Scala).await;
    assert!(
        told.contains("Spark Connect, which takes SQL and what Python's `spark` sends"),
        "{told}"
    );
}

/// Why a SQL context cannot be had, when Python can.
async fn failure(workspace: Workspace) -> String {
    let notebook = Notebook::of(workspace);
    let told = notebook.refused(Language::Sql).await;
    let python = notebook.context(Language::Python).await;
    assert_eq!(notebook.text(&python, "1 + 1").await, "2");
    notebook.workspace.shutdown().await;
    told
}
