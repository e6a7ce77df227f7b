//! The server's own journal of what it accepted.

use anyhow::{Context, Result};
use dbx12_local::ReadyFile;
use serde::Deserialize;
use std::collections::HashMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How each command ended, by its id.
pub(super) type Journal = HashMap<String, Vec<String>>;

#[derive(Deserialize)]
struct Answer {
    commands: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    ends: Vec<String>,
}

/// What the journal says now.
pub(super) async fn read(ready: &ReadyFile) -> Result<Journal> {
    let address = ready.host.split("://").last().unwrap_or_default();
    let mut stream = TcpStream::connect(address).await?;
    let token = &ready.token;
    let request = format!(
        "GET /_local/journal HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (_, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    let answer: Answer = serde_json::from_str(body)?;
    Ok(answer
        .commands
        .into_iter()
        .map(|entry| (entry.id, entry.ends))
        .collect())
}
