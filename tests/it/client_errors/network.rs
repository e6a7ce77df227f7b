//! No connection, a lost one, half an answer, none at all: what must be sent once is sent once.

use super::*;
use tokio::net::TcpSocket;

/// Lists and executes; the errors have this kind and say these words.
async fn assert_fails(client: &Client, kind: ErrorKind, words: &[&str]) -> (Error, Error) {
    let (listed, executed) = (list(client).await.unwrap_err(), execute(client).await.unwrap_err());
    for error in [&listed, &executed] {
        assert_eq!(error.kind(), kind, "{error}");
        assert_says(&said(error), words);
    }
    assert!(
        listed
            .to_string()
            .starts_with(&format!("GET /api/1.2/clusters/list on {} failed", client.host()))
    );
    assert!(
        executed
            .to_string()
            .starts_with(&format!("POST /api/1.2/commands/execute on {}", client.host()))
    );
    (listed, executed)
}

const PERHAPS: &str = "it may have been carried out all the same";

#[tokio::test]
async fn a_connection_that_is_refused() {
    // Bound, so that nobody else gets the port, but not listening.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    let client = client(format!("http://{address}")).build().unwrap();
    let words = ["could not connect", "refused", "4 attempts", "check the host"];
    let (listed, executed) = assert_fails(&client, ErrorKind::Connect, &words).await;
    for error in [listed, executed] {
        assert_eq!((error.attempts(), error.maybe_delivered()), (4, false));
        assert!(!error.to_string().contains(PERHAPS), "{error}");
    }
}

#[tokio::test]
async fn a_name_that_nobody_knows() {
    let never = RetryPolicy::never();
    let limit = Duration::from_millis(500);
    let client = client("https://workspace.invalid")
        .retry(never)
        .connect_timeout(limit)
        .build()
        .unwrap();
    let (_, executed) = assert_fails(&client, ErrorKind::Connect, &["workspace.invalid", "check the host"]).await;
    assert!(!executed.maybe_delivered());
}

#[tokio::test]
async fn a_connection_that_is_reset_before_the_request_was_read() {
    let peer = Peer::resetting().await;
    let words = ["the connection was lost before the response came"];
    let (listed, executed) = assert_fails(&client_of(&peer), ErrorKind::Interrupted, &words).await;
    assert_eq!((listed.attempts(), executed.attempts(), peer.connections()), (4, 1, 5));
    // The peer did not read it, but nobody here can know that.
    assert!(
        executed.maybe_delivered() && executed.to_string().contains(PERHAPS),
        "{executed}"
    );
    assert!(
        !listed.to_string().contains(PERHAPS),
        "who only looked has nothing to fear: {listed}"
    );
}

#[tokio::test]
async fn a_connection_that_is_lost_after_the_request_was_read() {
    for reaction in [Reaction::Reset(Vec::new()), Reaction::Close(Vec::new())] {
        let peer = Peer::start(move |_| reaction.clone()).await;
        let words = ["the connection was lost before the response came"];
        let (listed, executed) = assert_fails(&client_of(&peer), ErrorKind::Interrupted, &words).await;
        assert_eq!((listed.attempts(), executed.attempts()), (4, 1));
        assert_eq!(counts(&peer), (4, 1));
        assert!(
            executed.maybe_delivered() && executed.to_string().contains(PERHAPS),
            "{executed}"
        );
    }
}

#[tokio::test]
async fn half_an_answer_is_none() {
    for half in [
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"id\":\"CANARY",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n[\"CANARY\"\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
    ] {
        for reaction in [Reaction::Close(half.into()), Reaction::Reset(half.into())] {
            let peer = Peer::start(move |_| reaction.clone()).await;
            let (_, executed) = assert_fails(&client_of(&peer), ErrorKind::Interrupted, &["connection was lost"]).await;
            assert_eq!(counts(&peer), (4, 1));
            assert!(
                executed.maybe_delivered() && executed.to_string().contains(PERHAPS),
                "{executed}"
            );
        }
    }
}

#[tokio::test]
async fn an_answer_that_never_comes() {
    let peer = Peer::start(|_| Reaction::Silence).await;
    let client_with = |builder: ClientBuilder| builder.build().unwrap();
    let limit = Duration::from_millis(100);

    let client_ = client_with(client(peer.host()).attempt_timeout(limit));
    let (listed, executed) = assert_fails(&client_, ErrorKind::Timeout, &["no complete response within 100ms"]).await;
    assert_eq!(counts(&peer), (4, 1));
    assert!(executed.maybe_delivered() && listed.is_timeout() && executed.to_string().contains(PERHAPS));

    let client_ = client_with(client(peer.host()).deadline(limit));
    let (_, executed) = assert_fails(&client_, ErrorKind::Deadline, &["the deadline of 100ms was over"]).await;
    assert_eq!(counts(&peer), (5, 2));
    assert!(executed.maybe_delivered() && executed.to_string().contains(PERHAPS));
}

#[tokio::test]
async fn a_connection_that_recovers_is_not_an_error() {
    let peer = Peer::start(|asked| match asked.time {
        1 => Reaction::Reset(Vec::new()),
        2 => Reaction::Close("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[".into()),
        3 => Reaction::http("502 Bad Gateway", "", "<html>"),
        _ => right_answer(&asked.operation),
    })
    .await;
    list(&client_of(&peer)).await.unwrap();
    assert_eq!(counts(&peer), (4, 0));
}
