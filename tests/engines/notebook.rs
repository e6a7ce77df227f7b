//! Contexts of a workspace, and commands in them.

use std::time::{Duration, Instant};

use dbx12_exec::api::http::Client;
use dbx12_exec::api::types::{
    CancelCommand, CommandId, ContextId, ContextStatus, CreateContext, DestroyContext, ExecuteCommand, GetCommand,
    GetContext, Language, RemoteError, Results,
};
use dbx12_local::Workspace;
use serde_json::Value;
use tokio::time::{sleep, timeout};

/// The first test on a machine waits for half a gigabyte.
const PATIENCE: Duration = Duration::from_secs(900);

pub(crate) struct Notebook {
    pub(crate) workspace: Workspace,
    client: Client,
}

impl Notebook {
    pub(crate) async fn start() -> Self {
        let workspace = Workspace::builder().start().await.unwrap();
        Self::of(workspace)
    }

    pub(crate) fn of(workspace: Workspace) -> Self {
        let client = workspace.client();
        Self { workspace, client }
    }

    /// A context that is `Running`.
    pub(crate) async fn context(&self, language: Language) -> ContextId {
        let context = self.pending(language).await;
        match self.settled(&context).await {
            ContextStatus::Running => context,
            other => panic!("{other}: {:?}", self.workspace.spark()),
        }
    }

    pub(crate) async fn pending(&self, language: Language) -> ContextId {
        let request = CreateContext::new(self.workspace.cluster_id(), language);
        self.client.send(&request).await.unwrap().id
    }

    /// What a context becomes.
    pub(crate) async fn settled(&self, context: &ContextId) -> ContextStatus {
        let wait = async {
            loop {
                let status = self.status(context).await;
                if status != ContextStatus::Pending {
                    return status;
                }
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(PATIENCE, wait).await.unwrap()
    }

    pub(crate) async fn status(&self, context: &ContextId) -> ContextStatus {
        let request = GetContext::new(self.workspace.cluster_id(), context);
        self.client.send(&request).await.unwrap().status
    }

    pub(crate) async fn submit(&self, context: &ContextId, language: Option<Language>, code: &str) -> CommandId {
        let mut request = ExecuteCommand::new(self.workspace.cluster_id(), context, code);
        request.language = language;
        self.client.send(&request).await.unwrap().id
    }

    pub(crate) async fn finished(&self, context: &ContextId, command: &CommandId) -> Results {
        let wait = async {
            loop {
                let request = GetCommand::new(self.workspace.cluster_id(), context, command);
                let info = self.client.send(&request).await.unwrap();
                if let Some(results) = info.results {
                    return results;
                }
                sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(PATIENCE, wait).await.unwrap()
    }

    pub(crate) async fn cancel(&self, context: &ContextId, command: &CommandId) {
        let request = CancelCommand::new(self.workspace.cluster_id(), context, command);
        self.client.send(&request).await.unwrap();
    }

    pub(crate) async fn destroy(&self, context: &ContextId) {
        let request = DestroyContext::new(self.workspace.cluster_id(), context);
        self.client.send(&request).await.unwrap();
    }

    /// Why there can be no context of a language: what commands are told in one that is in status `Error`.
    pub(crate) async fn refused(&self, language: Language) -> String {
        let context = self.pending(language).await;
        assert_eq!(self.settled(&context).await, ContextStatus::Error);
        let request = ExecuteCommand::new(self.workspace.cluster_id(), &context, "1");
        self.client.send(&request).await.unwrap_err().to_string()
    }

    /// Runs a command in the context's own language.
    pub(crate) async fn run(&self, context: &ContextId, code: &str) -> Results {
        let command = self.submit(context, None, code).await;
        self.finished(context, &command).await
    }

    pub(crate) async fn run_as(&self, context: &ContextId, language: Language, code: &str) -> Results {
        let command = self.submit(context, Some(language), code).await;
        self.finished(context, &command).await
    }

    pub(crate) async fn text(&self, context: &ContextId, code: &str) -> String {
        match self.run(context, code).await {
            Results::Text(text) => text.data.unwrap_or_default(),
            other => panic!("{code}: {other:?}"),
        }
    }

    pub(crate) async fn error(&self, context: &ContextId, code: &str) -> RemoteError {
        match self.run(context, code).await {
            Results::Error(error) => error,
            other => panic!("{code}: {other:?}"),
        }
    }

    /// The rows of a table.
    pub(crate) async fn rows(&self, context: &ContextId, code: &str) -> Value {
        json(&self.run(context, code).await)["data"].take()
    }

    /// Runs a command, cancels it after a while, and tells how long that took and what came of it.
    pub(crate) async fn cancelled(&self, context: &ContextId, code: &str) -> (Duration, RemoteError) {
        let command = self.submit(context, None, code).await;
        sleep(Duration::from_secs(2)).await;
        let started = now();
        self.cancel(context, &command).await;
        match self.finished(context, &command).await {
            Results::Error(error) => (started.elapsed(), error),
            other => panic!("{code}: {other:?}"),
        }
    }
}

pub(crate) fn json(results: &Results) -> Value {
    serde_json::to_value(results).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch for what really runs")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
