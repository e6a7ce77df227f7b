//! What goes wrong on the way, and what is said of it.

use super::*;

#[tokio::test]
async fn a_refused_connection_was_never_sent() {
    let (_bound, address) = nobody();
    let peer = Peer {
        address,
        seen: Arc::default(),
    };
    let error = execute(&peer.client()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts(), error.maybe_delivered()),
        (ErrorKind::Connect, 4, false)
    );
    assert!(
        error.to_string().contains("could not connect: Connection refused"),
        "{error}"
    );
}

#[tokio::test]
async fn a_connection_lost_after_the_request_was_read_may_have_been_delivered() {
    for (reset, partial) in [
        (true, ""),
        (false, ""),
        (true, "HTTP/1.1 200 OK\r\n"),
        (false, "HTTP/1.1 200 OK\r\nContent-Le"),
    ] {
        let peer = Peer::start(move |_, mut connection| async move {
            connection.request().await;
            connection.write(partial.as_bytes()).await;
            if reset {
                connection.reset();
            }
        })
        .await;
        let error = execute(&peer.client()).await.unwrap_err();
        assert_eq!(
            (error.kind(), peer.requests(), error.maybe_delivered()),
            (ErrorKind::Interrupted, 1, true),
            "{error}"
        );

        let error = read(&peer.client()).await.unwrap_err();
        assert_eq!((error.kind(), peer.requests()), (ErrorKind::Interrupted, 5), "{error}");
    }
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"id\":";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n{\"id\":\r\n";
    for partial in [cut, chunked] {
        let peer = Peer::start(move |_, mut connection| async move {
            connection.request().await;
            connection.write(partial.as_bytes()).await;
        })
        .await;
        let error = execute(&peer.client()).await.unwrap_err();
        assert_eq!(
            (error.kind(), peer.requests(), error.maybe_delivered()),
            (ErrorKind::Interrupted, 1, true),
            "{error}"
        );
        assert!(error.to_string().contains("in the middle of the response"), "{error}");
    }
}

#[tokio::test]
async fn no_answer_and_a_slow_one_end_with_the_attempts_time() {
    for drip in [false, true] {
        let peer = Peer::start(move |_, mut connection| async move {
            connection.request().await;
            connection
                .write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                .await;
            if !drip {
                std::future::pending::<()>().await;
            }
            loop {
                connection.write(b" ").await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        let client = peer
            .builder("http")
            .attempt_timeout(Duration::from_millis(150))
            .build()
            .unwrap();
        let error = execute(&client).await.unwrap_err();
        assert_eq!(
            (error.kind(), peer.requests(), error.maybe_delivered()),
            (ErrorKind::Timeout, 1, true),
            "{error}"
        );
        assert!(error.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_handshake_that_never_ends_was_never_sent() {
    let peer = Peer::start(|_, connection| async move {
        let _open = connection;
        std::future::pending::<()>().await;
    })
    .await;
    let limit = Duration::from_millis(100);
    let builder = || peer.builder("https").retry(RetryPolicy::never());
    for (builder, kind) in [
        (builder().connect_timeout(limit), ErrorKind::Connect),
        (builder().attempt_timeout(limit), ErrorKind::Connect),
        (builder().deadline(limit), ErrorKind::Deadline),
    ] {
        let error = execute(&builder.build().unwrap()).await.unwrap_err();
        assert_eq!((error.kind(), error.maybe_delivered()), (kind, false), "{error}");
        assert!(error.to_string().contains("100ms"), "{error}");
    }
}

#[tokio::test]
async fn a_login_page_and_a_redirect_are_not_followed() {
    let page = "<!DOCTYPE html><html><head><title>Databricks - Sign In</title></head></html>";
    let peer = Peer::answering(with_headers("Content-Type: text/html\r\n", page)).await;
    let error = execute(&peer.client()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.maybe_delivered(), peer.requests()),
        (ErrorKind::LoginPage, false, 1)
    );

    let target = Peer::answering(answer(CONTEXT)).await;
    let location = format!("http://{}/login.html?error=private", target.address);
    let response = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    let peer = Peer::answering(response).await;
    let error = read(&peer.client()).await.unwrap_err();
    assert_eq!((error.kind(), target.connections()), (ErrorKind::Redirect, 0));
    let expected = format!(
        "302 Found, which points to http://{}/login.html; redirects are not followed",
        target.address
    );
    assert!(error.to_string().contains(&expected), "{error}");
}

#[tokio::test]
async fn https_to_a_server_of_plain_http_is_explained() {
    let peer = Peer::start(|_, mut connection| async move {
        connection
            .write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            .await;
        std::future::pending::<()>().await;
    })
    .await;
    let error = execute(&peer.builder("https").build().unwrap()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts(), error.maybe_delivered()),
        (ErrorKind::Tls, 1, false),
        "{error}"
    );
    assert!(error.to_string().contains("does not speak TLS on this port"), "{error}");
}
