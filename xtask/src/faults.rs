//! `cargo xtask faults`: the table of what reaches a peer under every fault, written by the test that counts it.

use anyhow::Result;
use xshell::{Shell, cmd};

/// The test that counts. It also fails when the table that is kept says something else.
const TEST: &str = "faults::invariant_3_under_every_fault_every_operation_is_seen_as_often_as_it_may";

/// Writes `crates/dbx12-http/src/faults.md` anew.
///
/// # Errors
/// When an operation is seen more often than it may, whatever the table says.
pub(crate) fn run(sh: &Shell) -> Result<()> {
    let _write = sh.push_env("DBX12_WRITE_FAULTS", "1");
    Ok(cmd!(
        sh,
        "cargo test --quiet --package dbx12-tests --test it -- --exact {TEST}"
    )
    .run()?)
}
