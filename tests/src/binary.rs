//! Running the built `dbx12` binary and `curl`, as a user's shell would.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// What a program did.
#[derive(Debug)]
#[non_exhaustive]
pub struct Finished {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The `dbx12` binary with an environment of its own: nothing of the tester's configuration, and `home` as the home and
/// the place of temporary files.
pub fn dbx12(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    clean(&mut command, home);
    command.args(arguments);
    command
}

/// The real `curl`, quiet, in the same kind of environment. It fails the test that has none.
pub fn curl(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("curl");
    clean(&mut command, home);
    command.args(["--silent", "--show-error"]).args(arguments);
    command
}

fn clean(command: &mut Command, home: &Path) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    command
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("TMPDIR", home)
        .current_dir(home)
        .stdin(Stdio::null());
}

/// Runs a program to its end.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn finish(mut command: Command) -> Finished {
    match command.output() {
        Ok(output) => output.into(),
        Err(error) => panic!("cannot start {command:?}: {error}"),
    }
}

/// Starts a program whose output is collected.
///
/// # Panics
/// When it cannot be started.
pub fn start(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    match command.spawn() {
        Ok(child) => child,
        Err(error) => panic!("cannot start {command:?}: {error}"),
    }
}

/// The binary that `cargo xtask test` built and named in `DBX12_BIN`; else that of the last build.
fn binary() -> OsString {
    if let Some(path) = std::env::var_os("DBX12_BIN") {
        return path;
    }
    let built = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/debug/dbx12");
    assert!(
        built.exists(),
        "there is no dbx12 binary: run `cargo xtask test`, or `cargo build -p dbx12-cli` first"
    );
    built.into_os_string()
}
