//! Against hand-written peers on real sockets, in real time.

mod addresses;
mod bodies;
mod connections;
mod curled;
mod failures;
#[cfg(feature = "http2")]
mod http2;
mod pace;
mod pki;
mod pool;
mod proxied;
mod secured;

use super::*;
use crate::types::{ExecuteCommand, GetContext};
use crate::{Client, ClientBuilder, Credentials, Error, ErrorKind, RetryPolicy};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

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
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), serve)
    }

    fn on<F, Fut>(listener: TcpListener, serve: F) -> Self
    where
        F: Fn(usize, Connection) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
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

    /// Says these bytes to everybody who says anything.
    async fn answering_bytes(bytes: &'static [u8]) -> Self {
        Self::start(move |_, mut connection| async move {
            let mut hello = [0; 4096];
            let _ = connection.stream.read(&mut hello).await;
            connection.write(bytes).await;
            let _ = connection.stream.read(&mut hello).await;
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

/// A port at which nobody listens, and which nobody else gets as long as the socket lives.
fn nobody() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

struct Connection {
    stream: TcpStream,
    seen: Arc<Seen>,
}

impl Connection {
    /// Reads one request, head and body.
    async fn request(&mut self) -> Option<String> {
        let request = read_request(&mut self.stream).await?;
        self.seen.requests.fetch_add(1, Ordering::SeqCst);
        Some(request)
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

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut text = Vec::new();
    loop {
        if stream.read_buf(&mut text).await.ok()? == 0 {
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
            return Some(read);
        }
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
