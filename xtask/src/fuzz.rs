//! `cargo xtask fuzz`: whatever a server sends, nothing panics, hangs or is lost.
//!
//! The targets are the programs of `tests/fuzz`: a new one is a file there, an entry in its `Cargo.toml`, and a few
//! inputs in `tests/fuzz/corpus/NAME` to start from. An input that breaks one becomes a unit test.

use std::path::Path;

use anyhow::{Result, bail};
use xshell::{Shell, cmd};

use crate::{cargo_tool, workspace};

/// Where the targets are.
const DIRECTORY: &str = "tests/fuzz";

/// How long a target runs when nobody says, in seconds.
const SECONDS: u32 = 60;

/// An input that takes longer than this, in seconds, is a failure as well: the largest is 64 KiB.
const SLOWEST: u32 = 10;

/// Runs one target, or all that there are, for so many seconds each. All run, also after one has failed.
///
/// # Errors
/// When a target does not compile or is broken by an input, or when cargo-fuzz is missing and cannot be installed.
pub(crate) fn run(sh: &Shell, target: Option<&str>, seconds: Option<u32>) -> Result<()> {
    let built = workspace::target_directory(sh)?.join("fuzz");
    let _path = cargo_tool::ensure(sh, "fuzz")?;
    // Coverage comes from the compiler's own passes, which any toolchain has, but sanitizers are behind a `-Z` flag. This
    // lets the stable compiler take it, so that the targets are built with the toolchain that builds everything else.
    let _flags = sh.push_env("RUSTC_BOOTSTRAP", "1");

    let all = cmd!(sh, "cargo fuzz list --fuzz-dir {DIRECTORY}").quiet().read()?;
    let all: Vec<_> = all.lines().collect();
    let targets = match target {
        Some(target) if !all.contains(&target) => bail!("there is no target `{target}`; there are {}", all.join(", ")),
        Some(target) => vec![target],
        None => all,
    };
    let seconds = seconds.unwrap_or(SECONDS);
    let broken: Vec<_> = targets
        .into_iter()
        .filter(|target| run_target(sh, target, seconds, &built).is_err())
        .collect();
    if !broken.is_empty() {
        let broken = broken.join(", ");
        bail!("{broken} failed; the inputs that broke them are in {DIRECTORY}/artifacts, make each a unit test");
    }
    Ok(())
}

/// What a run finds is kept beside what it builds, for the next run; the inputs in the tree stay few.
fn run_target(sh: &Shell, target: &str, seconds: u32, built: &Path) -> Result<()> {
    let found = built.join("corpus").join(target);
    sh.create_dir(&found)?;
    let seeds = format!("{DIRECTORY}/corpus/{target}");
    let limits = [
        format!("-max_total_time={seconds}"),
        format!("-timeout={SLOWEST}"),
        "-max_len=65536".to_owned(),
        "-print_final_stats=1".to_owned(),
    ];
    Ok(cmd!(
        sh,
        "cargo fuzz run --fuzz-dir {DIRECTORY} --target-dir {built} {target} {found} {seeds} -- {limits...}"
    )
    .run()?)
}
