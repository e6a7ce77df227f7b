//! Everything that a subscriber gets to see.

use crate::types::{ExecuteCommand, GetContext};
use crate::{Client, Credentials, transport};
use bytes::Bytes;
use http::Response;
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
            "http.request.method=\"GET\"",
            "url.path=\"/api/1.2/contexts/status\"",
            "server.address=\"example.com\"",
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
    assert!(fields.contains(&"attempts=4".to_owned()) && fields.contains(&"http.response.status_code=503".to_owned()));

    client.send(&ExecuteCommand::new("c", "1", "CANARY")).await.unwrap_err();
    let all = [fields, seen.taken()].concat();
    assert!(
        !all.iter().any(|field| field.contains("CANARY") || field == "event"),
        "{all:?}"
    );
}
