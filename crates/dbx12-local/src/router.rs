//! From a request to the handler of its operation, and back.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use dbx12_types::{Endpoint, Method};
use http::header::CONTENT_LENGTH;
use http::{Request, Response};

use crate::answer::{Refusal, Reply};
use crate::body::Parameters;
use crate::spelling;

/// The largest body that is accepted unless [`Router::body_limit`] says otherwise: 64 MiB.
pub(crate) const BODY_LIMIT: usize = 64 << 20;

type Answer = Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>;
type Handler = Arc<dyn Fn(Parameters, Hint) -> Answer + Send + Sync>;

/// Answers requests of the API by handlers that are found by the type of their operation.
///
/// Method and path come from the [`Endpoint`]; parameters are read from a query, JSON, a form or multipart, by the look
/// of the body. [`call`](Self::call) needs no socket. The router of a [`Workspace`](crate::Workspace) runs code; one of your own is a
/// stand-in for a workspace in tests of clients, or a gateway.
///
/// It knows no credentials: who calls it is trusted. Clones share their handlers.
///
/// ```
/// use dbx12_local::{Refusal, Router};
/// use dbx12_types::{ContextInfo, ContextStatus, GetContext};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let router = Router::new().on(async |request: GetContext| {
///     if request.context_id.as_str() != "1" {
///         return Err(Refusal::new("ContextNotFound", "there is only context 1"));
///     }
///     Ok(ContextInfo::new(request.context_id, ContextStatus::Running).into())
/// });
/// # }
/// ```
#[derive(Clone)]
pub struct Router {
    routes: Vec<Route>,
    body_limit: usize,
}

#[derive(Clone)]
struct Route {
    method: Method,
    path: &'static str,
    handler: Handler,
}

impl Default for Router {
    fn default() -> Self {
        Self::new()
    }
}

impl Router {
    /// A router that knows no operation yet.
    pub fn new() -> Self {
        Self {
            routes: Vec::new(),
            body_limit: BODY_LIMIT,
        }
    }

    /// Answers an operation by a handler. The handler that was set last counts.
    #[must_use]
    pub fn on<E, F, Fut>(mut self, handler: F) -> Self
    where
        E: Endpoint + 'static,
        F: Fn(E) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Reply<E::Response>, Refusal>> + Send + 'static,
    {
        let handler = Arc::new(handler);
        let handler: Handler = Arc::new(move |parameters: Parameters, hint: Hint| {
            let handler = Arc::clone(&handler);
            Box::pin(async move {
                let request = match decode::<E>(&parameters, hint) {
                    Ok(request) => request,
                    Err(refusal) => return refusal.into_response(),
                };
                drop(parameters);
                match handler(request).await {
                    Ok(reply) => reply.into_response(),
                    Err(refusal) => refusal.into_response(),
                }
            })
        });
        self.routes
            .retain(|route| (route.method, route.path) != (E::METHOD, E::PATH));
        self.routes.push(Route {
            method: E::METHOD,
            path: E::PATH,
            handler,
        });
        self
    }

    /// The largest body that is accepted, before and after decompression, in bytes.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Answers one request. What cannot be answered gets a response that says why, as the real service would.
    ///
    /// Dropping the future drops the handler's future.
    pub async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        match self.find(&request).map(Arc::clone) {
            Ok(handler) => match self.parameters(request).await {
                Ok((parameters, hint)) => handler(parameters, hint).await,
                Err(refusal) => refusal.into_response(),
            },
            Err(refusal) => refusal.into_response(),
        }
    }

    fn find(&self, request: &Request<Bytes>) -> Result<&Handler, Refusal> {
        let sent = request.uri().path();
        let path = without_junk(sent);
        let mut right = None;
        for route in self.routes.iter().filter(|route| route.path == path) {
            if route.method.as_str() == request.method().as_str() {
                return Ok(&route.handler);
            }
            right = Some(route.method);
        }
        Err(match right {
            Some(right) => Refusal::wrong_method(request.method(), right, path),
            None => Refusal::bad_target(sent),
        })
    }

    async fn parameters(&self, request: Request<Bytes>) -> Result<(Parameters, Hint), Refusal> {
        let (head, body) = request.into_parts();
        let query = head.uri.query().unwrap_or_default();
        if head.method == http::Method::GET {
            let has_body = !body.is_empty() || head.headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0");
            let hint = if has_body { Hint::BodyIgnored } else { Hint::None };
            return Ok((Parameters::of_query(query)?, hint));
        }
        let hint = if query.is_empty() {
            Hint::None
        } else {
            Hint::QueryIgnored
        };
        Ok((Parameters::of_body(&head.headers, body, self.body_limit).await?, hint))
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes = self.routes.iter().map(|route| (route.method, route.path));
        f.debug_list().entries(routes).finish()
    }
}

/// Where else parameters were sent, and are not looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    None,
    BodyIgnored,
    QueryIgnored,
}

impl Hint {
    fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::BodyIgnored => "; a body was sent, but the parameters of a GET travel in the query",
            Self::QueryIgnored => "; a query was sent, but the parameters of a POST travel in the body",
        }
    }
}

/// Clients were seen to send spaces and slashes after the path.
pub(crate) fn without_junk(mut path: &str) -> &str {
    while let Some(shorter) = path.strip_suffix("%20").or_else(|| path.strip_suffix(['/', ' '])) {
        path = shorter;
    }
    path
}

fn decode<E: Endpoint>(parameters: &Parameters, hint: Hint) -> Result<E, Refusal> {
    serde_json::from_slice(&parameters.json).map_err(|error| {
        let error = error.to_string();
        let why = match error.strip_prefix("missing ") {
            Some(name) => spelling::missing(name, parameters.names.iter().map(String::as_str)),
            None => error,
        };
        Refusal::illegal_argument(format_args!("{why}{}", hint.text()))
    })
}

#[cfg(feature = "client")]
impl dbx12_http::Transport for Router {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> dbx12_http::BoxFuture<'_, Result<Response<Bytes>, dbx12_http::TransportError>> {
        Box::pin(async move { Ok(self.call(request).await) })
    }
}

#[cfg(test)]
mod tests;
