//! How the Python of a context comes to its `spark`: it asks on a socket of its own, when it first needs it.

use std::io;
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dbx12_types::Language;
use serde::Serialize;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use super::session::Sessions;

/// The variable that tells a Python process where to ask.
pub(crate) const VARIABLE: &str = "DBX12_SPARK";

/// Answers the Python process of one context until dropped.
#[derive(Debug)]
pub(crate) struct Broker {
    path: PathBuf,
    task: JoinHandle<()>,
    /// Others than this user do not get in.
    _folder: TempDir,
}

/// What is answered, as one JSON text; the end of the stream ends it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer<'a> {
    Gateway {
        port: u16,
        secret: String,
        context: &'a str,
        /// A folder with the packages pyspark and py4j.
        site: Option<&'a Path>,
    },
    /// The address of a Spark Connect server; it may hold a secret.
    Connect {
        address: &'a str,
        /// A folder with its client.
        site: &'a Path,
    },
    Error(String),
}

impl Broker {
    /// Answers at a socket in a folder of its own in `scratch`.
    ///
    /// # Errors
    /// When no socket can be made.
    pub(crate) fn new(sessions: Arc<Sessions>, scratch: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("ask-").tempdir_in(scratch)?;
        let path = folder.path().join("spark");
        let listener = StdUnixListener::bind(&path)?;
        listener.set_nonblocking(true)?;
        let listener = UnixListener::from_std(listener)?;
        Ok(Self {
            path,
            task: tokio::spawn(serve(listener, sessions)),
            _folder: folder,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: UnixListener, sessions: Arc<Sessions>) {
    while let Ok((stream, _)) = listener.accept().await {
        // One after another: there is one process that asks, and it waits.
        let _ = answer(stream, &sessions).await; // it may have gone
    }
}

async fn answer(mut stream: UnixStream, sessions: &Sessions) -> io::Result<()> {
    let text = tokio::select! {
        text = told(sessions) => text?,
        // It says nothing; what can be read is the end.
        _ = stream.read_u8() => return Ok(()),
    };
    stream.write_all(&text).await?;
    stream.shutdown().await
}

async fn told(sessions: &Sessions) -> serde_json::Result<Vec<u8>> {
    let error = |reason| serde_json::to_vec(&Answer::Error(reason));
    if sessions.is_connect() {
        return match sessions.connect().await {
            Ok(connect) => serde_json::to_vec(&Answer::Connect {
                address: connect.address().with_secrets(),
                site: connect.site(),
            }),
            Err(reason) => error(reason),
        };
    }
    let opened = async {
        let session = sessions.open(&Language::Python).await?;
        let gateway = session.gateway().await?;
        Ok((session, gateway))
    };
    match opened.await {
        Ok((session, gateway)) => serde_json::to_vec(&Answer::Gateway {
            port: gateway.port,
            secret: gateway.secret,
            context: session.context(),
            site: session.site(),
        }),
        Err(reason) => error(reason),
    }
}
