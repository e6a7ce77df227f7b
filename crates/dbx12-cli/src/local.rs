//! Workspaces on this machine. They need Unix; elsewhere `no_local.rs` stands in the place of this module.

mod arguments;
mod background;
mod serve;
mod spark;

pub(crate) use arguments::Local;
pub(crate) use spark::SparkArguments;

use crate::failure::{Exit, Failure};
use dbx12_exec::api::{self, Cluster};
use dbx12_local::Workspace;

/// `dbx12 local`.
pub(crate) async fn local(verb: Local) -> Result<(), Failure> {
    match verb {
        Local::Serve(serve) => serve::serve(serve).await,
        Local::Up(up) => background::up(&up),
        Local::Status => background::status(),
        Local::Down => background::down(),
    }
}

/// A workspace in this process, for one program.
pub(crate) struct Own {
    workspace: Workspace,
    _progress: spark::Progress,
}

impl Own {
    /// Its Python works in the current folder, as a program run by hand would.
    pub(crate) async fn start(spark: &SparkArguments) -> Result<Self, Failure> {
        let folder = std::env::current_dir().map_err(|error| cannot(&error))?;
        // Not waited for here: whoever stops waiting must still be able to shut it down.
        let builder = Workspace::builder().working_directory(folder).wait_for_cluster(false);
        let workspace = spark.apply(builder).start().await.map_err(|error| cannot(&error))?;
        Ok(Self {
            _progress: spark::Progress::tell(&workspace),
            workspace,
        })
    }

    pub(crate) fn cluster(&self) -> Cluster {
        api::Workspace::new(self.workspace.client()).cluster(self.workspace.cluster_id())
    }

    /// Waits until it takes commands.
    pub(crate) async fn ready(&self) -> Result<(), Failure> {
        self.workspace.ready().await.map_err(|error| cannot(&error))
    }

    /// Ends it, with all its processes.
    pub(crate) async fn close(self) {
        self.workspace.shutdown().await;
    }
}

fn cannot(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Unavailable, format!("the local workspace cannot start: {error}"))
}
