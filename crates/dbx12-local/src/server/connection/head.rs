//! How long a request's head may take once it has begun.
//!
//! hyper has one limit for a head and for the time before it, in which a connection is idle; and that has to be longer than
//! clients keep idle connections. So the first byte after an answer starts a clock of our own.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::timeout;

use super::faulty::Reset;

/// What a connection is waiting for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Idle,
    /// The rest of a head.
    Head,
    /// A request is being read or answered.
    Request,
}

/// Knows the stage of a connection. Clones know the same.
#[derive(Clone, Debug)]
pub(super) struct Heads(watch::Sender<Stage>);

impl Heads {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Stage::Idle))
    }

    /// A head has been read, and its request is begun.
    pub(super) fn come(&self) {
        self.0.send_replace(Stage::Request);
    }

    /// The request has its answer.
    pub(super) fn answered(&self) {
        self.0.send_replace(Stage::Idle);
    }

    fn bytes_came(&self) {
        self.0.send_if_modified(|stage| {
            let begins = *stage == Stage::Idle;
            if begins {
                *stage = Stage::Head;
            }
            begins
        });
    }

    /// Ends when a head is not whole this long after it began.
    pub(super) async fn are_slow(&self, limit: Duration) {
        let mut stage = self.0.subscribe();
        loop {
            // The sender is here, so there is no error; but if there were one, nothing would be slow.
            if stage.wait_for(|stage| *stage == Stage::Head).await.is_err() {
                return std::future::pending().await;
            }
            if timeout(limit, stage.wait_for(|stage| *stage != Stage::Head))
                .await
                .is_err()
            {
                return;
            }
        }
    }
}

/// A stream that tells when bytes come.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    heads: Heads,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, heads: Heads) -> Self {
        Self { stream, heads }
    }
}

impl<S: Reset> Reset for Watched<S> {
    fn reset(self) {
        self.stream.reset();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.heads.bytes_came();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }
}
