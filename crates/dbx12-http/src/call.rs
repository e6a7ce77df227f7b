//! The attempt loop of calls: the one place that sends, waits and sends again for whoever calls. Tokens are asked for in
//! `credentials/context.rs`, by the same rules (`retry.rs`).

use crate::client::Settings;
use crate::credentials::secrets::Secrets;
use crate::encode::Outgoing;
use crate::error::CallRecord;
use crate::failure::Failure;
use crate::transport::Progress;
use crate::types::ErrorBody;
use crate::{CallOptions, CredentialError, Error, ErrorKind, retry};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// Tells a host that serves many workspaces which one is meant. As the official tools send it.
const WORKSPACE_ID: HeaderName = HeaderName::from_static("x-databricks-workspace-id");

/// About how many headers a request has.
const HEADERS: usize = 12;

/// One call on its way.
pub(crate) struct Call<'a> {
    settings: &'a Settings,
    request: &'a Outgoing,
    started: Instant,
    deadline: Option<Limit>,
    report_not_ready: bool,
    single_attempt: bool,
    attempts: u32,
    maybe_delivered: bool,
    /// What the last attempt carried.
    credentials: HeaderMap,
    /// The credentials were refused once and got anew.
    renewed: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn new(settings: &'a Settings, request: &'a Outgoing, options: &CallOptions) -> Self {
        let deadline = options.deadline.or(settings.deadline);
        Self {
            settings,
            request,
            started: Instant::now(),
            deadline: deadline.and_then(Limit::from_now),
            report_not_ready: options.report_not_ready,
            single_attempt: options.single_attempt,
            attempts: 0,
            maybe_delivered: false,
            credentials: HeaderMap::new(),
            renewed: false,
        }
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Tries until there is a response with a status of success, or no reason to go on.
    pub(crate) async fn run(&mut self) -> Result<Response<Bytes>, Failure> {
        loop {
            let admitted = self.admit().await?;
            self.attempts += 1;
            let failure = match self.attempt().await {
                Ok(response) => {
                    self.settings.budget.deposit();
                    self.settings.credentials.accepted(&self.credentials);
                    return Ok(response);
                }
                Err(failure) => failure,
            };
            self.maybe_delivered |= failure.maybe_delivered;
            self.adapt_pace(admitted, &failure);
            if self.may_renew_credentials(&failure) {
                continue;
            }
            match self.wait_after(&failure) {
                Some(wait) => sleep(wait).await,
                None => return Err(failure),
            }
        }
    }

    /// Whether the credentials have expired or were revoked, and there may be others. The service looks at them before
    /// anything else, so that any operation may be sent again.
    fn may_renew_credentials(&mut self, failure: &Failure) -> bool {
        let refused = failure.refuses_token() && self.settings.credentials.refused(&self.credentials);
        let first = !self.renewed;
        self.renewed |= refused;
        refused && first && self.attempts < self.settings.retry.max_attempts
    }

    /// A text of the other side without the secrets that were sent to it.
    pub(crate) fn hide(&self, text: String) -> String {
        Secrets::of_headers(&self.credentials).hide(text)
    }

    pub(crate) fn into_error(self, mut failure: Failure) -> Error {
        // A page or a message may repeat what it was sent.
        failure.message = self.hide(failure.message);
        failure.request_id = failure.request_id.map(|id| self.hide(id));
        let record = CallRecord {
            operation: self.request.operation.clone(),
            host: self.settings.host.clone(),
            attempts: self.attempts,
            elapsed: self.elapsed(),
            maybe_delivered: self.maybe_delivered || failure.maybe_delivered,
        };
        Error::new(failure, record)
    }

    /// Waits for its turn to send, as long as the whole call may take.
    async fn admit(&self) -> Result<Instant, Failure> {
        let admitted = within(self.deadline, self.settings.pace.admit()).await;
        admitted.map_err(|limit| Failure::deadline(limit.length, false))
    }

    /// One request too many slows down all calls. What asks for longer than anybody waits
    /// stops this call, but keeps no other one waiting.
    fn adapt_pace(&self, admitted: Instant, failure: &Failure) {
        if failure.kind == ErrorKind::RateLimited && failure.transient {
            let longest = self.settings.retry.longest_wait;
            let pause = failure
                .retry_after
                .filter(|pause| *pause <= longest)
                .unwrap_or_default();
            self.settings.pace.refused(admitted, pause);
        }
    }

    async fn attempt(&mut self) -> Result<Response<Bytes>, Failure> {
        let limit = self.attempt_limit();
        let progress = Progress::default();
        let mut has_credentials = false;
        let exchange = async {
            let credentials = self.settings.credentials.headers(&self.settings.context).await;
            self.credentials = credentials.map_err(Failure::credentials)?;
            has_credentials = true;
            let request = self.http_request(progress.clone());
            let response = self.settings.transport.send(request).await;
            response.map_err(Failure::of_transport)
        };
        match within(limit, exchange).await {
            Ok(Ok(response)) if !response.status().is_success() => {
                let response = Secrets::of_headers(&self.credentials).hide_in(response);
                Err(Failure::of_response(&response))
            }
            Ok(exchanged) => exchanged,
            Err(limit) if !has_credentials => Err(self.credentials_took_too_long(limit)),
            Err(limit) if self.is_deadline(limit) => Err(Failure::deadline(limit.length, progress.maybe_sent())),
            Err(limit) => Err(Failure::attempt_timed_out(limit.length, progress.maybe_sent())),
        }
    }

    /// The request of one attempt.
    pub(crate) fn http_request(&self, progress: Progress) -> Request<Bytes> {
        let mut request = Request::new(self.request.body.clone());
        *request.method_mut() = self.request.operation.method.clone();
        *request.uri_mut() = self.request.uri.clone();
        request.extensions_mut().insert(progress);
        let headers = request.headers_mut();
        // With those that the transport adds: a map that grows hashes everything anew.
        headers.reserve(HEADERS);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, self.settings.user_agent.clone());
        if let Some(content_type) = &self.request.content_type {
            headers.insert(CONTENT_TYPE, content_type.clone());
        }
        match &self.settings.trace_context {
            Some(context) if self.request.trace.is_empty() => context.add_to(headers),
            _ => add_all(headers, &self.request.trace),
        }
        if let Some(workspace_id) = &self.settings.workspace_id {
            headers.insert(WORKSPACE_ID, workspace_id.clone());
        }
        add_all(headers, &self.credentials);
        request
    }

    /// How long to wait before the next attempt; `None` when there is none.
    fn wait_after(&self, failure: &Failure) -> Option<Duration> {
        if self.single_attempt {
            return None;
        }
        let Settings { retry, budget, .. } = self.settings;
        let not_ready = failure.body.as_deref().is_some_and(ErrorBody::is_cluster_not_ready);
        if not_ready && self.report_not_ready {
            return None;
        }
        let idempotency = self.request.operation.idempotency;
        let wait = retry::decide(
            retry,
            self.attempts,
            failure,
            idempotency,
            &mut self.settings.fork_rng(),
        )?;
        let in_time = self
            .deadline
            .is_none_or(|deadline| wait < deadline.end - Instant::now());
        (in_time && budget.withdraw()).then_some(wait)
    }

    /// What ends first: the time of an attempt or that of the call.
    fn attempt_limit(&self) -> Option<Limit> {
        let attempt = Limit::from_now(self.settings.attempt_timeout);
        [attempt, self.deadline]
            .into_iter()
            .flatten()
            .min_by_key(|limit| limit.end)
    }

    fn is_deadline(&self, limit: Limit) -> bool {
        self.deadline.is_some_and(|deadline| deadline.end == limit.end)
    }

    fn credentials_took_too_long(&self, limit: Limit) -> Failure {
        if self.is_deadline(limit) {
            return Failure::deadline(limit.length, false);
        }
        let message = format!("their source did not answer within {:?}", limit.length);
        Failure::credentials(CredentialError::new(message))
    }
}

/// Adds headers, in the place of those of the same name.
fn add_all(headers: &mut HeaderMap, others: &HeaderMap) {
    for name in others.keys() {
        headers.remove(name);
    }
    for (name, value) in others {
        headers.append(name, value.clone());
    }
}

/// A length of time and when it ends.
#[derive(Clone, Copy, Debug)]
struct Limit {
    length: Duration,
    end: Instant,
}

impl Limit {
    /// `None` when it ends beyond all time.
    fn from_now(length: Duration) -> Option<Self> {
        let end = Instant::now().checked_add(length)?;
        Some(Self { length, end })
    }
}

/// What the future comes to, or the limit that it did not keep.
async fn within<T>(limit: Option<Limit>, future: impl Future<Output = T>) -> Result<T, Limit> {
    match limit {
        Some(limit) => timeout_at(limit.end, future).await.map_err(|_| limit),
        None => Ok(future.await),
    }
}
