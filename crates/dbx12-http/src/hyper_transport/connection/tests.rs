//! Without a socket, so that the clock may be paused.

use super::*;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn a_dead_connection_is_noticed_by_those_who_wait() {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let (seen, was_seen) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let mut server = h2::server::handshake(theirs).await.unwrap();
        let request = server.accept().await.unwrap().unwrap();
        seen.send(()).unwrap();
        // The other side is there no more, but nobody says so.
        std::future::pending::<()>().await;
        drop((server, request));
    });
    let (sender, ended) = Connection::http2(TokioIo::new(ours)).await.unwrap();
    let connection = Connection {
        sender,
        ended,
        proxied: false,
    };
    let request = Request::get("https://example.com/").body(Full::default()).unwrap();
    let waited = tokio::spawn(async move {
        let sent = Instant::now();
        assert!(connection.send(request).await.is_err());
        sent.elapsed()
    });
    was_seen.await.unwrap();
    let waited = waited.await.unwrap();
    assert!(waited <= Duration::from_secs(16), "{waited:?}");
}
