//! The way between a client and a workspace, watched and disturbed.

use bytes::Bytes;
use dbx12_exec::http::{BoxFuture, Transport, TransportError, TransportErrorKind};
use dbx12_exec::types::{ContextId, CreatedContext};
use dbx12_local::Workspace;
use http::{Request, Response};
use std::fmt;
use std::sync::Arc;
use tokio::sync::watch;

/// What happens to a request on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// It is carried out and answered.
    Arrive,
    /// It is carried out, and the answer is lost.
    LoseAnswer,
    /// It is not carried out, and nobody can know.
    LoseRequest,
    /// It is refused with this status, and `Retry-After: 0`.
    Refuse(u16),
    /// It never arrives, and nothing ever comes back.
    Hang,
}

type Interfere = dyn Fn(&str, usize) -> Fate + Send + Sync;

/// A transport to a workspace in the same process that notes what passes. Clones are the same one.
#[derive(Clone)]
pub struct Witness(Arc<Inner>);

struct Inner {
    workspace: Workspace,
    interfere: Box<Interfere>,
    sent: watch::Sender<Vec<String>>,
    created: watch::Sender<Vec<ContextId>>,
}

impl Witness {
    /// A witness that lets everything pass.
    pub fn new(workspace: &Workspace) -> Self {
        Self::interfering(workspace, |_, _| Fate::Arrive)
    }

    /// A witness that does to each request as the function says of its operation (`commands/execute`), and of how often
    /// that was sent, this time included.
    pub fn interfering(workspace: &Workspace, interfere: impl Fn(&str, usize) -> Fate + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            workspace: workspace.clone(),
            interfere: Box::new(interfere),
            sent: watch::Sender::default(),
            created: watch::Sender::default(),
        }))
    }

    /// How often an operation was sent.
    pub fn count(&self, operation: &str) -> usize {
        self.0.sent.borrow().iter().filter(|sent| *sent == operation).count()
    }

    /// Waits until an operation was sent.
    pub async fn sees(&self, operation: &str) {
        // An error is impossible: the sender lives as long as the witness.
        let _ = self
            .0
            .sent
            .subscribe()
            .wait_for(|sent| sent.iter().any(|sent| sent == operation))
            .await;
    }

    /// The contexts that the workspace has made, whether the client heard of them or not.
    pub fn created(&self) -> Vec<ContextId> {
        self.0.created.borrow().clone()
    }

    /// Waits until the workspace has made a context. The client has not heard of it then.
    pub async fn sees_context(&self) {
        let _ = self.0.created.subscribe().wait_for(|created| !created.is_empty()).await;
    }

    async fn carry(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let path = request.uri().path().to_owned();
        let operation = path.trim_start_matches("/api/1.2/");
        self.0.sent.send_modify(|sent| sent.push(operation.to_owned()));
        match (self.0.interfere)(operation, self.count(operation)) {
            Fate::Arrive => Ok(self.deliver(request).await),
            Fate::LoseAnswer => {
                self.deliver(request).await;
                Err(lost())
            }
            Fate::LoseRequest => Err(lost()),
            Fate::Refuse(status) => Ok(refusal(status)),
            Fate::Hang => std::future::pending().await,
        }
    }

    async fn deliver(&self, request: Request<Bytes>) -> Response<Bytes> {
        let creates = request.uri().path().ends_with("contexts/create");
        let response = self.0.workspace.call(request).await;
        if creates && let Ok(created) = serde_json::from_slice::<CreatedContext>(response.body()) {
            self.0.created.send_modify(|contexts| contexts.push(created.id));
        }
        response
    }
}

impl Transport for Witness {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(self.carry(request))
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Witness")
            .field("sent", &*self.0.sent.borrow())
            .finish_non_exhaustive()
    }
}

fn lost() -> TransportError {
    TransportError::new(
        TransportErrorKind::Interrupted,
        "the connection was lost before the response came",
    )
}

fn refusal(status: u16) -> Response<Bytes> {
    let response = Response::builder().status(status).header("retry-after", "0");
    response.body(Bytes::new()).expect("a status and a header")
}
