//! Frames of JSON, a length of four bytes before each: how the workspace speaks with the processes that run code.

use std::io;

use bytes::{Buf, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt};

/// A message with its length before it.
pub(crate) fn frame(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message)?;
    let length = u32::try_from(frame.len() - 4).map_err(io::Error::other)?;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    Ok(frame)
}

/// What was read of frames that are not whole yet; it makes reading cancel safe.
#[derive(Debug)]
pub(crate) struct Received {
    bytes: BytesMut,
    /// The largest frame that is read.
    limit: usize,
}

impl Received {
    pub(crate) fn new(limit: usize) -> Self {
        let bytes = BytesMut::new();
        Self { bytes, limit }
    }

    /// The next frame from `source`; `None` when that has ended. Cancel safe.
    ///
    /// # Errors
    /// `InvalidData` for a frame that is larger than the limit, or is none.
    pub(crate) async fn next<T: DeserializeOwned>(
        &mut self,
        source: &mut (impl AsyncRead + Unpin),
    ) -> io::Result<Option<T>> {
        loop {
            if let Some(frame) = self.whole()? {
                return Ok(Some(frame));
            }
            if source.read_buf(&mut self.bytes).await? == 0 {
                return Ok(None);
            }
        }
    }

    fn whole<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let Some((header, rest)) = self.bytes.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*header) as usize;
        if length > self.limit {
            return Err(invalid(format!("a frame of {length} bytes")));
        }
        let Some(body) = rest.get(..length) else {
            self.bytes.reserve(length - rest.len());
            return Ok(None);
        };
        let frame = serde_json::from_slice(body).map_err(invalid);
        self.bytes.advance(4 + length);
        frame.map(Some)
    }
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}
