//! Invariant 9: A feature adds API; it never changes what the same call does. And what the types promise to all
//! callers.

use super::*;
use dbx12_exec::http::ClientBuilder;
use dbx12_exec::types::{ClusterInfo, CreateContext, Endpoint, GetCluster, ListClusters};
use dbx12_exec::{Run, SessionBuilder, Waiter};
use dbx12_local::{Router, Server};

fn is_send<T: Send>(_: &T) {}
fn is_shared<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}
fn is_movable<T: Send + Sync + std::fmt::Debug>() {}

/// Compiled, not run: the futures of all layers may move between threads, and clients be shared by them.
#[test]
fn futures_are_send_and_clients_are_shared() {
    is_shared::<Client>();
    is_shared::<ClientBuilder>();
    is_shared::<Credentials>();
    is_shared::<api::Workspace>();
    is_shared::<Cluster>();
    is_shared::<api::Context>();
    is_shared::<api::Command>();
    is_shared::<Workspace>();
    is_shared::<Router>();
    is_movable::<Session>();
    is_movable::<SessionBuilder>();
    is_movable::<Waiter>();
    is_movable::<Run<'static>>();
    is_movable::<Server>();
    is_movable::<dbx12_exec::http::Error>();
    is_movable::<ExecError>();
    is_movable::<Outcome>();

    #[allow(dead_code, reason = "its compilation is the test")]
    async fn futures(client: Client, cluster: Cluster, session: Session, workspace: Workspace) {
        is_send(&client.send(&ListClusters::new()));
        is_send(&cluster.restart());
        is_send(&cluster.create_context(Language::Python));
        is_send(&cluster.upload_library("l", Language::Python, "file:/l"));
        is_send(&session.context().execute("1"));
        is_send(&Session::open(&cluster, Language::Python));
        is_send(&session.submit("1"));
        is_send(&session.run("1").into_future());
        is_send(&workspace.ready());
        is_send(&workspace.call(http::Request::default()));
        is_send(&workspace.shutdown());
        is_send(&session.close());
    }
}

/// `dbx12-local` with its feature `client` answers a client as it answers a bare call without it.
#[tokio::test]
async fn invariant_9_a_client_of_the_feature_gets_what_a_bare_call_gets() {
    let workspace = Workspace::builder()
        .without_spark()
        .wait_for_cluster(false)
        .start()
        .await
        .unwrap();
    let call = async |method: &str, target: &str, body: &str| {
        let request = http::Request::builder().method(method).uri(target);
        let request = request.header("authorization", format!("Bearer {}", workspace.token()));
        workspace.call(request.body(body.to_owned().into()).unwrap()).await
    };
    let client = workspace.client();
    let id = workspace.cluster_id();

    let bare = call("GET", &format!("{}?clusterId={id}", GetCluster::PATH), "").await;
    let through_client = client.send(&GetCluster::new(id)).await.unwrap();
    assert_eq!(
        serde_json::from_slice::<ClusterInfo>(bare.body()).unwrap().id,
        through_client.id
    );

    let bare = call(
        "POST",
        CreateContext::PATH,
        &format!(r#"{{"clusterId":"{id}","language":"sql"}}"#),
    )
    .await;
    let error = client.send(&CreateContext::new(id, Language::Sql)).await.unwrap_err();
    assert_eq!(error.status(), Some(bare.status()));
    assert_eq!(serde_json::to_vec(error.body().unwrap()).unwrap(), **bare.body());
}
