//! Facts about the build, for `dbx12 --version`. Where a fact is not to be had the build goes on without it.
#![allow(clippy::print_stdout, reason = "it is how cargo is told")]

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=DBX12_COMMIT");
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let commit = variable("DBX12_COMMIT")
        .or_else(commit_of_package)
        .or_else(commit_of_checkout);
    let facts = [
        commit.map(|commit| format!("commit {commit}")),
        variable("TARGET"),
        variable("RUSTC").and_then(|rustc| run(&rustc, &["--version"])),
        variable("PROFILE"),
    ];
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    println!("cargo::rustc-env=DBX12_BUILD={}", facts.join(", "));
}

/// What cargo writes into a package that it makes.
fn commit_of_package() -> Option<String> {
    println!("cargo::rerun-if-changed=.cargo_vcs_info.json");
    let info = std::fs::read_to_string(".cargo_vcs_info.json").ok()?;
    let (_, rest) = info.split_once("\"sha1\": \"")?;
    Some(rest.split_once('"')?.0.chars().take(12).collect())
}

/// Only for a release: other builds would be made anew with every commit.
fn commit_of_checkout() -> Option<String> {
    if std::env::var("PROFILE").ok()? != "release" {
        return None;
    }
    // This file must be one of the checkout's own: a package may lie in somebody else's.
    run("git", &["ls-files", "--error-unmatch", "build.rs"])?;
    let log = run("git", &["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&log).exists() {
        println!("cargo::rerun-if-changed={log}");
    }
    run("git", &["rev-parse", "--short=12", "HEAD"])
}

/// The first line that a program prints, if it ends well.
fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout)
        .ok()
        .filter(|_| output.status.success())?;
    text.lines().next().map(str::to_owned)
}
