//! How many requests a second reach a peer that counts.

use super::*;
use crate::CallOptions;
use std::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;

#[tokio::test]
async fn a_peer_never_sees_more_requests_in_a_second_than_were_asked_for() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noting = seen.clone();
    let peer = Peer::start(move |_, mut connection| {
        let seen = noting.clone();
        async move {
            while connection.request().await.is_some() {
                seen.lock().unwrap().push(Instant::now());
                connection.write(&answer(CONTEXT)).await;
            }
        }
    })
    .await;
    let client = peer.builder("http").requests_per_second(20.0).build().unwrap();
    let started = Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..30 {
        let client = client.clone();
        calls.spawn(async move { read(&client).await.unwrap() });
    }
    calls.join_all().await;
    let seen = seen.lock().unwrap();
    // Twenty at once, and the others a second later.
    assert_eq!(seen.len(), 30);
    assert!(seen[20] - started >= Duration::from_millis(990), "{seen:?}");
}

#[tokio::test]
async fn one_refusal_holds_back_all_clones_and_the_wait_is_within_the_deadline() {
    let peer = Peer::start(|_, mut connection| async move {
        while let Some(request) = connection.request().await {
            let refused = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
            let refused = refused.as_bytes().to_vec();
            let response = if request.starts_with("POST") {
                refused
            } else {
                answer(CONTEXT)
            };
            connection.write(&response).await;
        }
    })
    .await;
    let client = peer.builder("http").retry(RetryPolicy::never()).build().unwrap();
    let started = Instant::now();
    assert_eq!(execute(&client).await.unwrap_err().kind(), ErrorKind::RateLimited);

    let hasty = CallOptions::new().deadline(Duration::from_millis(20));
    let error = client
        .clone()
        .send_with(&GetContext::new("c", "1"), &hasty)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts(), error.maybe_delivered(), peer.requests()),
        (ErrorKind::Deadline, 0, false, 1)
    );
    read(&client.clone()).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(990));
}
