//! What goes over the pipes to the bridge and back: frames of JSON, a length of four bytes before each.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::io::AsyncRead;

use crate::engine::Column;
use crate::frames::Received;

/// The largest frame that is read. The bridge keeps output and tables well below it.
const FRAME_LIMIT: usize = 256 << 20;

/// The first frame: how Spark is configured.
#[derive(Serialize)]
pub(super) struct Settings {
    pub(super) conf: BTreeMap<String, String>,
}

/// What is asked of the bridge, on behalf of a context.
#[derive(Debug, Serialize)]
pub(super) struct Request<'a> {
    pub(super) id: u64,
    pub(super) context: &'a str,
    #[serde(flatten)]
    pub(super) operation: Operation<'a>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(super) enum Operation<'a> {
    /// A session, and what its language needs.
    Open { language: &'a str },
    Execute {
        language: &'a str,
        number: u64,
        code: &'a str,
        row_limit: usize,
    },
    /// Cancels the command of this number, or the jobs of the context's Python when it is 0. There is no reply.
    Cancel { number: u64 },
    /// A server for the Python process of the context.
    Gateway,
    /// There is no reply either.
    Close,
}

/// What the bridge says.
#[derive(Debug, Deserialize)]
pub(super) struct Reply {
    /// Of the request; 0 when nobody asked.
    pub(super) id: u64,
    #[serde(default)]
    pub(super) ready: Option<Ready>,
    /// The trace of what went wrong.
    #[serde(default)]
    pub(super) failed: Option<String>,
    #[serde(default)]
    pub(super) gateway: Option<Gateway>,
    #[serde(default)]
    pub(super) output: String,
    /// How many bytes of output are missing.
    #[serde(default)]
    pub(super) dropped: u64,
    #[serde(default)]
    pub(super) end: Option<BridgeEnd>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Ready {
    pub(super) spark: String,
    pub(super) java: String,
}

/// Where the Python of a context finds its session.
#[derive(Debug, Deserialize)]
pub(super) struct Gateway {
    pub(super) port: u16,
    pub(super) secret: String,
}

/// How a command ended.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum BridgeEnd {
    Text,
    Html(String),
    Table {
        rows: Box<RawValue>,
        schema: Vec<Column>,
        truncated: bool,
    },
    Error {
        summary: String,
        cause: String,
    },
    /// It goes on although it was cancelled, and this version of Java cannot stop it.
    Stuck(String),
}

/// Reads frames from a pipe.
#[derive(Debug)]
pub(super) struct Frames<R> {
    pipe: R,
    received: Received,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    pub(super) fn new(pipe: R) -> Self {
        Self {
            pipe,
            received: Received::new(FRAME_LIMIT),
        }
    }

    /// The next reply; `None` when the pipe has ended. Cancel safe.
    ///
    /// # Errors
    /// `InvalidData` for what the bridge cannot have sent.
    pub(super) async fn next(&mut self) -> io::Result<Option<Reply>> {
        self.received.next(&mut self.pipe).await
    }
}
