//! Each method sends the one request that the document describes.

use crate::{Code, Workspace};
use dbx12_http::bytes::Bytes;
use dbx12_http::types::{CommandOptions, Language};
use dbx12_http::{CallOptions, Client, Credentials, Error, http, transport};
use std::sync::{Arc, Mutex};

/// A workspace that answers `body` to everything, and the requests it saw: method, path with query, body.
fn workspace(body: &'static str) -> (Workspace, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let journal = Arc::clone(&seen);
    let transport = transport::from_fn(move |request: http::Request<Bytes>| {
        let path = request
            .uri()
            .path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default();
        let sent = String::from_utf8_lossy(request.body()).into_owned();
        journal
            .lock()
            .unwrap()
            .push(format!("{} {path} {sent}", request.method()).trim_end().to_owned());
        async move { Ok(http::Response::new(Bytes::from_static(body.as_bytes()))) }
    });
    let client = Client::builder("https://example.test")
        .credentials(Credentials::bearer("t"))
        .transport(transport);
    (Workspace::new(client.build().unwrap()), seen)
}

#[tokio::test]
async fn every_operation_is_one_request() -> Result<(), Error> {
    let (one, seen) = workspace(r#"{"id":"1","status":"Running"}"#);
    let (many, seen_many) = workspace("[]");
    many.clusters().await?;
    many.cluster("c").libraries().await?;
    let cluster = one.cluster("c");
    cluster.status().await?;
    cluster.restart().await?;
    let context = cluster.create_context(Language::Sql).await?;
    context.status().await?;
    let command = context.execute("select 1").await?;
    command.status().await?;
    command.cancel().await?;
    context.destroy().await?;
    cluster
        .upload_library("n", Language::Python, "https://example.test/n.whl")
        .await?;

    let expected = [
        "GET /api/1.2/clusters/status?clusterId=c",
        r#"POST /api/1.2/clusters/restart {"clusterId":"c"}"#,
        r#"POST /api/1.2/contexts/create {"clusterId":"c","language":"sql"}"#,
        "GET /api/1.2/contexts/status?clusterId=c&contextId=1",
        r#"POST /api/1.2/commands/execute {"clusterId":"c","contextId":"1","command":"select 1"}"#,
        "GET /api/1.2/commands/status?clusterId=c&contextId=1&commandId=1",
        r#"POST /api/1.2/commands/cancel {"clusterId":"c","contextId":"1","commandId":"1"}"#,
        r#"POST /api/1.2/contexts/destroy {"clusterId":"c","contextId":"1"}"#,
        r#"POST /api/1.2/libraries/upload {"clusterId":"c","name":"n","language":"python","uri":"https://example.test/n.whl"}"#,
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
    assert_eq!(
        *seen_many.lock().unwrap(),
        ["GET /api/1.2/clusters/list", "GET /api/1.2/libraries/list?clusterId=c"]
    );
    Ok(())
}

#[tokio::test]
async fn code_travels_with_its_language_and_options() -> Result<(), Error> {
    let (workspace, seen) = workspace(r#"{"id":"1"}"#);
    let context = workspace.cluster("c").context("x");
    let options = CommandOptions::default().with("displayRowLimit", 5).unwrap();
    let code = Code::server_file("/a.sql").language(Language::Sql).options(options);
    context
        .execute_with(&code, Some(&Language::Python), &CallOptions::new())
        .await?;
    context
        .execute_with(&Code::new("1"), Some(&Language::Python), &CallOptions::new())
        .await?;
    let expected = [
        r#"POST /api/1.2/commands/execute {"clusterId":"c","contextId":"x","language":"sql","commandFile":"/a.sql","options":{"displayRowLimit":5}}"#,
        r#"POST /api/1.2/commands/execute {"clusterId":"c","contextId":"x","language":"python","command":"1"}"#,
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
    Ok(())
}

#[test]
fn code_is_not_shown() {
    assert!(!format!("{:?}", Code::new("password = 'x'")).contains("password"));
}
