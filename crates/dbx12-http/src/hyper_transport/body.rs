//! Reading a response's body, never more of it than was agreed on.

use super::classify;
use crate::decode;
use crate::transport::{TransportError, TransportErrorKind};
use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use std::io::{self, Write};

/// The whole body, decompressed, of at most `limit` bytes.
pub(super) async fn read(mut body: Incoming, headers: &HeaderMap, limit: usize) -> Result<Bytes, TransportError> {
    let mut sink = Sink::new(headers, limit)?;
    // A body that says that it is too large need not be read to be believed.
    sink.count(usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX))?;
    let mut received = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(classify::body_failed)?;
        if let Ok(data) = frame.into_data() {
            received = received.saturating_add(data.len());
            sink.count(received)?;
            sink.push(data)?;
        }
    }
    sink.finish(received)
}

/// Where the pieces of a body go.
enum Sink {
    Plain(Buffer),
    Gzip(Box<MultiGzDecoder<Buffer>>),
}

impl Sink {
    fn new(headers: &HeaderMap, limit: usize) -> Result<Self, TransportError> {
        let buffer = Buffer::new(limit);
        let encoding = headers.get(CONTENT_ENCODING).map_or(&b""[..], |value| value.as_bytes());
        if encoding.is_empty() || encoding.eq_ignore_ascii_case(b"identity") {
            return Ok(Self::Plain(buffer));
        }
        if encoding.eq_ignore_ascii_case(b"gzip") || encoding.eq_ignore_ascii_case(b"x-gzip") {
            return Ok(Self::Gzip(Box::new(MultiGzDecoder::new(buffer))));
        }
        let encoding = decode::one_line(&String::from_utf8_lossy(encoding));
        let message = format!("the response is encoded as `{encoding}`, but only gzip was asked for");
        Err(TransportError::new(TransportErrorKind::Malformed, message))
    }

    /// Checks the bytes received, before decompression. What does not compress becomes a little longer by gzip; more than
    /// that is the sign of a body without end that inflates to nothing.
    fn count(&self, received: usize) -> Result<(), TransportError> {
        let (limit, allowed) = match self {
            Self::Plain(buffer) => (buffer.limit, buffer.limit),
            Self::Gzip(decoder) => {
                let limit = decoder.get_ref().limit;
                (limit, limit.saturating_add(limit / 16).saturating_add(1024))
            }
        };
        if received > allowed {
            Err(too_large(limit))
        } else {
            Ok(())
        }
    }

    fn push(&mut self, data: Bytes) -> Result<(), TransportError> {
        match self {
            Self::Plain(buffer) => {
                buffer.push(data);
                Ok(())
            }
            Self::Gzip(decoder) => decoder
                .write_all(&data)
                .map_err(|error| gzip_failed(error, decoder.get_ref())),
        }
    }

    fn finish(self, received: usize) -> Result<Bytes, TransportError> {
        match self {
            Self::Plain(buffer) => Ok(buffer.into_bytes()),
            // Nothing at all is not a broken gzip stream: some answers have a body of length 0.
            Self::Gzip(_) if received == 0 => Ok(Bytes::new()),
            Self::Gzip(mut decoder) => match decoder.try_finish() {
                Ok(()) => Ok(std::mem::take(decoder.get_mut()).into_bytes()),
                Err(error) => Err(gzip_failed(error, decoder.get_ref())),
            },
        }
    }
}

/// A body so far. One that comes in one piece, as most do, is never copied.
#[derive(Default)]
struct Buffer {
    first: Bytes,
    joined: Vec<u8>,
    limit: usize,
    overflowed: bool,
}

impl Buffer {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    fn push(&mut self, data: Bytes) {
        if self.first.is_empty() && self.joined.is_empty() {
            self.first = data;
            return;
        }
        if self.joined.is_empty() {
            self.joined = std::mem::take(&mut self.first).into();
        }
        self.joined.extend_from_slice(&data);
    }

    fn into_bytes(self) -> Bytes {
        if self.joined.is_empty() {
            self.first
        } else {
            self.joined.into()
        }
    }
}

/// What the decompressor writes to.
impl Write for Buffer {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.joined.len().saturating_add(data.len()) > self.limit {
            self.overflowed = true;
            return Err(io::Error::other("larger than the limit"));
        }
        self.joined.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn gzip_failed(error: io::Error, buffer: &Buffer) -> TransportError {
    if buffer.overflowed {
        return too_large(buffer.limit);
    }
    let message = format!("the response's gzip compression is broken: {error}");
    TransportError::new(TransportErrorKind::Malformed, message).with_source(error)
}

fn too_large(limit: usize) -> TransportError {
    let message = format!("the response is larger than the limit of {limit} bytes");
    TransportError::new(TransportErrorKind::TooLarge, message)
}
