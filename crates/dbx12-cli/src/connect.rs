//! Where code runs: a workspace of Databricks, or one on this machine.

use crate::arguments::{self, Global};
use crate::failure::{Exit, Failure};
use crate::local::Own;
use dbx12_exec::api::{Cluster, Workspace};
use dbx12_exec::http::{Client, Config};

mod cluster_name;

/// What the arguments and the environment describe.
pub(crate) fn config(global: &Global) -> Result<Config, Failure> {
    let mut config = Config::new();
    if let Some(host) = &global.host {
        config = config.host(host);
    }
    if let Some(profile) = &global.profile {
        config = config.profile(profile).profile_wins(true);
    }
    config.resolve(|name| std::env::var(name).ok()).map_err(misconfigured)
}

/// The client that the arguments and the environment describe.
pub(crate) fn client(global: &Global) -> Result<Client, Failure> {
    let mut builder = config(global)?.into_builder().map_err(misconfigured)?;
    if let Some(ca_file) = &global.ca_file {
        builder = builder.ca_certificate_file(ca_file);
    }
    builder
        .product("dbx12-cli", env!("CARGO_PKG_VERSION"))
        .build()
        .map_err(misconfigured)
}

fn misconfigured(error: dbx12_exec::http::BuildError) -> Failure {
    Failure::new(Exit::Credentials, crate::failure::with_sources(&error))
}

/// The cluster that is named by its id or its name; asks the workspace where it may be a name.
pub(crate) async fn cluster(named: &str, client: Client) -> Result<Cluster, Failure> {
    let workspace = Workspace::new(client);
    if cluster_name::is_id(named) {
        return Ok(workspace.cluster(named));
    }
    let clusters = workspace.clusters().await?;
    Ok(workspace.cluster(cluster_name::find(named, &clusters)?.id.clone()))
}

/// The cluster that a program runs on, and the workspace to shut down afterwards.
pub(crate) struct Target {
    pub(crate) cluster: Cluster,
    local: Option<Own>,
}

/// The cluster that the arguments name.
pub(crate) async fn target(target: &arguments::Target, global: &Global) -> Result<Target, Failure> {
    let by_environment = || std::env::var("DATABRICKS_CLUSTER_ID").ok().filter(|id| !id.is_empty());
    let cluster = match &target.cluster {
        _ if target.local => {
            let own = Own::start(&target.spark).await?;
            return Ok(Target {
                cluster: own.cluster(),
                local: Some(own),
            });
        }
        _ if target.spark.is_given() => {
            return Err(Failure::usage("which Spark to use can be said with --local only"));
        }
        Some(named) if !named.is_empty() => cluster(named, client(global)?).await?,
        _ => match by_environment() {
            Some(id) => Workspace::new(client(global)?).cluster(id),
            None => {
                return Err(Failure::usage(
                    "no cluster: give --cluster ID, set DATABRICKS_CLUSTER_ID, or run with --local",
                ));
            }
        },
    };
    Ok(Target { cluster, local: None })
}

impl Target {
    /// Whether it ends with this process.
    pub(crate) fn is_local(&self) -> bool {
        self.local.is_some()
    }

    /// Waits until the workspace on this machine takes commands. One of Databricks is waited for by the session.
    pub(crate) async fn ready(&self) -> Result<(), Failure> {
        match &self.local {
            Some(own) => own.ready().await,
            None => Ok(()),
        }
    }

    /// Ends the workspace on this machine, with all its processes.
    pub(crate) async fn close(self) {
        if let Some(own) = self.local {
            own.close().await;
        }
    }
}
