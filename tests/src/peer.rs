//! A peer that answers with hand-written bytes, and remembers what it was asked.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

/// A request that a [`Peer`] has read to its end.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Asked {
    /// `GET` or `POST`.
    pub method: String,
    /// Without the query, and without `/api/1.2/` before it: `commands/execute`.
    pub operation: String,
    /// Request line and headers, as they came.
    pub head: String,
    /// The body.
    pub body: String,
    /// How often this operation was asked for, this time included.
    pub time: usize,
}

/// What a [`Peer`] does once it has read a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reaction {
    /// Writes these bytes and waits for the next request.
    Answer(Vec<u8>),
    /// Writes these bytes and ends the connection.
    Close(Vec<u8>),
    /// Writes these bytes and resets the connection.
    Reset(Vec<u8>),
    /// Writes these bytes after a while and waits for the next request.
    Late(Duration, Vec<u8>),
    /// Never answers.
    Silence,
}

impl Reaction {
    /// A JSON answer with status 200.
    pub fn json(body: impl AsRef<[u8]>) -> Self {
        Self::http("200 OK", "Content-Type: application/json\r\n", body)
    }

    /// An answer with any status and further headers, each with `\r\n` at its end.
    pub fn http(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
        Self::Answer([head.as_bytes(), body].concat())
    }
}

/// A server on loopback that reads requests and reacts as a function says. Dropping it ends it.
#[derive(Debug)]
pub struct Peer {
    address: SocketAddr,
    scheme: &'static str,
    seen: Arc<Seen>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Seen {
    connections: Mutex<usize>,
    requests: Mutex<Vec<Asked>>,
}

type React = Arc<dyn Fn(&Asked) -> Reaction + Send + Sync>;

impl Peer {
    /// Reacts to each request as the function says, over `http`.
    pub async fn start(react: impl Fn(&Asked) -> Reaction + Send + Sync + 'static) -> Self {
        let react: React = Arc::new(react);
        Self::serve("http", move |stream, seen| talk(stream, seen, react)).await
    }

    /// Reacts to each request as the function says, over `https`.
    pub async fn start_tls(acceptor: TlsAcceptor, react: impl Fn(&Asked) -> Reaction + Send + Sync + 'static) -> Self {
        let react: React = Arc::new(react);
        Self::serve("https", move |stream, seen| talk_tls(stream, acceptor, seen, react)).await
    }

    /// Resets each connection when a request has begun to come, without reading it.
    pub async fn resetting() -> Self {
        Self::serve("http", |stream, _| async move {
            let _ = stream.peek(&mut [0]).await;
            reset(&stream);
        })
        .await
    }

    /// Writes these bytes into each connection before anything was asked, and ends it when the client does.
    pub async fn talking_first(bytes: &'static str) -> Self {
        Self::serve("http", move |mut stream: TcpStream, _| async move {
            let _ = stream.write_all(bytes.as_bytes()).await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await
    }

    /// Serves each connection by a fresh future of one function.
    async fn serve<F, Fut>(scheme: &'static str, talk: F) -> Self
    where
        F: FnOnce(TcpStream, Arc<Seen>) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a port has an address");
        let seen = Arc::<Seen>::default();
        let shared = Arc::clone(&seen);
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                *lock(&shared.connections) += 1;
                connections.spawn(talk.clone()(stream, Arc::clone(&shared)));
            }
        });
        Self {
            address,
            scheme,
            seen,
            serving,
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL for clients.
    pub fn host(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        *lock(&self.seen.connections)
    }

    /// What it was asked, in order.
    pub fn requests(&self) -> Vec<Asked> {
        lock(&self.seen.requests).clone()
    }

    /// How often it was asked for an operation, such as `commands/execute`.
    pub fn count(&self, operation: &str) -> usize {
        lock(&self.seen.requests)
            .iter()
            .filter(|asked| asked.operation == operation)
            .count()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn talk(mut stream: TcpStream, seen: Arc<Seen>, react: React) {
    if converse(&mut stream, &seen, &react).await.is_err() {
        reset(&stream);
    }
}

async fn talk_tls(stream: TcpStream, acceptor: TlsAcceptor, seen: Arc<Seen>, react: React) {
    // A client that refuses the certificate ends the handshake.
    let Ok(mut stream) = acceptor.accept(stream).await else {
        return;
    };
    match converse(&mut stream, &seen, &react).await {
        Ok(()) => drop(stream.shutdown().await),
        Err(ToReset) => reset(stream.get_ref().0),
    }
}

/// The connection is to be reset.
struct ToReset;

async fn converse(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    seen: &Seen,
    react: &React,
) -> Result<(), ToReset> {
    while let Some(asked) = read_request(stream).await {
        let asked = note(seen, asked);
        let (bytes, ending) = match react(&asked) {
            Reaction::Answer(bytes) => (bytes, None),
            Reaction::Close(bytes) => (bytes, Some(Ok(()))),
            Reaction::Reset(bytes) => (bytes, Some(Err(ToReset))),
            Reaction::Late(delay, bytes) => {
                sleep(delay).await;
                (bytes, None)
            }
            Reaction::Silence => std::future::pending().await,
        };
        // The client may have gone: some tests are about that.
        let _ = stream.write_all(&bytes).await;
        let _ = stream.flush().await;
        if let Some(ending) = ending {
            return ending;
        }
    }
    Ok(())
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Asked> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let length: usize = header(&head, "content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    while bytes.len() < head_end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let mut line = head.split_whitespace();
    let (method, target) = (line.next()?.to_owned(), line.next()?);
    let path = target.split('?').next()?;
    let operation = path.trim_start_matches("/api/1.2/").to_owned();
    let body = String::from_utf8_lossy(&bytes[head_end..]).into_owned();
    Some(Asked {
        method,
        operation,
        head,
        body,
        time: 0,
    })
}

impl Asked {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// The parameters of its query, as they came.
    pub fn query(&self) -> HashMap<&str, &str> {
        let target = self.head.split_whitespace().nth(1).unwrap_or_default();
        let query = target.split_once('?').map_or("", |(_, query)| query);
        query.split('&').filter_map(|pair| pair.split_once('=')).collect()
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    headers
        .into_iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

fn note(seen: &Seen, mut asked: Asked) -> Asked {
    let mut requests = lock(&seen.requests);
    asked.time = 1 + requests
        .iter()
        .filter(|earlier| earlier.operation == asked.operation)
        .count();
    requests.push(asked.clone());
    asked
}

fn reset(stream: &TcpStream) {
    // With no time to linger, closing is a reset.
    let _ = stream.set_zero_linger();
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
