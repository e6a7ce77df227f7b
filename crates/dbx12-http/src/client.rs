//! The client: one request, surely and safely.

use crate::call::Call;
use crate::encode::{self, Operation, Outgoing};
use crate::error::CallRecord;
use crate::failure::Failure;
use crate::retry::{Budget, RetryPolicy};
use crate::types::Endpoint;
use crate::{
    BuildError, CallOptions, ClientBuilder, Credentials, Error, ErrorKind, Host, RawRequest, Transport, decode, trace,
};
use bytes::Bytes;
use http::{HeaderValue, Response};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tracing::Instrument as _;

/// A client of one workspace. Cheap to clone; clones share connections, credentials and the retry budget.
///
/// # Cancellation
/// Dropping the future of a call abandons it, also between attempts. If a request had left, the server may still carry it
/// out; for an operation that must happen once, prefer a [deadline](CallOptions::deadline), whose error says what is
/// known.
#[derive(Clone)]
pub struct Client(Arc<Settings>);

/// What all clones share.
pub(crate) struct Settings {
    pub(crate) host: Host,
    pub(crate) credentials: Credentials,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) user_agent: HeaderValue,
    pub(crate) attempt_timeout: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) retry: RetryPolicy,
    pub(crate) budget: Budget,
    pub(crate) rng: Mutex<fastrand::Rng>,
}

impl Client {
    /// A builder for a client of the workspace at `host`, such as `https://adb-17.azuredatabricks.net`. See
    /// [`Host::parse`] for what is understood.
    pub fn builder(host: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(host)
    }

    /// A client of the workspace that this process's environment names, see [`Config::or_environment`].
    ///
    /// # Errors
    /// When the environment names no host, or more or less than one way to authenticate.
    ///
    /// [`Config::or_environment`]: crate::Config::or_environment
    pub fn from_environment() -> Result<Self, BuildError> {
        ClientBuilder::from_environment(|name| std::env::var(name).ok())?.build()
    }

    pub(crate) fn new(settings: Settings) -> Self {
        Self(Arc::new(settings))
    }

    /// The workspace.
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// Carries out one operation.
    ///
    /// # Errors
    /// See [`ErrorKind`]. [`Error::maybe_delivered`] says whether the operation may have been carried out all the same.
    ///
    /// # Cancellation
    /// See [`Client`].
    pub async fn send<E: Endpoint>(&self, request: &E) -> Result<E::Response, Error> {
        self.send_with(request, &CallOptions::default()).await
    }

    /// Carries out one operation, with options.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Cancellation
    /// See [`Client`].
    pub async fn send_with<E: Endpoint>(&self, request: &E, options: &CallOptions) -> Result<E::Response, Error> {
        let outgoing = encode::endpoint(request, self.host(), options, || self.0.fork_rng());
        let outgoing = outgoing.map_err(|problem| self.unsent(Operation::of_endpoint::<E>(), problem))?;
        self.call(&outgoing, options, decode::answer).await
    }

    /// Sends a request to any path and returns its response, body and all, if the status is one of success.
    ///
    /// # Errors
    /// As [`send`](Self::send). Any status but 2xx is an error, and so is a login page.
    ///
    /// # Cancellation
    /// See [`Client`].
    pub async fn raw(&self, request: RawRequest) -> Result<Response<Bytes>, Error> {
        let operation = Operation::of_raw(&request);
        let outgoing = encode::raw(request, self.host()).map_err(|problem| self.unsent(operation, problem))?;
        self.call(&outgoing, &CallOptions::default(), decode::untyped).await
    }

    async fn call<T>(
        &self,
        request: &Outgoing,
        options: &CallOptions,
        decode: fn(Response<Bytes>) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let span = trace::span(&request.operation, self.host());
        let mut call = Call::new(&self.0, request, options);
        let result = call.run().instrument(span.clone()).await;
        let (attempts, elapsed) = (call.attempts(), call.elapsed());
        match &result {
            Ok(response) => {
                let request_id = crate::failure::request_id(response.headers());
                trace::record(&span, attempts, elapsed, Some(response.status()), request_id.as_deref());
            }
            Err(failure) => trace::record(&span, attempts, elapsed, failure.status, failure.request_id.as_deref()),
        }
        result.and_then(decode).map_err(|failure| call.into_error(failure))
    }

    fn unsent(&self, operation: Operation, problem: String) -> Error {
        let record = CallRecord {
            operation,
            host: self.host().clone(),
            attempts: 0,
            elapsed: Duration::ZERO,
            maybe_delivered: false,
        };
        Error::new(Failure::new(ErrorKind::Request, problem), record)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &self.0.host)
            .field("credentials", &self.0.credentials)
            .field("transport", &self.0.transport)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// A generator of one's own, so that none is locked while something waits.
    pub(crate) fn fork_rng(&self) -> fastrand::Rng {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).fork()
    }
}

#[cfg(test)]
mod tests;
