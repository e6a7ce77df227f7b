//! Every operation, as a call that can be made again and again.

use dbx12_exec::http::{BoxFuture, Client, Error};
use dbx12_exec::types::{
    CancelCommand, CreateContext, DestroyContext, Endpoint, ExecuteCommand, GetCluster, GetCommand, GetContext,
    Idempotency, Language, ListClusters, ListLibraries, RestartCluster, UploadLibrary,
};
use std::fmt;

/// An operation with a request of it.
#[non_exhaustive]
pub struct Call {
    /// The path below `/api/1.2/`.
    pub operation: &'static str,
    /// Whether it may be delivered twice.
    pub idempotency: Idempotency,
    make: Box<Make>,
}

type Make = dyn Fn(Client) -> BoxFuture<'static, Result<(), Error>> + Send + Sync;

impl Call {
    /// One for each operation, in the order of [`endpoint::all`](dbx12_exec::types::endpoint::all).
    pub fn all() -> [Self; 11] {
        [
            Self::new(ListClusters::new()),
            Self::new(GetCluster::new("c")),
            Self::new(RestartCluster::new("c")),
            Self::new(CreateContext::new("c", Language::Python)),
            Self::new(GetContext::new("c", "1")),
            Self::new(DestroyContext::new("c", "1")),
            Self::new(ExecuteCommand::new("c", "1", "print(1)")),
            Self::new(GetCommand::new("c", "1", "2")),
            Self::new(CancelCommand::new("c", "1", "2")),
            Self::new(ListLibraries::new("c")),
            Self::new(UploadLibrary::new("c", "l", Language::Python, "file:/l.whl")),
        ]
    }

    fn new<E: Endpoint + Clone + 'static>(request: E) -> Self {
        Self {
            operation: E::PATH.trim_start_matches("/api/1.2/"),
            idempotency: E::IDEMPOTENCY,
            make: Box::new(move |client| {
                let request = request.clone();
                Box::pin(async move { client.send(&request).await.map(drop) })
            }),
        }
    }

    /// Makes the call.
    ///
    /// # Errors
    /// When it fails.
    pub async fn make(&self, client: Client) -> Result<(), Error> {
        (self.make)(client).await
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}
