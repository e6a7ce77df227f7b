//! The control channel: frames of JSON over a socket pair, a length of four bytes before each.

use std::io;
use std::os::unix::net::UnixStream as StdUnixStream;

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

use super::result::{Column, End};
use crate::frames::{Received, frame};

/// The largest frame that is read. The worker keeps its results below it.
const FRAME_LIMIT: usize = 64 << 20;

/// What is sent to the worker.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Request<'a> {
    /// The first frame: the worker's own modules, by name, in the order of their imports.
    Start {
        modules: &'a [(&'a str, &'a str)],
        memory_limit: Option<u64>,
    },
    Execute {
        number: u64,
        code: &'a str,
        row_limit: usize,
    },
    Sql {
        code: &'a str,
        row_limit: usize,
    },
    Exit,
}

/// What the worker sends.
#[derive(Debug)]
pub(super) enum Message {
    /// It takes commands; the version of the interpreter.
    Ready(String),
    /// The interpreter is too old; its version.
    TooOld(String),
    /// A command begins: from now on it can be interrupted.
    Started,
    Result(WorkerEnd),
}

/// How a command ended, as the worker sees it.
#[derive(Debug)]
pub(super) enum WorkerEnd {
    Returned(End),
    /// An exception, and whether it is or followed from a `KeyboardInterrupt`.
    Raised {
        summary: String,
        cause: String,
        interrupt: bool,
    },
}

impl WorkerEnd {
    /// The end, knowing whether the command had been interrupted by us.
    pub(super) fn after_interrupt(self, interrupted: bool) -> End {
        match self {
            Self::Returned(end) => end,
            Self::Raised { interrupt: true, .. } if interrupted => End::Interrupted,
            Self::Raised { summary, cause, .. } => End::Error { summary, cause },
        }
    }
}

/// One frame, tagged from outside: such an enum is not buffered, and the rows of a table stay the text they are.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Frame {
    Ready {
        version: String,
    },
    TooOld {
        version: String,
    },
    Started,
    Text,
    Html(String),
    Images(Vec<String>),
    Table {
        rows: Box<serde_json::value::RawValue>,
        schema: Vec<Column>,
        truncated: bool,
    },
    Error {
        summary: String,
        cause: String,
        interrupt: bool,
    },
}

impl From<Frame> for Message {
    fn from(frame: Frame) -> Self {
        let end = match frame {
            Frame::Ready { version } => return Self::Ready(version),
            Frame::TooOld { version } => return Self::TooOld(version),
            Frame::Started => return Self::Started,
            Frame::Error {
                summary,
                cause,
                interrupt,
            } => {
                return Self::Result(WorkerEnd::Raised {
                    summary,
                    cause,
                    interrupt,
                });
            }
            Frame::Text => End::Text,
            Frame::Html(html) => End::Html(html),
            Frame::Images(data_urls) => End::Images(data_urls),
            Frame::Table {
                rows,
                schema,
                truncated,
            } => End::Table {
                rows,
                schema,
                truncated,
            },
        };
        Self::Result(WorkerEnd::Returned(end))
    }
}

/// Our end of the socket pair.
#[derive(Debug)]
pub(super) struct Channel {
    stream: UnixStream,
    received: Received,
}

impl Channel {
    /// Our end, and the one for the process.
    pub(super) fn pair() -> io::Result<(Self, StdUnixStream)> {
        let (ours, theirs) = StdUnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let channel = Self {
            stream: UnixStream::from_std(ours)?,
            received: Received::new(FRAME_LIMIT),
        };
        Ok((channel, theirs))
    }

    /// Sends one frame. Not cancel safe: a frame cut short is the end of the channel.
    pub(super) async fn send(&mut self, request: &Request<'_>) -> io::Result<()> {
        self.stream.write_all(&frame(request)?).await
    }

    /// The next message; `None` when the worker's end is closed. Cancel safe.
    ///
    /// # Errors
    ///
    /// `InvalidData` for what the worker cannot have sent.
    pub(super) async fn receive(&mut self) -> io::Result<Option<Message>> {
        let frame: Option<Frame> = self.received.next(&mut self.stream).await?;
        Ok(frame.map(Message::from))
    }
}
