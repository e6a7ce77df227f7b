//! `dbx12 local up|status|down`: one workspace in the background for each user.
//!
//! Its server holds a lock as long as it lives, however it ends: that, and no file with a number in it, tells whether it
//! runs.

use super::arguments::Up;
use crate::failure::{Exit, Failure};
use crate::output::{note, print_line};
use crate::state::cannot;
use dbx12_local::ReadyFile;
use fs4::FileExt;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Starts the workspace unless it runs, and prints what a shell needs to use it.
pub(crate) fn up(arguments: &Up) -> Result<(), Failure> {
    let place = Place::find()?;
    if place.is_running() {
        note("A local workspace runs already.");
    } else {
        place.start(arguments)?;
        note("A local workspace runs in the background; it runs code as you. `dbx12 local down` ends it.");
    }
    let ready = place.ready()?;
    print_line(&format!("export DATABRICKS_HOST={}", ready.host))?;
    print_line(&format!("export DATABRICKS_TOKEN={}", ready.token))?;
    print_line(&format!("export DATABRICKS_CLUSTER_ID={}", ready.cluster_id))?;
    if let Some(ca_file) = ready.ca_file {
        print_line(&format!("export SSL_CERT_FILE='{}'", ca_file.display()))?;
    }
    Ok(())
}

/// Says whether the workspace runs, and where.
pub(crate) fn status() -> Result<(), Failure> {
    let place = Place::find()?;
    if !place.is_running() {
        let message = "no local workspace runs: start one with `dbx12 local up`";
        return Err(Failure::new(Exit::Unavailable, message.to_owned()));
    }
    let ready = place.ready()?;
    print_line(&format!("{} (process {})", ready.host, ready.pid))?;
    print_line(&format!("Credentials are in {}.", place.ready_file().display()))
}

/// Ends the workspace, and waits until it is gone.
pub(crate) fn down() -> Result<(), Failure> {
    let place = Place::find()?;
    if !place.is_running() {
        note("No local workspace runs.");
        return Ok(());
    }
    let pid = i32::try_from(place.ready()?.pid).ok().and_then(Pid::from_raw);
    // One that has ended meanwhile is what was wanted.
    let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
    let gone = File::open(place.lock_file()).and_then(|lock| FileExt::lock(&lock));
    gone.map_err(|error| cannot(&place.folder, &error))?;
    note("Stopped.");
    Ok(())
}

/// Takes the lock that tells others that a server runs. It is held until the file is dropped.
pub(crate) fn hold(path: &Path) -> Result<File, Failure> {
    let lock = File::create(path).map_err(|error| cannot(path, &error))?;
    match FileExt::try_lock(&lock) {
        Ok(()) => Ok(lock),
        Err(_) => Err(Failure::new(
            Exit::Unavailable,
            "a local workspace runs already".to_owned(),
        )),
    }
}

/// Where it leaves its files.
struct Place {
    folder: PathBuf,
}

impl Place {
    fn find() -> Result<Self, Failure> {
        let folder = crate::state::folder()?;
        Ok(Self { folder })
    }

    fn ready_file(&self) -> PathBuf {
        self.folder.join("local.json")
    }

    fn lock_file(&self) -> PathBuf {
        self.folder.join("local.lock")
    }

    fn ready(&self) -> Result<ReadyFile, Failure> {
        let path = self.ready_file();
        ReadyFile::read(&path).map_err(|error| cannot(&path, &error))
    }

    fn is_running(&self) -> bool {
        let lock = File::open(self.lock_file());
        lock.is_ok_and(|lock| FileExt::try_lock_shared(&lock).is_err())
    }

    /// Starts a server and waits until it answers.
    fn start(&self, arguments: &Up) -> Result<(), Failure> {
        let log_file = self.folder.join("local.log");
        let cannot = |error: std::io::Error| cannot(&log_file, &error);
        let mut command = Command::new(std::env::current_exe().map_err(cannot)?);
        command
            .args(["local", "serve", "--ready-file"])
            .arg(self.ready_file())
            .arg("--hold")
            .arg(self.lock_file())
            .args(arguments.tls.then_some("--tls"))
            .args(
                arguments
                    .cluster
                    .iter()
                    .flat_map(|spec| ["--cluster".to_owned(), spec.to_string()]),
            )
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log_file).map_err(cannot)?)
            .process_group(0);
        arguments.spark.hand_over(&mut command).map_err(cannot)?;
        let mut child = command.spawn().map_err(cannot)?;
        // The last line that it prints when it answers.
        let last = if arguments.tls {
            "export SSL_CERT_FILE="
        } else {
            "export DATABRICKS_CLUSTER_ID="
        };
        let lines = child
            .stdout
            .take()
            .map(BufReader::new)
            .into_iter()
            .flat_map(BufRead::lines);
        let answers = lines.map_while(Result::ok).any(|line| line.starts_with(last));
        if answers {
            return Ok(());
        }
        // It has closed its output, so it is about to end.
        let _ = child.wait();
        let said = std::fs::read_to_string(&log_file).unwrap_or_default();
        let message = format!("the local workspace did not start: {}", said.trim());
        Err(Failure::new(Exit::Unavailable, message))
    }
}
