//! What the compiler's own tools say about the sources: rustfmt, clippy, rustdoc and cargo-deny.

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::{cargo_tool, workspace};

/// Formats the sources, or only checks that they are formatted.
///
/// # Errors
/// When `check` is set and a file is not formatted.
pub(crate) fn fmt(sh: &Shell, check: bool) -> Result<()> {
    let check = check.then_some("--check");
    cmd!(sh, "cargo fmt --all {check...}").run()?;
    for directory in workspace::APART {
        cmd!(sh, "cargo fmt --manifest-path {directory}/Cargo.toml {check...}").run()?;
    }
    Ok(())
}

/// Runs clippy with warnings denied on each crate alone, with its default features and, where there are any, without;
/// then on all of them at once with every feature.
///
/// Crate by crate, because features of shared dependencies add up across a workspace: a crate that forgot to ask for a
/// feature compiles as long as another one asks for it, and fails for the user who takes only that crate. At once,
/// because it is the code behind features that is looked at then, and [`doc`] needs the same dependencies built.
///
/// # Errors
/// At the first crate with a warning.
pub(crate) fn clippy(sh: &Shell) -> Result<()> {
    for package in workspace::load(sh)? {
        let name = &package.name;
        cmd!(sh, "cargo clippy -p {name} --all-targets -- -D warnings").run()?;
        if package.has_default_features() {
            cmd!(
                sh,
                "cargo clippy -p {name} --all-targets --no-default-features -- -D warnings"
            )
            .run()?;
        }
    }
    Ok(cmd!(
        sh,
        "cargo clippy --workspace --all-targets --all-features -- -D warnings"
    )
    .run()?)
}

/// Runs clippy with warnings denied on the packages that are not members.
///
/// # Errors
/// At the first package with a warning.
pub(crate) fn clippy_apart(sh: &Shell) -> Result<()> {
    let built = workspace::target_directory(sh)?.join("apart");
    for directory in workspace::APART {
        cmd!(
            sh,
            "cargo clippy --manifest-path {directory}/Cargo.toml --target-dir {built} --all-targets -- -D warnings"
        )
        .run()?;
    }
    Ok(())
}

/// Builds the documentation of all crates with warnings denied.
///
/// # Errors
/// When something undocumented, a broken link or a bare address is in it.
pub(crate) fn doc(sh: &Shell) -> Result<()> {
    Ok(cmd!(sh, "cargo doc --workspace --no-deps --all-features")
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()?)
}

/// Checks licences, sources and duplicates of all dependencies against `deny.toml`.
///
/// # Errors
/// When cargo-deny refuses a dependency, or is missing and cannot be installed.
pub(crate) fn deny(sh: &Shell) -> Result<()> {
    let _path = cargo_tool::ensure(sh, "deny")?;
    Ok(cmd!(sh, "cargo deny check bans licenses sources").run()?)
}
