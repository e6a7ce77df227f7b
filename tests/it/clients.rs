//! Unmodified clients of other make against `dbx12 local serve`: the official Python SDK, logged in in each of its ways,
//! the REST client of databrickslabs-jupyterlab, and what dbx of databrickslabs executes with. `cargo xtask test` installs
//! them. (The document's curl examples are in `document.rs`.)
//!
//! With `DBX12_REAL_WORKSPACE=1`, and `DATABRICKS_HOST`, `DATABRICKS_CLUSTER_ID` and credentials in the environment, they
//! run against that workspace instead; a login whose variables are not there is left out.

use dbx12_local::ReadyFile;
use dbx12_tests::{Served, dbx12, finish};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The variable that has the clients go to the workspace that the environment names.
const REAL: &str = "DBX12_REAL_WORKSPACE";

/// Variables by which a client logs in, and what is in them for the local workspace.
type Login = &'static [(&'static str, fn(&ReadyFile) -> &str)];

const TOKEN: Login = &[("DATABRICKS_TOKEN", |ready| &ready.token)];
const USER: Login = &[
    ("DATABRICKS_USERNAME", |ready| &ready.username),
    ("DATABRICKS_PASSWORD", |ready| &ready.password),
];
const PRINCIPAL: Login = &[
    ("DATABRICKS_CLIENT_ID", |ready| &ready.client_id),
    ("DATABRICKS_CLIENT_SECRET", |ready| &ready.client_secret),
];

/// Runs a script of `clients/` as a user of the client would, and fails with what it says.
fn run(flags: &[&str], script: &str, arguments: &[&str], login: Login) {
    if std::env::var_os(REAL).is_some() {
        return run_for_real(script, arguments, login);
    }
    let served = Served::start(flags);
    let ready = served.ready();
    let mut command = client(served.home(), script, arguments);
    command
        .envs(login.iter().map(|(name, value)| (name, value(ready))))
        .env("DATABRICKS_HOST", &ready.host)
        .env("DATABRICKS_CLUSTER_ID", ready.cluster_id.as_str())
        .envs(ready.ca_file.iter().map(|file| ("REQUESTS_CA_BUNDLE", file)));
    succeeds(command);
}

#[expect(
    clippy::print_stdout,
    reason = "whoever asked for a real workspace reads what was left out"
)]
fn run_for_real(script: &str, arguments: &[&str], login: Login) {
    let names = login.iter().map(|(name, _)| *name);
    let names: Vec<_> = names.chain(["DATABRICKS_HOST", "DATABRICKS_CLUSTER_ID"]).collect();
    if let Some(missing) = names.iter().find(|name| std::env::var_os(name).is_none()) {
        println!("left out: {missing} is not set");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let mut command = client(home.path(), script, arguments);
    let names = names.into_iter().chain(["REQUESTS_CA_BUNDLE"]);
    command.envs(names.filter_map(|name| Some((name, std::env::var_os(name)?))));
    succeeds(command);
}

fn client(home: &Path, script: &str, arguments: &[&str]) -> Command {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("it/clients");
    let mut command = Command::new(python());
    command
        .args(["-W", "ignore", "-I"])
        .arg(folder.join(script))
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("TMPDIR", home)
        .stdin(Stdio::null());
    command
}

fn succeeds(command: Command) {
    let told = format!("{command:?}");
    let finished = finish(command);
    let script = told.rsplit('/').next().unwrap_or_default();
    assert_eq!(finished.code, Some(0), "{script}: {}", finished.stderr);
}

/// The Python that `cargo xtask test` prepared and named in `DBX12_CLIENTS_PYTHON`; else the one it prepared before.
fn python() -> PathBuf {
    if let Some(path) = std::env::var_os("DBX12_CLIENTS_PYTHON") {
        return path.into();
    }
    let prepared = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/clients-of-other-make/bin/python");
    assert!(
        prepared.exists(),
        "there are no clients of other make: run `cargo xtask test`, which installs them"
    );
    prepared
}

#[test]
fn the_official_sdk_with_a_token() {
    run(&["--tls"], "sdk.py", &["pat"], TOKEN);
}

#[test]
fn the_official_sdk_with_user_name_and_password() {
    run(&["--tls"], "sdk.py", &["basic"], USER);
}

#[test]
fn the_official_sdk_with_a_service_principal() {
    run(&["--tls"], "sdk.py", &["oauth-m2m"], PRINCIPAL);
}

#[test]
fn the_rest_client_of_databrickslabs_jupyterlab() {
    run(&[], "jupyterlab.py", &[], TOKEN);
}

#[test]
fn what_dbx_of_databrickslabs_executes_with() {
    run(&[], "dbx_execute.py", &[], TOKEN);
}

/// That the suite goes to the workspace that the environment names, if it is told to.
#[test]
fn the_suite_can_be_pointed_at_another_workspace() {
    let served = Served::start(&[]);
    let ready = served.ready();
    let mut suite = Command::new(std::env::current_exe().unwrap());
    suite
        .args(["--exact", "clients::the_rest_client_of_databrickslabs_jupyterlab"])
        .args(["clients::the_official_sdk_with_user_name_and_password", "--nocapture"])
        .env(REAL, "1")
        .env("DATABRICKS_HOST", &ready.host)
        .env("DATABRICKS_TOKEN", &ready.token)
        .env("DATABRICKS_CLUSTER_ID", ready.cluster_id.as_str())
        .env_remove("DATABRICKS_USERNAME");
    let finished = finish(suite);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(
        finished.stdout.contains("2 passed") && finished.stdout.contains("left out"),
        "{finished:?}"
    );
    let journal = format!("{}/_local/journal", ready.host);
    let bearer = format!("authorization: Bearer {}", ready.token);
    let journal = finish(served.curl(&["--header", &bearer, &journal])).stdout;
    assert!(
        journal.contains("contexts/create") && journal.contains("\"ends\":[\"failed\"]"),
        "{journal}"
    );
}

#[test]
fn the_fixture_for_pytest_in_the_readme() {
    const README: &str = include_str!("../../crates/dbx12-local/README.md");
    const TEST: &str = "from databricks.sdk import WorkspaceClient\n\n\n\
        def test_it(workspace):\n    \
            client = WorkspaceClient(host=workspace['host'], token=workspace['token'])\n    \
            assert client.clusters.get(workspace['cluster_id']).state.value == 'RUNNING'\n";
    let (_, behind) = README.split_once("```python\n# conftest.py\n").unwrap();
    let (fixture, _) = behind.split_once("```").unwrap();
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("conftest.py"), fixture).unwrap();
    std::fs::write(home.path().join("test_it.py"), TEST).unwrap();

    let ours = dbx12(home.path(), &[]);
    let folder = PathBuf::from(ours.get_program()).parent().unwrap().to_owned();
    let path = std::env::join_paths(
        std::iter::once(folder).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let mut command = Command::new(python());
    command
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
        .current_dir(home.path())
        .env_clear()
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .env("PATH", path.unwrap())
        .stdin(Stdio::null());
    let finished = finish(command);
    assert!(
        finished.code == Some(0) && finished.stdout.contains("1 passed"),
        "{finished:?}"
    );
}
