//! Subcommands of Cargo that others wrote. One that is missing is installed below the target directory, so that a chore
//! needs nothing but Rust, and nothing is left on the machine once the target directory is gone.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context, Result};
use xshell::{PushEnv, Shell, cmd};

use crate::workspace;

/// Sees to it that `cargo NAME` can be run for as long as what this returns is kept.
///
/// # Errors
/// When it is missing and cannot be installed, for instance without a network.
pub(crate) fn ensure<'shell>(sh: &'shell Shell, name: &str) -> Result<PushEnv<'shell>> {
    let tools = workspace::target_directory(sh)?.join("tools");
    let path = sh.push_env("PATH", path_with(&tools.join("bin"))?);
    if !is_there(sh, name) {
        let package = format!("cargo-{name}");
        eprintln!("{package} is not there; installing it below the target directory");
        cmd!(sh, "cargo install {package} --locked --root {tools}")
            .run()
            .with_context(|| format!("{package} is missing and cannot be installed from here"))?;
    }
    Ok(path)
}

fn is_there(sh: &Shell, name: &str) -> bool {
    let asked = cmd!(sh, "cargo {name} --help");
    asked.quiet().ignore_stdout().ignore_stderr().run().is_ok()
}

/// The search path with one more directory at its end: what is installed on the machine goes before it.
fn path_with(directory: &Path) -> Result<OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories = std::env::split_paths(&path).chain([directory.to_owned()]);
    Ok(std::env::join_paths(directories)?)
}
