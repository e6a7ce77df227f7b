//! Which Spark a workspace on this machine has, as arguments say it.

use crate::output::note;
use clap::{Args, ValueEnum};
use dbx12_local::{SparkConnectAddress, SparkMaster, SparkStatus, Workspace, WorkspaceBuilder};
use std::path::PathBuf;
use std::process::Command;
use tokio::task::JoinHandle;

/// The address of a Spark that speaks Spark Connect; it may hold a token, which belongs into no argument.
const REMOTE: &str = "DBX12_SPARK_REMOTE";

#[derive(Args, Clone, Default)]
pub(crate) struct SparkArguments {
    /// Run SQL, Scala and Python's `spark` on the Spark 4 in this folder (the one with `jars` in it), instead of one that is
    /// installed from PyPI on first need.
    #[arg(long, value_name = "DIR")]
    spark_home: Option<PathBuf>,
    /// Run Spark's jobs on this standalone cluster, of the same version, instead of on this machine: spark://HOST:PORT.
    #[arg(long, value_name = "URL")]
    master: Option<SparkMaster>,
    /// Set a property of Spark, over those that the workspace sets. May be given several times. Others can see arguments.
    #[arg(long, value_name = "NAME=VALUE", value_parser = property)]
    spark_conf: Vec<(String, String)>,
    /// Run SQL and Python's `spark`, but no Scala, on a Spark 4 somewhere else that speaks Spark Connect: sc://HOST:PORT. Others
    /// can see arguments, so give an address with a token by the environment.
    #[arg(long, value_name = "URL", env = REMOTE, hide_env_values = true)]
    #[arg(conflicts_with_all = ["spark_home", "master", "spark_conf"])]
    spark_remote: Option<SparkConnectAddress>,
    /// What runs SQL and Python's `spark`.
    #[arg(long, value_enum, value_name = "ENGINE", default_value_t, hide_default_value = true)]
    #[arg(conflicts_with_all = ["spark_home", "master", "spark_conf", "spark_remote"])]
    engine: Engine,
    /// Do without Spark: refuse SQL and Scala.
    #[arg(long, conflicts_with_all = ["spark_home", "master", "spark_conf", "spark_remote", "engine"])]
    without_spark: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// Apache Spark.
    #[default]
    Spark,
    /// Sail, which is light, needs no Java, and is not Spark. Other users of this machine can reach it.
    Sail,
}

/// Properties may hold secrets.
impl std::fmt::Debug for SparkArguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SparkArguments")
            .field("spark_remote", &self.spark_remote)
            .field("engine", &self.engine)
            .finish_non_exhaustive()
    }
}

/// Tells on stderr how a workspace's Spark comes to be, until dropped: installing it takes minutes.
#[derive(Debug)]
pub(crate) struct Progress(JoinHandle<()>);

impl Progress {
    pub(crate) fn tell(workspace: &Workspace) -> Self {
        let workspace = workspace.clone();
        Self(tokio::spawn(async move {
            let mut status = SparkStatus::NotStarted;
            loop {
                status = workspace.spark_changed(&status).await;
                if let SparkStatus::Preparing(what) = &status {
                    note(&format!("Apache Spark: {what} …"));
                }
            }
        }))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn property(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl SparkArguments {
    /// Whether anything was said that a workspace of Databricks knows nothing of.
    pub(crate) fn is_given(&self) -> bool {
        let files = self.spark_home.is_some() || self.master.is_some() || !self.spark_conf.is_empty();
        files || self.engine == Engine::Sail || self.without_spark
    }

    /// Makes a workspace be like that.
    pub(crate) fn apply(&self, mut builder: WorkspaceBuilder) -> WorkspaceBuilder {
        if let Some(folder) = &self.spark_home {
            builder = builder.spark_home(folder);
        }
        if let Some(master) = &self.master {
            builder = builder.spark_master(master.clone());
        }
        for (name, value) in &self.spark_conf {
            builder = builder.spark_property(name, value);
        }
        if let Some(address) = &self.spark_remote {
            builder = builder.spark_remote(address.clone());
        }
        if self.engine == Engine::Sail {
            builder = builder.sail();
        }
        if self.without_spark {
            builder = builder.without_spark();
        }
        builder
    }

    /// Says the same to a program that is started from the folder `from`.
    pub(crate) fn hand_over(&self, command: &mut Command) -> std::io::Result<()> {
        if let Some(folder) = &self.spark_home {
            command.arg("--spark-home").arg(std::path::absolute(folder)?);
        }
        if let Some(master) = &self.master {
            command.args(["--master", &master.to_string()]);
        }
        for (name, value) in &self.spark_conf {
            command.arg("--spark-conf").arg(format!("{name}={value}"));
        }
        if let Some(address) = &self.spark_remote {
            command.env(REMOTE, address.with_secrets());
        }
        if self.engine == Engine::Sail {
            command.args(["--engine", "sail"]);
        }
        if self.without_spark {
            command.arg("--without-spark");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        spark: SparkArguments,
    }

    fn parse(arguments: &[&str]) -> Result<SparkArguments, clap::Error> {
        let all = ["program"].iter().chain(arguments);
        Program::try_parse_from(all).map(|program| program.spark)
    }

    #[test]
    fn what_is_handed_over_is_what_was_said() {
        let said = [
            [
                "--spark-home",
                "/opt/spark",
                "--master",
                "spark://a:1,b:2",
                "--spark-conf",
                "a=b=c",
            ]
            .as_slice(),
            &["--engine", "sail"],
            &["--without-spark"],
            &[],
        ];
        for arguments in said {
            let mut command = Command::new("program");
            parse(arguments).unwrap().hand_over(&mut command).unwrap();
            assert_eq!(command.get_args().collect::<Vec<_>>(), arguments);
        }
    }

    #[test]
    fn a_token_is_handed_over_where_nobody_sees_it() {
        let address = "sc://host:1/;token=s3cret";
        let arguments = parse(&["--spark-remote", address]).unwrap();
        assert!(!format!("{arguments:?}").contains("s3cret"));
        let mut command = Command::new("program");
        arguments.hand_over(&mut command).unwrap();
        assert_eq!(command.get_args().count(), 0);
        assert!(command.get_envs().eq([(REMOTE.as_ref(), Some(address.as_ref()))]));
    }

    #[test]
    fn one_workspace_has_one_spark() {
        for arguments in [
            ["--engine", "sail", "--without-spark"].as_slice(),
            &["--spark-remote", "sc://host", "--master", "spark://host:1"],
            &["--engine", "sail", "--spark-home", "/opt/spark"],
            &["--master", "yarn"],
            &["--spark-conf", "x"],
        ] {
            assert!(parse(arguments).is_err(), "{arguments:?}");
        }
    }
}
