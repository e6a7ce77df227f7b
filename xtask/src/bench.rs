//! `cargo xtask bench`: numbers as ratios against named peers, measured and printed by the program in `tests/bench`.

use std::ffi::OsString;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::environment::CLIENTS;
use crate::test::{self, CLIENTS_PYTHON};
use crate::{tools, workspace};

/// What the local workspace costs, and what the command line costs.
const LOCAL: &str = "local";
const CLI: &str = "cli";

/// The page with the numbers of the last run that was worth keeping.
const PAGE: &str = "tests/BENCHMARKS.md";

/// Measures every task, or those whose name contains `name`, and prints how their ways compare. The numbers go to the
/// file `json` too, if one is named: below the workspace's root, unless its path is absolute.
///
/// # Errors
/// When the program does not compile, or something fails that it measures. A goal that is missed is no error.
pub(crate) fn run(sh: &Shell, name: Option<&str>, json: Option<OsString>, save: bool) -> Result<()> {
    tools::ensure(sh)?;
    let built = workspace::target_directory(sh)?.join("bench");
    // Where nobody asks for what waits, its peer is not needed.
    let waits = name.is_none_or(|name| name.starts_with("waiting") || "waiting/overshoot".contains(name));
    let is_wanted = |own: &&str| name.is_none_or(|name| name.starts_with(own));
    // A program of `tests` measures these, since they need the `dbx12` program too.
    let of_tests: Vec<_> = [LOCAL, CLI].into_iter().filter(is_wanted).map(str::to_owned).collect();
    let _clients = match waits || name.is_some_and(|name| name.starts_with(CLI)) {
        true => Some(sh.push_env(CLIENTS_PYTHON, CLIENTS.python(sh)?)),
        false => None,
    };
    let json: Vec<_> = json.into_iter().flat_map(|file| ["--json".into(), file]).collect();
    let save = save.then_some(["--save", PAGE]).into_iter().flatten();
    if name.is_none() || of_tests.is_empty() {
        cmd!(
            sh,
            "cargo run --quiet --release --manifest-path tests/bench/Cargo.toml --target-dir {built} -- run {name...} {json...} {save...}"
        )
        .run()?;
    }
    if !of_tests.is_empty() {
        test::numbers(sh, &of_tests)?;
    }
    Ok(())
}

/// Prints what waiting costs, see the module `simulate` of the program. It takes some minutes. To `confirm` it is to run a
/// thousand commands instead, and to compare.
///
/// # Errors
/// When the program does not compile, or the simulation is not confirmed.
pub(crate) fn simulate(sh: &Shell, confirm: bool) -> Result<()> {
    let built = workspace::target_directory(sh)?.join("bench");
    let confirm = confirm.then_some("--confirm");
    Ok(cmd!(
        sh,
        "cargo run --quiet --release --manifest-path tests/bench/Cargo.toml --target-dir {built} -- simulate {confirm...}"
    )
    .run()?)
}
