//! The client: one request, surely and safely.

use crate::call::Call;
use crate::encode::{self, Operation, Outgoing};
use crate::error::CallRecord;
use crate::failure::Failure;
use crate::pace::Pace;
use crate::retry::{Budget, RetryPolicy};
use crate::trace::TraceContext;
use crate::transport::Progress;
use crate::types::Endpoint;
use crate::{
    BuildError, CallOptions, ClientBuilder, CredentialContext, Credentials, Error, ErrorKind, Host, RawRequest,
    Transport, curl, decode, trace,
};
use bytes::Bytes;
use http::{HeaderValue, Response};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tracing::Instrument as _;

/// A client of one workspace. Cheap to clone; clones share connections, credentials, the retry budget and the
/// pace of requests.
///
/// # Cancellation
/// Dropping the future of a call abandons it, also between attempts. If a request had left, the server may still carry it
/// out; for an operation that must happen once, prefer a [deadline](CallOptions::deadline), whose error says what is
/// known.
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Settings>);

/// What all clones share.
pub(crate) struct Settings {
    pub(crate) host: Host,
    pub(crate) credentials: Credentials,
    /// What the credentials work with.
    pub(crate) context: CredentialContext,
    pub(crate) workspace_id: Option<HeaderValue>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) user_agent: HeaderValue,
    pub(crate) trace_context: Option<TraceContext>,
    pub(crate) attempt_timeout: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) retry: RetryPolicy,
    pub(crate) budget: Budget,
    pub(crate) pace: Pace,
    pub(crate) rng: Mutex<fastrand::Rng>,
}

impl Client {
    /// A builder for a client of the workspace at `host`, such as `https://adb-17.azuredatabricks.net`. See
    /// [`Host::parse`] for what is understood.
    pub fn builder(host: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(host)
    }

    /// A client of the workspace that this process's environment or the file with profiles names, see
    /// [`Config`](crate::Config).
    ///
    /// # Errors
    /// When they name no host, or more or less than one way to authenticate, or when the file cannot be used.
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
        self.call(&outgoing, &CallOptions::new(), decode::untyped).await
    }

    /// The request as a command of curl for a POSIX shell, to be shown or run by hand. Nothing is sent.
    ///
    /// The secret is left out. The command takes it from where the environment has it: `DATABRICKS_TOKEN`, or
    /// `DATABRICKS_USERNAME` and `DATABRICKS_PASSWORD`, or with `--netrc` from the file. Code and parameters are in it.
    ///
    /// # Errors
    /// When the request cannot be sent as it is.
    pub fn curl<E: Endpoint>(&self, request: &E) -> Result<String, Error> {
        self.curl_with(request, &CallOptions::default())
    }

    /// As [`curl`](Self::curl), with options.
    ///
    /// # Errors
    /// As [`curl`](Self::curl).
    pub fn curl_with<E: Endpoint>(&self, request: &E, options: &CallOptions) -> Result<String, Error> {
        let outgoing = encode::endpoint(request, self.host(), options, || self.0.fork_rng());
        let outgoing = outgoing.map_err(|problem| self.unsent(Operation::of_endpoint::<E>(), problem))?;
        Ok(self.curl_of(&outgoing))
    }

    /// As [`curl`](Self::curl), for a request to any path.
    ///
    /// # Errors
    /// As [`curl`](Self::curl).
    pub fn curl_raw(&self, request: RawRequest) -> Result<String, Error> {
        let operation = Operation::of_raw(&request);
        let outgoing = encode::raw(request, self.host()).map_err(|problem| self.unsent(operation, problem))?;
        Ok(self.curl_of(&outgoing))
    }

    fn curl_of(&self, outgoing: &Outgoing) -> String {
        let call = Call::new(&self.0, outgoing, &CallOptions::default());
        let request = call.http_request(Progress::default());
        let login = match self.0.credentials.auth_type() {
            "none" => None,
            "netrc" => Some("--netrc"),
            "basic" => Some("--user \"$DATABRICKS_USERNAME:$DATABRICKS_PASSWORD\""),
            _ => Some("--header \"Authorization: Bearer $DATABRICKS_TOKEN\""),
        };
        curl::command(&request, login)
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
        // Nobody need look for what nobody is told.
        let told = result.as_ref().ok().filter(|_| trace::is_seen(&span));
        let seen = told.map(|response| {
            let request_id = crate::failure::request_id(response.headers()).map(|id| call.hide(id));
            (response.status(), request_id)
        });
        let result = result.and_then(decode);
        let failure = result.as_ref().err();
        let (status, request_id) = match &seen {
            Some((status, request_id)) => (Some(*status), request_id.as_deref()),
            None => failure.map_or((None, None), |failure| (failure.status, failure.request_id.as_deref())),
        };
        let outcome = trace::Outcome {
            attempts: call.attempts(),
            elapsed: call.elapsed(),
            status,
            request_id,
            failure,
        };
        outcome.record(&span);
        result.map_err(|failure| call.into_error(failure))
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
