//! A workspace served by the built binary, as a user would start it.

use crate::binary::dbx12;
use dbx12_local::ReadyFile;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// `dbx12 local serve` in a process of its own, with a home of its own. Dropping it ends the server.
#[derive(Debug)]
pub struct Served {
    child: Child,
    home: tempfile::TempDir,
    ready: ReadyFile,
}

impl Served {
    /// Starts the server and waits until it answers.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().expect("a temporary folder"), arguments)
    }

    /// Like [`start`](Self::start), with a Python that takes a second before it starts.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start_with_slow_python() -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let slow = home.path().join("python3");
        let script = "#!/bin/sh\nPATH=${PATH#*:}\nsleep 1\nexec python3 \"$@\"\n";
        std::fs::write(&slow, script).expect("a script");
        std::fs::set_permissions(&slow, std::fs::Permissions::from_mode(0o755)).expect("a script");
        Self::start_in(home, &[])
    }

    fn start_in(home: tempfile::TempDir, arguments: &[&str]) -> Self {
        let ready_file = home.path().join("ready.json");
        let mut command = dbx12(home.path(), &["local", "serve", "--ready-file"]);
        command.arg(&ready_file).args(arguments).stdout(Stdio::piped());
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", home.path().display()));
        let mut child = command.spawn().expect("dbx12 local serve starts");

        // The first line on stdout comes once the server answers and the ready file is there.
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is a pipe"))
            .read_line(&mut line)
            .expect("a line");
        let ready = ReadyFile::read(&ready_file).unwrap_or_else(|error| panic!("{line}: {error}"));
        let served = Self { child, home, ready };
        served.write_netrc();
        served
    }

    /// What the ready file says.
    pub fn ready(&self) -> &ReadyFile {
        &self.ready
    }

    /// The server's home: its temporary files, the ready file and a `.netrc`.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The id of the server's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn write_netrc(&self) {
        let machine = self.ready.host.split("://").last().unwrap_or_default();
        let machine = machine.split(':').next().unwrap_or_default();
        let entry = format!(
            "machine {machine} login {} password {}\n",
            self.ready.username, self.ready.password
        );
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(self.netrc()).expect("a .netrc");
        file.write_all(entry.as_bytes()).expect("a .netrc");
    }

    /// A `.netrc` with the server's user and password, readable by its owner only.
    pub fn netrc(&self) -> PathBuf {
        self.home.path().join(".netrc")
    }

    /// The `dbx12` binary with the host and the token of this server in its environment.
    pub fn dbx12(&self, arguments: &[&str]) -> Command {
        let mut command = dbx12(self.home(), arguments);
        command
            .env("DATABRICKS_HOST", &self.ready.host)
            .env("DATABRICKS_TOKEN", &self.ready.token);
        command.env("DATABRICKS_CLUSTER_ID", self.ready.cluster_id.to_string());
        if let Some(ca_file) = &self.ready.ca_file {
            command.env("SSL_CERT_FILE", ca_file);
        }
        command
    }

    /// The real `curl`, trusting this server's certificate, with its `.netrc` in its home.
    pub fn curl(&self, arguments: &[&str]) -> Command {
        let mut command = crate::binary::curl(self.home(), arguments);
        if let Some(ca_file) = &self.ready.ca_file {
            command.env("CURL_CA_BUNDLE", ca_file);
        }
        command
    }

    /// Asks the server to end as a service manager would, and waits for it.
    pub fn stop(&mut self) -> Option<i32> {
        if let Some(pid) = rustix::process::Pid::from_raw(self.child.id().cast_signed()) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        self.child.wait().ok().and_then(|status| status.code())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            self.stop();
        }
    }
}
