//! A context: run code in it, destroy it.

use crate::{Code, Command};
use dbx12_http::types::{
    ClusterId, CommandId, ContextId, ContextInfo, DestroyContext, DestroyedContext, GetContext, Language,
};
use dbx12_http::{CallOptions, Client, Error};

/// An execution context, by its id. Cloning is cheap; dropping it does not destroy the context.
#[derive(Clone, Debug)]
pub struct Context {
    client: Client,
    cluster_id: ClusterId,
    id: ContextId,
}

impl Context {
    pub(crate) fn new(client: Client, cluster_id: ClusterId, id: ContextId) -> Self {
        Self { client, cluster_id, id }
    }

    /// The client that it talks through.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The context's id.
    pub fn id(&self) -> &ContextId {
        &self.id
    }

    /// The id of the cluster it is on.
    pub fn cluster_id(&self) -> &ClusterId {
        &self.cluster_id
    }

    /// The cluster it is on. Sends nothing.
    pub fn cluster(&self) -> crate::Cluster {
        crate::Cluster::new(self.client.clone(), self.cluster_id.clone())
    }

    /// What the context is doing: `GET /api/1.2/contexts/status`.
    ///
    /// # Errors
    /// When the call fails; [`Error::is_context_not_found`] when the context is no more. Dropping the future changes
    /// nothing.
    pub async fn status(&self) -> Result<ContextInfo, Error> {
        self.client.send(&GetContext::new(&self.cluster_id, &self.id)).await
    }

    /// Runs code: `POST /api/1.2/commands/execute`. Returns when the server has taken it, not when it has run; code in
    /// one context runs one after the other.
    ///
    /// # Errors
    /// When the call fails. It is sent once, so that the code never runs twice: where [`Error::maybe_delivered`] says
    /// so, or when the future is dropped, the code may be running.
    pub async fn execute(&self, code: impl Into<Code>) -> Result<Command, Error> {
        self.execute_with(&code.into(), None, &CallOptions::new()).await
    }

    /// [`execute`](Self::execute), naming `language` for code that names none, with options for the call.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub async fn execute_with(
        &self,
        code: &Code,
        language: Option<&Language>,
        options: &CallOptions,
    ) -> Result<Command, Error> {
        let request = code.request(&self.cluster_id, &self.id, language);
        let submitted = self.client.send_with(&request, options).await?;
        Ok(self.command(submitted.id))
    }

    /// The command with this id. Sends nothing.
    pub fn command(&self, id: impl Into<CommandId>) -> Command {
        Command::new(self.client.clone(), self.cluster_id.clone(), self.id.clone(), id.into())
    }

    /// Destroys the context: `POST /api/1.2/contexts/destroy`. The commands in it end.
    ///
    /// # Errors
    /// When the call fails; [`Error::is_context_not_found`] when it was gone already. Safe to call again.
    pub async fn destroy(&self) -> Result<DestroyedContext, Error> {
        self.client.send(&DestroyContext::new(&self.cluster_id, &self.id)).await
    }
}
