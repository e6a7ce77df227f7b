//! Sail, a Spark Connect server without a JVM, in a process of its own. It ends when its standard input does.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::pipe::Sender;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::debug;

use super::address::{SparkAddressError, SparkConnectAddress};
use super::log::{LAST_LOG, Log};
use super::start::launch;
use super::{SparkConfig, tool};
use crate::engine::process::{Process, describe};

/// Prints the port it took.
const PROGRAM: &str = "
import os, sys
from pysail.spark import SparkConnectServer
server = SparkConnectServer('127.0.0.1', 0)
server.start(background=True)
print(server.listening_address[1], flush=True)
sys.stdin.buffer.read()
os._exit(0)
";

const START_LIMIT: Duration = Duration::from_secs(120);

/// How long it may take to end by itself.
const END_LIMIT: Duration = Duration::from_secs(2);

/// Our side of it. Dropping it ends the process.
#[derive(Debug)]
pub(super) struct Sail {
    port: u16,
    death: watch::Receiver<Option<String>>,
    ending: watch::Sender<bool>,
    driver: Mutex<Option<JoinHandle<()>>>,
}

impl Sail {
    /// # Errors
    /// Why it does not start, for people.
    pub(super) async fn start(config: &SparkConfig, package: &Path, client: &Path) -> Result<Self, String> {
        let folder = tempfile::Builder::new()
            .prefix("dbx12-sail-")
            .tempdir()
            .map_err(|error| format!("no temporary folder can be made for Sail: {error}"))?;
        let mut command = tool::command(config, &config.python);
        command
            .args(["-c", PROGRAM])
            // User-defined functions run in it, and are pickled by the client.
            .env("PYTHONPATH", tool::python_path([package, client]))
            .current_dir(folder.path());
        let pipes = launch(command, folder).await;
        let pipes = pipes.map_err(|error| format!("the process of Sail cannot be started: {error}"))?;
        let mut process = pipes.process;
        let mut line = String::new();
        // Whatever goes wrong, there is no port then.
        let _ = timeout(START_LIMIT, BufReader::new(pipes.replies).read_line(&mut line)).await;
        let Ok(port) = line.trim().parse() else {
            process.kill();
            let how = describe(&process.wait().await);
            return Err(pipes
                .log
                .with_last(&format!("Sail does not start: its process {how}"), LAST_LOG));
        };
        debug!(pid = process.id(), port, "Sail runs");
        let (ending, is_ending) = watch::channel(false);
        let (died, death) = watch::channel(None);
        let driver = tokio::spawn(async move {
            let reason = drive(process, pipes.requests, &pipes.log, is_ending).await;
            drop(pipes.folder);
            died.send_replace(Some(reason));
        });
        Ok(Self {
            port,
            death,
            ending,
            driver: Mutex::new(Some(driver)),
        })
    }

    pub(super) fn address(&self) -> Result<SparkConnectAddress, String> {
        let address = format!("sc://127.0.0.1:{}", self.port);
        address.parse().map_err(|error: SparkAddressError| error.to_string())
    }

    pub(super) fn watch_death(&self) -> watch::Receiver<Option<String>> {
        self.death.clone()
    }

    /// Ends it and waits until it is gone.
    pub(super) async fn shutdown(&self) {
        self.ending.send_replace(true);
        let driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(driver) = driver {
            let _ = driver.await; // a panic is its own
        }
    }
}

impl Drop for Sail {
    fn drop(&mut self) {
        self.ending.send_replace(true);
    }
}

/// Waits for its end, and says how it was. Without `input` it ends by itself.
async fn drive(mut process: Process, input: Sender, log: &Log, mut ending: watch::Receiver<bool>) -> String {
    tokio::select! {
        // An error means that it was dropped.
        _ = ending.wait_for(|is_ending| *is_ending) => {}
        exit = process.wait() => return log.with_last(&describe(&exit), LAST_LOG),
    }
    drop(input);
    if timeout(END_LIMIT, process.wait()).await.is_err() {
        process.kill();
        let _ = process.wait().await; // nothing is left to be done about an error
    }
    "was ended with its cluster".to_owned()
}
