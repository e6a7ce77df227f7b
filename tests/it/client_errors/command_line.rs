//! The same at a shell: what is said before anything is sent, and the exit codes.

use super::*;
use dbx12_tests::{Asked, Finished, dbx12, finish};
use std::path::Path;
use tempfile::TempDir;

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Runs `dbx12` against a host with a token in its environment.
fn run(home: &Path, host: &str, arguments: &[&str]) -> Finished {
    let mut command = dbx12(home, arguments);
    command
        .env("DATABRICKS_HOST", host)
        .env("DATABRICKS_TOKEN", CANARY)
        .env("DATABRICKS_CLUSTER_ID", "c");
    discreet(finish(command))
}

fn discreet(finished: Finished) -> Finished {
    assert!(
        !finished.stdout.contains("CANARY") && !finished.stderr.contains("CANARY"),
        "{finished:?}"
    );
    assert!(finished.code == Some(0) || finished.stderr.starts_with("Error: ") || finished.code == Some(2));
    finished
}

fn assert_ends(finished: &Finished, code: i32, words: &[&str]) {
    assert_eq!(
        (finished.code, finished.stdout.as_str()),
        (Some(code), ""),
        "{}",
        finished.stderr
    );
    assert_says(&finished.stderr, words);
}

/// A service on which everything goes well but for what `otherwise` says.
async fn service(otherwise: impl Fn(&Asked) -> Option<Reaction> + Send + Sync + 'static) -> Peer {
    Peer::start(move |asked| {
        otherwise(asked).unwrap_or_else(|| match asked.operation.as_str() {
            "contexts/status" => Reaction::json(r#"{"id":"1","status":"Running"}"#),
            "commands/status" => {
                Reaction::json(r#"{"id":"1","status":"Finished","results":{"resultType":"text","data":"42"}}"#)
            }
            operation => right_answer(operation),
        })
    })
    .await
}

fn on(operation: &'static str, reaction: Reaction) -> impl Fn(&Asked) -> Option<Reaction> + Send + Sync {
    move |asked| (asked.operation == operation).then(|| reaction.clone())
}

fn operations(peer: &Peer) -> Vec<String> {
    peer.requests().into_iter().map(|asked| asked.operation).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_works_is_no_error() {
    let (home, peer) = (home(), service(|_| None).await);
    let finished = run(home.path(), &peer.host(), &["run", "-c", CODE]);
    assert_eq!(
        (finished.code, &*finished.stdout, &*finished.stderr),
        (Some(0), "42\n", "")
    );
    let expected = [
        "contexts/create",
        "contexts/status",
        "commands/execute",
        "commands/status",
        "contexts/destroy",
    ];
    assert_eq!(operations(&peer), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_on_the_command_line_is_said_before_anything_is_sent() {
    let (home, peer) = (home(), service(|_| None).await);
    std::fs::write(home.path().join("latin.py"), b"print('\xe9')\n").unwrap();
    std::fs::create_dir(home.path().join("folder.py")).unwrap();
    for (arguments, words) in [
        (&["run", "none.py"][..], &["cannot read none.py", "No such file"][..]),
        (
            &["run", "latin.py"],
            &["cannot read latin.py", "not UTF-8 text (byte 7)"],
        ),
        (&["run", "folder.py"], &["cannot read folder.py", "directory"]),
        (&["run"], &["required"]),
        (&["run", "-c", "1", "--timeout", "soon"], &["--timeout"]),
        (
            &["run", "-c", "1", "--local", "--cluster", "c"],
            &["cannot be used with"],
        ),
        (&["contexts", "status"], &["--context"]),
        (&["commands", "execute", "--context", "1"], &["--command"]),
        (
            &[
                "commands",
                "execute",
                "--context",
                "1",
                "--command",
                "1",
                "--command-file",
                "2",
            ],
            &["cannot be used with"],
        ),
        (
            &[
                "commands",
                "execute",
                "--context",
                "1",
                "--command",
                "1",
                "--options",
                "{",
            ],
            &["--options"],
        ),
        (&["clusters", "list", "-o", "yaml"], &["yaml"]),
        (&["clusters", "list", "-o", "csv"], &["-o csv", "text or json"]),
        (&["run", "-c", "1", "--out", "none/a.csv"], &["cannot write none/a.csv"]),
        (&["run", "-c", "1", "--images", "latin.py"], &["cannot write latin.py"]),
        (&["run", "-c", "1", "--show-images"], &["needs a terminal"]),
        (
            &["run", "-c", "1", "--param", "a:int=CANARY"],
            &["--param a:int", "no whole number"],
        ),
        (&["run", "-l", "sql", "-c", "SELECT 1", "--follow"], &["no python"]),
        (&["run", "-c", "1", "--json", "-o", "csv"], &["cannot be used with"]),
        (
            &["run", "-c", "1", "--context", "1", "--start"],
            &["cannot be used with"],
        ),
    ] {
        assert_ends(&run(home.path(), &peer.host(), arguments), 2, words);
    }
    let mut command = dbx12(home.path(), &["run", "-c", "1", "--host", &peer.host()]);
    command.env("DATABRICKS_TOKEN", CANARY);
    assert_ends(
        &discreet(finish(command)),
        2,
        &["no cluster", "--cluster", "DATABRICKS_CLUSTER_ID", "--local"],
    );
    assert_eq!(peer.connections(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_configuration_exits_3() {
    use std::os::unix::fs::PermissionsExt;
    let (home, peer) = (home(), service(|_| None).await);
    let with = |variables: &[(&str, &str)]| {
        let mut command = dbx12(home.path(), &["clusters", "list"]);
        command.envs(variables.iter().copied());
        discreet(finish(command))
    };
    let host = peer.host();
    let host = ("DATABRICKS_HOST", host.as_str());
    let (token, password) = (("DATABRICKS_TOKEN", CANARY), ("DATABRICKS_PASSWORD", CANARY));
    let user = ("DATABRICKS_USERNAME", "me");
    assert_ends(&with(&[token]), 3, &["no workspace is named", "DATABRICKS_HOST"]);
    assert_ends(
        &with(&[host]),
        3,
        &["no credentials for 127.0.0.1", "DATABRICKS_TOKEN", ".netrc"],
    );
    assert_ends(
        &with(&[host, token, user, password]),
        3,
        &["more than one authorization method"],
    );
    assert_ends(
        &with(&[host, password]),
        3,
        &["a password is given", "DATABRICKS_USERNAME"],
    );
    assert_ends(
        &with(&[("DATABRICKS_HOST", "http://example.com"), token]),
        3,
        &["unprotected", "use https"],
    );
    assert_ends(&with(&[("DATABRICKS_HOST", "ftp://x"), token]), 3, &["scheme `ftp`"]);

    let netrc = home.path().join(".netrc");
    std::fs::write(&netrc, format!("machine 127.0.0.1 login me password {CANARY}\n")).unwrap();
    std::fs::set_permissions(&netrc, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert_ends(&with(&[host]), 3, &["can be read by others", "chmod 600"]);
    assert_eq!(peer.connections(), 0);

    std::fs::set_permissions(&netrc, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(with(&[host]).code, Some(0));
    let authorization = peer.requests()[0]
        .header("authorization")
        .unwrap_or_default()
        .to_owned();
    assert!(authorization.starts_with("Basic "), "{authorization}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_exit_3() {
    let home = home();
    let page = "<html><head><title>Databricks - Sign In</title></head></html>";
    for (reaction, words) in [
        (
            Reaction::http(
                "403 Forbidden",
                "",
                r#"{"error_code":"403","message":"Invalid access token."}"#,
            ),
            &["403 Forbidden", "Invalid access token.", "check that the credentials"][..],
        ),
        (
            Reaction::http("401 Unauthorized", "", ""),
            &["401 Unauthorized", "check that the credentials"],
        ),
        (
            Reaction::http("200 OK", "Content-Type: text/html\r\n", page),
            &["Sign In", "workspace's own address"],
        ),
    ] {
        let peer = Peer::start(move |_| reaction.clone()).await;
        assert_ends(&run(home.path(), &peer.host(), &["clusters", "list"]), 3, words);
        assert_ends(&run(home.path(), &peer.host(), &["run", "-c", CODE]), 3, words);
        assert_eq!(operations(&peer), ["clusters/list", "contexts/create"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_or_a_cluster_that_is_not_available_exits_4() {
    let home = home();
    let gone = Reaction::http(
        "500 Internal Server Error",
        "",
        r#"{"error":"ContextNotFound: Context 1 not found"}"#,
    );
    let peer = service(on("contexts/status", gone)).await;
    let finished = run(home.path(), &peer.host(), &["contexts", "status", "--context", "1"]);
    assert_ends(
        &finished,
        4,
        &["ContextNotFound", "Context 1 not found", "a context ends when"],
    );

    let peer = service(on("contexts/status", Reaction::json(r#"{"id":"1","status":"Error"}"#))).await;
    let finished = run(home.path(), &peer.host(), &["run", "-c", CODE]);
    assert_ends(&finished, 4, &["context 1 on cluster c could not be set up"]);
    assert_eq!(
        operations(&peer),
        ["contexts/create", "contexts/status", "contexts/destroy"]
    );

    // The context ends under the command.
    let peer = service(|asked| {
        let lost = Reaction::http(
            "500 Internal Server Error",
            "",
            r#"{"error":"ContextNotFound: it ended"}"#,
        );
        (asked.operation == "commands/status").then_some(lost)
    })
    .await;
    let finished = run(home.path(), &peer.host(), &["run", "-c", CODE]);
    assert_ends(&finished, 4, &["the execution context was lost", "it ended"]);
    assert_eq!(peer.count("contexts/destroy"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_fails_exits_5() {
    let home = home();
    let failed = Reaction::http(
        "500 Internal Server Error",
        "",
        r#"{"error":"RuntimeException: it broke"}"#,
    );
    let peer = service(on("clusters/list", failed.clone())).await;
    assert_ends(
        &run(home.path(), &peer.host(), &["clusters", "list"]),
        5,
        &["500", "RuntimeException: it broke"],
    );
    let peer = service(on("clusters/list", Reaction::json("not JSON"))).await;
    assert_ends(
        &run(home.path(), &peer.host(), &["clusters", "list"]),
        5,
        &["not what the API documents"],
    );
    let peer = service(on(
        "clusters/list",
        Reaction::http("302 Found", "Location: /login.html\r\n", ""),
    ))
    .await;
    assert_ends(
        &run(home.path(), &peer.host(), &["clusters", "list"]),
        5,
        &["redirects are not followed"],
    );

    let untrusted = dbx12_tests::Authority::new("theirs").server(&["127.0.0.1"]);
    let peer = Peer::start_tls(untrusted, |asked| right_answer(&asked.operation)).await;
    let finished = run(home.path(), &peer.host(), &["run", "-c", CODE]);
    assert_ends(
        &finished,
        5,
        &["signed by nobody this machine trusts", "add its certificate"],
    );
    assert_eq!(peer.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_exits_6_and_nothing_is_sent_twice() {
    let home = home();
    let failed = Reaction::http(
        "500 Internal Server Error",
        "",
        r#"{"error":"RuntimeException: it broke"}"#,
    );
    let cut = Reaction::Close(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_vec());
    for reaction in [
        Reaction::Reset(Vec::new()),
        cut,
        Reaction::http("502 Bad Gateway", "", ""),
        failed,
    ] {
        let peer = service(on("commands/execute", reaction.clone())).await;
        let execute = ["commands", "execute", "--context", "1", "--command", CODE];
        let words = [
            "it may have been carried out all the same",
            "it was not sent again",
            "look whether it happened",
        ];
        assert_ends(&run(home.path(), &peer.host(), &execute), 6, &words);

        let finished = run(home.path(), &peer.host(), &["run", "-c", CODE]);
        let words = [
            "not known whether the code was submitted to context 1 on cluster c",
            "the context was destroyed",
        ];
        assert_ends(&finished, 6, &words);
        let expected = [
            "commands/execute",
            "contexts/create",
            "contexts/status",
            "commands/execute",
            "contexts/destroy",
        ];
        assert_eq!(operations(&peer), expected);

        let peer = service(on("contexts/create", reaction)).await;
        let finished = run(
            home.path(),
            &peer.host(),
            &["contexts", "create", "--language", "python"],
        );
        assert_ends(&finished, 6, &["contexts/create", "it was not sent again"]);
        assert_eq!(operations(&peer), ["contexts/create"]);
    }
}
