//! Unmodified clients of other make against `dbx12 local serve`: the official Python SDK, logged in in each of its ways,
//! and the REST client of databrickslabs-jupyterlab. `cargo xtask test` installs them. (The document's curl examples are
//! in `document.rs`.)
//!
//! With `DATABRICKS_HOST`, `DATABRICKS_CLUSTER_ID` and credentials in the environment, the scripts in `clients/` can be run
//! by hand against a real workspace.

use dbx12_tests::{Served, dbx12, finish};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Runs a script of `clients/` as a user of the client would, and fails with what it says.
fn run(served: &Served, script: &str, arguments: &[&str], environment: &[(&str, &str)]) {
    let ready = served.ready();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("it/clients");
    let mut command = Command::new(python());
    command
        .arg("-I")
        .arg(folder.join(script))
        .args(arguments)
        .env_clear()
        .env("HOME", served.home())
        .env("DATABRICKS_HOST", &ready.host)
        .env("DATABRICKS_CLUSTER_ID", ready.cluster_id.as_str())
        .envs(ready.ca_file.iter().map(|file| ("REQUESTS_CA_BUNDLE", file)))
        .envs(environment.iter().copied())
        .stdin(Stdio::null());
    let finished = finish(command);
    assert_eq!(finished.code, Some(0), "{script} {arguments:?}: {}", finished.stderr);
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
    let served = Served::start(&["--tls"]);
    let token = served.ready().token.clone();
    run(&served, "sdk.py", &["pat"], &[("DATABRICKS_TOKEN", &token)]);
}

#[test]
fn the_official_sdk_with_user_name_and_password() {
    let served = Served::start(&["--tls"]);
    let ready = served.ready();
    let login = [
        ("DATABRICKS_USERNAME", &*ready.username),
        ("DATABRICKS_PASSWORD", &*ready.password),
    ];
    run(&served, "sdk.py", &["basic"], &login);
}

#[test]
fn the_official_sdk_with_a_service_principal() {
    let served = Served::start(&["--tls"]);
    let ready = served.ready();
    let principal = [
        ("DATABRICKS_CLIENT_ID", &*ready.client_id),
        ("DATABRICKS_CLIENT_SECRET", &*ready.client_secret),
    ];
    run(&served, "sdk.py", &["oauth-m2m"], &principal);
}

#[test]
fn the_rest_client_of_databrickslabs_jupyterlab() {
    let served = Served::start(&[]);
    let token = served.ready().token.clone();
    run(&served, "jupyterlab.py", &[], &[("DATABRICKS_TOKEN", &token)]);
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
