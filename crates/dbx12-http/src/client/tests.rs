//! The attempt loop against a scripted peer, under a paused clock.

mod credentials;

use super::*;
use crate::types::{ClusterId, ExecuteCommand, GetContext, ListClusters};
use crate::{
    BoxFuture, CredentialError, CredentialSource, TransportError, TransportErrorKind, transport, transport::Progress,
};
use http::{HeaderMap, Request, StatusCode, header};
use std::collections::VecDeque;
use std::future::{pending, ready};
use tokio::time::{Instant, sleep};

type Step = Box<dyn FnOnce(Request<Bytes>) -> BoxFuture<'static, Result<Response<Bytes>, TransportError>> + Send>;

/// A peer that does what it was told, step by step, and remembers the requests.
#[derive(Clone, Default)]
struct Peer(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    steps: VecDeque<Step>,
    seen: Vec<(Instant, Request<Bytes>)>,
}

impl Peer {
    fn then<F, Fut>(self, step: F) -> Self
    where
        F: FnOnce(Request<Bytes>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Response<Bytes>, TransportError>> + Send + 'static,
    {
        self.0
            .lock()
            .unwrap()
            .steps
            .push_back(Box::new(|request| Box::pin(step(request))));
        self
    }

    fn answers(self, status: u16, body: &'static str) -> Self {
        self.then(move |_| ready(Ok(response(status, body))))
    }

    fn asks_to_wait(self, status: u16, retry_after: &'static str) -> Self {
        let response = Response::builder()
            .status(status)
            .header(header::RETRY_AFTER, retry_after);
        self.then(move |_| ready(Ok(response.body(Bytes::new()).unwrap())))
    }

    fn fails(self, kind: TransportErrorKind) -> Self {
        self.then(move |_| ready(Err(TransportError::new(kind, "it failed"))))
    }

    /// Never answers; tells of its progress as far as it got.
    fn hangs(self, progress: Option<fn(&Progress)>) -> Self {
        self.then(move |request| {
            if let Some(progress) = progress {
                progress(&Progress::of(&request));
            }
            pending()
        })
    }

    fn builder(&self) -> ClientBuilder {
        let script = self.0.clone();
        let transport = transport::from_fn(move |request| {
            let mut script = script.lock().unwrap();
            let mut copy = Request::new(request.body().clone());
            *copy.uri_mut() = request.uri().clone();
            *copy.method_mut() = request.method().clone();
            *copy.headers_mut() = request.headers().clone();
            script.seen.push((Instant::now(), copy));
            script.steps.pop_front().expect("one request too many")(request)
        });
        Client::builder("https://example.com")
            .credentials(Credentials::bearer("CANARY"))
            .transport(transport)
            .seed(1)
    }

    fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    fn seen(&self) -> usize {
        self.0.lock().unwrap().seen.len()
    }

    fn request(&self, index: usize) -> Request<Bytes> {
        self.0.lock().unwrap().seen[index].1.clone()
    }

    /// The waits between the attempts.
    fn waits(&self) -> Vec<Duration> {
        let script = self.0.lock().unwrap();
        script.seen.windows(2).map(|pair| pair[1].0 - pair[0].0).collect()
    }
}

fn response(status: u16, body: &'static str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body)).unwrap()
}

fn read() -> GetContext {
    GetContext::new("c-1", "1234567890123456789")
}

fn execute() -> ExecuteCommand {
    ExecuteCommand::new("c-1", "1", "print('CANARY')")
}

const CONTEXT: &str = r#"{"id":"1","status":"Running"}"#;

#[tokio::test]
async fn a_request_carries_what_it_must() {
    let peer = Peer::default().answers(200, r#"{"id":"1"}"#);
    let client = peer.builder().product("my-tool", "1.2.0").build().unwrap();
    client.send(&execute()).await.unwrap();

    let request = peer.request(0);
    assert_eq!(
        (request.method().as_str(), request.uri().to_string().as_str()),
        ("POST", "https://example.com/api/1.2/commands/execute")
    );
    let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("authorization"), "Bearer CANARY");
    assert!(request.headers()["authorization"].is_sensitive());
    assert_eq!(header("accept"), "application/json");
    assert_eq!(header("content-type"), "application/json");
    assert!(
        header("user-agent").starts_with("my-tool/1.2.0 dbx12-http/") && header("user-agent").ends_with(" auth/pat")
    );
}

#[tokio::test]
async fn any_status_of_success_will_do() {
    for status in [200, 201, 202] {
        let peer = Peer::default().answers(status, CONTEXT);
        assert_eq!(peer.client().send(&read()).await.unwrap().id.unwrap().as_str(), "1");
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_is_tried_again_until_it_succeeds() {
    let peer = Peer::default()
        .fails(TransportErrorKind::Interrupted)
        .answers(502, "")
        .answers(503, "")
        .answers(200, CONTEXT);
    peer.client().send(&read()).await.unwrap();
    let waits = peer.waits();
    assert_eq!(waits.len(), 3);
    for (wait, longest) in waits.into_iter().zip([500, 1000, 2000]) {
        let longest = Duration::from_millis(longest);
        assert!(
            longest / 2 <= wait && wait <= longest + Duration::from_millis(1),
            "{wait:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_end_and_the_last_failure_is_told() {
    let peer = Peer::default()
        .answers(502, "")
        .answers(502, "")
        .answers(502, "")
        .answers(504, "late");
    let error = peer.client().send(&read()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status(), error.attempts()),
        (ErrorKind::Unavailable, Some(StatusCode::GATEWAY_TIMEOUT), 4)
    );
    assert!(error.elapsed() > Duration::from_millis(1750) && error.maybe_delivered() && error.is_transient());
    assert_eq!(error.body().unwrap().text(), "late");
    let text = error.to_string();
    assert!(text.starts_with("GET /api/1.2/contexts/status on https://example.com failed: 504 Gateway Timeout, late, after 4 attempts in "), "{text}");
    assert!(!text.contains("1234567890123456789"), "no query in {text}");
}

#[tokio::test(start_paused = true)]
async fn once_is_sent_once_when_delivery_is_unknown() {
    use TransportErrorKind::{Interrupted, Malformed, Other, Timeout, TooLarge};
    let transport = [Interrupted, Malformed, Other, Timeout, TooLarge].map(|kind| Peer::default().fails(kind));
    let status = [408, 500, 502, 503, 504].map(|status| Peer::default().answers(status, ""));
    for peer in transport.into_iter().chain(status) {
        let error = peer.client().send(&execute()).await.unwrap_err();
        assert_eq!((peer.seen(), error.attempts()), (1, 1), "{error}");
        assert!(error.maybe_delivered(), "{error}");
        assert!(
            error.to_string().contains("it may have been carried out all the same"),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn once_is_sent_again_when_it_surely_was_not_processed() {
    let peer = Peer::default()
        .fails(TransportErrorKind::Connect)
        .asks_to_wait(429, "3")
        .answers(
            500,
            r#"{"error":"ClusterNotReadyException: Cluster c not currently ready"}"#,
        )
        .answers(200, r#"{"id":"1"}"#);
    peer.client().send(&execute()).await.unwrap();
    assert_eq!(peer.seen(), 4);
    assert_eq!(peer.waits()[1].as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_will_not_get_better_is_not_tried_again() {
    type Adding = fn(Peer) -> Peer;
    let table: [(Adding, ErrorKind); 6] = [
        (|peer| peer.fails(TransportErrorKind::Tls), ErrorKind::Tls),
        (|peer| peer.answers(400, ""), ErrorKind::Rejected),
        (|peer| peer.answers(401, ""), ErrorKind::Unauthorized),
        (|peer| peer.answers(404, ""), ErrorKind::NotFound),
        (|peer| peer.answers(302, ""), ErrorKind::Redirect),
        (
            |peer| peer.answers(200, "<title>Databricks - Sign In</title>"),
            ErrorKind::LoginPage,
        ),
    ];
    for (step, kind) in table {
        let peer = step(step(Peer::default()));
        let client = peer.client();
        let idempotent = client.send(&read()).await.map(drop).unwrap_err();
        let once = client.send(&execute()).await.map(drop).unwrap_err();
        for error in [idempotent, once] {
            assert_eq!(
                (error.kind(), error.attempts(), error.maybe_delivered()),
                (kind, 1, false),
                "{error}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_answer_was_delivered() {
    let peer = Peer::default().answers(200, r#"{"identity":"1"}"#);
    let error = peer.client().send(&execute()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(
        error.maybe_delivered() && error.to_string().contains("missing id"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_earlier_attempt_that_may_have_been_delivered_is_not_forgotten() {
    let peer = Peer::default()
        .fails(TransportErrorKind::Interrupted)
        .fails(TransportErrorKind::Connect)
        .fails(TransportErrorKind::Tls);
    let error = peer.client().send(&read()).await.unwrap_err();
    assert_eq!((error.kind(), error.maybe_delivered()), (ErrorKind::Tls, true));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_is_told_by_how_far_it_got() {
    type Telling = fn(&Progress);
    let stages: [(Option<Telling>, _, _, _); 3] = [
        (None, 1, ErrorKind::Timeout, true),
        (Some(Progress::sending), 1, ErrorKind::Timeout, true),
        (Some(Progress::not_sent), 4, ErrorKind::Connect, false),
    ];
    for (progress, attempts, kind, maybe_delivered) in stages {
        let peer = (0..attempts).fold(Peer::default(), |peer, _| peer.hangs(progress));
        let client = peer.builder().attempt_timeout(Duration::from_secs(7)).build().unwrap();
        let error = client.send(&execute()).await.unwrap_err();
        assert_eq!(
            (error.attempts(), error.kind(), error.maybe_delivered()),
            (attempts, kind, maybe_delivered),
            "{error}"
        );
        assert!(error.to_string().contains("within 7s"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_cuts_an_attempt_short() {
    let peer = Peer::default().answers(502, "").hangs(None);
    let started = Instant::now();
    let options = CallOptions::new().deadline(Duration::from_secs(5));
    let error = peer.client().send_with(&read(), &options).await.unwrap_err();
    assert_eq!(started.elapsed().as_secs(), 5);
    assert_eq!(
        (error.kind(), error.attempts(), error.maybe_delivered()),
        (ErrorKind::Deadline, 2, true)
    );
    assert!(
        error.is_timeout() && error.to_string().contains("the deadline of 5s was over"),
        "{error}"
    );

    let peer = Peer::default().hangs(Some(Progress::not_sent));
    let client = peer.builder().deadline(Duration::from_secs(5)).build().unwrap();
    let error = client.send(&execute()).await.unwrap_err();
    assert_eq!((error.kind(), error.maybe_delivered()), (ErrorKind::Deadline, false));
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    let peer = Peer::default().asks_to_wait(429, "30");
    let started = Instant::now();
    let options = CallOptions::new().deadline(Duration::from_secs(10));
    let error = peer.client().send_with(&read(), &options).await.unwrap_err();
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(
        (error.kind(), error.retry_after()),
        (ErrorKind::RateLimited, Some(Duration::from_secs(30)))
    );
}

#[tokio::test(start_paused = true)]
async fn limits_beyond_all_time_are_no_limits() {
    let peer = Peer::default().then(|_| async {
        sleep(Duration::from_secs(1 << 20)).await;
        Ok(response(200, CONTEXT))
    });
    let client = peer
        .builder()
        .attempt_timeout(Duration::MAX)
        .deadline(Duration::MAX)
        .build()
        .unwrap();
    client.send(&read()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn clones_share_a_budget_that_a_dead_workspace_exhausts() {
    let peer = (0..200).fold(Peer::default(), |peer, _| peer.fails(TransportErrorKind::Connect));
    let client = peer.client();
    let mut attempts = Vec::new();
    for _ in 0..40 {
        attempts.push(client.clone().send(&read()).await.unwrap_err().attempts());
    }
    assert_eq!(attempts[..33], [4; 33]);
    assert_eq!(attempts[33..], [2, 1, 1, 1, 1, 1, 1]);
}

#[tokio::test]
async fn a_raw_request_brings_back_the_response_as_it_is() {
    let peer = Peer::default()
        .answers(200, "anything")
        .answers(500, r#"{"error":"ContextNotFound: x"}"#);
    let client = peer.client();
    let response = client
        .raw(RawRequest::get("/api/2.0/x").query("a", "CANARY"))
        .await
        .unwrap();
    assert_eq!(response.body(), "anything");
    let error = client.raw(RawRequest::post("/api/2.0/y")).await.unwrap_err();
    assert!(error.is_context_not_found() && !error.maybe_delivered());
    assert_eq!((error.method().as_str(), error.path()), ("POST", "/api/2.0/y"));

    let error = client.raw(RawRequest::get("/x?token=CANARY")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts(), peer.seen()),
        (ErrorKind::Request, 0, 2)
    );
    assert!(!error.to_string().contains("CANARY"), "{error}");
}

#[test]
fn futures_travel_between_threads() {
    fn is_send<T: Send>(_: T) {}
    let client = Peer::default().client();
    is_send(client.send(&ListClusters::default()));
    is_send(client.send_with(&execute(), &CallOptions::new()));
    is_send(client.raw(RawRequest::get("/")));
    let _ = ClusterId::from("c");
}
