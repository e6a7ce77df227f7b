//! Every way to call the server wrongly: the shapes of the real service, and a message that says what is wrong.

mod bodies;
mod on_the_wire;
mod parameters;

use bytes::Bytes;
use dbx12_exec::types::{Method, endpoint};
use dbx12_local::Workspace;
use http::{HeaderMap, Request};
use serde_json::{Map, Value, json};

/// The operations with their parameters, in the order in which a missing one is told of.
const PARAMETERS: [(&str, &[&str]); 11] = [
    ("clusters/list", &[]),
    ("clusters/status", &["clusterId"]),
    ("clusters/restart", &["clusterId"]),
    ("contexts/create", &["clusterId", "language"]),
    ("contexts/status", &["clusterId", "contextId"]),
    ("contexts/destroy", &["clusterId", "contextId"]),
    ("commands/execute", &["clusterId", "contextId", "command"]),
    ("commands/status", &["clusterId", "contextId", "commandId"]),
    ("commands/cancel", &["clusterId", "contextId", "commandId"]),
    ("libraries/list", &["clusterId"]),
    ("libraries/upload", &["clusterId", "name", "language", "uri"]),
];

/// A workspace whose cluster need not run: what is wrong is found before.
async fn workspace() -> Workspace {
    Workspace::builder()
        .without_spark()
        .wait_for_cluster(false)
        .body_limit(1000)
        .start()
        .await
        .unwrap()
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

/// One request with these headers; the answer is JSON, whatever it is.
async fn call(workspace: &Workspace, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = workspace
        .call(request.body(Bytes::copy_from_slice(body)).unwrap())
        .await;
    assert_eq!(
        response.headers()["content-type"],
        "application/json",
        "{method} {target}"
    );
    let body = serde_json::from_slice(response.body()).unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body,
    }
}

/// Calls an operation as it is to be called, with credentials and these parameters.
async fn ask(workspace: &Workspace, operation: &str, parameters: &[(&str, &str)]) -> (u16, Value) {
    let path = format!("/api/1.2/{operation}");
    let method = endpoint::all()
        .iter()
        .find(|known| known.path == path)
        .map(|known| known.method);
    let token = format!("Bearer {}", workspace.token());
    let headers = [("authorization", token.as_str())];
    let answer = match method {
        Some(Method::Get) => {
            let query: Vec<_> = parameters
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            call(workspace, "GET", &format!("{path}?{}", query.join("&")), &headers, b"").await
        }
        _ => {
            let fields: Map<_, _> = parameters
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
                .collect();
            call(
                workspace,
                "POST",
                &path,
                &headers,
                &serde_json::to_vec(&fields).unwrap(),
            )
            .await
        }
    };
    (answer.status, answer.body)
}

/// What the 1.2 backend answers.
fn backend(error: impl AsRef<str>) -> (u16, Value) {
    (500, json!({ "error": error.as_ref() }))
}

fn illegal(why: &str) -> (u16, Value) {
    backend(format!("IllegalArgumentException: requirement failed: {why}"))
}

/// All parameters of an operation, with values that could be.
fn complete(names: &[&'static str]) -> Vec<(&'static str, &'static str)> {
    names
        .iter()
        .map(|name| (*name, if *name == "language" { "python" } else { "x" }))
        .collect()
}

#[test]
fn the_table_names_every_operation() {
    let known = endpoint::all().map(|operation| operation.path.trim_start_matches("/api/1.2/"));
    assert_eq!(known, PARAMETERS.map(|(operation, _)| operation));
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_one() {
    let workspace = workspace().await;
    let token = format!("Bearer {}", workspace.token());
    for operation in endpoint::all() {
        for wrong in ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"] {
            let (path, right) = (operation.path, operation.method.as_str());
            if wrong == right {
                continue;
            }
            let answer = call(&workspace, wrong, path, &[("authorization", &token)], b"").await;
            assert_eq!(
                (answer.status, &answer.headers["allow"]),
                (405, &right.parse().unwrap()),
                "{wrong} {path}"
            );
            let error = format!("MethodNotAllowed: {wrong} {path}: use {right} for this path");
            assert_eq!(answer.body, json!({ "error": error }));
        }
    }
}

#[tokio::test]
async fn an_unknown_path_is_a_bad_target() {
    let workspace = workspace().await;
    let token = format!("Bearer {}", workspace.token());
    for path in [
        "/",
        "/api/1.2",
        "/api/1.2/contexts",
        "/api/1.2/contexts/list",
        "/api/3.0/clusters/list",
        "/API/1.2/clusters/list",
    ] {
        for method in ["GET", "POST"] {
            let target = format!("{path}?clusterId=x");
            let answer = call(&workspace, method, &target, &[("authorization", &token)], b"").await;
            let expected = (404, json!({"error": format!("Bad Target: {path}")}));
            assert_eq!((answer.status, answer.body), expected);
        }
    }
}

#[tokio::test]
async fn credentials_come_before_everything() {
    let workspace = workspace().await;
    let token = workspace.token();
    let operations = endpoint::all().map(|operation| (operation.method.as_str(), operation.path));
    for (method, path) in operations
        .into_iter()
        .chain([("GET", "/nowhere"), ("PUT", "/api/1.2/clusters/list")])
    {
        for headers in [
            &[][..],
            &[("authorization", "Digest username=\"me\"")],
            &[("authorization", "Bearer")],
        ] {
            let answer = call(&workspace, method, path, headers, b"{not json").await;
            assert_eq!(
                (answer.status, &answer.body["error_code"]),
                (401, &json!("401")),
                "{method} {path}"
            );
            let message = answer.body["message"].as_str().unwrap();
            assert!(
                message.starts_with("Credential was not sent or was of an unsupported type for this API."),
                "{message}"
            );
            let challenge = answer.headers["www-authenticate"].to_str().unwrap();
            assert!(challenge.starts_with("Basic realm="), "{challenge}");
        }
        for wrong in [
            format!("Bearer {token}0"),
            format!("Bearer {}", &token[..token.len() - 1]),
            format!("Bearer {}", token.to_uppercase()),
            "Basic bm9ib2R5Om5vdGhpbmc=".to_owned(),
            "Basic !!!".to_owned(),
        ] {
            let answer = call(&workspace, method, path, &[("authorization", &wrong)], b"{not json").await;
            let expected = json!({"error_code": "403", "message": "Invalid access token."});
            assert_eq!((answer.status, answer.body), (403, expected), "{method} {path} {wrong}");
        }
    }
}
