//! Routing, and the refusals of the router itself.

use super::*;

use dbx12_types::{
    ContextInfo, ContextStatus, CreateContext, CreatedContext, DestroyContext, DestroyedContext, GetContext,
};

fn router() -> Router {
    Router::new()
        .on(async |request: GetContext| Ok(ContextInfo::new(request.context_id, ContextStatus::Running).into()))
        .on(async |request: CreateContext| Ok(CreatedContext::new(request.language.as_str()).into()))
        .on(async |request: DestroyContext| match request.context_id.as_str() {
            "1" => Ok(DestroyedContext::new("1").into()),
            other => Err(Refusal::new("ContextNotFound", format!("no {other}"))),
        })
}

async fn call(method: &str, target: &str, body: &str) -> (u16, String, Response<Bytes>) {
    let request = Request::builder()
        .method(method)
        .uri(target)
        .body(Bytes::copy_from_slice(body.as_bytes()));
    let response = router().call(request.unwrap()).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    let text = String::from_utf8(response.body().to_vec()).unwrap();
    (response.status().as_u16(), text, response)
}

async fn said(method: &str, target: &str, body: &str) -> (u16, String) {
    let (status, text, _) = call(method, target, body).await;
    (status, text)
}

fn is(status: u16, text: &str) -> (u16, String) {
    (status, text.to_owned())
}

const STATUS: &str = "/api/1.2/contexts/status";
const DESTROY: &str = "/api/1.2/contexts/destroy";

#[tokio::test]
async fn an_operation_is_found_by_method_and_path() {
    let context = format!("{STATUS}?contextId=7&clusterId=c");
    assert_eq!(
        said("GET", &context, "").await,
        is(200, r#"{"id":"7","status":"Running"}"#)
    );
    assert_eq!(
        said("POST", DESTROY, "clusterId=c&contextId=1").await,
        is(200, r#"{"id":"1"}"#)
    );
    let refused = is(500, r#"{"error":"ContextNotFound: no 2"}"#);
    assert_eq!(
        said("POST", DESTROY, r#"{"clusterId":"c","contextId":"2"}"#).await,
        refused
    );
}

#[tokio::test]
async fn junk_after_the_path_is_forgiven() {
    for junk in ["%20", "/", "//", "%20/%20"] {
        let target = format!("{DESTROY}{junk}");
        assert_eq!(said("POST", &target, "clusterId=c&contextId=1").await.0, 200, "{junk}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_a_bad_target() {
    for path in [
        "/api/1.2/contexts/list",
        "/",
        "/api/1.2/contexts",
        "/api/2.0/clusters/list",
    ] {
        assert_eq!(
            said("GET", path, "").await,
            is(404, &format!(r#"{{"error":"Bad Target: {path}"}}"#))
        );
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_one() {
    for method in ["POST", "PUT", "HEAD", "OPTIONS", "get"] {
        let (status, text, response) = call(method, STATUS, "").await;
        assert_eq!((status, response.headers()["allow"].to_str().unwrap()), (405, "GET"));
        let expected = format!("{{\"error\":\"MethodNotAllowed: {method} {STATUS}: use GET for this path\"}}");
        assert_eq!(text, expected);
    }
    let (status, _, response) = call("GET", DESTROY, "").await;
    assert_eq!((status, response.headers()["allow"].to_str().unwrap()), (405, "POST"));
}

#[tokio::test]
async fn a_missing_parameter_is_named_and_so_is_what_was_sent_instead() {
    let missing = |rest: &str| {
        is(
            500,
            &format!(r#"{{"error":"IllegalArgumentException: requirement failed: {rest}"}}"#),
        )
    };
    let target = format!("{STATUS}?clusterId=c");
    assert_eq!(said("GET", &target, "").await, missing("missing contextId"));
    let nearly = missing(r#"missing contextId (\"contextID\" was sent: did you mean \"contextId\"?)"#);
    assert_eq!(said("GET", &format!("{target}&contextID=1"), "").await, nearly);
    assert_eq!(
        said("POST", DESTROY, r#"{"clusterId":"c","contextID":"1"}"#).await,
        nearly
    );
    let not_text = missing("contextId is not text");
    assert_eq!(
        said("POST", DESTROY, r#"{"clusterId":"c","contextId":1}"#).await,
        not_text
    );
    let empty = missing("missing clusterId");
    assert_eq!(said("POST", DESTROY, "clusterId=&contextId=1").await, empty);
}

#[tokio::test]
async fn parameters_in_the_wrong_place_are_pointed_out() {
    let (status, text) = said("GET", STATUS, r#"{"clusterId":"c","contextId":"1"}"#).await;
    assert_eq!(status, 500);
    assert!(
        text.contains("missing clusterId; a body was sent, but the parameters of a GET travel in the query"),
        "{text}"
    );
    let (status, text) = said("POST", &format!("{DESTROY}?clusterId=c&contextId=1"), "").await;
    assert_eq!(status, 500);
    assert!(
        text.contains("missing clusterId; a query was sent, but the parameters of a POST travel in the body"),
        "{text}"
    );
}

#[tokio::test]
async fn what_cannot_be_read_has_the_gateways_shape() {
    let (status, text) = said("POST", DESTROY, "{").await;
    assert_eq!(status, 400);
    assert!(
        text.starts_with(r#"{"error_code":"MALFORMED_REQUEST","message":"Could not parse request object: "#),
        "{text}"
    );

    let large = Request::post(DESTROY).body(Bytes::from("x".repeat(11))).unwrap();
    let response = router().body_limit(10).call(large).await;
    assert_eq!(response.status(), 413);
    assert!(String::from_utf8_lossy(response.body()).contains("10 bytes"));
}

#[tokio::test]
async fn the_handler_that_was_set_last_counts() {
    let router = router().on(async |_: GetContext| Err(Refusal::new("ContextNotFound", "gone")));
    let request = Request::get(format!("{STATUS}?clusterId=c&contextId=1"))
        .body(Bytes::new())
        .unwrap();
    assert_eq!(router.call(request).await.status(), 500);
    assert!(format!("{router:?}").contains(STATUS));
}

#[tokio::test]
async fn an_answer_that_was_written_before_goes_out_as_it_is() {
    let written = Bytes::from_static(b"{\"id\":\"1\", \"status\" : \"Running\"}");
    let answer = written.clone();
    let router = Router::new().on(move |_: GetContext| {
        let answer = answer.clone();
        async move { Ok(Reply::written(answer)) }
    });
    let request = Request::get(format!("{STATUS}?clusterId=c&contextId=1"))
        .body(Bytes::new())
        .unwrap();
    let response = router.call(request).await;
    assert_eq!(response.body().as_ptr(), written.as_ptr(), "not even copied");
}
