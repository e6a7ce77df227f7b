//! Connections that break on demand.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// The connection is to be reset, because a fault was asked for.
#[derive(Debug)]
pub(super) struct ToReset;

impl fmt::Display for ToReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is reset, by a fault that was asked for")
    }
}

impl Error for ToReset {}

/// Whether a connection ended for that reason.
pub(super) fn is_to_reset(error: &(dyn Error + 'static)) -> bool {
    error.is::<ToReset>() || error.source().is_some_and(is_to_reset)
}

/// What can be closed so that the other side sees a reset and no end.
pub(in crate::server) trait Reset {
    fn reset(self);
}

impl Reset for TcpStream {
    fn reset(self) {
        // With no time to linger, closing is a reset. A failure leaves an ordinary end.
        let _ = self.set_zero_linger();
    }
}

impl Reset for TlsStream<TcpStream> {
    fn reset(self) {
        self.into_inner().0.reset();
    }
}

/// The body of an answer: all of it, or half of it and then a reset.
pub(super) struct Body {
    rest: Option<Bytes>,
    length: u64,
    /// How it goes on behind the rest.
    end: End,
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Whole,
    /// Once more it says that it is not ready: then what it gave is written out.
    Pause,
    Break,
}

impl Body {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self {
            length: bytes.len() as u64,
            rest: (!bytes.is_empty()).then_some(bytes),
            end: End::Whole,
        }
    }

    pub(super) fn half(bytes: Bytes) -> Self {
        Self {
            length: bytes.len() as u64,
            rest: Some(bytes.slice(..bytes.len() / 2)),
            end: End::Pause,
        }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = ToReset;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ToReset>>> {
        if let Some(bytes) = self.rest.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.end {
            End::Whole => Poll::Ready(None),
            End::Pause => {
                self.end = End::Break;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            End::Break => Poll::Ready(Some(Err(ToReset))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none() && self.end == End::Whole
    }

    fn size_hint(&self) -> SizeHint {
        // What was promised, also of half of it.
        SizeHint::with_exact(self.length)
    }
}
