//! HTTP/2: when it is spoken, and what it says for sure of delivery.

use super::pki::Authority;
use super::*;
use h2::Reason;
use http::Version;
use rustls::ServerConfig;
use std::sync::Mutex;
use tokio::sync::{Barrier, Notify};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A server of TLS that hands each connection, with its number, to a function.
struct Http2Peer {
    url: String,
    authority: Authority,
    connections: Arc<AtomicUsize>,
}

impl Http2Peer {
    async fn start<F, Fut>(protocols: &[&str], serve: F) -> Self
    where
        F: Fn(usize, TlsStream<TcpStream>) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let authority = Authority::new();
        let mut config: ServerConfig = authority.server().config();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let connections = Arc::new(AtomicUsize::new(0));
        let seen = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = seen.fetch_add(1, Ordering::SeqCst);
                let (acceptor, serve) = (acceptor.clone(), serve.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(number, stream).await;
                    }
                });
            }
        });
        Self {
            url,
            authority,
            connections,
        }
    }

    fn client(&self, http2: bool) -> Client {
        Client::builder(&self.url)
            .credentials(Credentials::bearer("secret"))
            .ca_certificate_pem(self.authority.pem())
            .retry(RetryPolicy::default().base(Duration::from_millis(1)))
            .http2(http2)
            .build()
            .unwrap()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Answers with a context, in the version that was agreed on, and writes that down.
async fn answering(mut stream: TlsStream<TcpStream>, versions: Arc<Mutex<Vec<Version>>>, together: Arc<Barrier>) {
    if stream.get_ref().1.alpn_protocol() != Some(b"h2") {
        while read_request(&mut stream).await.is_some() {
            versions.lock().unwrap().push(Version::HTTP_11);
            let _ = stream.write_all(&answer(CONTEXT)).await;
            let _ = stream.flush().await;
        }
        return;
    }
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        versions.lock().unwrap().push(request.version());
        let is_first = versions.lock().unwrap().len() == 1;
        let together = together.clone();
        tokio::spawn(async move {
            // Of those after the first, none is answered before all of them are here.
            if !is_first {
                together.wait().await;
            }
            let mut body = respond.send_response(Response::new(()), false).unwrap();
            body.send_data(CONTEXT.into(), true).unwrap();
        });
    }
}

async fn peer(protocols: &[&str], at_once: usize) -> (Http2Peer, Arc<Mutex<Vec<Version>>>) {
    let versions = Arc::new(Mutex::new(Vec::new()));
    let (seen, together) = (versions.clone(), Arc::new(Barrier::new(at_once)));
    let peer = Http2Peer::start(protocols, move |_, stream| {
        answering(stream, seen.clone(), together.clone())
    });
    (peer.await, versions)
}

#[tokio::test]
async fn one_connection_carries_many_requests_at_once() {
    let (peer, versions) = peer(&["h2", "http/1.1"], 20).await;
    let client = peer.client(true);
    // What a server speaks is known only once it has answered; until then calls begin connections of their own.
    read(&client).await.unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        calls.spawn(async move { read(&client).await });
    }
    for result in calls.join_all().await {
        result.unwrap();
    }
    assert_eq!(
        (peer.connections(), versions.lock().unwrap().clone()),
        (1, vec![Version::HTTP_2; 21])
    );
}

#[tokio::test]
async fn it_is_spoken_only_if_both_sides_want_it() {
    for (protocols, asked, version) in [
        (&["h2", "http/1.1"][..], true, Version::HTTP_2),
        (&["h2", "http/1.1"], false, Version::HTTP_11),
        (&["http/1.1"], true, Version::HTTP_11),
        (&[], true, Version::HTTP_11),
    ] {
        let (peer, versions) = peer(protocols, 1).await;
        read(&peer.client(asked)).await.unwrap();
        assert_eq!(*versions.lock().unwrap(), [version], "{protocols:?} {asked}");
    }
}

/// What a server does with a request, frame by frame (RFC 9113, 4.1).
#[derive(Clone, Copy, Debug)]
enum End {
    Reset(Reason),
    GoAway { last_stream: u32, reason: Reason },
    Closed,
}

const SETTINGS: u8 = 4;
const HEADERS: u8 = 1;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u32]) -> Vec<u8> {
    let length = u8::try_from(4 * payload.len()).unwrap();
    let mut frame = vec![0, 0, length, kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload.iter().flat_map(|word| word.to_be_bytes()));
    frame
}

fn stream_of(head: &[u8; 9]) -> u32 {
    u32::from_be_bytes([head[5], head[6], head[7], head[8]])
}

/// Ends each request as soon as its head is there. `None` when the connection is over.
async fn end_requests(mut stream: TlsStream<TcpStream>, end: End, requests: Arc<AtomicUsize>) -> Option<()> {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.ok()?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.ok()?;
    stream.flush().await.ok()?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length.try_into().unwrap()];
        stream.read_exact(&mut payload).await.ok()?;
        if head[3] != HEADERS {
            continue;
        }
        requests.fetch_add(1, Ordering::SeqCst);
        let ending = match end {
            End::Reset(reason) => frame(3, 0, stream_of(&head), &[reason.into()]),
            End::GoAway { last_stream, reason } => frame(7, 0, 0, &[last_stream, reason.into()]),
            End::Closed => return None,
        };
        stream.write_all(&ending).await.ok()?;
        stream.flush().await.ok()?;
        if matches!(end, End::GoAway { .. }) {
            return None;
        }
    }
}

#[tokio::test]
async fn what_was_given_back_is_sent_again_and_nothing_else_is() {
    let go_away = |last_stream, reason| End::GoAway { last_stream, reason };
    for (end, given_back) in [
        (End::Reset(Reason::REFUSED_STREAM), true),
        (End::Reset(Reason::INTERNAL_ERROR), false),
        (End::Reset(Reason::CANCEL), false),
        (End::Reset(Reason::NO_ERROR), false),
        (go_away(0, Reason::NO_ERROR), true),
        (go_away(0, Reason::ENHANCE_YOUR_CALM), true),
        (go_away(1, Reason::NO_ERROR), false),
        (go_away(1, Reason::INTERNAL_ERROR), false),
        (go_away(0x7fff_ffff, Reason::NO_ERROR), false),
        (End::Closed, false),
    ] {
        let requests = Arc::new(AtomicUsize::new(0));
        let seen = requests.clone();
        let peer = Http2Peer::start(&["h2"], move |_, stream| {
            let seen = seen.clone();
            async move { end_requests(stream, end, seen).await.unwrap_or_default() }
        });
        let peer = peer.await;
        let error = execute(&peer.client(true)).await.unwrap_err();
        let expected = if given_back {
            (ErrorKind::Unavailable, false, 4)
        } else {
            (ErrorKind::Interrupted, true, 1)
        };
        assert_eq!(
            (error.kind(), error.maybe_delivered(), error.attempts()),
            expected,
            "{end:?}: {error}"
        );
        let sent = requests.load(Ordering::SeqCst);
        assert_eq!(u32::try_from(sent).unwrap(), error.attempts(), "{end:?}");

        let error = read(&peer.client(true)).await.unwrap_err();
        assert_eq!(error.attempts(), 4, "{end:?}: {error}");
    }
}

/// A connection ends with the runtime it was made on, and with it whoever would have noticed.
#[test]
fn a_connection_that_ended_with_its_runtime_gives_its_place_to_another() {
    let serving = tokio::runtime::Runtime::new().unwrap();
    let (peer, versions) = serving.block_on(peer(&["h2"], 1));
    let client = Client::builder(&peer.url)
        .credentials(Credentials::bearer("secret"))
        .ca_certificate_pem(peer.authority.pem())
        .retry(RetryPolicy::never())
        .attempt_timeout(Duration::from_secs(5))
        .max_connections(1)
        .http2(true)
        .build()
        .unwrap();
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(read(&client)).unwrap();
    }
    assert_eq!(
        (peer.connections(), versions.lock().unwrap().clone()),
        (3, vec![Version::HTTP_2; 3])
    );
}

/// The older connection fails once more after another took its place: that one stays.
#[tokio::test]
async fn a_late_failure_does_not_end_the_connection_that_took_the_place() {
    let (waiting, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (is_waiting, may_go_on) = (waiting.clone(), go_on.clone());
    let peer = Http2Peer::start(&["h2"], move |number, stream| {
        let (waiting, go_on) = (is_waiting.clone(), may_go_on.clone());
        async move {
            let mut connection = h2::server::handshake(stream).await.unwrap();
            if number == 0 {
                let (_, mut first) = connection.accept().await.unwrap().unwrap();
                waiting.notify_one();
                let (_, mut second) = connection.accept().await.unwrap().unwrap();
                second.send_reset(Reason::INTERNAL_ERROR);
                tokio::select! {
                    _ = connection.accept() => {}
                    () = go_on.notified() => {}
                }
                first.send_reset(Reason::INTERNAL_ERROR);
            }
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                let mut body = respond.send_response(Response::new(()), false).unwrap();
                body.send_data(CONTEXT.into(), true).unwrap();
            }
        }
    });
    let peer = peer.await;
    let client = peer.client(true);
    let first = tokio::spawn({
        let client = client.clone();
        async move { read(&client).await }
    });
    waiting.notified().await;
    read(&client).await.unwrap();
    assert_eq!(peer.connections(), 2);
    go_on.notify_one();
    first.await.unwrap().unwrap();
    read(&client).await.unwrap();
    assert_eq!(peer.connections(), 2);
}
