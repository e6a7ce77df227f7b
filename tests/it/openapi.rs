//! The OpenAPI document of `dbx12-types`, judged by a validator and a JSON Schema implementation that are not ours: the
//! packages `openapi-spec-validator` and `jsonschema` of PyPI. `cargo xtask test` installs them.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const DOCUMENT: &str = include_str!("../../crates/dbx12-types/openapi.json");
const CHECK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/it/openapi/check.py");
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/dbx12-types/fixtures");

/// Where servers send something else than the API's own document says, and the schemas follow the document.
const KNOWN_TO_DIFFER: [&str; 1] = [".jdbcPort: "];

/// Gives `document` to `check.py`. What does not hold, one thing a line.
fn check(document: &str, arguments: &[&str]) -> Result<(), String> {
    let mut child = Command::new(python())
        .arg("-I")
        .arg(CHECK)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) => Ok(()),
        Some(1) if output.stderr.is_empty() => Err(said),
        _ => panic!("{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// The Python that `cargo xtask test` prepared and named in `DBX12_OPENAPI_PYTHON`; else the one it prepared before.
fn python() -> OsString {
    if let Some(path) = std::env::var_os("DBX12_OPENAPI_PYTHON") {
        return path;
    }
    let prepared = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/openapi-spec-validator/bin/python");
    assert!(
        prepared.exists(),
        "there is no OpenAPI validator: run `cargo xtask test`, which installs it"
    );
    prepared.into_os_string()
}

fn fixtures(name: &str) -> String {
    Path::new(FIXTURES).join(name).display().to_string()
}

/// The document with a mistake in it.
fn with(right: &str, wrong: &str) -> String {
    assert!(DOCUMENT.contains(right), "{right} is not in the document");
    DOCUMENT.replacen(right, wrong, 1)
}

#[test]
fn a_validator_of_others_accepts_the_document() {
    assert_eq!(check(DOCUMENT, &["document"]), Ok(()));
}

#[test]
fn the_validator_refuses_a_document_with_a_mistake() {
    for (right, wrong) in [
        (r#""operationId": "getCluster""#, r#""operationId": "getCommand""#),
        (
            r##""$ref": "#/components/schemas/ClusterInfo""##,
            r##""$ref": "#/components/schemas/Missing""##,
        ),
        (r#""type": "object""#, r#""type": "struct""#),
    ] {
        assert!(check(&with(right, wrong), &["document"]).is_err(), "{wrong}");
    }
}

#[test]
fn every_example_fits_the_schema_beside_it() {
    assert_eq!(check(DOCUMENT, &["examples"]), Ok(()));

    let wrong = with(r#""example": "1234-567890-span123""#, r#""example": 1234"#);
    let said = check(&wrong, &["examples"]).unwrap_err();
    assert!(said.contains("1234 is not of type 'string'"), "{said}");
}

#[test]
fn every_request_of_the_fixtures_fits() {
    assert_eq!(check(DOCUMENT, &["requests", &fixtures("requests.json")]), Ok(()));
}

#[test]
fn every_answer_of_the_fixtures_fits_but_where_servers_differ_from_the_document() {
    let said = check(DOCUMENT, &["responses", &fixtures("responses.json")]).err();
    let unexpected: Vec<_> = said
        .iter()
        .flat_map(|said| said.lines())
        .filter(|line| !line.ends_with(" checked") && !KNOWN_TO_DIFFER.iter().any(|known| line.contains(known)))
        .collect();
    assert_eq!(unexpected, [""; 0]);
}
