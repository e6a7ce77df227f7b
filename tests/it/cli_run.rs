//! `dbx12 run` against a served workspace: programs of all kinds, every form of output, every error. What is said is in
//! `cli_run/said`; with `DBX12_UPDATE=1` those files are written anew.

mod errors;
mod forms;
mod help;
mod images;
mod programs;
mod readme;

use dbx12_tests::{Finished, Served, finish};
use std::path::{Path, PathBuf};

/// Runs `dbx12 run` in the home of a workspace.
fn run(served: &Served, arguments: &[&str]) -> Finished {
    finish(served.dbx12(&[&["run"], arguments].concat()))
}

fn write(served: &Served, name: &str, text: &str) -> PathBuf {
    let path = served.home().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn read(served: &Served, name: &str) -> String {
    std::fs::read_to_string(served.home().join(name)).unwrap()
}

/// What a person sees, with the two streams apart.
fn transcript(finished: &Finished) -> String {
    let mut text = finished.stdout.clone();
    if !finished.stderr.is_empty() {
        text = format!("{text}--- on stderr\n{}", finished.stderr);
    }
    format!("{text}--- exit code {}\n", finished.code.unwrap_or(-1))
}

/// Compares with what was said before.
fn assert_said(name: &str, said: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("it/cli_run/said/{name}.txt"));
    if std::env::var_os("DBX12_UPDATE").is_some() {
        std::fs::write(&path, said).unwrap();
    }
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        said, before,
        "{name}: run the test with DBX12_UPDATE=1 if that is right"
    );
}
