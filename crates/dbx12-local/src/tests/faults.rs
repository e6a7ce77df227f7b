//! Faults on demand, and what the journal says of them.

use super::*;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::{FaultRules, Server};

async fn served(rules: &str) -> Server {
    let builder = Workspace::builder().faults(rules.parse().unwrap());
    let workspace = builder.start().await.unwrap();
    workspace.serve("127.0.0.1:0".parse().unwrap(), false).await.unwrap()
}

/// All that comes back on a connection of its own, and whether it ended with a reset.
async fn exchange(server: &Server, method: &str, target: &str, body: &str) -> (String, bool) {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let (token, length) = (server.workspace().token(), body.len());
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUser-Agent: me/1\r\n\
         Authorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let end = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    let was_reset = end.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset);
    (String::from_utf8(answer).unwrap(), was_reset)
}

async fn administer(server: &Server, line: &str, body: &str) -> Value {
    let (method, target) = line.split_once(' ').unwrap();
    let (answer, _) = exchange(server, method, target, body).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
async fn an_answer_is_lost_after_the_work_was_done_and_before() {
    let rules = r#"{"rules": [
        {"endpoint": "contexts/create", "times": 1, "fault": {"kind": "lost_answer"}},
        {"endpoint": "contexts/create", "times": 1, "fault": {"kind": "reset_before"}},
        {"endpoint": "contexts/create", "times": 1, "fault": {"kind": "cut_answer"}}
    ]}"#;
    let server = served(rules).await;
    let contexts = || server.workspace().inner().cluster().open_contexts();
    let create = r#"{"clusterId": "1234-567890-local1", "language": "python"}"#;
    let mut open = Vec::new();
    for expected in ["", "", "HTTP/1.1 200 OK"] {
        let (answer, was_reset) = exchange(&server, "POST", "/api/1.2/contexts/create", create).await;
        assert!(
            answer.starts_with(expected) && (expected.is_empty() == answer.is_empty()),
            "{answer}"
        );
        assert!(!answer.ends_with('}') && (was_reset || !answer.is_empty()), "{answer}");
        open.push(contexts());
    }
    assert_eq!(open, [1, 1, 2]);

    let journal = server.workspace().journal();
    let told: Vec<_> = journal.iter().map(|entry| (entry.fault, entry.id.is_some())).collect();
    assert_eq!(
        told,
        [
            (Some("lost_answer"), false),
            (Some("reset_before"), false),
            (Some("cut_answer"), true)
        ]
    );
    assert!(
        journal
            .iter()
            .all(|entry| entry.user_agent == "me/1" && entry.body_bytes == create.len())
    );
}

#[tokio::test]
async fn statuses_pages_delays_and_a_cluster_that_is_not_ready() {
    let rules = r#"{"rules": [
        {"times": 1, "fault": {"kind": "status", "status": 429, "retry_after": 3}},
        {"times": 1, "fault": {"kind": "status", "status": 503, "retry_after_date": 3, "body": "busy"}},
        {"times": 1, "fault": {"kind": "html", "status": 200}},
        {"times": 1, "fault": {"kind": "cluster_not_ready"}},
        {"delay_ms": 30}
    ]}"#;
    let server = served(rules).await;
    let list = async || exchange(&server, "GET", "/api/1.2/clusters/list?a=b", "").await.0;
    for expected in [
        ["HTTP/1.1 429 ", "retry-after: 3\r\n", "REQUEST_LIMIT_EXCEEDED"],
        ["HTTP/1.1 503 ", " GMT\r\n", "\r\n\r\nbusy"],
        ["HTTP/1.1 200 ", "text/html", "Databricks - Sign In"],
        ["HTTP/1.1 500 ", "application/json", "ClusterNotReadyException: "],
        ["HTTP/1.1 200 ", "application/json", "Running"],
    ] {
        let answer = list().await;
        assert!(
            expected.iter().all(|part| answer.contains(part)),
            "{expected:?}: {answer}"
        );
    }
    let last = server.workspace().journal().pop().unwrap();
    assert!(
        last.elapsed_ms >= 30 && last.number == 5 && last.query == "a=b",
        "{last:?}"
    );
}

#[tokio::test]
async fn a_context_dies_whether_it_works_or_not() {
    let workspace = Workspace::start().await.unwrap();
    for code in ["import time; time.sleep(600)", ""] {
        let context = Context::create(&workspace).await;
        context.pid().await;
        let command = context.submit(code).await;
        if code.is_empty() {
            context.end(&command).await;
        }
        let rules = r#"{"rules": [{"endpoint": "contexts/status", "times": 1, "fault": {"kind": "context_death"}}]}"#;
        workspace.set_faults(rules.parse().unwrap());
        until(async || (context.status().await == ContextStatus::Error).then_some(())).await;
        if !code.is_empty() {
            let error = context.error(&command).await;
            assert!(
                error.cause.unwrap().contains("SIGKILL"),
                "its command ends, and says why"
            );
        }
        assert!(
            refusal(&workspace, context.execution("1"))
                .await
                .contains("ContextNotRunning")
        );
    }
}

#[cfg(feature = "client")]
#[tokio::test]
async fn a_client_in_the_same_process_sees_the_same_faults() {
    let rules = r#"{"rules": [{"endpoint": "contexts/create", "fault": {"kind": "lost_answer"}}]}"#;
    let workspace = Workspace::builder()
        .faults(rules.parse().unwrap())
        .start()
        .await
        .unwrap();
    let create = CreateContext::new(workspace.cluster_id(), Language::Python);
    let error = workspace.client().send(&create).await.unwrap_err();
    assert!(error.maybe_delivered(), "{error}");
    assert_eq!(workspace.journal().len(), 1, "and so it is not sent again");
    assert_eq!(workspace.call(request(&workspace, &create)).await.status(), 502);
}

#[tokio::test]
async fn the_calls_of_the_workspace_itself() {
    let server = served(r#"{"rules": []}"#).await;
    let health = administer(&server, "GET /_local/health", "").await;
    assert_eq!(
        health,
        json!({"status": "ok", "clusters": {"1234-567890-local1": "Running"}})
    );

    let rules = json!({"rules": [{"endpoint": "clusters/list", "fault": {"kind": "html", "status": 502}}]});
    administer(&server, "POST /_local/faults", &rules.to_string()).await;
    let kept: FaultRules = administer(&server, "GET /_local/faults", "")
        .await
        .to_string()
        .parse()
        .unwrap();
    assert_eq!(kept, rules.to_string().parse().unwrap());
    let (wrong, _) = exchange(&server, "POST", "/_local/faults", "{}").await;
    assert!(
        wrong.contains("INVALID_PARAMETER_VALUE") && wrong.contains("rules"),
        "{wrong}"
    );

    let (page, _) = exchange(&server, "GET", "/api/1.2/clusters/list", "").await;
    assert!(
        page.starts_with("HTTP/1.1 502 ") && page.contains("<title>Error 502</title>"),
        "{page}"
    );
    let journal = administer(&server, "GET /_local/journal", "").await;
    assert_eq!(journal["requests"][0]["fault"], "html");
    assert_eq!(
        journal["requests"].as_array().unwrap().len(),
        1,
        "its own calls are not in it"
    );

    let context = Context::create(server.workspace()).await;
    administer(&server, "POST /_local/reset", "").await;
    assert!(server.workspace().journal().is_empty());
    let status = GetContext::new(server.workspace().cluster_id(), &context.id);
    assert!(refusal(server.workspace(), status).await.contains("ContextNotFound"));
    for target in ["/_local/", "/_local/other"] {
        assert!(
            exchange(&server, "GET", target, "")
                .await
                .0
                .starts_with("HTTP/1.1 404 ")
        );
    }
}

#[tokio::test]
async fn without_credentials_there_is_nothing_of_it() {
    let workspace = Workspace::builder().wait_for_cluster(false).start().await.unwrap();
    for path in ["/_local/health", "/_local/journal", "/_local/faults"] {
        let stranger = Request::builder().uri(path).body(Bytes::new()).unwrap();
        assert_eq!(workspace.call(stranger).await.status(), 401, "{path}");
    }
    assert!(workspace.journal().is_empty());
}
