//! The workspace: where everything begins.

use crate::Cluster;
use dbx12_http::types::{ClusterId, ClusterInfo, ListClusters};
use dbx12_http::{Client, Error};

/// A Databricks workspace. Cloning is cheap and shares the connections.
#[derive(Clone, Debug)]
pub struct Workspace {
    client: Client,
}

impl Workspace {
    /// The workspace that the client talks to.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The client, for calls that have no method here.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// All clusters of the workspace: `GET /api/1.2/clusters/list`.
    ///
    /// # Errors
    /// When the call fails. Dropping the future abandons the call; nothing is changed on the server.
    pub async fn clusters(&self) -> Result<Vec<ClusterInfo>, Error> {
        self.client.send(&ListClusters::new()).await
    }

    /// The cluster with this id. Sends nothing.
    pub fn cluster(&self, id: impl Into<ClusterId>) -> Cluster {
        Cluster::new(self.client.clone(), id.into())
    }
}
