//! A scripted server.

use crate::Outcome;
use dbx12_api::http::bytes::Bytes;
use dbx12_api::http::http::{Request, Response};
use dbx12_api::http::{Client, Credentials, TransportError, TransportErrorKind, transport};
use dbx12_api::types::Results;
use dbx12_api::{Cluster, Workspace};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::sleep;

/// What the server does with a request.
pub(crate) enum Reply {
    Answer(u16, &'static str),
    After(Duration, &'static str),
    Lost,
}

pub(crate) use Reply::{After, Answer, Lost};

/// The requests that a server saw: paths without `/api/1.2/`.
#[derive(Clone, Default)]
pub(crate) struct Journal(Arc<Mutex<Vec<String>>>);

impl Journal {
    pub(crate) fn count(&self, path: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|seen| *seen == path).count()
    }
}

/// A client of a server that is not there.
pub(crate) fn client() -> Client {
    let (cluster, _) = cluster(|_, _| Lost);
    cluster.client().clone()
}

/// A cluster behind a server that answers by path and by how often that path was asked for, counted from 1.
pub(crate) fn cluster(reply: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> (Cluster, Journal) {
    let journal = Journal::default();
    let seen = journal.clone();
    let reply = Arc::new(reply);
    let transport = transport::from_fn(move |request: Request<Bytes>| {
        let (seen, reply) = (seen.clone(), Arc::clone(&reply));
        async move {
            let path = request.uri().path().trim_start_matches("/api/1.2/").to_owned();
            seen.0.lock().unwrap().push(path.clone());
            let (status, body) = match reply(&path, seen.count(&path)) {
                Answer(status, body) => (status, body),
                After(delay, body) => {
                    sleep(delay).await;
                    (200, body)
                }
                Lost => return Err(TransportError::new(TransportErrorKind::Interrupted, "cut")),
            };
            let body = Bytes::from_static(body.as_bytes());
            Ok(Response::builder()
                .status(status)
                .header("content-type", "application/json")
                .body(body)
                .unwrap())
        }
    });
    let client = Client::builder("https://example.test")
        .credentials(Credentials::bearer("t"))
        .transport(transport);
    (Workspace::new(client.build().unwrap()).cluster("c"), journal)
}

pub(crate) const RUNNING: &str = r#"{"id":"k","status":"Running","results":null}"#;
pub(crate) const FINISHED: &str = r#"{"id":"k","status":"Finished","results":{"resultType":"text","data":"42"}}"#;
pub(crate) const CANCELLED: &str = r#"{"id":"k","status":"Finished","results":{"resultType":"error",
    "cause":"com.databricks.backend.common.rpc.CommandCancelledException\n\tat x"}}"#;
pub(crate) const NO_CONTEXT: &str = r#"{"error":"ContextNotFound: x"}"#;
pub(crate) const NOT_READY: &str =
    r#"{"error":"ClusterNotReadyException: Cluster c not currently ready (currently Pending)"}"#;

/// The usual answers around what a test is about.
pub(crate) fn usual(path: &str) -> Reply {
    match path {
        "clusters/status" => Answer(200, r#"{"id":"c","status":"Running"}"#),
        "contexts/create" => Answer(200, r#"{"id":"x"}"#),
        "contexts/status" => Answer(200, r#"{"id":"x","status":"Running"}"#),
        "contexts/destroy" => Answer(200, r#"{"id":"x"}"#),
        "commands/execute" => Answer(200, r#"{"id":"k"}"#),
        "commands/cancel" => Answer(200, r#"{"id":"k"}"#),
        "commands/status" => Answer(200, FINISHED),
        other => panic!("{other}"),
    }
}

pub(crate) fn text(outcome: Outcome) -> String {
    let Outcome::Finished(Results::Text(text)) = outcome else {
        panic!("{outcome:?}")
    };
    text.as_str().to_owned()
}
