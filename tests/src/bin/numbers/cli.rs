//! What it costs to ask one thing at a shell: whole processes, from start to end.

use super::{MEGABYTE, median, milliseconds, tell};
use anyhow::{Context as _, Result, ensure};
use dbx12_tests::Served;
use std::process::{Command, Stdio};
use tokio::time::Instant;

const ROUNDS: usize = 41;
/// It takes a second.
const ROUNDS_OF_SDK: usize = 5;

const PATH: &str = "/api/1.2/clusters/list";
const SDK: &str = "import sys; from databricks.sdk import WorkspaceClient; print(WorkspaceClient().api_client.do('GET', sys.argv[1]))";
/// The most memory that a program ever had, in kilobytes. It is no less than what Python has, of which it is forked.
const PEAK: &str = "import resource, subprocess, sys\n\
     subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n\
     print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";

/// `dbx12 clusters list` beside curl and the Python SDK, which do the same, in turn; and `--help`.
pub(crate) fn cli() -> Result<()> {
    let served = Served::start(&["--without-spark"]);
    let list = || served.dbx12(&["clusters", "list"]);
    let url = format!("{}{PATH}", served.ready().host);
    let header = format!("Authorization: Bearer {}", served.ready().token);
    let (mut ours, mut curl, mut help) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(time(list())?);
        curl.push(time(served.curl(&["--fail", "--header", &header, &url]))?);
        help.push(time(served.dbx12(&["--help"]))?);
    }
    let (ours, curl) = (median(ours), median(curl));
    tell("cli: clusters list", ours, "ms", "the whole process", 25.0);
    let beside = format!("curl {curl:.1} ms");
    tell("cli: clusters list, against curl", ours / curl, "x", &beside, 1.5);
    tell("cli: --help", median(help), "ms", "the whole process", 10.0);
    tell(
        "cli: most memory",
        peak(&list())? / MEGABYTE,
        "MB",
        "clusters list",
        25.0,
    );
    match std::env::var_os("DBX12_CLIENTS_PYTHON") {
        Some(python) => {
            let with_sdk = || as_is(&list(), Command::new(&python).args(["-I", "-c", SDK, PATH]));
            let sdk = (0..ROUNDS_OF_SDK).map(|_| time(with_sdk()));
            let sdk = median(sdk.collect::<Result<_>>()?);
            let beside = format!("the SDK takes {sdk:.0} ms; 1/15 is wanted");
            tell(
                "cli: clusters list, against the Python SDK",
                ours / sdk,
                "x",
                &beside,
                1.0 / 15.0,
            );
        }
        None => println!("skipped: the Python SDK, which DBX12_CLIENTS_PYTHON would name"),
    }
    Ok(())
}

/// Milliseconds from its start to its end.
fn time(mut command: Command) -> Result<f64> {
    command.stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status()?;
    let took = milliseconds(start);
    ensure!(status.success(), "{command:?}: {status}");
    Ok(took)
}

/// In bytes.
fn peak(command: &Command) -> Result<f64> {
    let mut python = Command::new("python3");
    python
        .args(["-c", PEAK])
        .arg(std::fs::canonicalize(command.get_program())?)
        .args(command.get_args());
    let output = as_is(command, &mut python).output()?;
    let kilobytes = String::from_utf8_lossy(&output.stdout).trim().parse::<f64>();
    Ok(kilobytes.with_context(|| format!("{output:?}"))? * 1024.0)
}

/// Another program with what is around a command: its environment and its folder.
fn as_is(command: &Command, other: &mut Command) -> Command {
    let mut same = Command::new(other.get_program());
    let environment = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    same.args(other.get_args()).env_clear().envs(environment);
    if let Some(folder) = command.get_current_dir() {
        same.current_dir(folder);
    }
    same
}
