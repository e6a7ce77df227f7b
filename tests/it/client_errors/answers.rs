//! Answers that are none of success, or that only look so.

use super::*;
use tokio::time::Instant;

const PAGE: &str = "<!DOCTYPE html><html><head><title>Databricks - Sign In</title></head><body>CANARY</body></html>";

/// What a call to a peer that always answers so comes to: of `clusters/list`, and of `commands/execute`.
async fn errors(status: &'static str, headers: &'static str, body: &'static str) -> (Peer, Error, Error) {
    let peer = Peer::start(move |_| Reaction::http(status, headers, body)).await;
    let client = client_of(&peer);
    let errors = (list(&client).await.unwrap_err(), execute(&client).await.unwrap_err());
    for error in [&errors.0, &errors.1] {
        said(error);
    }
    (peer, errors.0, errors.1)
}

#[tokio::test]
async fn a_login_page_with_status_200() {
    for headers in [
        "Content-Type: text/html;charset=utf-8\r\n",
        "Content-Type: application/json\r\n",
        "",
    ] {
        let (peer, _, error) = errors("200 OK", headers, PAGE).await;
        assert_eq!(
            (error.kind(), error.maybe_delivered(), counts(&peer)),
            (ErrorKind::LoginPage, false, (1, 1))
        );
        let words = [
            "200",
            "web page (“Databricks - Sign In”)",
            "workspace's own address",
            "credentials are valid",
        ];
        assert_says(&error.to_string(), &words);
    }
    // Of any other page nobody knows where it comes from.
    let (peer, _, error) = errors(
        "200 OK",
        "Content-Type: text/html\r\n",
        "<html><title>Welcome</title></html>",
    )
    .await;
    assert_eq!(
        (error.kind(), error.maybe_delivered(), counts(&peer)),
        (ErrorKind::LoginPage, true, (1, 1))
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = Peer::start(|asked| right_answer(&asked.operation)).await;
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let location = format!("Location: {}/login.html?error=CANARY\r\n", target.host());
        let peer = Peer::start(move |_| Reaction::http(status, &location, "")).await;
        let error = execute(&client_of(&peer)).await.unwrap_err();
        // "See other" is what a server says that has processed a POST.
        let maybe_delivered = status.starts_with("303");
        assert_eq!(
            (error.kind(), error.maybe_delivered(), counts(&peer)),
            (ErrorKind::Redirect, maybe_delivered, (0, 1))
        );
        let points_to = format!("which points to {}/login.html", target.host());
        assert_says(
            &said(&error),
            &[
                status,
                &points_to,
                "redirects are not followed",
                "use the final address",
            ],
        );
    }
    assert_eq!(target.connections(), 0);
}

#[tokio::test]
async fn wrong_credentials() {
    for (status, body) in [
        (
            "401 Unauthorized",
            r#"{"error_code":"401","message":"Credential was not sent"}"#,
        ),
        (
            "403 Forbidden",
            r#"{"error_code":"403","message":"Invalid access token."}"#,
        ),
        ("403 Forbidden", ""),
    ] {
        let (peer, listed, executed) = errors(status, "", body).await;
        for error in [listed, executed] {
            assert_eq!(
                (error.kind(), error.maybe_delivered()),
                (ErrorKind::Unauthorized, false)
            );
            assert_says(
                &error.to_string(),
                &[status, "credentials belong to this workspace", "have not expired"],
            );
        }
        assert_eq!(counts(&peer), (1, 1));
    }
}

#[tokio::test]
async fn too_many_requests_are_sent_again_as_late_as_asked() {
    let peer = Peer::start(|asked| match asked.time {
        1 => Reaction::http(
            "429 Too Many Requests",
            "Retry-After: 1\r\n",
            r#"{"error_code":"TOO_MANY_REQUESTS"}"#,
        ),
        _ => right_answer(&asked.operation),
    })
    .await;
    let client = client_of(&peer);
    let started = Instant::now();
    execute(&client).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(counts(&peer), (0, 2), "it was refused before it was processed");
}

#[tokio::test]
async fn too_many_requests_for_longer_than_anybody_waits() {
    let started = Instant::now();
    let (peer, listed, executed) = errors("429 Too Many Requests", "Retry-After: 3600\r\n", "").await;
    for error in [listed, executed] {
        assert_eq!((error.kind(), error.maybe_delivered()), (ErrorKind::RateLimited, false));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
        assert_says(
            &error.to_string(),
            &["429 Too Many Requests", "the service asks to wait 3600 s"],
        );
    }
    assert_eq!(counts(&peer), (1, 1));
    assert!(started.elapsed() < Duration::from_secs(2));

    let exhausted = r#"{"error_code":"RESOURCE_EXHAUSTED","message":"the quota of the month"}"#;
    let (peer, _, error) = errors("429 Too Many Requests", "", exhausted).await;
    assert_eq!(
        (error.kind(), counts(&peer)),
        (ErrorKind::RateLimited, (1, 1)),
        "a quota does not refill by waiting"
    );
    assert_says(&error.to_string(), &["RESOURCE_EXHAUSTED", "the quota of the month"]);
}

#[tokio::test]
async fn a_service_that_is_not_available() {
    // Alone it says nothing of what became of the request.
    for status in [
        "503 Service Unavailable",
        "502 Bad Gateway",
        "504 Gateway Timeout",
        "408 Request Timeout",
    ] {
        let (peer, listed, executed) = errors(status, "", "<html><title>upstream</title></html>").await;
        assert_eq!(
            (listed.kind(), executed.kind()),
            (ErrorKind::Unavailable, ErrorKind::Unavailable)
        );
        assert_eq!((counts(&peer), executed.maybe_delivered()), ((4, 1), true));
        assert_says(&listed.to_string(), &[status, "after 4 attempts"]);
        assert_says(
            &executed.to_string(),
            &[status, "it may have been carried out all the same"],
        );
    }
    // With a time to come back, or with these words, it was refused.
    let not_ready =
        r#"{"error":"ClusterNotReadyException: Cluster c not currently ready for driver client (currently Pending)"}"#;
    for (status, headers, body) in [
        ("503 Service Unavailable", "Retry-After: 0\r\n", ""),
        ("500 Internal Server Error", "", not_ready),
        (
            "400 Bad Request",
            "Content-Type: text/html\r\n",
            "<html><pre>    Unknown worker environment</pre></html>",
        ),
    ] {
        let (peer, _, executed) = errors(status, headers, body).await;
        assert_eq!(
            (executed.kind(), executed.maybe_delivered()),
            (ErrorKind::Unavailable, false),
            "{executed}"
        );
        assert_eq!(counts(&peer), (4, 4), "{status}");
    }
}

#[tokio::test]
async fn a_refusal_of_every_shape_is_read_and_never_repeated() {
    const ERROR: &str = "500 Internal Server Error";
    for (status, headers, body, words) in [
        (
            ERROR,
            "",
            r#"{"error":"RuntimeException: it broke"}"#,
            &["500", "RuntimeException: it broke"][..],
        ),
        (ERROR, "", r#"{"error":"it broke"}"#, &["500", "it broke"]),
        (
            ERROR,
            "",
            r#"{"error_code":"INTERNAL_ERROR","message":"it broke"}"#,
            &["500", "INTERNAL_ERROR: it broke"],
        ),
        (
            ERROR,
            "",
            r#"{"error_code":500,"message":"it broke"}"#,
            &["500", "it broke"],
        ),
        (
            ERROR,
            "Content-Type: text/plain\r\n",
            "INTERNAL_ERROR: it broke",
            &["500", "INTERNAL_ERROR: it broke"],
        ),
        (
            ERROR,
            "",
            r#"{"detail":"it broke","status":"500"}"#,
            &["500", "it broke"],
        ),
        (ERROR, "", r#""it broke""#, &["500", "it broke"]),
        (
            ERROR,
            "X-Thriftserver-Error-Message: it broke\r\n",
            "",
            &["500", "it broke"],
        ),
        (ERROR, "", "", &["500 Internal Server Error"]),
        (
            ERROR,
            "Content-Type: text/html\r\n",
            "<html><title>Error 500 it broke</title></html>",
            &["500", "it broke"],
        ),
        (
            "400 Bad Request",
            "Content-Type: text/html\r\n",
            "<html><head><title>Error 400</title></head><body><pre>    it broke</pre>",
            &["400 Bad Request", "it broke"],
        ),
        ("418 I'm a teapot", "", "it\n\tbroke\u{1b}[31m", &["418", "it broke"]),
    ] {
        let (peer, listed, executed) = errors(status, headers, body).await;
        for error in [&listed, &executed] {
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::Rejected, 1), "{error}");
            assert_says(&error.to_string(), words);
            assert!(!error.to_string().contains(['\n', '\u{1b}']), "{error:?}");
        }
        assert_eq!(counts(&peer), (1, 1), "{body}");
        // A failure in the middle of the work tells nothing of how far it got.
        assert_eq!(executed.maybe_delivered(), status == ERROR, "{body}");
    }
}

#[tokio::test]
async fn what_was_looked_at_and_turned_down_was_not_carried_out() {
    for body in [
        r#"{"error":"ContextNotFound: Context 1 not found"}"#,
        r#"{"error":"IllegalArgumentException: requirement failed: missing contextId"}"#,
        r#"{"error":"UnauthorizedCommandException: not yours"}"#,
    ] {
        let (peer, _, executed) = errors("500 Internal Server Error", "", body).await;
        assert_eq!(
            (executed.kind(), executed.maybe_delivered()),
            (ErrorKind::Rejected, false),
            "{executed}"
        );
        assert_eq!(counts(&peer), (1, 1));
    }
    let (_, _, gone) = errors("500 Internal Server Error", "", r#"{"error":"ContextNotFound: x"}"#).await;
    assert!(gone.is_context_not_found() && !gone.is_transient());
}

#[tokio::test]
async fn a_host_that_is_no_workspace() {
    let (peer, _, error) = errors(
        "404 Not Found",
        "",
        r#"{"error":"Bad Target: /api/1.2/commands/execute"}"#,
    )
    .await;
    assert_eq!(
        (error.kind(), error.maybe_delivered(), counts(&peer)),
        (ErrorKind::NotFound, false, (1, 1))
    );
    let words = [
        "404 Not Found",
        "Bad Target: /api/1.2/commands/execute",
        "host is a workspace",
        "API 1.2",
    ];
    assert_says(&error.to_string(), &words);
}

#[tokio::test]
async fn an_answer_that_is_not_what_the_api_documents() {
    for (body, word) in [
        ("CANARY", "not JSON"),
        (r#"{"id": "CANARY"#, "not JSON"),
        (r#""CANARY""#, "not what the API documents"),
        ("[[\"CANARY\"]]", "not what the API documents"),
        (r#"{"name": "CANARY"}"#, "missing id"),
        ("", "missing id"),
    ] {
        let peer = Peer::start(move |_| Reaction::json(body)).await;
        let error = execute(&client_of(&peer)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.maybe_delivered()),
            (ErrorKind::Decode, true),
            "{error}"
        );
        assert_says(&said(&error), &[word, "it may have been carried out all the same"]);
        assert_eq!(counts(&peer), (0, 1));
    }
}

#[tokio::test]
async fn an_answer_that_is_no_http_or_too_large() {
    let peer = Peer::start(|_| Reaction::Answer(b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec())).await;
    let error = execute(&client_of(&peer)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.maybe_delivered(), counts(&peer)),
        (ErrorKind::Decode, true, (0, 1))
    );
    assert_says(&said(&error), &["the response is not HTTP"]);

    let peer = Peer::start(|_| Reaction::json(" ".repeat(2000))).await;
    let client = client(peer.host()).response_limit(1000).build().unwrap();
    let error = execute(&client).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.maybe_delivered(), counts(&peer)),
        (ErrorKind::TooLarge, true, (0, 1))
    );
    assert_says(
        &said(&error),
        &["larger than the limit of 1000 bytes", "raise the response limit"],
    );
}
