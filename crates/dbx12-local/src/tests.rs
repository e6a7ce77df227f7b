//! The workspace as its clients see it, with real Python processes.

mod bad_input;
mod commands;
mod faults;
mod libraries;
mod lifecycle;
mod served;
mod without_spark;

use std::time::Duration;

use bytes::Bytes;
use dbx12_types::{
    ClusterStatus, CommandId, CommandInfo, ContextId, ContextStatus, CreateContext, Endpoint, ErrorBody,
    ExecuteCommand, GetCluster, GetCommand, GetContext, Language, Method, RemoteError, Results, pairs,
};
use http::{Request, Response};
use tokio::time::{sleep, timeout};

use crate::Workspace;

/// Nothing here takes this long, on a busy machine either.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request for an operation, with the workspace's token.
fn request<E: Endpoint>(workspace: &Workspace, request: &E) -> Request<Bytes> {
    let (target, body) = match E::METHOD {
        Method::Get => {
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(pairs::to_pairs(request))
                .finish();
            (format!("{}?{query}", E::PATH), Bytes::new())
        }
        Method::Post => (E::PATH.to_owned(), serde_json::to_vec(request).unwrap().into()),
    };
    Request::builder()
        .method(E::METHOD.as_str())
        .uri(target)
        .header("authorization", format!("Bearer {}", workspace.token()))
        .body(body)
        .unwrap()
}

/// Carries an operation out: its answer, or status and body of the refusal.
async fn send<E: Endpoint>(workspace: &Workspace, operation: E) -> Result<E::Response, (u16, ErrorBody)> {
    let response = workspace.call(request(workspace, &operation)).await;
    decode(&response)
}

fn decode<T: serde::de::DeserializeOwned>(response: &Response<Bytes>) -> Result<T, (u16, ErrorBody)> {
    match response.status().as_u16() {
        200 => Ok(serde_json::from_slice(response.body()).unwrap()),
        status => Err((status, ErrorBody::parse(response.body()).unwrap())),
    }
}

/// What a refused operation says.
async fn refusal<E: Endpoint>(workspace: &Workspace, operation: E) -> String {
    match send(workspace, operation).await {
        Ok(_) => panic!("it was carried out"),
        Err((status, body)) => format!("{status} {body}"),
    }
}

/// Waits until a condition holds.
async fn until<T, Fut: Future<Output = Option<T>>>(mut condition: impl FnMut() -> Fut) -> T {
    let wait = async {
        loop {
            if let Some(value) = condition().await {
                return value;
            }
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, wait).await.expect("what was waited for did not come")
}

fn running(pid: u32) -> bool {
    // A zombie has no command line.
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|text| !text.is_empty())
}

/// A context of a workspace.
struct Context<'a> {
    workspace: &'a Workspace,
    id: ContextId,
}

impl<'a> Context<'a> {
    /// Creates one. It is `Pending`.
    async fn create(workspace: &'a Workspace) -> Self {
        let created = send(workspace, CreateContext::new(workspace.cluster_id(), Language::Python))
            .await
            .unwrap();
        Self {
            workspace,
            id: created.id,
        }
    }

    fn execution(&self, code: &str) -> ExecuteCommand {
        ExecuteCommand::new(self.workspace.cluster_id(), &self.id, code)
    }

    async fn status(&self) -> ContextStatus {
        send(self.workspace, GetContext::new(self.workspace.cluster_id(), &self.id))
            .await
            .unwrap()
            .status
    }

    async fn settled(&self) -> ContextStatus {
        until(async || Some(self.status().await).filter(|status| *status != ContextStatus::Pending)).await
    }

    async fn submit(&self, code: &str) -> CommandId {
        send(self.workspace, self.execution(code)).await.unwrap().id
    }

    async fn command(&self, id: &CommandId) -> CommandInfo {
        send(
            self.workspace,
            GetCommand::new(self.workspace.cluster_id(), &self.id, id),
        )
        .await
        .unwrap()
    }

    async fn end(&self, id: &CommandId) -> Results {
        let info = until(async || Some(self.command(id).await).filter(|info| info.status.is_terminal())).await;
        assert_eq!(info.status, dbx12_types::CommandStatus::Finished);
        assert_eq!(info.id.as_ref(), Some(id));
        info.results.expect("a command that has ended has results")
    }

    async fn run(&self, code: &str) -> Results {
        self.end(&self.submit(code).await).await
    }

    async fn text(&self, code: &str) -> String {
        match self.run(code).await {
            Results::Text(text) => text.data.unwrap(),
            other => panic!("{other:?}"),
        }
    }

    async fn error(&self, id: &CommandId) -> RemoteError {
        match self.end(id).await {
            Results::Error(error) => error,
            other => panic!("{other:?}"),
        }
    }

    async fn pid(&self) -> u32 {
        self.text("import os; os.getpid()").await.parse().unwrap()
    }

    async fn cancel(&self, id: &CommandId) {
        let cancel = dbx12_types::CancelCommand::new(self.workspace.cluster_id(), &self.id, id);
        assert_eq!(send(self.workspace, cancel).await.unwrap().id.as_ref(), Some(id));
    }

    async fn destroy(&self) -> Result<(), String> {
        let destroy = dbx12_types::DestroyContext::new(self.workspace.cluster_id(), &self.id);
        let destroyed = send(self.workspace, destroy)
            .await
            .map_err(|(status, body)| format!("{status} {body}"))?;
        assert_eq!(destroyed.id.as_ref(), Some(&self.id));
        Ok(())
    }
}

async fn cluster_status(workspace: &Workspace) -> ClusterStatus {
    send(workspace, GetCluster::new(workspace.cluster_id()))
        .await
        .unwrap()
        .status
}
