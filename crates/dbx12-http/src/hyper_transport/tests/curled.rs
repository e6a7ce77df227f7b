//! Sent by curl and by the client, to a peer that compares.

use crate::types::{ExecuteCommand, Idempotency};
use crate::{BodyEncoding, CallOptions, Client, Credentials, RawRequest};
use http::Method;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

/// Accepts one request, answers it, and gives back its first line, the headers that count, and its body.
fn accept(listener: &TcpListener) -> (String, Vec<String>, Vec<u8>) {
    let (mut stream, _) = listener.accept().unwrap();
    let mut read = Vec::new();
    let (head, length) = loop {
        read_some(&mut stream, &mut read);
        let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8(read.drain(..end + 4).collect()).unwrap();
        let lower = head.to_lowercase();
        let length = lower
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if lower.contains("expect: 100-continue") {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
        }
        break (head, length.unwrap_or(0));
    };
    while read.len() < length {
        read_some(&mut stream, &mut read);
    }
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    stream.write_all(answer).unwrap();
    let mut lines = head.lines().filter(|line| !line.is_empty()).map(str::to_owned);
    let first = lines.next().unwrap();
    let mut headers: Vec<_> = lines
        .map(|line| {
            line.split_once(':')
                .map_or(line.clone(), |(name, value)| format!("{}:{value}", name.to_lowercase()))
        })
        .collect();
    headers.retain(|line| {
        !["accept-encoding:", "expect:", "connection:"]
            .iter()
            .any(|name| line.starts_with(name))
    });
    headers.sort();
    (first, headers, read)
}

fn read_some(stream: &mut TcpStream, into: &mut Vec<u8>) {
    let mut buffer = [0; 65536];
    let length = stream.read(&mut buffer).unwrap();
    assert_ne!(length, 0, "the client has gone");
    into.extend_from_slice(&buffer[..length]);
}

/// Runs a printed command in a shell, with the secret that it asks for.
fn run(command: String) -> std::process::Child {
    let mut shell = Command::new("sh")
        .env("DATABRICKS_TOKEN", "s3cret")
        .env("DATABRICKS_USERNAME", "me")
        .env("DATABRICKS_PASSWORD", "p@ss word")
        .env("no_proxy", "*")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // As a script, so that a long command is no argument of anything.
    shell.stdin.take().unwrap().write_all(command.as_bytes()).unwrap();
    shell
}

fn requests() -> Vec<RawRequest> {
    let everything: Vec<u8> = (0..=255).cycle().take(1000).collect();
    let shell = "it's $HOME `id` \\n \"quoted\" %s %% \t!\n* ? ü 😀";
    vec![
        RawRequest::get("/api/2.0/x").query("a b", "c&d=é'\"$HOME"),
        RawRequest::get("/a/../b/./c{1,2}[3-4]".replace(['{', '}', '[', ']'], "%5B")),
        RawRequest::new(Method::DELETE, "/x"),
        RawRequest::post("/empty"),
        RawRequest::post("/text").body("text/plain", shell),
        RawRequest::post("/file").body("text/plain", "@/etc/hostname"),
        RawRequest::post("/binary").body("application/octet-stream", everything),
        RawRequest::post("/carriage").body("text/plain", "a\r\nb\\r%n\u{85}"),
        RawRequest::post("/untyped").idempotency(Idempotency::Idempotent),
        RawRequest::post("/long").body("text/plain", "it's long; ".repeat(30_000)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_sends_what_the_client_sends() {
    for (credentials, address) in [
        (Credentials::bearer("s3cret"), "127.0.0.1:0"),
        (Credentials::basic("me", "p@ss word"), "127.0.0.1:0"),
        (Credentials::none(), "[::1]:0"),
    ] {
        // Machines without IPv6 exist.
        let Ok(listener) = TcpListener::bind(address) else {
            continue;
        };
        let host = format!("http://{}", listener.local_addr().unwrap());
        let client = Client::builder(host).credentials(credentials).no_proxy().seed(7);
        let accept = || tokio::task::block_in_place(|| accept(&listener));
        let twin = || client.clone().build().unwrap();
        for request in requests() {
            let printed = twin().curl_raw(request.clone()).unwrap();
            assert!(!printed.contains("s3cret") && !printed.contains("p@ss"), "{printed}");
            let sending = twin();
            let sent = tokio::spawn(async move { sending.raw(request).await.map(drop) });
            let expected = accept();
            sent.await.unwrap().unwrap();

            let curl = run(printed.clone());
            assert_eq!(accept(), expected, "{printed}");
            let output = curl.wait_with_output().unwrap();
            assert_eq!(
                output.stdout,
                b"{}",
                "{printed}\n{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_it_does_in_every_encoding() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    // The same seed makes the same boundary.
    let client = Client::builder(host)
        .credentials(Credentials::bearer("s3cret"))
        .no_proxy()
        .seed(7);
    let twin = || client.clone().build().unwrap();
    let command = ExecuteCommand::new("c", "1", "print('ü', \"%s\")\r\nx = '\\\\'\n");
    for options in [
        CallOptions::new(),
        CallOptions::new().encoding(BodyEncoding::Form),
        CallOptions::new().encoding(BodyEncoding::Multipart),
        CallOptions::new()
            .file_part("command", "a \"b\".py")
            .traceparent("00-1-01"),
    ] {
        let printed = twin().curl_with(&command, &options).unwrap();
        let (sending, request, by) = (twin(), command.clone(), options.clone());
        let sent = tokio::spawn(async move { sending.send_with(&request, &by).await.map(drop) });
        let expected = tokio::task::block_in_place(|| accept(&listener));
        // The peer answers with an object that is no command's id; that it was asked is enough.
        let _ = sent.await.unwrap();
        let curl = run(printed.clone());
        assert_eq!(tokio::task::block_in_place(|| accept(&listener)), expected, "{printed}");
        curl.wait_with_output().unwrap();
    }
}
