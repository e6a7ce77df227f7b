//! `cargo xtask release LEVEL`: from a clean tree to crates in the registry, in an order that can be stopped anywhere
//! before the last step without harm.
//!
//! 1. The work tree is clean, and the gate passes ([`crate::ci`]).
//! 2. The public API keeps what the level promises, compared with the last tag (cargo-semver-checks).
//! 3. A copy of the tree gets the new version and a changelog whose first section has it ([`version`], [`changelog`]), and is
//!    packaged as for the registry, each crate built from its package alone.
//! 4. Only with `--execute`: the same change in the tree itself, a commit, a tag, and the crates in their order.
//!
//! Nothing is pushed: the commands for that are printed.

mod changelog;
mod version;

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

use crate::copy::Copy;
use crate::release::version::{Level, Version};
use crate::{cargo_tool, ci, workspace};

/// Does all of it, or with `execute` unset all that leaves no trace.
///
/// # Errors
/// When the tree is not clean, a step fails, or the level is not one of `major`, `minor` and `patch`.
pub(crate) fn run(sh: &Shell, level: &str, execute: bool) -> Result<()> {
    let level: Level = level.parse()?;
    ensure_clean(sh)?;
    let now = version::current(&sh.read_file("Cargo.toml")?)?;
    let next = now.next(level);
    eprintln!("release: {now} -> {next}");
    ci::ci(sh)?;
    check_api(sh, level)?;
    rehearse(sh, next)?;
    if execute {
        publish(sh, next)
    } else {
        eprintln!("release: {next} could be released; `cargo xtask release {level} --execute` does it");
        Ok(())
    }
}

fn ensure_clean(sh: &Shell) -> Result<()> {
    let changes = cmd!(sh, "git status --porcelain").quiet().read()?;
    if changes.is_empty() {
        return Ok(());
    }
    bail!("the work tree has changes that are not committed:\n{changes}")
}

/// Compares the public API with that of the last release.
fn check_api(sh: &Shell, level: Level) -> Result<()> {
    let Ok(tag) = cmd!(sh, "git describe --tags --abbrev=0 --match v*")
        .quiet()
        .ignore_stderr()
        .read()
    else {
        eprintln!("skipped: cargo-semver-checks, for there is no release yet to compare with");
        return Ok(());
    };
    let _path = match cargo_tool::ensure(sh, "semver-checks") {
        Ok(path) => path,
        Err(error) => {
            eprintln!("skipped: cargo-semver-checks: {error:#}");
            return Ok(());
        }
    };
    let level = level.to_string();
    Ok(cmd!(
        sh,
        "cargo semver-checks --workspace --baseline-rev {tag} --release-type {level}"
    )
    .run()?)
}

/// The release in a copy of the tree, up to the moment in which the registry would hear of it.
fn rehearse(sh: &Shell, next: Version) -> Result<()> {
    let target = workspace::target_directory(sh)?;
    let copy = Copy::of_head(sh, "release")?;
    let _directory = sh.push_dir(copy.directory());
    let _target = sh.push_env("CARGO_TARGET_DIR", &target);
    prepare(sh, next)?;
    cmd!(sh, "git --no-pager diff --stat").run()?;
    let names = published(sh)?;
    Ok(cmd!(sh, "cargo publish --dry-run --allow-dirty {names...}").run()?)
}

/// Gives the tree in the current directory the new version.
fn prepare(sh: &Shell, next: Version) -> Result<()> {
    let manifest = sh.read_file("Cargo.toml")?;
    let ours = workspace::load(sh)?.len();
    sh.write_file("Cargo.toml", version::raise(&manifest, next)?)?;
    let date = cmd!(sh, "date -u +%Y-%m-%d").quiet().read()?;
    let text = sh.read_file("CHANGELOG.md")?;
    sh.write_file("CHANGELOG.md", changelog::close(&text, next, &date)?)?;
    // The lock files name our crates' versions.
    cmd!(sh, "cargo update --workspace --offline").quiet().run()?;
    for directory in workspace::APART {
        let manifest = format!("{directory}/Cargo.toml");
        cmd!(sh, "cargo update --workspace --offline --manifest-path {manifest}")
            .quiet()
            .run()?;
    }
    let raised = workspace::load(sh)?;
    let wanted = next.to_string();
    if let Some(package) = raised.iter().find(|package| package.version != wanted) {
        bail!("{} has version {}, not {next}", package.name, package.version);
    }
    eprintln!("release: {ours} packages have version {next}");
    Ok(())
}

fn publish(sh: &Shell, next: Version) -> Result<()> {
    prepare(sh, next)?;
    let tag = format!("v{next}");
    let message = format!("Release {next}");
    cmd!(sh, "git commit --all --message {message}").run()?;
    cmd!(sh, "git tag --annotate {tag} --message {message}").run()?;
    let names = published(sh)?;
    // Cargo knows the order, and waits until the registry has each crate before it sends the next.
    cmd!(sh, "cargo publish {names...}").run().with_context(|| {
        format!("{tag} is committed and tagged; `cargo publish` goes on with the crates that are missing")
    })?;
    eprintln!("release: {next} is out; now `git push --follow-tags`");
    Ok(())
}

/// The crates that go to the registry, as arguments.
fn published(sh: &Shell) -> Result<Vec<String>> {
    let packages = workspace::load(sh)?.into_iter().filter(|package| package.published);
    Ok(packages
        .flat_map(|package| ["--package".to_owned(), package.name])
        .collect())
}
