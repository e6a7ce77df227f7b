//! Against hand-written peers on real sockets, in real time.

mod pace;
mod pool;

use super::*;
use crate::types::{ExecuteCommand, GetContext};
use crate::{Client, ClientBuilder, Credentials, Error, ErrorKind, RetryPolicy};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A server that hands each connection, with its number, to a function.
struct Peer {
    address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    requests: AtomicUsize,
}

impl Peer {
    async fn start<F, Fut>(serve: F) -> Self
    where
        F: Fn(usize, Connection) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let shared = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = shared.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(
                    number,
                    Connection {
                        stream,
                        seen: shared.clone(),
                    },
                ));
            }
        });
        Self { address, seen }
    }

    /// Answers every request, on every connection, with the same bytes.
    async fn answering(response: impl Into<Vec<u8>>) -> Self {
        let response = Arc::new(response.into());
        Self::start(move |_, mut connection| {
            let response = response.clone();
            async move {
                while connection.request().await.is_some() {
                    connection.write(&response).await;
                }
            }
        })
        .await
    }

    fn builder(&self, scheme: &str) -> ClientBuilder {
        Client::builder(format!("{scheme}://{}", self.address))
            .credentials(Credentials::bearer("secret"))
            .retry(RetryPolicy::default().base(Duration::from_millis(1)))
    }

    fn client(&self) -> Client {
        self.builder("http").build().unwrap()
    }

    fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    fn requests(&self) -> usize {
        self.seen.requests.load(Ordering::SeqCst)
    }
}

struct Connection {
    stream: TcpStream,
    seen: Arc<Seen>,
}

impl Connection {
    /// Reads one request, head and body.
    async fn request(&mut self) -> Option<String> {
        let mut text = Vec::new();
        loop {
            if self.stream.read_buf(&mut text).await.ok()? == 0 {
                return None;
            }
            let read = String::from_utf8_lossy(&text).into_owned();
            let Some((head, body)) = read.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                self.seen.requests.fetch_add(1, Ordering::SeqCst);
                return Some(read);
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) {
        // The client may have gone: some tests are about that.
        let _ = self.stream.write_all(bytes).await;
    }

    /// Ends the connection with a reset.
    fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }
}

fn answer(body: impl AsRef<[u8]>) -> Vec<u8> {
    with_headers("", body)
}

fn with_headers(headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut response = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    response.extend_from_slice(body);
    response
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

const CONTEXT: &str = r#"{"id":"1","status":"Running"}"#;

async fn read(client: &Client) -> Result<(), Error> {
    client.send(&GetContext::new("c", "1")).await.map(drop)
}

async fn execute(client: &Client) -> Result<(), Error> {
    client.send(&ExecuteCommand::new("c", "1", "print(1)")).await.map(drop)
}

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
async fn a_refused_connection_was_never_sent() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
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
async fn an_answer_beyond_the_limit_is_not_read() {
    let announced = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n".to_vec();
    let endless = [
        &b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"[..],
        &b"400\r\n"[..],
        &[b' '; 1024],
        b"\r\n",
        b"400\r\n",
        &[b' '; 1024],
        b"\r\n",
    ];
    for response in [announced, endless.concat()] {
        let peer = Peer::answering(response).await;
        let client = peer.builder("http").response_limit(1500).build().unwrap();
        let error = execute(&client).await.unwrap_err();
        assert_eq!(
            (error.kind(), peer.requests(), error.maybe_delivered()),
            (ErrorKind::TooLarge, 1, true),
            "{error}"
        );
        assert!(
            error.to_string().contains("larger than the limit of 1500 bytes"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_limit_itself_is_allowed() {
    let body = format!("{CONTEXT:1500}");
    for response in [
        answer(&body),
        with_headers("Content-Encoding: gzip\r\n", gzip(body.as_bytes())),
    ] {
        let peer = Peer::answering(response).await;
        read(&peer.builder("http").response_limit(1500).build().unwrap())
            .await
            .unwrap();
        let error = read(&peer.builder("http").response_limit(1499).build().unwrap())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    }
}

#[tokio::test]
async fn gzip_is_undone_in_one_piece_or_many() {
    let (first, second) = CONTEXT.split_at(10);
    let members = [gzip(first.as_bytes()), gzip(second.as_bytes())].concat();
    for body in [gzip(CONTEXT.as_bytes()), members] {
        for encoding in ["gzip", "GZIP", "x-gzip"] {
            let peer = Peer::answering(with_headers(&format!("Content-Encoding: {encoding}\r\n"), &body)).await;
            let response = peer.client().raw(crate::RawRequest::get("/x")).await.unwrap();
            assert_eq!(response.body(), CONTEXT);
            assert!(
                !response.headers().contains_key("content-encoding")
                    && !response.headers().contains_key("content-length")
            );
        }
    }
    let peer = Peer::answering(with_headers("Content-Encoding: gzip\r\n", "")).await;
    assert!(
        peer.client()
            .raw(crate::RawRequest::get("/x"))
            .await
            .unwrap()
            .body()
            .is_empty()
    );
}

#[tokio::test]
async fn a_gzip_bomb_is_stopped_at_the_limit() {
    // 4 MB in 4 KB, and members without content, of which any number inflates to nothing.
    let bomb = gzip(&vec![0; 4 << 20]);
    let nothing = gzip(b"").repeat(10_000);
    for body in [bomb, nothing] {
        let peer = Peer::answering(with_headers("Content-Encoding: gzip\r\n", body)).await;
        let error = read(&peer.builder("http").response_limit(1 << 16).build().unwrap())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    }
}

#[tokio::test]
async fn broken_compression_and_broken_http_are_malformed_answers() {
    let whole = gzip(CONTEXT.as_bytes());
    let cut = &whole[..whole.len() - 4];
    let mut flipped = whole.clone();
    flipped[whole.len() - 6] ^= 1;
    for response in [
        with_headers("Content-Encoding: gzip\r\n", cut),
        with_headers("Content-Encoding: gzip\r\n", flipped),
        with_headers("Content-Encoding: gzip\r\n", CONTEXT),
        with_headers("Content-Encoding: br\r\n", CONTEXT),
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec(),
    ] {
        let peer = Peer::answering(response.clone()).await;
        let error = execute(&peer.client()).await.unwrap_err();
        let said = String::from_utf8_lossy(&response).into_owned();
        assert_eq!(
            (error.kind(), peer.requests()),
            (ErrorKind::Decode, 1),
            "{error} for {said}"
        );
        assert!(error.maybe_delivered(), "{error}");
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
