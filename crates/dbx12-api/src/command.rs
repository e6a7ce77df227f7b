//! A command: look at it, cancel it.

use dbx12_http::types::{CancelCommand, CancelledCommand, ClusterId, CommandId, CommandInfo, ContextId, GetCommand};
use dbx12_http::{CallOptions, Client, Error};

/// A command, by its id. Cloning is cheap; dropping it does not cancel the command.
#[derive(Clone, Debug)]
pub struct Command {
    client: Client,
    cluster_id: ClusterId,
    context_id: ContextId,
    id: CommandId,
}

impl Command {
    pub(crate) fn new(client: Client, cluster_id: ClusterId, context_id: ContextId, id: CommandId) -> Self {
        Self {
            client,
            cluster_id,
            context_id,
            id,
        }
    }

    /// The client that it talks through.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The command's id.
    pub fn id(&self) -> &CommandId {
        &self.id
    }

    /// The id of the context it runs in.
    pub fn context_id(&self) -> &ContextId {
        &self.context_id
    }

    /// The id of the cluster it runs on.
    pub fn cluster_id(&self) -> &ClusterId {
        &self.cluster_id
    }

    /// The cluster it runs on. Sends nothing.
    pub fn cluster(&self) -> crate::Cluster {
        crate::Cluster::new(self.client.clone(), self.cluster_id.clone())
    }

    /// The context it runs in. Sends nothing.
    pub fn context(&self) -> crate::Context {
        crate::Context::new(self.client.clone(), self.cluster_id.clone(), self.context_id.clone())
    }

    /// What the command is doing, and its results once it has ended: `GET /api/1.2/commands/status`.
    ///
    /// # Errors
    /// When the call fails. That says nothing of the command itself, which may run on. Dropping the future changes
    /// nothing.
    pub async fn status(&self) -> Result<CommandInfo, Error> {
        self.status_with(&CallOptions::new()).await
    }

    /// [`status`](Self::status), with options for the call.
    ///
    /// # Errors
    /// As [`status`](Self::status).
    pub async fn status_with(&self, options: &CallOptions) -> Result<CommandInfo, Error> {
        let request = GetCommand::new(&self.cluster_id, &self.context_id, &self.id);
        self.client.send_with(&request, options).await
    }

    /// Asks to cancel the command: `POST /api/1.2/commands/cancel`. It may run for a while after that, and may even
    /// finish; its status tells.
    ///
    /// # Errors
    /// When the call fails. Safe to call again.
    pub async fn cancel(&self) -> Result<CancelledCommand, Error> {
        self.client
            .send(&CancelCommand::new(&self.cluster_id, &self.context_id, &self.id))
            .await
    }
}
