//! What a JVM writes besides its replies: into our log, and the last of it kept, to tell of a death.

use std::collections::VecDeque;
use std::io::{self, PipeReader};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::pipe::Receiver;
use tokio::task::JoinHandle;
use tracing::debug;

/// How much of a log is told of a death, in bytes.
pub(super) const LAST_LOG: usize = 4 << 10;

/// How many lines are kept, and how long they may be.
const MOST_LINES: usize = 100;
const LONGEST_LINE: usize = 2_000;

/// Reads a pipe in a task of its own until dropped.
#[derive(Debug)]
pub(super) struct Log {
    lines: Arc<Mutex<VecDeque<String>>>,
    pump: JoinHandle<()>,
}

impl Log {
    pub(super) fn new(reader: PipeReader) -> io::Result<Self> {
        let reader = BufReader::new(Receiver::from_owned_fd(OwnedFd::from(reader))?);
        let lines = Arc::default();
        let pump = tokio::spawn(pump(reader, Arc::clone(&lines)));
        Ok(Self { lines, pump })
    }

    /// Some words, and the last of the log below them.
    pub(super) fn with_last(&self, words: &str, most: usize) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut size = 0;
        let mut last: Vec<&str> = lines
            .iter()
            .rev()
            .map(String::as_str)
            .take_while(|line| {
                size += line.len() + 1;
                size <= most
            })
            .collect();
        last.reverse();
        if last.is_empty() {
            words.to_owned()
        } else {
            format!("{words}; the last of its log:\n{}\n", last.join("\n"))
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

async fn pump(mut reader: BufReader<Receiver>, lines: Arc<Mutex<VecDeque<String>>>) {
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        match reader.read_until(b'\n', &mut bytes).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let line: String = String::from_utf8_lossy(&bytes)
            .trim_end()
            .chars()
            .take(LONGEST_LINE)
            .collect();
        debug!(target: "dbx12_local::spark::log", "{line}");
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == MOST_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}
