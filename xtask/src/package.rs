//! `cargo xtask package`: what would be published, and whether each package builds from nothing but itself.

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::workspace;

/// Makes the package of every crate that may be published and, with `verify`, builds each from its package.
///
/// Uncommitted changes are let in: this looks at the tree as it is.
///
/// # Errors
/// When a package lacks a file or a piece of metadata, or does not build alone.
pub(crate) fn run(sh: &Shell, verify: bool) -> Result<()> {
    let excluded = workspace::load(sh)?.into_iter().filter(|package| !package.published);
    let excluded: Vec<_> = excluded
        .flat_map(|package| ["--exclude".to_owned(), package.name])
        .collect();
    let no_verify = (!verify).then_some("--no-verify");
    Ok(cmd!(
        sh,
        "cargo package --workspace {excluded...} --allow-dirty {no_verify...}"
    )
    .run()?)
}
