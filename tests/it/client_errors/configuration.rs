//! What is said before anything is sent: bad hosts, no credentials or too many, files that are not as they should be.

use super::*;
use dbx12_exec::http::Config;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

fn refused(builder: ClientBuilder) -> String {
    said(&builder.build().unwrap_err())
}

/// What comes of these environment variables.
fn configured(variables: &[(&str, &str)]) -> Result<Client, BuildError> {
    let lookup = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Config::new().or_environment(lookup).into_builder()?.build()
}

fn misconfigured(variables: &[(&str, &str)]) -> String {
    said(&configured(variables).unwrap_err())
}

#[test]
fn a_bad_host_is_told_what_is_wrong_with_it() {
    for (host, words) in [
        ("", &["the host is empty", "it looks like https://adb-"][..]),
        ("   ", &["the host is empty"]),
        ("https://", &["the host is empty"]),
        ("https:///api/1.2", &["the host is empty"]),
        ("ftp://example.com", &["scheme `ftp`", "use https"]),
        ("file:///etc/passwd", &["scheme `file`", "use https"]),
        (
            "https://me:CANARY@example.com",
            &["must not contain a user or a password", "separately"],
        ),
        (
            "https://me:CANARY/9@example.com",
            &["must not contain a user or a password"],
        ),
        (
            "https://example.com:99999",
            &["`example.com:99999`", "port", "1 to 65535"],
        ),
        ("https://example.com:0", &["port", "1 to 65535"]),
        ("https://example.com:http", &["port", "1 to 65535"]),
        ("https://exa mple.com", &["`exa mple.com`", "only letters"]),
        ("https://bücher.example", &["beyond ASCII", "punycode"]),
        ("https://example..com", &["an empty part"]),
        ("https://[::1", &["`[::1`", "no IPv6 address in the brackets"]),
        ("https://[::x]:443", &["no IPv6 address in the brackets"]),
        ("https://::1", &["`::1`", "an IPv6 address must stand in brackets"]),
        ("https://{workspace}.net", &["`{workspace}.net`", "only letters"]),
    ] {
        assert_says(&refused(client(host)), words);
    }
}

#[test]
fn no_host_and_no_credentials_name_all_the_ways_to_give_them() {
    assert_says(&misconfigured(&[]), &["no workspace is named", "DATABRICKS_HOST"]);
    let host = ("DATABRICKS_HOST", "https://example.com");
    let ways = [
        "no credentials for example.com",
        "DATABRICKS_TOKEN",
        "DATABRICKS_USERNAME",
        "DATABRICKS_PASSWORD",
        "~/.netrc",
        "machine example.com login",
    ];
    assert_says(&misconfigured(&[host]), &ways);
    assert_says(&misconfigured(&[host, ("HOME", "/nonexistent")]), &ways);
    assert_says(&refused(Client::builder("https://example.com")), &ways);
}

#[test]
fn half_of_the_credentials_or_two_kinds_of_them_are_none() {
    let host = ("DATABRICKS_HOST", "https://example.com");
    let (user, password) = (("DATABRICKS_USERNAME", "me"), ("DATABRICKS_PASSWORD", CANARY));
    let token = ("DATABRICKS_TOKEN", CANARY);
    assert_says(
        &misconfigured(&[host, user]),
        &["a user name is given", "DATABRICKS_PASSWORD", "needs both"],
    );
    assert_says(
        &misconfigured(&[host, password]),
        &["a password is given", "DATABRICKS_USERNAME", "needs both"],
    );
    assert_says(
        &misconfigured(&[host, token, user, password]),
        &[
            "more than one authorization method configured: basic and pat",
            "Config: host=https://example.com, token=***, username=me, password=***",
            "Env: DATABRICKS_HOST, DATABRICKS_TOKEN, DATABRICKS_USERNAME, DATABRICKS_PASSWORD",
            "set auth_type (DATABRICKS_AUTH_TYPE), or set only one",
        ],
    );
    assert_says(
        &misconfigured(&[host, token, password]),
        &["more than one authorization method"],
    );
    configured(&[host, token]).unwrap();
    configured(&[host, user, password]).unwrap();
    configured(&[host, token, ("DATABRICKS_USERNAME", "")]).unwrap();
}

#[test]
fn plain_http_is_for_this_machine_only() {
    for host in [
        "http://example.com",
        "http://192.0.2.1:8080",
        "http://0.0.0.0",
        "http://localhost.example.com",
    ] {
        assert_says(&refused(client(host)), &[host, "unprotected", "use https", "by name"]);
        client(host).allow_plain_http(true).build().unwrap();
    }
    for host in [
        "http://localhost:8080",
        "http://127.0.0.1",
        "http://127.8.9.10:1",
        "http://[::1]:8080",
    ] {
        client(host).build().unwrap();
    }
}

/// A `.netrc` with this text and these permissions.
fn netrc(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".netrc");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    (home, path)
}

#[test]
fn a_netrc_that_cannot_be_used_says_why() {
    let entry = format!("machine example.com login me password {CANARY}\n");
    let of = |path: &PathBuf| refused(Client::builder("https://example.com").netrc_file(path));
    for mode in [0o640, 0o604, 0o644, 0o660, 0o601] {
        let (home, path) = netrc(&entry, mode);
        let chmod = format!("run: chmod 600 {}", path.display());
        assert_says(&of(&path), &["can be read by others", &chmod]);
        // The same where it is found by itself.
        let (host, home) = (
            ("DATABRICKS_HOST", "https://example.com"),
            home.path().display().to_string(),
        );
        assert_says(&misconfigured(&[host, ("HOME", &home)]), &[&chmod]);
    }
    let (_home, path) = netrc(&entry, 0o400);
    Client::builder("https://example.com")
        .netrc_file(&path)
        .build()
        .unwrap();

    let (_home, path) = netrc(&entry.replace("example.com", "example.org"), 0o600);
    assert_says(
        &of(&path),
        &[".netrc", "no entry for example.com", "add: machine example.com login"],
    );
    let (_home, path) = netrc(&format!("machine example.com\n  login me\n  {CANARY}\n"), 0o600);
    assert_says(&of(&path), &[".netrc", "line 3", "expected `login`"]);
    let (_home, path) = netrc(CANARY, 0o600);
    assert_says(&of(&path), &[".netrc", "line 1", "expected `machine`"]);
    let (home, path) = netrc(&entry, 0o600);
    drop(home);
    assert_says(&of(&path), &[".netrc", "cannot be opened", "No such file"]);
}

#[test]
fn a_ca_file_that_cannot_be_used_says_why() {
    let home = tempfile::tempdir().unwrap();
    let of = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        refused(client("https://example.com").ca_certificate_file(path))
    };
    let none = home.path().join("none.pem").display().to_string();
    let said = refused(client("https://example.com").ca_certificate_file(&none));
    assert_says(&said, &["the CA certificate cannot be used", &none, "No such file"]);
    assert_says(
        &of("empty.pem", ""),
        &["cannot be used", "no certificate in it", "BEGIN CERTIFICATE"],
    );
    let broken = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
    assert_says(&of("broken.pem", broken), &["cannot be used", "not PEM"]);
    let other = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    assert_says(&of("other.pem", other), &["cannot be used"]);
}

#[tokio::test]
async fn credentials_that_no_header_can_carry_are_never_sent() {
    let peer = Peer::start(|asked| right_answer(&asked.operation)).await;
    for (credentials, words) in [
        (
            Credentials::bearer(format!("{CANARY} {CANARY}")),
            &["no credentials", "the token", "copy it again"][..],
        ),
        (
            Credentials::bearer(format!("{CANARY}\r\nX-Other: 1")),
            &["no credentials", "copy it again"],
        ),
        (
            Credentials::bearer("\n"),
            &["no credentials", "the token is empty", "copy it again"],
        ),
        (
            Credentials::basic("me:you", CANARY),
            &["no credentials", "a user name with a colon"],
        ),
    ] {
        let client = client(peer.host()).credentials(credentials).build().unwrap();
        let error = execute(&client).await.unwrap_err();
        assert_eq!((error.kind(), error.maybe_delivered()), (ErrorKind::Credentials, false));
        assert_says(&said(&error), words);
    }
    assert_eq!(peer.connections(), 0);
}
