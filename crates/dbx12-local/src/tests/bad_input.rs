//! Every way to call it wrongly, and what it says then: the shapes of the real service.

use super::*;

use dbx12_types::DestroyContext;

const JSON: &str = "application/json";

/// Status and body.
async fn call(workspace: &Workspace, method: &str, target: &str, body: &str) -> (u16, String) {
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("authorization", format!("Bearer {}", workspace.token()))
        .header("content-type", JSON)
        .body(Bytes::copy_from_slice(body.as_bytes()));
    let response = workspace.call(request.unwrap()).await;
    assert_eq!(response.headers()["content-type"], JSON);
    (
        response.status().as_u16(),
        String::from_utf8(response.body().to_vec()).unwrap(),
    )
}

fn backend(text: &str) -> (u16, String) {
    (500, serde_json::json!({ "error": text }).to_string())
}

#[tokio::test]
async fn wrong_calls_of_every_kind() {
    let workspace = Workspace::builder()
        .without_spark()
        .wait_for_cluster(false)
        .body_limit(200)
        .start()
        .await
        .unwrap();
    let post = async |path: &str, body: &str| call(&workspace, "POST", &format!("/api/1.2/{path}"), body).await;
    let get = async |path: &str| call(&workspace, "GET", &format!("/api/1.2/{path}"), "").await;
    let argument = |why: &str| backend(&format!("IllegalArgumentException: requirement failed: {why}"));
    let id = workspace.cluster_id();

    // Parameters that are missing or misspelt. That is looked at before anything is looked up.
    assert_eq!(post("contexts/create", "{}").await, argument("missing clusterId"));
    assert_eq!(
        post("contexts/create", r#"{"clusterId":"x"}"#).await,
        argument("missing language")
    );
    assert_eq!(
        post("contexts/create", r#"{"clusterId":"x","Language":"python"}"#).await,
        argument("missing language (\"Language\" was sent: did you mean \"language\"?)")
    );
    assert_eq!(
        post("commands/execute", r#"{"clusterId":"x","command":"1"}"#).await,
        argument("missing contextId")
    );
    assert_eq!(
        post("commands/execute", r#"{"clusterId":"x","contextId":"y","comand":"1"}"#).await,
        argument("missing command (\"comand\" was sent: did you mean \"command\"?)")
    );
    assert_eq!(
        post(
            "commands/execute",
            r#"{"clusterId":"x","contextId":"y","command":"1","commandFile":"a"}"#
        )
        .await,
        argument("specify either command or commandFile, not both")
    );
    assert_eq!(
        get("commands/status?clusterId=x&contextId=y").await,
        argument("missing commandId")
    );
    assert_eq!(
        post("libraries/upload", "clusterId=x&name=n&language=python").await,
        argument("missing uri")
    );

    // Languages that are none, or that this version does not run.
    let no_spark = "this workspace was started without Apache Spark and runs python only, not";
    let no_r = "this version of the local workspace runs python, sql and scala only, not";
    for (language, said) in [("sql", no_spark), ("scala", no_spark), ("r", no_r)] {
        let refused = backend(&format!("UnsupportedOperationException: {said} {language}"));
        let body = format!(r#"{{"clusterId":"{id}","language":"{language}"}}"#);
        assert_eq!(post("contexts/create", &body).await, refused);
        let body = format!(r#"{{"clusterId":"{id}","contextId":"1","language":"{language}","command":"1"}}"#);
        assert_eq!(post("commands/execute", &body).await, refused);
    }
    assert_eq!(
        post("contexts/create", r#"{"clusterId":"x","language":"cobol"}"#).await,
        argument("the language \"cobol\" is none of python, scala, sql, r")
    );

    // Ids that nobody knows.
    let cluster = "ClusterNotFound: Cluster x not found. The clusters of this workspace: 1234-567890-local1";
    assert_eq!(get("clusters/status?clusterId=x").await, backend(cluster));
    assert_eq!(post("clusters/restart", "clusterId=x").await, backend(cluster));
    assert_eq!(
        post("contexts/create", "clusterId=x&language=python").await,
        backend(cluster)
    );
    assert_eq!(get("libraries/list?clusterId=x").await, backend(cluster));
    let context = format!("ContextNotFound: Context 7 not found on cluster {id}. Contexts that are open on it: 0.");
    let ids = format!("clusterId={id}&contextId=7");
    assert_eq!(get(&format!("contexts/status?{ids}")).await, backend(&context));
    assert_eq!(post("contexts/destroy", &ids).await, backend(&context));
    assert_eq!(
        post("commands/execute", &format!("{ids}&command=1")).await,
        backend(&context)
    );
    assert_eq!(
        get(&format!("commands/status?{ids}&commandId=1")).await,
        backend(&context)
    );
    assert_eq!(
        post("commands/cancel", &format!("{ids}&commandId=1")).await,
        backend(&context)
    );

    // Requests that cannot be understood.
    assert_eq!(
        get("contexts/list").await,
        (404, r#"{"error":"Bad Target: /api/1.2/contexts/list"}"#.to_owned())
    );
    let (status, text) = get("contexts/create").await;
    assert!(
        status == 405 && text.contains("GET /api/1.2/contexts/create: use POST for this path"),
        "{text}"
    );
    let (status, text) = post("contexts/create", r#"{"clusterId": "x" "language"}"#).await;
    assert!(status == 400 && text.contains("line 1 column 19"), "{text}");
    let (status, text) = post("commands/execute", &"x".repeat(201)).await;
    assert!(status == 413 && text.contains("which is 200 bytes"), "{text}");
}

#[tokio::test]
async fn an_unknown_command_of_a_known_context() {
    let workspace = Workspace::start().await.unwrap();
    let context = Context::create(&workspace).await;
    let said = refusal(&workspace, GetCommand::new(workspace.cluster_id(), &context.id, "7")).await;
    let expected = format!("500 CommandNotFound: Command 7 not found in context {}.", context.id);
    assert!(said.starts_with(&expected), "{said}");
    let cancel = dbx12_types::CancelCommand::new(workspace.cluster_id(), &context.id, "7");
    assert!(refusal(&workspace, cancel).await.starts_with(&expected));
}

#[tokio::test]
async fn credentials_come_before_everything() {
    let workspace = Workspace::builder().wait_for_cluster(false).start().await.unwrap();
    let call = async |target: &str, authorization: Option<&str>| {
        let mut request = Request::get(target);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        workspace.call(request.body(Bytes::new()).unwrap()).await
    };
    for target in ["/api/1.2/clusters/list", "/nowhere", "/api/1.2/contexts/create"] {
        let response = call(target, None).await;
        assert_eq!(response.status(), 401);
        assert!(
            response.headers()["www-authenticate"]
                .to_str()
                .unwrap()
                .starts_with("Basic realm=")
        );
        let body = ErrorBody::parse(response.body()).unwrap();
        assert!(
            body.text()
                .starts_with("Credential was not sent or was of an unsupported type for this API.")
        );
        let response = call(target, Some("Bearer dapi0")).await;
        assert_eq!(response.status(), 403);
        assert_eq!(
            response.body(),
            r#"{"error_code":"403","message":"Invalid access token."}"#
        );
    }
    let destroy = DestroyContext::new(workspace.cluster_id(), "1");
    let mut request = request(&workspace, &destroy);
    request.headers_mut().remove("authorization");
    assert_eq!(workspace.call(request).await.status(), 401);
}
