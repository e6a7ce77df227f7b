//! Answers of every shape.

use super::*;
use crate::types::{CancelledCommand, ClusterInfo, CommandInfo, CreatedContext, DestroyedContext, Results};

fn response(body: impl Into<Bytes>) -> Response<Bytes> {
    Response::new(body.into())
}

fn refused<T: DeserializeOwned + std::fmt::Debug>(body: &str) -> (ErrorKind, String) {
    let failure = answer::<T>(response(body.to_owned())).unwrap_err();
    (failure.kind, failure.message)
}

#[test]
fn json_is_read_under_any_content_type() {
    for content_type in [
        "application/json",
        "text/json",
        "text/plain",
        "application/octet-stream",
        "text/html",
    ] {
        let mut response = response(r#"{"id":"1"}"#);
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        assert_eq!(answer::<CreatedContext>(response).unwrap().id.as_str(), "1");
    }
}

#[test]
fn nothing_is_an_empty_object() {
    assert_eq!(answer::<DestroyedContext>(response("")).unwrap().id, None);
    assert_eq!(answer::<CancelledCommand>(response(" \r\n")).unwrap().id, None);
    assert!(refused::<CreatedContext>("").1.contains("missing id"));
}

#[test]
fn results_are_decoded() {
    let body = r#"{"id":"1","status":"Finished","results":{"resultType":"text","data":"42"}}"#;
    let info: CommandInfo = answer(response(body)).unwrap();
    assert!(matches!(info.results, Some(Results::Text(_))));
}

#[test]
fn a_decode_error_says_where_and_repeats_no_value() {
    let (kind, message) = refused::<Vec<ClusterInfo>>(r#"[{"id":"a","status":"Running"},"CANARY and 17"]"#);
    assert_eq!(kind, ErrorKind::Decode);
    assert!(message.contains("at `[1]`"), "{message}");
    assert!(!message.contains("CANARY"), "{message}");

    let (_, message) = refused::<Vec<ClusterInfo>>(r#"{"clusters":[]}"#);
    assert!(message.contains("invalid type: map, expected a sequence"), "{message}");

    let (_, message) = refused::<CreatedContext>(r#"{"id":"1""#);
    assert!(message.contains("it is not JSON: EOF while parsing"), "{message}");

    let (_, message) = refused::<CreatedContext>("Service is warming up");
    assert!(
        message.contains("it is not JSON: expected value at line 1 column 1"),
        "{message}"
    );
}

#[test]
fn a_web_page_is_an_error_of_its_own() {
    let page = "<!doctype html><html><head><TITLE lang=en>Databricks - Sign In</TITLE></head></html>";
    let (kind, message) = refused::<CreatedContext>(page);
    assert_eq!(kind, ErrorKind::LoginPage);
    assert_eq!(
        message,
        "200, but with a web page (“Databricks - Sign In”) instead of the API's answer"
    );
    assert_eq!(refused::<CreatedContext>("  <p>hello").0, ErrorKind::LoginPage);

    let maybe_delivered = |page: &'static str| answer::<CreatedContext>(response(page)).unwrap_err().maybe_delivered;
    assert!(!maybe_delivered("<title>Databricks - Sign In</title>"));
    assert!(maybe_delivered("<title>Something went wrong</title>"));
}

#[test]
fn an_untyped_answer_may_be_any_page_but_a_login() {
    assert!(untyped(response("<html><title>My notebook</title></html>")).is_ok());
    assert!(untyped(response("anything")).is_ok());
    let failure = untyped(response("<html><title>Databricks - Sign In</title></html>")).unwrap_err();
    assert_eq!(failure.kind, ErrorKind::LoginPage);
}

#[test]
fn texts_are_cut_between_characters() {
    let line = one_line(&"ü ".repeat(1000));
    assert_eq!(line.chars().count(), 301);
    assert!(line.ends_with('…'));
    assert_eq!(one_line(" a\t\n b\u{7}c "), "a b c");
}

#[test]
fn quoted_values_are_left_out() {
    assert_eq!(
        without_values(r#"invalid type: string "a "b"", expected u8"#),
        "invalid type: string, expected u8"
    );
    assert_eq!(without_values("missing id"), "missing id");
    assert_eq!(without_values(r#"a lone " quote"#), r#"a lone " quote"#);
}
