//! Requests and the connections they travel over.

use super::*;

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let peer = Peer::answering(answer(CONTEXT)).await;
    let client = peer.client();
    for _ in 0..5 {
        read(&client).await.unwrap();
        read(&client.clone()).await.unwrap();
    }
    assert_eq!((peer.connections(), peer.requests()), (1, 10));
}

#[tokio::test]
async fn the_bytes_on_the_wire() {
    let peer = Peer::start(|_, mut connection| async move {
        let request = connection.request().await.unwrap();
        connection
            .write(&answer(serde_json::json!({ "id": request }).to_string()))
            .await;
    })
    .await;
    let command = ExecuteCommand::new("c", "1", "x");
    let request = peer.client().send(&command).await.unwrap().id.as_str().to_lowercase();
    assert!(
        request.starts_with("post /api/1.2/commands/execute http/1.1\r\n"),
        "{request}"
    );
    let host = format!("host: {}", peer.address);
    let expected = [
        host.as_str(),
        "authorization: bearer secret",
        "content-type: application/json",
        "accept-encoding: gzip",
    ];
    for header in expected {
        assert!(request.contains(header), "{header} in {request}");
    }
    assert!(
        request.ends_with("\r\n\r\n{\"clusterid\":\"c\",\"contextid\":\"1\",\"command\":\"x\"}"),
        "{request}"
    );
}

#[tokio::test]
async fn a_kept_connection_that_ended_while_idle_costs_nothing() {
    let peer = Peer::start(|_, mut connection| async move {
        connection.request().await;
        connection.write(&answer(r#"{"id":"1"}"#)).await;
    })
    .await;
    let client = peer.client();
    for expected in 1..=5 {
        execute(&client).await.unwrap();
        // Time for the end of the connection to arrive.
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!((peer.connections(), peer.requests()), (expected, expected));
    }
}

#[tokio::test]
async fn a_kept_connection_that_dies_under_a_request_is_never_guessed_about() {
    let serve = |number: usize, mut connection: Connection| async move {
        if number == 0 {
            connection.request().await;
            connection.write(&answer(r#"{"id":"1","status":"Running"}"#)).await;
            // The second request is read, and the connection dies with it.
            connection.request().await;
            return connection.reset();
        }
        while connection.request().await.is_some() {
            connection.write(&answer(r#"{"id":"1","status":"Running"}"#)).await;
        }
    };
    let peer = Peer::start(serve).await;
    let client = peer.client();
    execute(&client).await.unwrap();
    let error = execute(&client).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.maybe_delivered(), peer.requests()),
        (ErrorKind::Interrupted, true, 2)
    );

    let peer = Peer::start(serve).await;
    let client = peer.client();
    read(&client).await.unwrap();
    read(&client).await.unwrap();
    assert_eq!(peer.requests(), 3);
}

#[tokio::test]
async fn a_transport_without_https_refuses_it() {
    let mut options = HyperOptions::new();
    options.https = false;
    let transport = HyperTransport::new(options).unwrap();
    let request = Request::get("https://localhost:1/").body(Bytes::new()).unwrap();
    assert_eq!(
        transport.send(request).await.unwrap_err().kind(),
        TransportErrorKind::Request
    );
}
