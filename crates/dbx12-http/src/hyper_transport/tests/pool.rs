//! Connections: how many, how long, and what is known of a request when one ends.

use super::*;
use std::collections::HashMap;
use std::sync::Mutex;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_in_sequence_share_one_connection_on_every_runtime() {
    let peer = Peer::answering(answer(CONTEXT)).await;
    let client = peer.client();
    for _ in 0..200 {
        read(&client).await.unwrap();
    }
    assert_eq!((peer.connections(), peer.requests()), (1, 200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn there_are_never_more_connections_than_allowed() {
    let peer = Peer::answering(answer(CONTEXT)).await;
    let client = peer.builder("http").max_connections(4).build().unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..200 {
        let client = client.clone();
        calls.spawn(async move { read(&client).await.unwrap() });
    }
    calls.join_all().await;
    assert_eq!(peer.requests(), 200);
    assert!(peer.connections() <= 4, "{}", peer.connections());
}

#[tokio::test]
async fn a_request_that_waits_for_a_connection_was_not_sent_and_is_next_in_order() {
    let (free, wait) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (answering, arrived) = (free.clone(), wait.clone());
    let peer = Peer::start(move |_, mut connection| {
        let (answering, arrived) = (answering.clone(), arrived.clone());
        async move {
            while connection.request().await.is_some() {
                arrived.notify_one();
                answering.notified().await;
                connection.write(&answer(CONTEXT)).await;
            }
        }
    })
    .await;
    let builder = peer.builder("http").max_connections(1).retry(RetryPolicy::never());
    let client = builder.build().unwrap();
    let busy = tokio::spawn({
        let client = client.clone();
        async move { read(&client).await }
    });
    wait.notified().await;
    let deadline = crate::CallOptions::new().deadline(Duration::from_millis(30));
    let error = client
        .send_with(&ExecuteCommand::new("c", "1", "x"), &deadline)
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.maybe_delivered()), (ErrorKind::Deadline, false));

    let next = tokio::spawn(async move { read(&client).await });
    free.notify_one();
    busy.await.unwrap().unwrap();
    free.notify_one();
    next.await.unwrap().unwrap();
    assert_eq!((peer.connections(), peer.requests()), (1, 2));
}

#[tokio::test]
async fn a_connection_that_nobody_uses_is_ended() {
    let (ended, mut end) = mpsc::channel(1);
    let peer = Peer::start(move |_, mut connection| {
        let ended = ended.clone();
        async move {
            while connection.request().await.is_some() {
                connection.write(&answer(CONTEXT)).await;
            }
            ended.send(()).await.unwrap();
        }
    })
    .await;
    let mut options = HyperOptions::new();
    options.idle_timeout = Duration::from_millis(20);
    let client = peer.builder("http").transport(HyperTransport::new(options).unwrap());
    let client = client.build().unwrap();
    for time in 1..=2 {
        read(&client).await.unwrap();
        // While the client lives on.
        end.recv().await.unwrap();
        assert_eq!(peer.connections(), time);
    }
}

#[tokio::test]
async fn a_connection_that_is_to_be_closed_is_not_used_again() {
    let peer = Peer::answering(with_headers("Connection: close\r\n", CONTEXT)).await;
    let client = peer.client();
    for _ in 0..3 {
        read(&client).await.unwrap();
        execute(&client).await.unwrap();
    }
    assert_eq!((peer.connections(), peer.requests()), (6, 6));
}

/// A connection belongs to the runtime that it was made on; when that ends, its requests are lost, not unsent.
#[test]
fn a_request_whose_connection_ends_with_its_runtime_may_have_been_delivered() {
    let serving = tokio::runtime::Runtime::new().unwrap();
    let (arrived, arrival) = std::sync::mpsc::channel();
    let peer = serving.block_on(Peer::start(move |_, mut connection| {
        let arrived = arrived.clone();
        async move {
            connection.request().await;
            connection.write(&answer(CONTEXT)).await;
            connection.request().await;
            arrived.send(()).unwrap();
            std::future::pending::<()>().await;
        }
    }));
    let client = peer.client();
    let first = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    first.block_on(read(&client)).unwrap();
    let call = serving.spawn(async move { execute(&client).await });
    arrival.recv().unwrap();
    first.shutdown_timeout(Duration::from_secs(5));
    let error = serving.block_on(call).unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.maybe_delivered(), error.attempts()),
        (ErrorKind::Interrupted, true, 1),
        "{error}"
    );
    assert_eq!(peer.requests(), 2);
}

/// A kept connection dies at any moment around the next request on it: also just as that is written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_connection_that_dies_as_it_is_used_delivers_nothing_twice_and_tells_no_lie() {
    const CALLS: usize = 2_500;
    let seen = Arc::new(Mutex::new(HashMap::<String, usize>::new()));
    let noting = seen.clone();
    let peer = Peer::start(move |number, mut connection| {
        let seen = noting.clone();
        async move {
            let mut rng = fastrand::Rng::with_seed(number as u64);
            while let Some(request) = connection.request().await {
                let code = request
                    .rsplit("call-")
                    .next()
                    .unwrap()
                    .trim_end_matches("\"}")
                    .to_owned();
                *seen.lock().unwrap().entry(code).or_default() += 1;
                connection.write(&answer(CONTEXT)).await;
                match rng.u8(..8) {
                    0 => return connection.reset(),
                    1 => return,
                    2 => {
                        spin(rng.u32(..400)).await;
                        return connection.reset();
                    }
                    3 | 4 => return spin(rng.u32(..400)).await,
                    _ => {}
                }
            }
        }
    })
    .await;
    let builder = peer.builder("http").retry(RetryPolicy::never()).max_connections(2);
    let client = builder.build().unwrap();
    let started = Instant::now();
    let (mut lost, mut unsent) = (0, 0);
    for number in 0..CALLS {
        let called = client
            .send(&ExecuteCommand::new("c", "1", format!("call-{number}")))
            .await;
        let times = seen.lock().unwrap().get(&number.to_string()).copied().unwrap_or(0);
        match called {
            Ok(_) => assert_eq!(times, 1, "call {number}"),
            Err(error) if error.maybe_delivered() => {
                assert!(times <= 1, "call {number}, {times} times: {error}");
                assert_eq!(
                    error.kind(),
                    ErrorKind::Interrupted,
                    "call {number} was forgotten: {error}"
                );
                lost += 1;
            }
            Err(error) => {
                assert_eq!(times, 0, "call {number}: {error}");
                unsent += 1;
            }
        }
        if started.elapsed() > Duration::from_secs(15) {
            break;
        }
    }
    // It was about something: connections did die, some of them under a request.
    assert!(
        peer.connections() > 10 && lost > 0,
        "{} connections, {lost} lost, {unsent} unsent",
        peer.connections()
    );
    assert!(seen.lock().unwrap().values().all(|times| *times == 1));
}

/// Some turns of the runtime: a time too short to sleep.
async fn spin(turns: u32) {
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
}
