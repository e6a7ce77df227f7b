//! Clients of a workspace in the same process: no port, no socket.

use bytes::Bytes;
use dbx12_http::{BoxFuture, Client, Credentials, Transport, TransportError, TransportErrorKind};
use http::{Request, Response};

use crate::faults::Outcome;
use crate::workspace::Workspace;

/// What clients call a workspace that has no address.
const HOST: &str = "http://localhost";

impl Workspace {
    /// A transport that brings requests to this workspace without a socket. Credentials are required all the same.
    ///
    /// It is a handle to the workspace, see [`Workspace`].
    pub fn transport(&self) -> impl Transport + Clone + use<> {
        self.clone()
    }

    /// A client of this workspace that needs no socket and has its token.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dbx12_types::{CreateContext, Language};
    ///
    /// let workspace = dbx12_local::Workspace::start().await?;
    /// let request = CreateContext::new(workspace.cluster_id(), Language::Python);
    /// println!("{}", workspace.client().send(&request).await?.id);
    /// # Ok(()) }
    /// ```
    pub fn client(&self) -> Client {
        Client::builder(HOST)
            .credentials(Credentials::bearer(self.token()))
            .transport(self.transport())
            .build()
            .expect("a host that is right, credentials and a transport are all that a client needs")
    }
}

impl Transport for Workspace {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            match self.inner().call(request).await {
                Outcome::Answer(response) => Ok(response),
                Outcome::Reset(_) => {
                    let message = "the connection was reset, by a fault that was asked for";
                    Err(TransportError::new(TransportErrorKind::Interrupted, message))
                }
            }
        })
    }
}
