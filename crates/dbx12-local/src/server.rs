//! The workspace on a port: HTTP/1.1, with or without TLS.

mod connection;

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::debug;

use crate::gateway::Reached;
use crate::ready::ReadyFile;
use crate::tls;
use crate::workspace::{Inner, Workspace};

/// How many connections are open at once; more wait in the listener's queue.
const MOST_CONNECTIONS: usize = 1_024;
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// The pause after the machine had no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A workspace that is served on a port. Dropping it stops serving: connections are closed, requests on them are cut
/// off. The workspace itself goes on.
pub struct Server {
    workspace: Workspace,
    address: SocketAddr,
    ca_file: Option<PathBuf>,
    stop: Arc<watch::Sender<bool>>,
}

/// Why a workspace cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address is not one of loopback, and remote clients were not allowed.
    #[error(
        "{address} can be reached from other machines, and who reaches it and has the credentials runs code here: \
         listen on 127.0.0.1, or allow remote clients by name"
    )]
    Remote {
        /// The address.
        address: SocketAddr,
    },
    /// Remote clients were allowed, but not with TLS.
    #[error(
        "{address} can be reached from other machines, and credentials would travel in the clear: serve it with TLS"
    )]
    RemoteWithoutTls {
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The certificate could not be made or written.
    #[error("cannot make a certificate for {address}")]
    Certificate {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The workspace was shut down.
    #[error("the workspace was shut down")]
    ShutDown,
}

impl Server {
    /// The address it listens on; the port is the real one when it was asked to choose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL for clients, such as `https://127.0.0.1:8443`.
    pub fn host(&self) -> String {
        let scheme = if self.ca_file.is_some() { "https" } else { "http" };
        let mut address = self.address;
        if address.ip().is_unspecified() {
            let is_v4 = address.is_ipv4();
            address.set_ip(if is_v4 {
                Ipv4Addr::LOCALHOST.into()
            } else {
                IpAddr::from(Ipv6Addr::LOCALHOST)
            });
        }
        format!("{scheme}://{address}")
    }

    /// With TLS: the certificate, in PEM, of the authority that clients have to trust. The file goes with the workspace.
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// The workspace that is served.
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// All that a client has to know, to be written to a file.
    pub fn ready_file(&self) -> ReadyFile {
        ReadyFile {
            host: self.host(),
            token: self.workspace.token().to_owned(),
            username: self.workspace.username().to_owned(),
            password: self.workspace.password().to_owned(),
            client_id: self.workspace.client_id().to_owned(),
            client_secret: self.workspace.client_secret().to_owned(),
            cluster_ids: self.workspace.cluster_ids().cloned().collect(),
            cluster_id: self.workspace.cluster_id().clone(),
            pid: std::process::id(),
            ca_file: self.ca_file.clone(),
        }
    }

    /// Stops listening, lets requests that have begun end (for five seconds at most), and closes all connections. The
    /// workspace itself goes on: see [`Workspace::shutdown`]. Dropping the future does not take it back.
    pub async fn shutdown(self) {
        stop(&self.stop).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// Never shows a secret.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("host", &self.host())
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

/// Stops a server and waits until its last connection is closed: each holds a receiver.
pub(crate) async fn stop(server: &watch::Sender<bool>) {
    server.send_replace(true);
    server.closed().await;
}

pub(crate) async fn serve(workspace: Workspace, address: SocketAddr, with_tls: bool) -> Result<Server, ServeError> {
    let inner = Arc::clone(workspace.inner());
    if !address.ip().to_canonical().is_loopback() {
        if !inner.allow_remote {
            return Err(ServeError::Remote { address });
        }
        if !with_tls {
            return Err(ServeError::RemoteWithoutTls { address });
        }
    }
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| ServeError::Listen { address, source })?;
    let address = listener
        .local_addr()
        .map_err(|source| ServeError::Listen { address, source })?;
    let (acceptor, ca_file) = match with_tls {
        true => {
            let (acceptor, ca_file) = make_tls(&inner, address)
                .await
                .map_err(|source| ServeError::Certificate { address, source })?;
            (Some(acceptor), Some(ca_file))
        }
        false => (None, None),
    };
    let stop = Arc::new(watch::Sender::new(false));
    if !inner.add_server(&stop) {
        return Err(ServeError::ShutDown);
    }
    tokio::spawn(accept(listener, acceptor, inner, stop.subscribe()));
    Ok(Server {
        workspace,
        address,
        ca_file,
        stop,
    })
}

async fn make_tls(inner: &Inner, address: SocketAddr) -> io::Result<(TlsAcceptor, PathBuf)> {
    let tls = tls::make(address.ip())?;
    let file = inner.folder().join(format!("ca-{}.pem", address.port()));
    tokio::fs::write(&file, tls.ca_pem).await?;
    Ok((tls.acceptor, file))
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, inner: Arc<Inner>, mut stop: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let next = async {
            // The semaphore is never closed.
            let place = Arc::clone(&room).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = stopped(&mut stop) => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                debug!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Answers are small and waited for.
        let _ = stream.set_nodelay(true);
        let (tls, inner, mut stop) = (tls.clone(), Arc::clone(&inner), stop.clone());
        tokio::spawn(async move {
            let _place = place;
            let Some(tls) = tls else {
                return connection::drive(stream, Reached { by_tls: false }, inner, stop).await;
            };
            let handshake = tokio::select! {
                handshake = timeout(HANDSHAKE_LIMIT, tls.accept(stream)) => handshake,
                () = stopped(&mut stop) => return,
            };
            match handshake {
                Ok(Ok(stream)) => connection::drive(stream, Reached { by_tls: true }, inner, stop).await,
                Ok(Err(error)) => debug!(%error, "a TLS handshake failed"),
                Err(_) => debug!("a TLS handshake took too long"),
            }
        });
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the server and its workspace are gone.
    let _ = stop.wait_for(|stopped| *stopped).await;
}
