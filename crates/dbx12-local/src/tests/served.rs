//! The workspace on a port, spoken to byte by byte.

use super::*;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::{ReadyFile, ServeError};

const ANY_PORT: &str = "127.0.0.1:0";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn get(workspace: &Workspace, target: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: any.host.at.all\r\nAuthorization: Bearer {}\r\n\r\n",
        workspace.token()
    )
}

fn post(workspace: &Workspace, target: &str, headers: &str, body: &str) -> String {
    let token = workspace.token();
    let length = body.len();
    format!(
        "POST {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

/// Reads one response: its head, and as much body as the head says.
async fn response(stream: &mut (impl AsyncRead + Unpin)) -> (String, String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a response"));
    }
    let head = String::from_utf8(head).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |text| text.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    (head, String::from_utf8(body).unwrap())
}

async fn exchange(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), request: &str) -> (String, String) {
    stream.write_all(request.as_bytes()).await.unwrap();
    timeout(PATIENCE, response(stream)).await.unwrap()
}

async fn is_closed(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    timeout(PATIENCE, stream.read_u8()).await.unwrap().is_err()
}

#[tokio::test]
async fn over_http_with_keep_alive_and_any_host() {
    let workspace = Workspace::start().await.unwrap();
    let server = workspace.serve(address(ANY_PORT), false).await.unwrap();
    assert_eq!(server.host(), format!("http://127.0.0.1:{}", server.address().port()));
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    for _ in 0..3 {
        let (head, body) = exchange(&mut stream, &get(&workspace, "/api/1.2/clusters/list")).await;
        assert!(
            head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("content-type: application/json"),
            "{head}"
        );
        assert!(
            body.starts_with(r#"[{"id":"1234-567890-local1","name":"local","status":"Running""#),
            "{body}"
        );
    }
    let create = post(
        &workspace,
        "/api/1.2/contexts/create",
        "",
        "clusterId=1234-567890-local1&language=python",
    );
    let (head, body) = exchange(&mut stream, &create).await;
    assert!(
        head.starts_with("HTTP/1.1 200 ") && body.starts_with(r#"{"id":""#),
        "{head}{body}"
    );

    server.shutdown().await;
    assert!(is_closed(&mut stream).await, "an idle connection is closed");
    assert!(workspace.ready().await.is_ok(), "the workspace goes on");
}

#[tokio::test]
async fn over_https_with_an_authority_of_its_own() {
    let workspace = Workspace::builder().wait_for_cluster(false).start().await.unwrap();
    let server = workspace.serve(address(ANY_PORT), true).await.unwrap();
    let ca = std::fs::read(server.ca_file().unwrap()).unwrap();
    assert!(!String::from_utf8_lossy(&ca).contains("PRIVATE"));

    for (authority, name, is_trusted) in [
        (Some(&ca), "127.0.0.1", true),
        (Some(&ca), "localhost", true),
        (Some(&ca), "::1", true),
        (Some(&ca), "example.com", false),
        (None, "127.0.0.1", false),
    ] {
        let mut roots = RootCertStore::empty();
        if let Some(pem) = authority {
            roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
        }
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(server.address()).await.unwrap();
        let name = ServerName::try_from(name).unwrap();
        match TlsConnector::from(Arc::new(config)).connect(name.clone(), stream).await {
            Ok(mut stream) => {
                let (head, _) = exchange(&mut stream, &get(&workspace, "/api/1.2/clusters/list")).await;
                assert!(head.starts_with("HTTP/1.1 200 ") && is_trusted, "{name:?}");
            }
            Err(error) => assert!(!is_trusted, "{name:?}: {error}"),
        }
    }
    let mut plain = TcpStream::connect(server.address()).await.unwrap();
    plain.write_all(get(&workspace, "/").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "no HTTP where TLS is spoken");

    let ready = server.ready_file();
    assert!(ready.host.starts_with("https://127.0.0.1:") && ready.pid == std::process::id());
    let path = workspace.inner().folder().join("ready.json");
    ready.write(&path).unwrap();
    assert_eq!(ReadyFile::read(&path).unwrap(), ready);
    assert!(!format!("{server:?}").contains(workspace.token()));
}

#[tokio::test]
async fn bodies_are_asked_for_only_when_they_are_wanted() {
    let workspace = Workspace::builder()
        .wait_for_cluster(false)
        .body_limit(1000)
        .start()
        .await
        .unwrap();
    let server = workspace.serve(address(ANY_PORT), false).await.unwrap();
    let path = "/api/1.2/contexts/destroy";
    let connect = async || TcpStream::connect(server.address()).await.unwrap();

    let expect = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
        workspace.token()
    );
    let mut stream = connect().await;
    let (head, _) = exchange(&mut stream, &expect).await;
    assert!(head.starts_with("HTTP/1.1 100 "), "{head}");
    let (head, body) = exchange(&mut stream, "{}").await;
    assert!(
        head.starts_with("HTTP/1.1 500 ") && body.contains("missing clusterId"),
        "{head}{body}"
    );

    for (request, status) in [
        (expect.replace(workspace.token(), "dapi0"), 403),
        (expect.replace("Authorization", "X-Authorization"), 401),
        (expect.replace("Content-Length: 2", "Content-Length: 1001"), 413),
    ] {
        let mut stream = connect().await;
        let (head, _) = exchange(&mut stream, &request).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
}

#[tokio::test]
async fn who_sends_too_much_sees_the_answer_and_not_a_broken_connection() {
    let workspace = Workspace::builder()
        .wait_for_cluster(false)
        .body_limit(1000)
        .start()
        .await
        .unwrap();
    let server = workspace.serve(address(ANY_PORT), false).await.unwrap();
    let large = "x".repeat(8 << 20);
    let declared = post(&workspace, "/api/1.2/commands/execute", "", &large);
    let chunked = declared.replace(
        &format!("Content-Length: {}", large.len()),
        "Transfer-Encoding: chunked",
    );
    let chunked = chunked.replace("\r\n\r\n", &format!("\r\n\r\n{:x}\r\n", large.len())) + "\r\n0\r\n\r\n";
    let stranger = declared.replace(workspace.token(), "dapi0");
    for (request, status) in [(declared, 413), (chunked, 413), (stranger, 403)] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let (head, _) = exchange(&mut stream, &request).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        let (head, _) = exchange(&mut stream, &get(&workspace, "/api/1.2/clusters/list")).await;
        assert!(
            head.starts_with("HTTP/1.1 200 "),
            "the connection can be used again: {head}"
        );
    }
}

#[tokio::test]
async fn what_is_no_http_harms_nobody() {
    let workspace = Workspace::builder().wait_for_cluster(false).start().await.unwrap();
    let server = workspace.serve(address(ANY_PORT), false).await.unwrap();
    let many: String = (0..200).map(|number| format!("X-{number}: 1\r\n")).collect();
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100 << 10));
    for garbage in [
        "\x16\x03\x01",
        "hello\r\n\r\n",
        &format!("GET / HTTP/1.1\r\n{many}\r\n"),
        &long,
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let _ = stream.write_all(garbage.as_bytes()).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let (head, _) = exchange(&mut stream, &get(&workspace, "/api/1.2/clusters/list")).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
}

#[tokio::test]
async fn other_machines_get_in_by_name_and_with_tls_only() {
    let closed = Workspace::builder().wait_for_cluster(false).start().await.unwrap();
    let error = closed.serve(address("0.0.0.0:0"), true).await.unwrap_err();
    assert!(matches!(error, ServeError::Remote { .. }) && error.to_string().contains("allow remote clients"));
    assert!(matches!(
        closed.serve(address("192.0.2.1:0"), false).await.unwrap_err(),
        ServeError::Remote { .. }
    ));
    assert!(
        closed
            .serve(address("[::ffff:127.0.0.1]:0"), false)
            .await
            .is_ok_and(|server| !server.host().is_empty())
    );

    let open = Workspace::builder()
        .allow_remote(true)
        .wait_for_cluster(false)
        .start()
        .await
        .unwrap();
    let error = open.serve(address("0.0.0.0:0"), false).await.unwrap_err();
    assert!(matches!(error, ServeError::RemoteWithoutTls { .. }), "{error}");
    let server = open.serve(address("0.0.0.0:0"), true).await.unwrap();
    assert_eq!(server.host(), format!("https://127.0.0.1:{}", server.address().port()));

    let taken = closed.serve(address(ANY_PORT), false).await.unwrap();
    let error = closed.serve(taken.address(), false).await.unwrap_err();
    assert!(matches!(error, ServeError::Listen { .. }), "{error}");
}

#[tokio::test]
async fn the_end_of_the_workspace_is_the_end_of_its_servers() {
    let workspace = Workspace::start().await.unwrap();
    let servers = [
        workspace.serve(address(ANY_PORT), false).await.unwrap(),
        workspace.serve(address(ANY_PORT), true).await.unwrap(),
    ];
    let context = Context::create(&workspace).await;
    let pid = context.pid().await;
    let mut idle = TcpStream::connect(servers[0].address()).await.unwrap();
    exchange(&mut idle, &get(&workspace, "/api/1.2/clusters/list")).await;
    let mut half = TcpStream::connect(servers[0].address()).await.unwrap();
    half.write_all(b"GET /api").await.unwrap();
    let silent = TcpStream::connect(servers[1].address()).await.unwrap();

    timeout(PATIENCE, workspace.shutdown()).await.unwrap();
    assert!(is_closed(&mut idle).await && is_closed(&mut half).await && !running(pid));
    for server in &servers {
        assert!(TcpStream::connect(server.address()).await.is_err());
    }
    assert!(matches!(
        workspace.serve(address(ANY_PORT), false).await.unwrap_err(),
        ServeError::ShutDown
    ));
    drop(silent);
}

#[tokio::test]
async fn dropping_a_server_stops_it() {
    let workspace = Workspace::builder().wait_for_cluster(false).start().await.unwrap();
    let server = workspace.serve(address(ANY_PORT), false).await.unwrap();
    let address = server.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    drop(server);
    assert!(is_closed(&mut idle).await);
    until(async || TcpStream::connect(address).await.is_err().then_some(())).await;
}

#[tokio::test]
async fn a_request_that_has_begun_is_answered_before_the_end() {
    let workspace = Workspace::builder().wait_for_cluster(false).start().await.unwrap();
    let server = workspace.serve(address(ANY_PORT), false).await.unwrap();
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let whole = post(
        &workspace,
        "/api/1.2/contexts/destroy",
        "Expect: 100-continue\r\n",
        "{}",
    );
    let (head, _) = exchange(&mut stream, whole.strip_suffix("{}").unwrap()).await;
    assert!(head.starts_with("HTTP/1.1 100 "), "it has begun: {head}");

    let shutdown = tokio::spawn(server.shutdown());
    until(async || {
        TcpStream::connect(stream.peer_addr().unwrap())
            .await
            .is_err()
            .then_some(())
    })
    .await;
    let (head, body) = exchange(&mut stream, "{}").await;
    assert!(
        head.contains("connection: close") && body.contains("missing clusterId"),
        "{head}{body}"
    );
    shutdown.await.unwrap();
    assert!(is_closed(&mut stream).await);
}
