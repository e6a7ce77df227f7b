//! The same over a real connection, byte by byte; and what is no HTTP at all.

use super::*;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

struct Wire {
    stream: TcpStream,
}

impl Wire {
    async fn to(address: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(address).await.unwrap(),
        }
    }

    /// Writes bytes and reads one response: its head, and its body as JSON.
    async fn exchange(&mut self, request: impl AsRef<[u8]>) -> (String, Value) {
        self.stream.write_all(request.as_ref()).await.unwrap();
        timeout(Duration::from_secs(10), self.response())
            .await
            .expect("an answer in time")
    }

    async fn response(&mut self) -> (String, Value) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.stream.read_exact(&mut body).await.unwrap();
        (head, serde_json::from_slice(&body).unwrap())
    }
}

fn post(token: &str, headers: &str, body: &str) -> String {
    format!(
        "POST /api/1.2/commands/execute HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn one_connection_survives_every_mistake() {
    let workspace = workspace().await;
    let server = workspace.serve(([127, 0, 0, 1], 0).into(), false).await.unwrap();
    let token = workspace.token();
    let mut wire = Wire::to(server.address()).await;
    let no_credentials = "GET /api/1.2/clusters/list HTTP/1.1\r\nHost: x\r\n\r\n".to_owned();
    let get = |method: &str, target: &str| {
        format!("{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n")
    };
    for (request, status, header, said) in [
        (
            no_credentials,
            "401 unauthorized",
            "www-authenticate: basic realm=",
            "Credential was not sent",
        ),
        (post("dapi0", "", "{}"), "403 forbidden", "", "Invalid access token."),
        (
            get("GET", "/api/1.2/nowhere"),
            "404 not found",
            "",
            "Bad Target: /api/1.2/nowhere",
        ),
        (
            get("PUT", "/api/1.2/commands/execute"),
            "405 method not allowed",
            "allow: post",
            "use POST for this path",
        ),
        (
            post(token, "", "{\"clusterId\""),
            "400 bad request",
            "",
            "line 1 column 12",
        ),
        (
            post(token, "", &"x".repeat(1001)),
            "413 payload too large",
            "",
            "which is 1000 bytes",
        ),
        (
            post(token, "Content-Encoding: zstd\r\n", "{}"),
            "415 unsupported media type",
            "",
            "send gzip",
        ),
        (
            post(token, "", "{\"clusterID\":\"x\"}"),
            "500 internal server error",
            "",
            "did you mean \"clusterId\"?",
        ),
        (
            post(token, "Content-Type: text/json\r\n", "{\"clusterId\":\"x\"}"),
            "500 ",
            "",
            "missing contextId",
        ),
        (
            post(token, "Expect: 100-continue\r\n", &"x".repeat(1001)),
            "413 ",
            "",
            "which is 1000 bytes",
        ),
    ] {
        // Who asks first is refused before the body is sent.
        let request = if request.contains("Expect") {
            request.trim_end_matches('x')
        } else {
            &request
        };
        let (head, body) = wire.exchange(request).await;
        assert!(
            head.starts_with(&format!("http/1.1 {status}")) && head.contains(header),
            "{request}\n{head}"
        );
        assert!(head.contains("content-type: application/json"), "{head}");
        assert!(body.to_string().replace('\\', "").contains(said), "{request}\n{body}");
        if request.contains("Expect") {
            wire = Wire::to(server.address()).await;
        }
    }
    let (head, body) = wire.exchange(get("GET", "/api/1.2/clusters/list")).await;
    assert!(
        head.starts_with("http/1.1 200 ok") && body[0]["id"] == workspace.cluster_id().as_str(),
        "{head}{body}"
    );
    assert_eq!(head.matches("connection: close").count(), 0);
}

#[tokio::test]
async fn a_body_in_chunks_is_bounded_too() {
    let workspace = workspace().await;
    let server = workspace.serve(([127, 0, 0, 1], 0).into(), false).await.unwrap();
    let head = post(workspace.token(), "", "").replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let chunk = format!("100\r\n{}\r\n", "x".repeat(256));
    let request = format!("{head}{}0\r\n\r\n", chunk.repeat(5));
    let (head, body) = Wire::to(server.address()).await.exchange(request).await;
    assert!(
        head.starts_with("http/1.1 413 ") && body["error_code"] == "MAX_REQUEST_SIZE_EXCEEDED",
        "{head}{body}"
    );
}

#[tokio::test]
async fn what_is_no_http_harms_nobody() {
    let workspace = workspace().await;
    let server = workspace.serve(([127, 0, 0, 1], 0).into(), false).await.unwrap();
    let token = workspace.token();
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /api/1.2/commands/execute HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/1.2/commands/execute HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
        let _ = read.expect("the connection ends");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
        assert!(!answer.contains(token));
    }
    let request = format!("GET /api/1.2/clusters/list HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    let (head, _) = Wire::to(server.address()).await.exchange(request).await;
    assert!(head.starts_with("http/1.1 200 "), "{head}");
}
