//! The output pipe of an interpreter: always drained, so that nobody in the process tree ever blocks on it, and kept up
//! to a limit.

use std::io::{self, PipeReader};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::ioctl_fionread;
use tokio::net::unix::pipe::Receiver;
use tokio::task::JoinHandle;
use tokio::task::coop::consume_budget;
use tracing::debug;

const CHUNK: usize = 64 << 10;

/// Reads the pipe in a task of its own until dropped.
#[derive(Debug)]
pub(crate) struct Output {
    pipe: Arc<Pipe>,
    pump: JoinHandle<()>,
}

#[derive(Debug)]
struct Pipe {
    reader: Receiver,
    /// Held while reading too: two readers must not swap what they read.
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    bytes: Vec<u8>,
    dropped: u64,
    limit: usize,
    chunk: Box<[u8]>,
}

impl Output {
    pub(crate) fn new(reader: PipeReader, limit: usize) -> io::Result<Self> {
        let pipe = Arc::new(Pipe {
            reader: Receiver::from_owned_fd(OwnedFd::from(reader))?,
            kept: Mutex::new(Kept {
                bytes: Vec::new(),
                dropped: 0,
                limit,
                chunk: vec![0; CHUNK].into_boxed_slice(),
            }),
        });
        let pump = tokio::spawn(pump(Arc::clone(&pipe)));
        Ok(Self { pipe, pump })
    }

    /// Forgets what came so far: output of threads and children between two commands belongs to none.
    pub(super) fn discard(&self) {
        let mut kept = self.pipe.lock();
        self.pipe.read_what_is_there(&mut kept);
        let bytes = kept.bytes.len() as u64 + kept.dropped;
        if bytes > 0 {
            debug!(bytes, "output between commands is dropped");
        }
        kept.bytes.clear();
        kept.dropped = 0;
    }

    /// All that was written until now, as text without one last newline, and whether some of it was dropped.
    pub(crate) fn take(&self) -> (String, bool) {
        let mut kept = self.pipe.lock();
        self.pipe.read_what_is_there(&mut kept);
        let bytes = std::mem::take(&mut kept.bytes);
        let dropped = std::mem::take(&mut kept.dropped);
        drop(kept);
        let mut text = text(bytes, dropped > 0);
        if dropped > 0 {
            text.push_str(&format!("\n… output truncated: {dropped} more bytes are left out …"));
        }
        (text, dropped > 0)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

async fn pump(pipe: Arc<Pipe>) {
    while pipe.reader.readable().await.is_ok() {
        let read = pipe.lock().read(CHUNK, |chunk| pipe.reader.try_read(chunk));
        match read {
            Ok(0) => return,
            Ok(_) => consume_budget().await, // a child that writes without end must not hold the thread
            Err(error) if is_passing(&error) => {}
            Err(_) => return,
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what is in the pipe at this moment and no more: a child of the command may write without end. Straight
    /// from the descriptor, since the runtime may not know yet that it is readable.
    fn read_what_is_there(&self, kept: &mut Kept) {
        let mut left = ioctl_fionread(&self.reader).unwrap_or(0) as usize;
        while left > 0 {
            let read = kept.read(left, |chunk| Ok(rustix::io::read(&self.reader, chunk)?));
            match read {
                Ok(0) => return,
                Ok(read) => left -= read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }
}

impl Kept {
    fn read(&mut self, most: usize, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<usize> {
        let count = read(&mut self.chunk[..most.min(CHUNK)])?;
        let room = self.limit.saturating_sub(self.bytes.len()).min(count);
        self.bytes.extend_from_slice(&self.chunk[..room]);
        self.dropped += (count - room) as u64;
        Ok(count)
    }
}

fn text(mut bytes: Vec<u8>, cut: bool) -> String {
    if cut {
        bytes.truncate(end_of_last_character(&bytes));
    } else if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The length without a last character of which the limit took the rest.
fn end_of_last_character(bytes: &[u8]) -> usize {
    match bytes.utf8_chunks().last() {
        Some(chunk) if (1..4).contains(&chunk.invalid().len()) => bytes.len() - chunk.invalid().len(),
        _ => bytes.len(),
    }
}
