//! A cluster: look at it, restart it, make contexts on it.

use crate::Context;
use dbx12_http::types::{
    ClusterId, ClusterInfo, ContextId, CreateContext, GetCluster, Language, LibraryInfo, ListLibraries, RestartCluster,
    RestartedCluster, UploadLibrary, UploadedLibrary,
};
use dbx12_http::{CallOptions, Client, Error};

/// A cluster, by its id. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Cluster {
    client: Client,
    id: ClusterId,
}

impl Cluster {
    pub(crate) fn new(client: Client, id: ClusterId) -> Self {
        Self { client, id }
    }

    /// The client that it talks through.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The cluster's id.
    pub fn id(&self) -> &ClusterId {
        &self.id
    }

    /// What the cluster is doing: `GET /api/1.2/clusters/status`.
    ///
    /// # Errors
    /// When the call fails, for example because there is no such cluster. Dropping the future changes nothing.
    pub async fn status(&self) -> Result<ClusterInfo, Error> {
        self.client.send(&GetCluster::new(&self.id)).await
    }

    /// Restarts the cluster: `POST /api/1.2/clusters/restart`. Its contexts end, and with them their variables.
    ///
    /// # Errors
    /// When the call fails. It is sent once: where [`Error::maybe_delivered`] says so, the cluster may be restarting
    /// all the same. Dropping the future does not take the call back.
    pub async fn restart(&self) -> Result<RestartedCluster, Error> {
        self.client.send(&RestartCluster::new(&self.id)).await
    }

    /// Makes a context: `POST /api/1.2/contexts/create`. It may be `Pending` for a while; commands wait for it.
    ///
    /// The context lives until it is destroyed, also when the [`Context`] is dropped: `dbx12-exec` has sessions that
    /// clean up.
    ///
    /// # Errors
    /// When the call fails, for example because the cluster takes no commands now. It is sent once: where
    /// [`Error::maybe_delivered`] says so, or when the future is dropped, a context may be left behind.
    pub async fn create_context(&self, language: Language) -> Result<Context, Error> {
        self.create_context_with(language, &CallOptions::new()).await
    }

    /// [`create_context`](Self::create_context), with options.
    ///
    /// # Errors
    /// As [`create_context`](Self::create_context).
    pub async fn create_context_with(&self, language: Language, options: &CallOptions) -> Result<Context, Error> {
        let request = CreateContext::new(&self.id, language);
        let created = self.client.send_with(&request, options).await?;
        Ok(self.context(created.id))
    }

    /// The context with this id. Sends nothing.
    pub fn context(&self, id: impl Into<ContextId>) -> Context {
        Context::new(self.client.clone(), self.id.clone(), id.into())
    }

    /// The cluster's libraries: `GET /api/1.2/libraries/list`. The document calls it deprecated.
    ///
    /// # Errors
    /// When the call fails. Dropping the future changes nothing.
    pub async fn libraries(&self) -> Result<Vec<LibraryInfo>, Error> {
        self.client.send(&ListLibraries::new(&self.id)).await
    }

    /// Installs a library from a `file`, `http` or `https` URI that the server reads:
    /// `POST /api/1.2/libraries/upload`. The document calls it deprecated.
    ///
    /// # Errors
    /// When the call fails. It is sent once: where [`Error::maybe_delivered`] says so, or when the future is dropped,
    /// the library may be being installed.
    pub async fn upload_library(&self, name: &str, language: Language, uri: &str) -> Result<UploadedLibrary, Error> {
        self.client
            .send(&UploadLibrary::new(&self.id, name, language, uri))
            .await
    }
}
