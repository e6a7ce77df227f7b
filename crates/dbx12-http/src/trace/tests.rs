//! Everything that a subscriber gets to see.

use crate::types::{ExecuteCommand, GetContext};
use crate::{CallOptions, Client, Credentials, transport};
use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use std::fmt;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes down every span, field and event there is.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<Vec<String>>>);

impl Visit for &Everything {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.lock().unwrap().push(format!("{}={value:?}", field.name()));
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        self.0
            .lock()
            .unwrap()
            .push(format!("span {}", attributes.metadata().name()));
        attributes.record(&mut &*self);
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut &*self);
    }
    fn event(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push("event".to_owned());
        event.record(&mut &*self);
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Everything {
    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn client(status: u16, body: &'static str) -> Client {
    let transport = transport::from_fn(move |_| {
        let response = Response::builder().status(status).header("x-request-id", "r-1");
        std::future::ready(Ok(response.body(Bytes::from(body)).unwrap()))
    });
    let credentials = Credentials::basic("me", "CANARY");
    Client::builder("https://example.com:8443")
        .credentials(credentials)
        .transport(transport)
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_call_is_one_span_and_nothing_else() {
    let seen = Everything::default();
    let _guard = tracing::subscriber::set_default(seen.clone());

    let client = client(200, r#"{"id":"CANARY","status":"Running"}"#);
    seen.taken();
    client.send(&GetContext::new("c", "CANARY")).await.unwrap();
    assert_eq!(
        seen.taken(),
        [
            "span dbx12.call",
            "otel.kind=\"client\"",
            "http.request.method=\"GET\"",
            "url.scheme=\"https\"",
            "url.path=\"/api/1.2/contexts/status\"",
            "url.template=\"/api/1.2/contexts/status\"",
            "server.address=\"example.com\"",
            "server.port=8443",
            "otel.name=GET /api/1.2/contexts/status",
            "attempts=1",
            "elapsed_ms=0",
            "http.response.status_code=200",
            "request_id=\"r-1\"",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_call_is_too() {
    let seen = Everything::default();
    let _guard = tracing::subscriber::set_default(seen.clone());

    let client = client(503, r#"{"error":"CANARY: CANARY"}"#);
    seen.taken();
    client.send(&GetContext::new("c", "CANARY")).await.unwrap_err();
    let fields = seen.taken();
    for field in [
        "attempts=4",
        "http.request.resend_count=3",
        "http.response.status_code=503",
        "error.type=\"503\"",
        "otel.status_code=\"ERROR\"",
    ] {
        assert!(fields.contains(&field.to_owned()), "{field} in {fields:?}");
    }

    client.send(&ExecuteCommand::new("c", "1", "CANARY")).await.unwrap_err();
    let all = [fields, seen.taken()].concat();
    assert!(
        !all.iter().any(|field| field.contains("CANARY") || field == "event"),
        "{all:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_type_of_an_error_is_its_status_or_its_kind() {
    let seen = Everything::default();
    let _guard = tracing::subscriber::set_default(seen.clone());
    for (status, body, expected) in [
        (200, "no JSON", "error.type=\"Decode\""),
        (200, "<html><title>Sign In</title></html>", "error.type=\"LoginPage\""),
        (404, "", "error.type=\"404\""),
    ] {
        client(status, body).send(&GetContext::new("c", "1")).await.unwrap_err();
        let fields = seen.taken();
        assert!(fields.contains(&expected.to_owned()), "{expected} in {fields:?}");
    }
    let client = client(200, "{}");
    seen.taken();
    client.raw(crate::RawRequest::get("/api/2.0/things/17")).await.unwrap();
    let fields = seen.taken();
    assert!(fields.contains(&"otel.name=\"GET\"".to_owned()), "{fields:?}");
    assert!(
        !fields
            .iter()
            .any(|field| field.contains("error") || field.contains("ERROR") || field.contains("template"))
    );
}

/// The headers of a request, by a client that is told of a trace.
async fn trace_headers(hook: bool, options: CallOptions) -> Vec<String> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let writes = seen.clone();
    let transport = transport::from_fn(move |request: Request<Bytes>| {
        for name in ["traceparent", "tracestate", "baggage"] {
            let values = request.headers().get_all(name).iter();
            let lines = values.map(|value| format!("{name}: {}", value.to_str().unwrap()));
            writes.lock().unwrap().extend(lines);
        }
        assert_eq!(request.headers()["authorization"], "Bearer CANARY");
        std::future::ready(Ok(Response::new(Bytes::from("{}"))))
    });
    let mut builder = Client::builder("https://example.com")
        .credentials(Credentials::bearer("CANARY"))
        .transport(transport);
    if hook {
        builder = builder.trace_context(|headers| {
            headers.insert("traceparent", HeaderValue::from_static("00-hook-01"));
            headers.insert("tracestate", HeaderValue::from_static("vendor=1"));
            headers.insert("baggage", HeaderValue::from_static("private=1"));
            headers.insert("authorization", HeaderValue::from_static("Bearer other"));
        });
    }
    let client = builder.build().unwrap();
    client.send_with(&GetContext::new("c", "1"), &options).await.unwrap();
    std::mem::take(&mut *seen.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_trace_is_passed_on_if_the_application_says_so() {
    let none = CallOptions::new;
    assert_eq!(trace_headers(false, none()).await, [""; 0]);
    assert_eq!(
        trace_headers(true, none()).await,
        ["traceparent: 00-hook-01", "tracestate: vendor=1"]
    );
    let options = none().traceparent("00-call-01");
    assert_eq!(trace_headers(true, options).await, ["traceparent: 00-call-01"]);
    let options = none().traceparent("00-call-01").tracestate("a=b");
    assert_eq!(
        trace_headers(false, options).await,
        ["traceparent: 00-call-01", "tracestate: a=b"]
    );
    let client = client(200, "{}");
    let options = none().traceparent("a\nb");
    let error = client
        .send_with(&GetContext::new("c", "1"), &options)
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (crate::ErrorKind::Request, 0));
}
