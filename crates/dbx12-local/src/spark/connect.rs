//! A Spark that is spoken to over Spark Connect: one on another machine, or Sail in a process of its own.
//!
//! There is nothing of it in this process but its address. Each context's Python process has a client of its own
//! (`engine/python/connect.py`), which runs the context's SQL too.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::address::SparkConnectAddress;
use super::provision;
use super::sail::Sail;
use super::{Source, SparkConfig, tool};

/// Prints the version of the Spark at `SPARK_REMOTE`: its address may hold a secret, and arguments can be seen by others.
const VERSION: &str = "
import os
from pyspark.sql import SparkSession
session = SparkSession.builder.getOrCreate()
print()
print('version', session.version, flush=True)
session.stop()
os._exit(0)
";

/// How long a server may take to tell its version: the client of a Python that never ran it needs ten seconds itself.
const VERSION_LIMIT: Duration = Duration::from_secs(120);

/// Somebody who speaks Spark Connect. Dropping it ends the process, if it is ours.
#[derive(Debug)]
pub(crate) struct Connect {
    address: SparkConnectAddress,
    version: String,
    site: PathBuf,
    sail: Option<Sail>,
    /// One on another machine is not watched.
    _alive: watch::Sender<Option<String>>,
    death: watch::Receiver<Option<String>>,
}

impl Connect {
    /// Finds or starts it. Dropping the future ends what was started.
    ///
    /// # Errors
    /// Why there is none, for people.
    pub(super) async fn new(config: &SparkConfig, progress: &impl Fn(&str)) -> Result<Self, String> {
        if let Source::Remote(address) = &config.source {
            // First: it costs least to find out.
            progress(&format!("connecting to {address}"));
            address.reach().await?;
        }
        progress("looking for a client of Spark Connect");
        let packages = provision::provide_connect(config, progress).await?;
        let site = packages.client;
        let (sail, address) = match (&config.source, packages.sail) {
            (Source::Remote(address), _) => (None, address.clone()),
            (_, Some(package)) => {
                progress("starting Sail");
                let sail = Sail::start(config, &package, &site).await?;
                let address = sail.address()?;
                (Some(sail), address)
            }
            _ => return Err("this workspace has no server of Spark Connect".to_owned()),
        };
        progress(&format!("asking {address} for its version"));
        let version = version(config, &address, &site).await?;
        let version = match sail {
            Some(_) => format!("{}, which is not Apache Spark", provision::sail_version()),
            None => version,
        };
        let (alive, not_watched) = watch::channel(None);
        let death = sail.as_ref().map_or(not_watched, Sail::watch_death);
        Ok(Self {
            address,
            version,
            site,
            sail,
            _alive: alive,
            death,
        })
    }

    pub(super) fn address(&self) -> &SparkConnectAddress {
        &self.address
    }

    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// The folder of the client's packages.
    pub(super) fn site(&self) -> &Path {
        &self.site
    }

    pub(super) fn watch_death(&self) -> watch::Receiver<Option<String>> {
        self.death.clone()
    }

    /// Waits until it ends, and says how. Cancel safe.
    pub(crate) async fn died(&self) -> String {
        let mut death = self.watch_death();
        match death.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => "is gone".to_owned(),
        }
    }

    /// Ends it if it is ours, and waits until it is gone.
    pub(super) async fn shutdown(&self) {
        if let Some(sail) = &self.sail {
            sail.shutdown().await;
        }
    }
}

async fn version(config: &SparkConfig, address: &SparkConnectAddress, site: &Path) -> Result<String, String> {
    let mut command = tool::command(config, &config.python);
    command
        .args(["-c", VERSION])
        .env("PYTHONPATH", tool::python_path([site]))
        // It looks for a Spark although it needs none, and gives up when it finds none.
        .env("SPARK_HOME", site.join("pyspark"))
        .env("SPARK_REMOTE", address.with_secrets());
    let said = match timeout(VERSION_LIMIT, tool::run(command)).await {
        Ok(said) => said.map_err(|reason| format!("the server at {address} cannot be used: its client {reason}"))?,
        Err(_) => {
            return Err(format!(
                "the server at {address} did not tell its version within {VERSION_LIMIT:?}"
            ));
        }
    };
    let version = said.lines().find_map(|line| line.strip_prefix("version "));
    version
        .map(str::to_owned)
        .ok_or_else(|| format!("the server at {address} does not tell its version: {said}"))
}
