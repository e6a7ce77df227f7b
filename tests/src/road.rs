//! A workspace, and the three roads to it.

use dbx12_exec::api::{self, Cluster};
use dbx12_exec::http::{Client, ClientBuilder, Credentials};
use dbx12_local::{Server, Workspace};

/// How requests travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way {
    /// In the same process, without a socket.
    Memory,
    /// Over `http`.
    Http,
    /// Over `https`, with an authority that the client has to be told of.
    Https,
}

/// A workspace in this process, and the way to it.
#[derive(Debug)]
pub struct Road {
    workspace: Workspace,
    server: Option<Server>,
}

impl Road {
    /// A workspace with defaults.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn open(way: Way) -> Self {
        let workspace = Workspace::builder().without_spark().start().await;
        Self::to(workspace.expect("a workspace"), way).await
    }

    /// The way to a workspace.
    ///
    /// # Panics
    /// When it cannot be served.
    pub async fn to(workspace: Workspace, way: Way) -> Self {
        let port = ([127, 0, 0, 1], 0).into();
        let server = match way {
            Way::Memory => None,
            Way::Http => Some(workspace.serve(port, false).await.expect("a port")),
            Way::Https => Some(workspace.serve(port, true).await.expect("a port")),
        };
        Self { workspace, server }
    }

    /// The workspace.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// A builder that knows the way, and no credentials.
    pub fn builder(&self) -> ClientBuilder {
        let Some(server) = &self.server else {
            return Client::builder("http://localhost").transport(self.workspace.transport());
        };
        let builder = Client::builder(server.host());
        match server.ca_file() {
            Some(ca_file) => builder.ca_certificate_file(ca_file),
            None => builder,
        }
    }

    /// A client with the workspace's token.
    ///
    /// # Panics
    /// When it cannot be built.
    pub fn client(&self) -> Client {
        match self.server {
            None => self.workspace.client(),
            Some(_) => {
                let credentials = Credentials::bearer(self.workspace.token());
                self.builder().credentials(credentials).build().expect("a client")
            }
        }
    }

    /// The workspace's cluster, seen through [`client`](Self::client).
    pub fn cluster(&self) -> Cluster {
        api::Workspace::new(self.client()).cluster(self.workspace.cluster_id())
    }
}
