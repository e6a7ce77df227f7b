//! `cargo xtask test`: everything that runs, from a clean clone on a machine with only Rust and Python.

use std::ffi::OsString;

use anyhow::{Context, Result};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::environment::{CLIENTS, FRAMES, VALIDATOR};
use crate::{tools, workspace};

/// Where tests find the `dbx12` program.
const BINARY: &str = "DBX12_BIN";

/// Where tests find the Python that has the OpenAPI validator.
const VALIDATOR_PYTHON: &str = "DBX12_OPENAPI_PYTHON";

/// Where tests find the Python that has clients of other make.
pub(crate) const CLIENTS_PYTHON: &str = "DBX12_CLIENTS_PYTHON";

/// Where tests find the Python that has pandas, polars and matplotlib.
const FRAMES_PYTHON: &str = "DBX12_FRAMES_PYTHON";

/// Which tests run, and how.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// The documentation's examples too.
    pub(crate) doc: bool,
    /// Every feature of every crate on.
    pub(crate) all_features: bool,
    /// Go on after the first failure, for a log that will be read later.
    pub(crate) keep_going: bool,
    /// Arguments for the test runner, usually parts of test names.
    pub(crate) filters: Vec<OsString>,
}

/// Builds everything once, then runs unit and integration tests, then the documentation's examples.
///
/// # Errors
/// When a tool is missing, something does not compile, or a test fails.
pub(crate) fn run(sh: &Shell, options: &Options) -> Result<()> {
    tools::ensure(sh)?;
    let _validator = sh.push_env(VALIDATOR_PYTHON, VALIDATOR.python(sh)?);
    let _clients = sh.push_env(CLIENTS_PYTHON, CLIENTS.python(sh)?);
    let features = options.all_features.then_some("--all-features");
    let filters = &options.filters;

    // One build for the program and the tests: built apart, they would ask for different features of the same
    // dependencies, and half of those would be compiled twice.
    let messages = cmd!(
        sh,
        "cargo build --workspace {features...} --bin dbx12 --tests --message-format=json-render-diagnostics"
    )
    .read()?;
    let binary = executable(&messages, "dbx12").context("Cargo built no program named `dbx12`")?;
    let _binary = sh.push_env(BINARY, binary);

    if has_nextest(sh) {
        let profile = if options.keep_going { "ci" } else { "default" };
        cmd!(
            sh,
            "cargo nextest run --workspace {features...} --tests --profile {profile} -- {filters...}"
        )
        .run()?;
    } else {
        // Compiling nextest takes longer than it saves; `cargo test` runs the same tests.
        let keep_going = options.keep_going.then_some("--no-fail-fast");
        cmd!(
            sh,
            "cargo test --workspace {features...} --tests {keep_going...} -- {filters...}"
        )
        .run()?;
    }
    if options.doc {
        cmd!(sh, "cargo test --workspace {features...} --doc -- {filters...}").run()?;
    }
    Ok(())
}

/// Runs the unit tests of the models with all their features. Those of the other crates' features wait for the night:
/// what they bring takes long to compile.
///
/// # Errors
/// When something does not compile or a test fails.
pub(crate) fn models_with_all_features(sh: &Shell) -> Result<()> {
    Ok(cmd!(sh, "cargo test -p dbx12-types --all-features --lib").run()?)
}

/// Has the local workspace show frames and figures: the test program that no other run chooses.
///
/// # Errors
/// When the packages cannot be installed, or something is not shown as it should be.
pub(crate) fn with_frames(sh: &Shell) -> Result<()> {
    tools::ensure(sh)?;
    let _frames = sh.push_env(FRAMES_PYTHON, FRAMES.python(sh)?);
    Ok(cmd!(sh, "cargo test -p dbx12-tests --test frames").run()?)
}

/// Runs the unit tests of each crate that can do with less, without its default features.
///
/// # Errors
/// When something does not compile or a test fails.
pub(crate) fn without_default_features(sh: &Shell) -> Result<()> {
    for package in workspace::load(sh)?
        .iter()
        .filter(|package| package.has_default_features())
    {
        let name = &package.name;
        cmd!(sh, "cargo test -p {name} --no-default-features --tests").run()?;
    }
    Ok(())
}

fn has_nextest(sh: &Shell) -> bool {
    cmd!(sh, "cargo nextest --version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run()
        .is_ok()
}

/// Where Cargo put the program `name`, from the messages of a build.
fn executable(messages: &str, name: &str) -> Option<String> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| {
            let target = &message["target"];
            let is_program = target["name"] == name && target["kind"] == Value::from(["bin"]);
            // The program's own unit tests are an executable of the same target.
            let is_test = message["profile"]["test"] == true;
            if is_program && !is_test {
                message["executable"].as_str().map(str::to_owned)
            } else {
                None
            }
        })
}

/// Runs the soak program for so many minutes.
///
/// # Errors
/// When it does not compile, or when something was lost, ran twice or was left behind.
pub(crate) fn soak(sh: &Shell, minutes: Option<f64>, seed: Option<u64>) -> Result<()> {
    tools::ensure(sh)?;
    let (minutes, seed) = (minutes.unwrap_or(10.0).to_string(), seed.unwrap_or(1).to_string());
    cmd!(sh, "cargo build --quiet --package dbx12-tests --bins").run()?;
    Ok(cmd!(
        sh,
        "cargo run --quiet --package dbx12-tests --bin soak -- {minutes} {seed}"
    )
    .run()?)
}

/// Runs the chaos program for so many minutes.
///
/// # Errors
/// When it does not compile, or when the server, a command's end or a process is not as it should be.
pub(crate) fn chaos(sh: &Shell, minutes: Option<f64>, seed: Option<u64>) -> Result<()> {
    tools::ensure(sh)?;
    let (minutes, seed) = (minutes.unwrap_or(5.0).to_string(), seed.unwrap_or(1).to_string());
    with_binary(sh, "dev", "chaos", &[minutes, seed])
}

/// Prints what the local workspace costs, as a release has it.
///
/// # Errors
/// When it does not compile, or an answer is wrong.
pub(crate) fn numbers(sh: &Shell, names: &[String]) -> Result<()> {
    with_binary(sh, "release", "numbers", names)
}

/// Builds `dbx12` and a program of the tests that starts it, and runs that.
fn with_binary(sh: &Shell, profile: &str, program: &str, arguments: &[String]) -> Result<()> {
    let messages = cmd!(
        sh,
        "cargo build --quiet --profile {profile} --package dbx12-cli --package dbx12-tests --bins --message-format=json-render-diagnostics"
    )
    .read()?;
    let find = |name| executable(&messages, name).with_context(|| format!("Cargo built no program named `{name}`"));
    let _binary = sh.push_env(BINARY, find("dbx12")?);
    let program = find(program)?;
    Ok(cmd!(sh, "{program} {arguments...}").run()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_the_program_among_cargos_messages() {
        let message = |kind: &str, name: &str, test: bool, executable: Option<&str>| {
            let target = json!({"kind": [kind], "name": name});
            json!({"target": target, "profile": {"test": test}, "executable": executable}).to_string()
        };
        let messages = [
            message("lib", "dbx12_types", false, None),
            message("bin", "dbx12", true, Some("/t/deps/dbx12-1")),
            message("bin", "dbx12", false, Some("/t/dbx12")),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
            "not json".to_owned(),
        ]
        .join("\n");
        assert_eq!(executable(&messages, "dbx12").as_deref(), Some("/t/dbx12"));
        assert_eq!(executable(&messages, "xtask"), None);
        assert_eq!(executable("", "dbx12"), None);
    }
}
