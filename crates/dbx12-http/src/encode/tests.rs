//! Requests, byte by byte.

use super::*;
use crate::types::{ExecuteCommand, GetCommand, Language, ListClusters};

fn host() -> Host {
    Host::parse("https://example.com:8443").unwrap()
}

fn encoded<E: Endpoint>(request: &E, options: &CallOptions) -> Outgoing {
    endpoint(request, &host(), options, || fastrand::Rng::with_seed(5)).unwrap()
}

fn execute() -> ExecuteCommand {
    let mut request = ExecuteCommand::new("c-1", "1234567890123456789", "print('a&b=ü')\n");
    request.language = Some(Language::Python);
    request
}

#[test]
fn a_read_travels_in_the_query_whatever_the_encoding() {
    for encoding in [BodyEncoding::Json, BodyEncoding::Form, BodyEncoding::Multipart] {
        let request = GetCommand::new("c 1&x=y", "1234567890123456789", "ü/+");
        let outgoing = encoded(&request, &CallOptions::new().encoding(encoding));
        assert_eq!(
            outgoing.uri,
            "https://example.com:8443/api/1.2/commands/status?clusterId=c+1%26x%3Dy&contextId=1234567890123456789&commandId=%C3%BC%2F%2B"
        );
        assert_eq!(outgoing.operation.method, http::Method::GET);
        assert!(outgoing.body.is_empty() && outgoing.content_type.is_none());
    }
    let outgoing = encoded(&ListClusters::default(), &CallOptions::new());
    assert_eq!(outgoing.uri, "https://example.com:8443/api/1.2/clusters/list");
}

#[test]
fn a_write_is_json_unless_asked_otherwise() {
    let outgoing = encoded(&execute(), &CallOptions::new());
    assert_eq!(outgoing.uri, "https://example.com:8443/api/1.2/commands/execute");
    assert_eq!(outgoing.content_type.unwrap(), "application/json");
    let json: serde_json::Value = serde_json::from_slice(&outgoing.body).unwrap();
    assert_eq!(json["contextId"], "1234567890123456789");
    assert_eq!(json["command"], "print('a&b=ü')\n");
    assert_eq!(outgoing.operation.idempotency, Idempotency::Once);
}

#[test]
fn a_form() {
    let outgoing = encoded(&execute(), &CallOptions::new().encoding(BodyEncoding::Form));
    assert_eq!(outgoing.content_type.unwrap(), "application/x-www-form-urlencoded");
    assert_eq!(
        outgoing.body,
        "clusterId=c-1&contextId=1234567890123456789&language=python&command=print%28%27a%26b%3D%C3%BC%27%29%0A"
    );
}

#[test]
fn multipart_with_and_without_a_file() {
    let plain = encoded(&execute(), &CallOptions::new().encoding(BodyEncoding::Multipart));
    let body = String::from_utf8(plain.body.to_vec()).unwrap();
    assert!(
        plain
            .content_type
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("multipart/form-data; boundary=")
    );
    assert!(body.contains("name=\"command\"\r\n") && !body.contains("filename"));

    let file = encoded(&execute(), &CallOptions::new().file_part("command", "job.py"));
    let body = String::from_utf8(file.body.to_vec()).unwrap();
    assert!(body.contains(
        "name=\"command\"; filename=\"job.py\"\r\nContent-Type: application/octet-stream\r\n\r\nprint('a&b=ü')\n\r\n"
    ));
    assert!(body.contains("name=\"clusterId\"\r\n"));
}

#[test]
fn a_raw_request() {
    let request = RawRequest::get("/api/2.0/x").query("a b", "1&2").query("a b", "3");
    let outgoing = raw(request, &host()).unwrap();
    assert_eq!(outgoing.uri, "https://example.com:8443/api/2.0/x?a+b=1%262&a+b=3");
    assert_eq!(outgoing.operation.idempotency, Idempotency::Idempotent);

    let request = RawRequest::post("/x").json(&[1, 2]).unwrap();
    let outgoing = raw(request, &host()).unwrap();
    assert_eq!(outgoing.body, "[1,2]");
    assert_eq!(outgoing.operation.idempotency, Idempotency::Once);
}

#[test]
fn a_raw_request_cannot_leave_the_host_or_break_out_of_its_path() {
    for path in [
        "",
        "x",
        "//evil.example/x",
        "https://evil.example/",
        "/x?a=b",
        "/x#y",
        "/a b",
        "/a\r\nX: y",
    ] {
        assert!(raw(RawRequest::get(path), &host()).is_err(), "{path:?}");
    }
    let request = RawRequest::post("/x").body("text/plain\r\nX: y", "");
    assert!(raw(request, &host()).unwrap_err().contains("content type"));
}

#[test]
fn a_query_beyond_what_a_url_holds_is_refused() {
    let request = GetCommand::new("c".repeat(70_000), "x", "y");
    let problem = endpoint(&request, &host(), &CallOptions::new(), fastrand::Rng::new).unwrap_err();
    assert!(problem.contains("too long"), "{problem}");
}
