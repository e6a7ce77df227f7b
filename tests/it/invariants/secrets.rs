//! Invariant 6: A secret is never in `Debug`, `Display`, an error, a span, a URL or a log; code and results are never
//! logged.

use super::*;
use dbx12_exec::Code;
use dbx12_exec::http::{CallOptions, Config, Error, transport};
use dbx12_exec::types::{ExecuteCommand, ListClusters};
use dbx12_local::ReadyFile;
use dbx12_tests::{Served, Traced, Way, finish};
use std::fmt::Debug;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// In every secret, and in the code and its results.
const CANARY: &str = "CANARY";

const TOKEN: &str = "dapi-CANARY-token";
const PASSWORD: &str = "CANARY-password";
const CODE: &str = "print('CANARY of the ' + 'result')";

fn assert_discreet(what: &dyn Debug) {
    for text in [format!("{what:?}"), format!("{what:#?}")] {
        assert!(!text.contains(CANARY) && !text.contains(&base64_of(PASSWORD)), "{text}");
    }
}

/// How a password looks in a header of Basic: the end of it, which does not depend on the user.
fn base64_of(password: &str) -> String {
    assert_eq!(password, PASSWORD);
    // `me:` is three bytes, so what follows is encoded by itself.
    "Q0FOQVJZLXBhc3N3b3Jk".to_owned()
}

fn assert_error_discreet(error: &(dyn std::error::Error + 'static)) {
    let mut cause = Some(error);
    while let Some(error) = cause {
        assert_discreet(&error);
        assert!(!error.to_string().contains(CANARY), "{error}");
        cause = error.source();
    }
}

fn netrc(folder: &Path, machine: &str) -> std::path::PathBuf {
    use std::io::Write;
    let path = folder.join("netrc");
    let mut file = std::fs::OpenOptions::new();
    let mut file = file
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .unwrap();
    writeln!(file, "machine {machine} login me password {PASSWORD}").unwrap();
    path
}

/// A client for every kind of credentials.
fn clients(host: &str, folder: &Path) -> Vec<Client> {
    let builder = || Client::builder(host).retry(RetryPolicy::never());
    let netrc = netrc(folder, "127.0.0.1");
    let builders = [
        builder().credentials(Credentials::bearer(TOKEN)),
        builder().credentials(Credentials::basic("me", PASSWORD)),
        builder().netrc_file(netrc),
        Config::new().host(host).token(TOKEN).into_builder().unwrap(),
        Config::new()
            .host(host)
            .username("me")
            .password(PASSWORD)
            .into_builder()
            .unwrap(),
    ];
    for builder in &builders {
        assert_discreet(builder);
    }
    builders.map(|builder| builder.build().unwrap()).into()
}

#[test]
fn invariant_6_what_holds_a_secret_does_not_show_it() {
    assert_discreet(&Credentials::bearer(TOKEN));
    assert_discreet(&Credentials::basic("me", PASSWORD));
    assert_discreet(
        &Config::new()
            .host("https://example.com")
            .token(TOKEN)
            .username("me")
            .password(PASSWORD),
    );
    assert_discreet(&Code::new(CODE));
    assert_discreet(&CallOptions::new());
    assert_discreet(&Workspace::builder().token(TOKEN).login("me", PASSWORD));
    for host in [
        &format!("https://me:{PASSWORD}@example.com"),
        "https://CANARY@example.com",
        "ftp://me:CANARY@x",
    ] {
        assert_error_discreet(
            &Client::builder(host)
                .credentials(Credentials::none())
                .build()
                .unwrap_err(),
        );
    }
    let folder = tempfile::tempdir().unwrap();
    for client in clients("http://127.0.0.1:9", folder.path()) {
        assert_discreet(&client);
        let workspace = api::Workspace::new(client);
        assert_discreet(&workspace);
        assert_discreet(&workspace.cluster("c").context("1").command("2"));
    }
    let ready = serde_json::json!({
        "host": "http://127.0.0.1:9", "token": TOKEN, "username": "me", "password": PASSWORD, "cluster_id": "c",
        "pid": 1, "ca_file": null
    });
    assert_discreet(&serde_json::from_value::<ReadyFile>(ready).unwrap());
}

#[tokio::test]
async fn invariant_6_a_transport_gets_headers_that_do_not_show_themselves() {
    let transport = transport::from_fn(async |request: http::Request<bytes::Bytes>| {
        let (head, _) = request.into_parts();
        assert_discreet(&head);
        assert!(head.headers["authorization"].is_sensitive());
        assert!(!head.uri.to_string().contains(CANARY), "{}", head.uri);
        Ok(http::Response::new("[]".into()))
    });
    for credentials in [Credentials::bearer(TOKEN), Credentials::basic("me", PASSWORD)] {
        let client = Client::builder("https://example.com")
            .credentials(credentials)
            .transport(transport.clone());
        client.build().unwrap().send(&ListClusters::new()).await.unwrap();
    }
}

#[tokio::test]
async fn invariant_6_no_error_and_no_trace_of_the_client_shows_one() {
    let traced = Traced::start();
    let folder = tempfile::tempdir().unwrap();
    let failures = [
        Reaction::http(
            "403 Forbidden",
            "",
            r#"{"error_code":"403","message":"Invalid access token."}"#,
        ),
        Reaction::http("500 Internal Server Error", "", r#"{"error":"RuntimeException: x"}"#),
        Reaction::http(
            "302 Found",
            "Location: https://me:CANARY@elsewhere/?token=CANARY\r\n",
            "",
        ),
        Reaction::http("302 Found", "Location: /login?token=CANARY\r\n", ""),
        Reaction::http("200 OK", "Content-Type: text/html\r\n", "<title>Sign In</title>CANARY"),
        Reaction::json(r#"{"id": "CANARY"#),
        Reaction::json(r#"["CANARY"]"#),
        Reaction::json(r#""CANARY""#),
        Reaction::Close(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nCANARY".to_vec()),
        Reaction::Reset(Vec::new()),
    ];
    let count = failures.len();
    let peer = Peer::start(move |asked| failures[(asked.time - 1) % count].clone()).await;
    let mut kinds = std::collections::HashSet::new();
    for client in clients(&peer.host(), folder.path()) {
        for _ in 0..count {
            let error: Error = client.send(&ExecuteCommand::new("c", "1", CODE)).await.unwrap_err();
            assert_error_discreet(&error);
            kinds.insert(error.kind());
        }
    }
    assert!(kinds.len() >= 6, "{kinds:?}");
    for asked in peer.requests() {
        let (line, headers) = asked.head.split_once("\r\n").unwrap();
        assert!(
            !line.contains(CANARY) && headers.to_lowercase().contains("authorization: "),
            "{line}"
        );
        assert!(asked.body.contains(CANARY), "the code travels in the body");
    }
    let text = traced.text();
    assert!(
        text.contains("dbx12.call") && text.contains("commands/execute"),
        "nothing was traced: {text}"
    );
    assert!(!text.contains(CANARY) && !text.contains(&base64_of(PASSWORD)), "{text}");
}

#[tokio::test]
async fn invariant_6_nothing_is_traced_of_secrets_code_or_results_on_the_whole_road() {
    let traced = Traced::start();
    let workspace = Workspace::builder()
        .token(TOKEN)
        .login("me", PASSWORD)
        .start()
        .await
        .unwrap();
    for way in [Way::Memory, Way::Https] {
        let road = dbx12_tests::Road::to(workspace.clone(), way).await;
        assert_discreet(&road);
        let session = open(&road.cluster()).await;
        assert_discreet(&session);
        for code in [
            CODE,
            "raise ValueError('CANARY')",
            "display([{'CANARY': 'CANARY'}])",
            "CANARY(",
        ] {
            let waiter = session.submit(code).await.unwrap();
            assert_discreet(&waiter);
            let outcome = waiter.await.unwrap();
            assert!(
                format!("{outcome:?}").contains(CANARY),
                "it was for the caller: {outcome:?}"
            );
        }
        session.close().await.unwrap();
        for credentials in [Credentials::basic("me", PASSWORD), Credentials::bearer("CANARY-wrong")] {
            let client = road
                .builder()
                .credentials(credentials)
                .retry(RetryPolicy::never())
                .build()
                .unwrap();
            if let Err(error) = client.send(&ListClusters::new()).await {
                assert_error_discreet(&error);
            }
        }
    }
    workspace.shutdown().await;
    let text = traced.text();
    assert!(
        text.contains("dbx12_local") && text.contains("dbx12.call"),
        "nothing was traced: {text}"
    );
    assert!(!text.contains(CANARY) && !text.contains(&base64_of(PASSWORD)), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_6_debug_on_the_command_line_shows_none() {
    let served = Served::start(&["--tls"]);
    let (token, password) = (&served.ready().token, &served.ready().password);
    let mut runs = vec![
        served.dbx12(&["run", "--debug", "-c", "print('CAN' + 'ARY')  # CANARY"]),
        served.dbx12(&[
            "run",
            "--debug",
            "-c",
            &format!("x = 'CANARY'{}raise ValueError('ended')", "\n".repeat(50)),
        ]),
        served.dbx12(&["run", "--debug", "--local", "-c", "x = 'CANARY'"]),
        served.dbx12(&[
            "commands",
            "execute",
            "--debug",
            "--context",
            "7",
            "--command",
            "CANARY",
        ]),
        served.dbx12(&["clusters", "list", "--debug"]),
        served.dbx12(&["clusters", "list", "--debug"]),
    ];
    // Of the last two, one has its credentials from `.netrc`, and one has wrong ones.
    runs[4].env_remove("DATABRICKS_TOKEN");
    runs[5].env("DATABRICKS_TOKEN", "dapi-CANARY-wrong");
    for command in runs {
        let shown = format!("{:?}", command.get_args().collect::<Vec<_>>());
        let finished = finish(command);
        let stderr = &finished.stderr;
        assert!(
            stderr.contains("dbx12.call") && stderr.contains("/api/1.2/"),
            "{shown}: {stderr}"
        );
        for secret in [CANARY, token, password] {
            assert!(!stderr.contains(secret), "{shown}: {stderr}");
        }
        assert!(
            !finished.stdout.contains(token) && !finished.stdout.contains(password),
            "{}",
            finished.stdout
        );
    }
}
