//! A peer on a real socket that does one thing wrong, and counts what it saw of the requests.

mod faults;
mod wire;

use crate::fault_peer::wire::{read_request, right_answer};
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

/// Something that goes wrong, every time unless its name says otherwise.
#[derive(Clone)]
#[non_exhaustive]
pub struct Fault {
    /// For people.
    pub name: &'static str,
    /// The client cannot know before its time is over.
    pub hangs: bool,
    /// The answer says that the request was refused before it was processed: it may be sent again by anybody.
    pub refuses: bool,
    act: Act,
    tls: Option<TlsAcceptor>,
}

impl Fault {
    /// It meets the second request on a connection; the first one on it is answered.
    pub fn needs_kept_connection(&self) -> bool {
        matches!(self.act, Act::Second(_))
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
enum Act {
    /// Nobody listens.
    Refuse,
    /// Before TLS or HTTP begins: takes these steps as soon as the client has begun to speak, and reads nothing.
    Unread(Vec<Step>),
    /// Reads the beginning of the request, and resets.
    HalfRead,
    /// Reads each request and takes these steps.
    Read(Vec<Step>),
    /// Answers as it should, but the second request on its first connection meets this.
    Second(Box<Act>),
}

#[derive(Clone, Debug)]
enum Step {
    /// The right answer.
    Answer,
    /// The right answer, called a page.
    AnswerAsPage,
    Write(Vec<u8>),
    /// Again and again, with this pause in between.
    Forever(Vec<u8>, Duration),
    Close,
    Reset,
    Hang,
}

/// What a peer saw of the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sightings {
    /// How often it read one to its end.
    pub whole: usize,
    /// How often it read the beginning of one.
    pub partial: usize,
}

/// A server that commits one [`Fault`]. Dropping it ends it.
#[derive(Debug)]
pub struct FaultPeer {
    address: SocketAddr,
    scheme: &'static str,
    seen: Arc<Seen>,
    port: Port,
}

/// What keeps the port for this peer, so that nobody else can get it.
#[derive(Debug)]
enum Port {
    Served(JoinHandle<()>),
    Refused { _bound: TcpSocket },
}

#[derive(Debug, Default)]
struct Seen {
    whole: AtomicUsize,
    partial: AtomicUsize,
}

impl FaultPeer {
    /// Starts to commit a fault.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(fault: &Fault) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
        let address = socket.local_addr().expect("a port has an address");
        let scheme = if fault.is_tls() { "https" } else { "http" };
        let seen = Arc::<Seen>::default();
        let port = match fault.act {
            Act::Refuse => Port::Refused { _bound: socket },
            _ => {
                let listener = socket.listen(1_024).expect("a port of its own");
                Port::Served(tokio::spawn(serve(listener, fault.clone(), Arc::clone(&seen))))
            }
        };
        Self {
            address,
            scheme,
            seen,
            port,
        }
    }

    /// Its URL for clients.
    pub fn host(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// What it has seen so far.
    pub fn seen(&self) -> Sightings {
        Sightings {
            whole: self.seen.whole.load(Ordering::SeqCst),
            partial: self.seen.partial.load(Ordering::SeqCst),
        }
    }
}

impl Drop for FaultPeer {
    fn drop(&mut self) {
        if let Port::Served(serving) = &self.port {
            serving.abort();
        }
    }
}

async fn serve(listener: TcpListener, fault: Fault, seen: Arc<Seen>) {
    let mut connections = JoinSet::new();
    for number in 0.. {
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        connections.spawn(talk(stream, number, fault.clone(), Arc::clone(&seen)));
    }
}

async fn talk(stream: TcpStream, number: usize, fault: Fault, seen: Arc<Seen>) {
    match (&fault.tls, &fault.act) {
        (Some(acceptor), _) => {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let ending = converse(&mut stream, number, &fault.act, &seen).await;
                end(stream.get_ref().0, ending);
            }
        }
        (None, Act::Unread(steps)) => {
            let mut stream = stream;
            let _ = stream.peek(&mut [0]).await;
            let ending = take(steps, &mut stream, "").await.unwrap_or(Ending::Close);
            end(&stream, ending);
        }
        (None, act) => {
            let mut stream = stream;
            let ending = converse(&mut stream, number, act, &seen).await;
            end(&stream, ending);
        }
    }
}

#[derive(Clone, Copy)]
enum Ending {
    Close,
    Reset,
}

fn end(stream: &TcpStream, ending: Ending) {
    if let Ending::Reset = ending {
        // With no time to linger, closing is a reset.
        let _ = stream.set_zero_linger();
    }
}

async fn converse<S>(stream: &mut S, number: usize, act: &Act, seen: &Seen) -> Ending
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let right = [Step::Answer];
    for request in 0.. {
        let steps = match act {
            Act::Second(_) if number != 0 || request != 1 => &right[..],
            Act::Second(second) => match &**second {
                Act::Read(steps) => steps,
                _ => return wait_then_reset(stream, seen, 0).await,
            },
            Act::HalfRead => return wait_then_reset(stream, seen, 40).await,
            Act::Read(steps) | Act::Unread(steps) => steps,
            Act::Refuse => return Ending::Close,
        };
        let Some(operation) = read_request(stream, &seen.partial).await else {
            return Ending::Close;
        };
        seen.whole.fetch_add(1, Ordering::SeqCst);
        if let Some(ending) = take(steps, stream, &operation).await {
            return ending;
        }
    }
    Ending::Close
}

/// Waits for a request to come, reads so many bytes of it, and resets the connection.
async fn wait_then_reset(stream: &mut (impl AsyncRead + Unpin), seen: &Seen, bytes: usize) -> Ending {
    let mut read = vec![0; bytes.max(1)];
    if stream.read_exact(&mut read).await.is_ok() && bytes > 0 {
        seen.partial.fetch_add(1, Ordering::SeqCst);
    }
    Ending::Reset
}

/// Takes the steps; how the connection ends, if it does.
async fn take(steps: &[Step], stream: &mut (impl AsyncRead + AsyncWrite + Unpin), operation: &str) -> Option<Ending> {
    for step in steps {
        match step {
            Step::Answer => write(stream, &right_answer(operation, "application/json")).await.ok()?,
            Step::AnswerAsPage => write(stream, &right_answer(operation, "text/html")).await.ok()?,
            Step::Write(bytes) => write(stream, bytes).await.ok()?,
            Step::Forever(bytes, pause) => loop {
                if write(stream, bytes).await.is_err() {
                    return Some(Ending::Close);
                }
                sleep(*pause).await;
            },
            Step::Close => return Some(Ending::Close),
            Step::Reset => return Some(Ending::Reset),
            Step::Hang => std::future::pending().await,
        }
    }
    None
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}
