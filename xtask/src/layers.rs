//! `cargo xtask layers`: which crate knows what, read from the manifests, Cargo's dependency trees and the sources.
//!
//! The rules are data, in [`table`]. What is checked:
//! 1. arrows between our crates, development dependencies included ([`arrows`]);
//! 2. crates of others, layer by layer ([`arrows`]);
//! 3. what `dbx12-types`, and `dbx12-http` without its feature `hyper`, reach in the end ([`trees`]);
//! 4. lints, version and edition inherited from the workspace; our own crates pinned to one version ([`manifests`]);
//! 5. names that belong to a few files: hyper, rustls, sockets, timers, what only Unix has ([`names`]);
//! 6. what the public APIs name ([`public`]).

mod arrows;
mod manifests;
mod names;
mod public;
pub(crate) mod table;
#[cfg(test)]
mod tests;
mod trees;

use anyhow::Result;
use xshell::Shell;

use crate::{files, violation, workspace};

/// Runs every check and tells all that is wrong, not only the first.
///
/// # Errors
/// When a rule is broken, or when the workspace cannot be read.
pub(crate) fn run(sh: &Shell) -> Result<()> {
    let packages = workspace::load(sh)?;
    let mut violations = arrows::check(&packages, table::LAYERS);
    violations.extend(manifests::check(&packages));
    violations.extend(trees::check(sh)?);
    violations.extend(names::check(&files::read_all(sh, "crates", &["rs"])?, table::NAMES));
    violations.extend(public::check(sh)?);
    violation::report("layers", &violations)
}
