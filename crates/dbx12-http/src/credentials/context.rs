//! What a source of credentials works with: the workspace, and a way to ask for tokens.

use super::secrets::Secrets;
use super::{AccessToken, CredentialError};
use crate::decode::one_line;
use crate::failure::Failure;
use crate::retry::{self, Budget};
use crate::transport::{Progress, ResponseLimit};
use crate::types::Idempotency;
use crate::{Host, RetryPolicy, Transport};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request, Response, Uri};
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// What a source of credentials works with: the workspace that is asked, and the client's own way to the network, so that
/// proxies, certificates and limits hold for tokens too. Cheap to clone.
#[derive(Clone)]
pub struct CredentialContext(Arc<Inner>);

struct Inner {
    host: Host,
    transport: Arc<dyn Transport>,
    attempt_timeout: Duration,
    retry: RetryPolicy,
    budget: Budget,
    user_agent: HeaderValue,
}

/// An extension of a request: what of its address is a secret, and not shown even where the server repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecretPart {
    Query,
    PathAndQuery,
}

impl CredentialContext {
    /// The largest answer with a token in it that is read, in bytes.
    const RESPONSE_LIMIT: usize = 1024 * 1024;

    /// A context as a client makes one, for the tests of a source.
    pub fn new(host: Host, transport: impl Transport) -> Self {
        let user_agent = HeaderValue::from_static(concat!("dbx12-http/", env!("CARGO_PKG_VERSION")));
        Self::of_client(
            host,
            Arc::new(transport),
            Duration::from_secs(60),
            RetryPolicy::default(),
            Budget::full(),
            user_agent,
        )
    }

    pub(crate) fn of_client(
        host: Host,
        transport: Arc<dyn Transport>,
        attempt_timeout: Duration,
        retry: RetryPolicy,
        budget: Budget,
        user_agent: HeaderValue,
    ) -> Self {
        Self(Arc::new(Inner {
            host,
            transport,
            attempt_timeout,
            retry,
            budget,
            user_agent,
        }))
    }

    /// The workspace that the credentials are for.
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// Sends a request of a token flow and returns its response, if the status is one of success or a redirect.
    ///
    /// Asking for a token twice does no harm, so the request is sent again by the client's [`RetryPolicy`], and out of the
    /// same budget, after whatever may go away by itself.
    ///
    /// # Errors
    /// When there is no such response. The message names the address without its query, and what the server says, but no
    /// secret that the request carries, whether or not the server repeats it. A request with a secret in it is only sent
    /// over `https`, to this machine, or to the workspace itself.
    ///
    /// # Cancellation
    /// Dropping the future abandons the request.
    pub async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, CredentialError> {
        let address = shown_address(&request);
        let mut secrets = Secrets::of_request(&request);
        if !secrets.is_empty() && !self.is_protected(request.uri()) {
            return Err(CredentialError::new(format!(
                "{address} would carry a secret unprotected; it must be https"
            )));
        }
        if let Some(part) = request.extensions().get::<SecretPart>() {
            secrets.add_address(request.uri(), *part == SecretPart::PathAndQuery);
        }
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, self.0.user_agent.clone());
        headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("application/json"));
        let Inner { retry, budget, .. } = &*self.0;
        let mut rng = fastrand::Rng::new();
        let mut attempt = 1;
        loop {
            let failure = match self.attempt(request.clone(), &secrets).await {
                Ok(response) => {
                    budget.deposit();
                    return Ok(response);
                }
                Err(failure) => failure,
            };
            match retry::decide(retry, attempt, &failure, Idempotency::Idempotent, &mut rng) {
                Some(wait) if budget.withdraw() => sleep(wait).await,
                _ => return Err(error_of(&address, failure, &secrets)),
            }
            attempt += 1;
        }
    }

    /// Asks a token endpoint with a form (RFC 6749, 3.2).
    pub(super) async fn token(
        &self,
        endpoint: &str,
        authorization: Option<HeaderValue>,
        form: &[(&str, &str)],
    ) -> Result<AccessToken, CredentialError> {
        let body: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let mut request = Request::post(endpoint).header(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        if let Some(mut authorization) = authorization {
            authorization.set_sensitive(true);
            request = request.header(http::header::AUTHORIZATION, authorization);
        }
        let request = request.body(Bytes::from(body));
        let request =
            request.map_err(|_| CredentialError::new("the token endpoint that was described is not a URL"))?;
        self.token_of(request).await
    }

    /// Sends a request whose answer is a token.
    pub(super) async fn token_of(&self, request: Request<Bytes>) -> Result<AccessToken, CredentialError> {
        let address = shown_address(&request);
        let response = self.send(request).await?;
        let token = AccessToken::from_json(response.body());
        token.map_err(|error| CredentialError::new(format!("{address} gave no token: {error}")))
    }

    /// A plain GET.
    pub(super) async fn get(&self, url: &str) -> Result<Response<Bytes>, CredentialError> {
        let request = Request::get(url).body(Bytes::new());
        let request = request.map_err(|_| CredentialError::new(format!("`{url}` is not a URL")))?;
        self.send(request).await
    }

    async fn attempt(&self, mut request: Request<Bytes>, secrets: &Secrets) -> Result<Response<Bytes>, Failure> {
        let limit = self.0.attempt_timeout;
        let progress = Progress::default();
        request.extensions_mut().insert(progress.clone());
        request.extensions_mut().insert(ResponseLimit(Self::RESPONSE_LIMIT));
        match timeout(limit, self.0.transport.send(request)).await {
            Ok(Ok(response)) if response.status().is_success() || response.status().is_redirection() => Ok(response),
            Ok(Ok(response)) => {
                let response = secrets.hide_in(response);
                let failure = Failure::of_response(&response);
                Err(Failure {
                    message: oauth_error(&response).unwrap_or(failure.message),
                    ..failure
                })
            }
            Ok(Err(error)) => Err(Failure::of_transport(error)),
            Err(_) => Err(Failure::attempt_timed_out(limit, progress.maybe_sent())),
        }
    }

    /// Nobody on the way can read what is sent there, or it was allowed by name for the workspace.
    fn is_protected(&self, uri: &Uri) -> bool {
        let Some(authority) = uri.authority() else { return false };
        let origin = format!("{}://{authority}", uri.scheme_str().unwrap_or("https"));
        Host::parse(&origin).is_ok_and(|host| host.is_https() || host.is_loopback() || host == self.0.host)
    }
}

impl fmt::Debug for CredentialContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialContext")
            .field("host", &self.0.host)
            .field("transport", &self.0.transport)
            .finish_non_exhaustive()
    }
}

/// The address of a request, for people.
fn shown_address(request: &Request<Bytes>) -> String {
    match request.extensions().get::<SecretPart>() {
        Some(SecretPart::PathAndQuery) => format!("{}/***", origin_of(request.uri())),
        _ => address_of(request.uri()),
    }
}

/// Scheme, host and path, for people: neither a user nor a query, which may hold secrets.
pub(crate) fn address_of(uri: &Uri) -> String {
    one_line(&format!("{}{}", origin_of(uri), uri.path()))
}

fn origin_of(uri: &Uri) -> String {
    let host = uri.host().unwrap_or_default();
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}", uri.scheme_str().unwrap_or("https"))
}

/// What a token endpoint says when it refuses (RFC 6749, 5.2).
fn oauth_error(response: &Response<Bytes>) -> Option<String> {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
        error_description: Option<String>,
    }
    let refusal: Refusal = serde_json::from_slice(response.body()).ok()?;
    let description = refusal.error_description.map(|text| format!(", {text}"));
    let status = response.status().as_u16();
    Some(format!(
        "{status} {}",
        one_line(&format!("{}{}", refusal.error, description.unwrap_or_default()))
    ))
}

fn error_of(address: &str, failure: Failure, secrets: &Secrets) -> CredentialError {
    let message = format!("{address} gave no token: {}", secrets.hide(failure.message));
    let error = if failure.transient {
        CredentialError::transient(message)
    } else {
        CredentialError::new(message)
    };
    match failure.source {
        Some(source) => error.with_source(source),
        None => error,
    }
}

#[cfg(test)]
mod tests;
