//! `cargo xtask compatibility`: our crates as their users may take them, with other features, older dependencies, an older
//! compiler.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::copy::Copy;
use crate::workspace::{self, Package};

/// All of it.
///
/// # Errors
/// At the first part that does not hold.
pub(crate) fn run(sh: &Shell) -> Result<()> {
    oldest_compiler(sh)?;
    oldest_dependencies(sh)?;
    each_feature(sh)
}

/// Builds each published crate with no feature, with each alone and with all of them, and runs its unit tests each time:
/// features of a shared dependency add up across a workspace, so a crate that forgot one compiles here as long as another
/// crate asks for it. All run, also after one has failed.
fn each_feature(sh: &Shell) -> Result<()> {
    let mut broken = Vec::new();
    for package in workspace::load(sh)?.iter().filter(|package| package.published) {
        for features in choices(package) {
            let name = &package.name;
            let chosen = ["--no-default-features", "--features", &features];
            let tested = cmd!(sh, "cargo test --quiet --package {name} --lib --bins {chosen...}");
            if tested.run().is_err() {
                broken.push(format!("{name} with `{features}`"));
            }
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    bail!("these do not hold alone: {}", broken.join(", "))
}

/// Nothing, each feature alone, everything: as Cargo takes them, each once.
fn choices(package: &Package) -> Vec<String> {
    let names: Vec<&str> = package
        .features
        .keys()
        .map(String::as_str)
        .filter(|name| *name != "default")
        .collect();
    let mut choices = vec![String::new()];
    choices.extend(names.iter().map(|name| (*name).to_owned()));
    if names.len() > 1 {
        choices.push(names.join(","));
    }
    choices
}

/// Builds with the oldest versions of what our manifests ask for.
fn oldest_dependencies(sh: &Shell) -> Result<()> {
    let target = workspace::target_directory(sh)?.join("oldest");
    let copy = Copy::of_head(sh, "oldest")?;
    let _directory = sh.push_dir(copy.directory());
    let _target = sh.push_env("CARGO_TARGET_DIR", &target);
    // The flag is unstable, and this lets the stable Cargo take it.
    cmd!(sh, "cargo update --quiet -Z direct-minimal-versions")
        .env("RUSTC_BOOTSTRAP", "1")
        .run()?;
    Ok(cmd!(sh, "cargo check --workspace --all-features").run()?)
}

/// Builds with the oldest compiler that we promise. Where that is not installed, what the dependencies promise and clippy's
/// `incompatible_msrv` are all that is checked.
fn oldest_compiler(sh: &Shell) -> Result<()> {
    let metadata = cmd!(sh, "cargo metadata --format-version 1 --locked --all-features");
    let metadata: Value = serde_json::from_str(&metadata.quiet().read()?)?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata names no packages")?;
    let promises = |package: &Value| Some(package["rust_version"].as_str()?.to_owned());
    let ours = packages
        .iter()
        .find(|package| package["source"].is_null())
        .and_then(promises)
        .context("the workspace states no `rust-version`")?;
    let newer: Vec<_> = packages
        .iter()
        .filter_map(|package| Some((package["name"].as_str()?, promises(package)?)))
        .filter(|(_, version)| numbers(version) > numbers(&ours))
        .map(|(name, version)| format!("{name} needs {version}"))
        .collect();
    if !newer.is_empty() {
        bail!("Rust {ours} is promised, but {}", newer.join(", "));
    }
    let toolchain = format!("+{ours}");
    let is_there = cmd!(sh, "cargo {toolchain} --version");
    if is_there.quiet().ignore_stdout().ignore_stderr().run().is_err() {
        eprintln!("skipped: building with Rust {ours}, which is not installed (`rustup toolchain install {ours}`)");
        return Ok(());
    }
    let target = workspace::target_directory(sh)?.join("oldest");
    Ok(cmd!(
        sh,
        "cargo {toolchain} check --workspace --all-features --target-dir {target}"
    )
    .run()?)
}

fn numbers(version: &str) -> Vec<u64> {
    version
        .split('.')
        .map(|part| part.parse().unwrap_or(u64::MAX))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_choice_comes_once() {
        let package = |names: &[&str]| Package {
            features: names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect(),
            ..Package::default()
        };
        assert_eq!(choices(&package(&["default"])), [""]);
        assert_eq!(choices(&package(&["default", "hyper"])), ["", "hyper"]);
        assert_eq!(
            choices(&package(&["arrow", "schema"])),
            ["", "arrow", "schema", "arrow,schema"]
        );
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(numbers("1.100") > numbers("1.88"));
        assert!(numbers("1.88.1") > numbers("1.88"));
        assert!(numbers("1.9") < numbers("1.88"));
    }
}
