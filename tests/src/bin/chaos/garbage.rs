//! Requests that are none, or none that can be carried out.

use dbx12_local::ReadyFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HEADS: &[&str] = &[
    "POST /api/1.2/commands/execute HTTP/1.1",
    "POST /api/1.2/contexts/create HTTP/1.1",
    "POST /api/1.2/libraries/upload HTTP/1.1",
    "GET /api/1.2/commands/status?clusterId=%FF HTTP/1.1",
    "DELETE /api/1.2/clusters/list HTTP/1.1",
    "GET /../../etc/passwd HTTP/1.1",
    "POST /_local/faults HTTP/1.1",
    "POST /oidc/v1/token HTTP/1.1",
];

const HEADERS: &[&str] = &[
    "content-type: application/json",
    "content-type: multipart/form-data; boundary=x",
    "content-type: application/x-www-form-urlencoded",
    "content-encoding: gzip",
    "content-encoding: br",
    "transfer-encoding: chunked",
    "expect: 100-continue",
    "connection: upgrade",
];

const BODIES: &[&str] = &[
    "{\"clusterId\": ",
    "[[[[[[[[[[[[[[[[",
    "{\"clusterId\":\"a\",\"clusterId\":\"b\"}",
    "--x\r\ncontent-disposition: form-data; name=\"command\"\r\n\r\n1\r\n--x",
    "clusterId=%GG&contextId=&&&=",
    "\u{1f}\u{8b}\u{8}",
    "ffffffffffffffff\r\n",
    "{\"rules\": 7}",
];

/// Sends something, and reads a little of what comes or goes away.
pub(super) async fn send(ready: &ReadyFile, random: &mut fastrand::Rng) {
    let address = ready.host.split("://").last().unwrap_or_default();
    let Ok(mut stream) = TcpStream::connect(address).await else {
        return;
    };
    let request = request(&ready.token, random);
    // It may have been refused in the middle.
    let _ = stream.write_all(&request).await;
    if random.bool() {
        let _ = stream.shutdown().await;
        let _ = stream.read(&mut [0; 1024]).await;
    }
}

fn request(token: &str, random: &mut fastrand::Rng) -> Vec<u8> {
    if random.u32(..4) == 0 {
        return (0..random.usize(1..3000)).map(|_| random.u8(..)).collect();
    }
    let mut body: Vec<u8> = random.choice(BODIES).copied().unwrap_or_default().into();
    if random.bool() {
        body.extend((0..random.usize(..200)).map(|_| random.u8(..)));
    }
    let length = match random.u32(..4) {
        0 => body.len() + 10,
        1 => usize::MAX,
        _ => body.len(),
    };
    let head = random.choice(HEADS).copied().unwrap_or_default();
    let token = if random.u32(..5) == 0 { "dapi0" } else { token };
    let mut text = format!("{head}\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\n");
    for _ in 0..random.usize(..3) {
        text += random.choice(HEADERS).copied().unwrap_or_default();
        text += "\r\n";
    }
    let mut request = (text + "\r\n").into_bytes();
    request.extend(body);
    request.truncate(random.usize(request.len() / 2..=request.len()));
    request
}
