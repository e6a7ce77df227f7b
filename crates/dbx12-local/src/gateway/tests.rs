//! What clients ask first, as they ask it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use dbx12_types::ClusterStatus;
use http::Request;
use serde_json::{Value, json};
use std::time::Duration;

use super::Call;
use crate::{ClusterSpec, Workspace};

async fn workspace() -> Workspace {
    let builder = Workspace::builder().wait_for_cluster(false).login("me", "secret");
    let builder = builder.service_principal("principal", "dose0");
    builder.token_lifetime(Duration::from_secs(90)).start().await.unwrap()
}

/// Status and JSON of an answer.
async fn ask(workspace: &Workspace, line: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
    let (method, target) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
    let response = workspace.call(request).await;
    assert!(
        response.headers().contains_key("x-databricks-org-id"),
        "the older clients read it"
    );
    (
        response.status().as_u16(),
        serde_json::from_slice(response.body()).unwrap(),
    )
}

async fn ask_as_me(workspace: &Workspace, line: &str, body: &str) -> (u16, Value) {
    let bearer = format!("Bearer {}", workspace.token());
    ask(workspace, line, &[("authorization", &bearer)], body).await
}

fn basic(credentials: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(credentials))
}

#[tokio::test]
async fn discovery_needs_no_credentials_and_answers_with_the_name_it_was_called_by() {
    let workspace = workspace().await;
    let host = [("host", "dbx.example:8443")];
    let (status, config) = ask(&workspace, "GET /.well-known/databricks-config", &host, "").await;
    assert_eq!(
        (status, &config["oidc_endpoint"]),
        (200, &json!("http://dbx.example:8443/oidc"))
    );
    let (status, server) = ask(
        &workspace,
        "GET /oidc/.well-known/oauth-authorization-server",
        &host,
        "",
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(server["token_endpoint"], "http://dbx.example:8443/oidc/v1/token");
    assert_eq!(server["issuer"], config["oidc_endpoint"]);
    assert!(server["authorization_endpoint"].is_string());

    let (_, unnamed) = ask(
        &workspace,
        "GET /.well-known/databricks-config",
        &[("host", "<script>")],
        "",
    )
    .await;
    assert_eq!(unnamed["oidc_endpoint"], "http://localhost/oidc");
    let (status, refused) = ask(&workspace, "GET /oidc/v1/authorize?response_type=code", &host, "").await;
    assert_eq!((status, &refused["error"]), (400, &json!("unsupported_response_type")));
}

#[tokio::test(start_paused = true)]
async fn a_service_principal_gets_tokens_that_open_the_workspace_until_they_expire() {
    let workspace = workspace().await;
    let grant = "grant_type=client_credentials&scope=all-apis";
    let in_body = format!("{grant}&client_id=principal&client_secret=dose0");
    let header = basic("principal:dose0");
    for (headers, body) in [(&[("authorization", &*header)][..], grant), (&[], &in_body)] {
        let (status, answer) = ask(&workspace, "POST /oidc/v1/token", headers, body).await;
        assert_eq!((status, &answer["token_type"]), (200, &json!("Bearer")), "{answer}");
        assert_eq!(
            (&answer["expires_in"], &answer["scope"]),
            (&json!(90), &json!("all-apis"))
        );

        let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
        let list = async || {
            ask(
                &workspace,
                "GET /api/1.2/clusters/list",
                &[("authorization", &bearer)],
                "",
            )
            .await
        };
        assert_eq!(list().await.0, 200);
        tokio::time::advance(Duration::from_secs(90)).await;
        let (status, expired) = list().await;
        assert_eq!((status, &expired["error_code"]), (403, &json!("403")), "{expired}");
    }
}

#[tokio::test]
async fn others_get_no_token() {
    let workspace = workspace().await;
    let right = basic("principal:dose0");
    for (authorization, body, status, error) in [
        (
            &*basic("principal:dose1"),
            "grant_type=client_credentials",
            401,
            "invalid_client",
        ),
        (
            &*basic("me:secret"),
            "grant_type=client_credentials",
            401,
            "invalid_client",
        ),
        ("Bearer x", "grant_type=client_credentials", 401, "invalid_client"),
        (
            "Basic !",
            "grant_type=client_credentials&client_id=principal",
            401,
            "invalid_client",
        ),
        (&right, "grant_type=password", 400, "unsupported_grant_type"),
        (&right, "", 400, "invalid_request"),
        (&right, r#"{"grant_type": 7}"#, 400, "invalid_request"),
    ] {
        let headers = [("authorization", authorization)];
        let answer = ask(&workspace, "POST /oidc/v1/token", &headers, body).await;
        assert_eq!(
            (answer.0, &answer.1["error"]),
            (status, &json!(error)),
            "{authorization} {body}"
        );
        assert!(answer.1["error_description"].is_string());
    }
}

#[tokio::test]
async fn calls_of_api_2_want_credentials_and_have_their_own_shapes() {
    let workspace = workspace().await;
    for line in [
        "GET /api/2.0/preview/scim/v2/Me",
        "GET /api/2.1/clusters/list",
        "GET /api/2.0/jobs/list",
    ] {
        assert_eq!(ask(&workspace, line, &[], "").await.0, 401, "{line}");
    }
    let (status, me) = ask_as_me(&workspace, "GET /api/2.0/preview/scim/v2/Me", "").await;
    assert_eq!((status, &me["userName"]), (200, &json!("me")));

    let id = workspace.cluster_id();
    for (line, body, status, code, message) in [
        (
            "GET /api/2.0/jobs/list",
            "",
            404,
            "ENDPOINT_NOT_FOUND",
            "No API found for 'GET /api/2.0/jobs/list'",
        ),
        (
            "GET /api/2.9/clusters/list",
            "",
            404,
            "ENDPOINT_NOT_FOUND",
            "No API found",
        ),
        (
            "GET /api/2.1/clusters/get",
            "",
            400,
            "INVALID_PARAMETER_VALUE",
            "cluster_id",
        ),
        (
            "GET /api/2.1/clusters/get?cluster_id=x",
            "",
            400,
            "INVALID_PARAMETER_VALUE",
            "Cluster x does not exist",
        ),
        (
            "POST /api/2.1/clusters/start",
            r#"{"cluster_id":"x"}"#,
            400,
            "INVALID_PARAMETER_VALUE",
            "does not exist",
        ),
    ] {
        let answer = ask_as_me(&workspace, line, body).await;
        assert_eq!((answer.0, &answer.1["error_code"]), (status, &json!(code)), "{line}");
        let said = answer.1["message"].as_str().unwrap();
        assert!(said.contains(message), "{line}: {said}");
    }
    let of_cluster = format!("GET /api/2.0/libraries/cluster-status?cluster_id={id}");
    let (_, libraries) = ask_as_me(&workspace, &of_cluster, "").await;
    assert_eq!(libraries, json!({"cluster_id": id, "library_statuses": []}));
}

#[tokio::test]
async fn several_clusters_and_a_terminated_one_that_is_started() {
    let specs = [
        ClusterSpec::new("one"),
        ClusterSpec::new("etl").workers(4).terminated(true),
    ];
    let workspace = Workspace::builder().clusters(specs).start().await.unwrap();
    let (_, listed) = ask_as_me(&workspace, "GET /api/1.2/clusters/list", "").await;
    let told: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (&it["name"], &it["status"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("one"), &json!("Running")),
            (&json!("etl"), &json!("Terminated"))
        ]
    );
    assert_eq!(
        (&listed[1]["numWorkers"], &listed[1]["driverIp"]),
        (&json!(4), &json!(""))
    );

    let id = workspace.cluster_ids().nth(1).unwrap().clone();
    let create = format!(r#"{{"clusterId": "{id}", "language": "python"}}"#);
    let created = async || ask_as_me(&workspace, "POST /api/1.2/contexts/create", &create).await;
    let (status, refused) = created().await;
    assert!(
        status == 500 && refused["error"].as_str().unwrap().contains("(currently Terminated)"),
        "{refused}"
    );

    let of_cluster = format!(r#"{{"cluster_id": "{id}"}}"#);
    let state = async || {
        let got = ask_as_me(&workspace, &format!("GET /api/2.1/clusters/get?cluster_id={id}"), "").await;
        got.1["state"].as_str().unwrap().to_owned()
    };
    let act = async |verb: &str| ask_as_me(&workspace, &format!("POST /api/2.1/clusters/{verb}"), &of_cluster).await;
    assert_eq!(state().await, "TERMINATED");
    assert_eq!(act("restart").await.1["error_code"], "INVALID_STATE");
    assert_eq!(act("start").await, (200, json!({})));
    assert_eq!(state().await, "PENDING");
    assert_eq!(act("start").await.1["error_code"], "INVALID_STATE");
    let cluster = workspace.inner().registry.find(&id).unwrap();
    assert_eq!(cluster.settled().await.status, ClusterStatus::Running);

    let (_, context) = created().await;
    assert_eq!(act("delete").await, (200, json!({})));
    let ending = state().await;
    assert!(["TERMINATING", "TERMINATED"].contains(&&*ending), "{ending}");
    assert_eq!(
        act("delete").await,
        (200, json!({})),
        "a second time nothing is left to do"
    );
    assert_eq!(cluster.settled().await.status, ClusterStatus::Terminated);
    let target = format!(
        "GET /api/1.2/contexts/status?clusterId={id}&contextId={}",
        context["id"].as_str().unwrap()
    );
    let (_, gone) = ask_as_me(&workspace, &target, "").await;
    assert!(
        gone["error"].as_str().unwrap().starts_with("ContextNotFound: "),
        "{gone}"
    );

    act("start").await;
    assert_eq!(
        cluster.settled().await.status,
        ClusterStatus::Running,
        "it can be started again"
    );
    assert_eq!(act("restart").await, (200, json!({})));
    assert_eq!(state().await, "RESTARTING");
    workspace.shutdown().await;
    assert_eq!(act("start").await.1["error_code"], "INVALID_STATE", "not after the end");
}

#[tokio::test]
async fn pages_of_other_sites_are_refused_and_other_programs_are_not() {
    let workspace = workspace().await;
    let bearer = format!("Bearer {}", workspace.token());
    for (headers, expected) in [
        (&[("host", "any.name")][..], 200),
        (&[("host", "localhost:1"), ("origin", "http://localhost:1")], 200),
        (&[("sec-fetch-site", "same-origin")], 200),
        (&[("sec-fetch-site", "none")], 200),
        (&[("host", "localhost:1"), ("origin", "http://evil.example")], 403),
        (&[("host", "localhost:1"), ("origin", "http://localhost:2")], 403),
        (&[("host", "localhost:1"), ("origin", "null")], 403),
        (&[("sec-fetch-site", "cross-site")], 403),
        (&[("sec-fetch-site", "same-site")], 403),
    ] {
        let all = [headers, &[("authorization", &*bearer)]].concat();
        assert_eq!(
            ask(&workspace, "GET /api/1.2/clusters/list", &all, "").await.0,
            expected,
            "{headers:?}"
        );
    }
    let from_page = [("sec-fetch-site", "cross-site")];
    assert_eq!(
        ask(&workspace, "GET /.well-known/databricks-config", &from_page, "")
            .await
            .0,
        403
    );
}

#[test]
fn paths() {
    assert_eq!(Call::of("/api/2.0/clusters/get/"), Some(Call::GetCluster));
    assert_eq!(Call::of("/api/2.2/clusters/list%20"), Some(Call::ListClusters));
    assert_eq!(Call::of("/api/2.1"), None);
    assert_eq!(Call::of("/api/1.2/clusters/list"), None);
}
