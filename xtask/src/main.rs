//! Every chore of the workspace: `cargo xtask VERB`.
//!
//! The gate (`ci`) is a list of the other verbs, so whatever it runs can be run alone. Nothing here is published.
//! Keep the dependencies to a shell (`xshell`), a flag parser (`xflags`), `anyhow` and `serde_json`: a fresh clone
//! compiles this crate before anything else happens.
//!
//! | subject | module |
//! |---|---|
//! | the command line | [`flags`] |
//! | which verbs make the gate, in which order | [`ci`] |
//! | formatting, clippy, rustdoc | [`lint`] |
//! | running the tests, and the tools they need | [`mod@test`], [`tools`] |
//! | Python environments of the tests' own | [`environment`] |
//! | the OpenAPI document | [`openapi`] |
//! | the table of faults | [`faults`] |
//! | what survives any input, how costs compare | [`mod@fuzz`], [`mod@bench`] |
//! | which crate may know what | [`layers`], its table in [`layers::table`] |
//! | what a source file looks like | [`tidy`] |
//! | what would be published, and publishing it | [`package`], [`mod@release`] |
//! | our crates with other features, older dependencies, an older compiler | [`compatibility`] |
//! | the program as people download it | [`mod@dist`] |
//! | the last commit in a directory of its own | [`mod@copy`] |
//! | subcommands of Cargo that others wrote | [`cargo_tool`] |
#![allow(clippy::print_stderr, reason = "a task runner talks to the person who runs it")]

mod bench;
mod cargo_tool;
mod ci;
mod compatibility;
mod copy;
mod dist;
mod environment;
mod faults;
mod files;
mod flags;
mod fuzz;
mod layers;
mod lint;
mod manifest;
mod openapi;
mod package;
mod release;
mod source;
mod test;
mod tidy;
mod tools;
mod violation;
mod workspace;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use xshell::Shell;

use crate::flags::{Xtask, XtaskCmd};

fn main() -> ExitCode {
    let flags = Xtask::from_env_or_exit();
    match run(flags.subcommand) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(verb: XtaskCmd) -> Result<()> {
    let sh = Shell::new()?;
    sh.change_dir(root()?);
    match verb {
        XtaskCmd::Ci(_) => ci::ci(&sh),
        XtaskCmd::Nightly(_) => ci::nightly(&sh),
        XtaskCmd::Fmt(fmt) => lint::fmt(&sh, fmt.check),
        XtaskCmd::Lint(_) => lint::clippy(&sh),
        XtaskCmd::Doc(_) => lint::doc(&sh),
        XtaskCmd::Layers(_) => layers::run(&sh),
        XtaskCmd::Openapi(openapi) => openapi::run(&sh, openapi.check),
        XtaskCmd::Faults(_) => faults::run(&sh),
        XtaskCmd::Tidy(_) => tidy::run(&sh),
        XtaskCmd::Test(test) => {
            let options = test::Options {
                doc: !test.no_doc,
                filters: test.filter,
                ..test::Options::default()
            };
            test::run(&sh, &options)
        }
        XtaskCmd::Fuzz(fuzz) => fuzz::run(&sh, fuzz.target.as_deref(), fuzz.seconds),
        XtaskCmd::Bench(bench) => bench::run(&sh, bench.name.as_deref(), bench.json, bench.save),
        XtaskCmd::Simulate(simulate) => bench::simulate(&sh, simulate.confirm),
        XtaskCmd::Soak(soak) => test::soak(&sh, soak.minutes, soak.seed),
        XtaskCmd::Chaos(chaos) => test::chaos(&sh, chaos.minutes, chaos.seed),
        XtaskCmd::Package(package) => package::run(&sh, !package.no_verify),
        XtaskCmd::Compatibility(_) => compatibility::run(&sh),
        XtaskCmd::Release(release) => release::run(&sh, &release.level, release.execute),
        XtaskCmd::Dist(dist) => dist::run(&sh, dist.target.as_deref()),
    }
}

/// The workspace's root. Cargo tells a program it runs where its package is; the path known when this program was
/// compiled stands in when it is started by hand.
fn root() -> Result<PathBuf> {
    let package =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package
        .parent()
        .map(Path::to_path_buf)
        .context("xtask has no parent directory")
}
