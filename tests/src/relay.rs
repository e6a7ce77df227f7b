//! A relay between a client and a server that loses what passes, cuts connections, and holds requests back.

use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

/// What becomes of one request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Passage {
    /// It arrives, and so does its answer.
    Through,
    /// It does not arrive, and its connection ends.
    LoseRequest,
    /// This share of its bytes arrives, then both connections end.
    CutRequest(f64),
    /// It arrives; of its answer this share of the bytes comes back, then the connection ends.
    CutAnswer(f64),
    /// Its connection ends; it arrives once this is notified, and its answer goes nowhere.
    Late(Arc<Notify>),
}

/// Passes requests on to a server, or not, as a function of their first line says. Dropping it ends it, and all that it
/// holds back.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    relaying: JoinHandle<()>,
    /// Notified each time a request that was held back has been answered.
    pub late_arrival: Arc<Notify>,
}

type Choose = Arc<dyn Fn(&str) -> Passage + Send + Sync>;

impl Relay {
    /// Relays to a server.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(server: SocketAddr, choose: impl Fn(&str) -> Passage + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a port has an address");
        let (choose, late_arrival): (Choose, _) = (Arc::new(choose), Arc::<Notify>::default());
        let way = Way {
            server,
            choose,
            late_arrival: Arc::clone(&late_arrival),
        };
        let relaying = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(relay(client, way.clone()));
                while connections.try_join_next().is_some() {}
            }
        });
        Self {
            address,
            relaying,
            late_arrival,
        }
    }

    /// Its URL for clients.
    pub fn host(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.relaying.abort();
    }
}

#[derive(Clone)]
struct Way {
    server: SocketAddr,
    choose: Choose,
    late_arrival: Arc<Notify>,
}

/// Until the client ends the connection, or a passage does.
async fn relay(mut client: TcpStream, way: Way) -> Option<()> {
    let mut server = TcpStream::connect(way.server).await.ok()?;
    loop {
        let request = read_message(&mut client).await?;
        let first_line = String::from_utf8_lossy(request.split(|byte| *byte == b'\r').next()?).into_owned();
        match (way.choose)(&first_line) {
            Passage::Through => {
                server.write_all(&request).await.ok()?;
                let answer = read_message(&mut server).await?;
                client.write_all(&answer).await.ok()?;
            }
            Passage::LoseRequest => return None,
            Passage::CutRequest(share) => {
                server.write_all(beginning(&request, share)).await.ok()?;
                return None;
            }
            Passage::CutAnswer(share) => {
                server.write_all(&request).await.ok()?;
                let answer = read_message(&mut server).await?;
                client.write_all(beginning(&answer, share)).await.ok()?;
                return None;
            }
            Passage::Late(arrive) => {
                drop(client);
                arrive.notified().await;
                server.write_all(&request).await.ok()?;
                read_message(&mut server).await?;
                way.late_arrival.notify_one();
                return None;
            }
        }
    }
}

/// Less than all of it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a short message"
)]
fn beginning(message: &[u8], share: f64) -> &[u8] {
    let length = (message.len() as f64 * share.clamp(0.0, 1.0)) as usize;
    &message[..length.min(message.len() - 1)]
}

/// A request or an answer, head and body.
async fn read_message(stream: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(Some(0), |length| length.trim().parse().ok())?;
    while bytes.len() < head_end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(bytes)
}
