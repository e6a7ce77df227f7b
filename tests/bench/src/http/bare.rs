//! hyper alone: one connection, bytes that were made beforehand, answers that are dropped.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};

use super::peers::{TOKEN, USER_AGENT, times};
use super::server::Server;

const COMMAND: &str =
    r#"{"clusterId":"1234-567890-span123","contextId":"4657927497901906390","language":"python","command":"print(1)"}"#;
const STATUS: &str = "/api/1.2/commands/status?clusterId=1234-567890-span123&contextId=4657927497901906390&commandId=ac708c17-4d65-4dc0-ac72-c8fcc2640dfa";

/// So many pairs of execute and status.
pub(super) fn pairs(input: &[u8], https: bool) -> Result<u64> {
    let (count, server) = (times(input)?, Server::of_this_process()?);
    if count == 0 {
        return Ok(0);
    }
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let mut sender = connect(server, https).await?;
            let mut bytes = 0;
            for _ in 0..count {
                bytes += send(&mut sender, "POST", "/api/1.2/commands/execute", COMMAND).await?;
                bytes += send(&mut sender, "GET", STATUS, "").await?;
            }
            ensure!(bytes > 0, "the answers were empty");
            Ok(count)
        })
}

async fn send(sender: &mut SendRequest<Full<Bytes>>, method: &str, path: &str, body: &'static str) -> Result<usize> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost:40000")
        .header("accept", "application/json")
        .header("accept-encoding", "gzip")
        .header("user-agent", USER_AGENT)
        .header("authorization", format!("Bearer {TOKEN}"));
    if !body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    sender.ready().await?;
    let response = sender
        .send_request(request.body(Full::new(Bytes::from_static(body.as_bytes())))?)
        .await?;
    ensure!(response.status().is_success(), "{}", response.status());
    let mut body = response.into_body();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        bytes += frame?.data_ref().map_or(0, Bytes::len);
    }
    Ok(bytes)
}

async fn connect(server: &Server, https: bool) -> Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(("localhost", server.port(https))).await?;
    stream.set_nodelay(true)?;
    if !https {
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(driver);
        return Ok(sender);
    }
    let provider = Arc::new(ring::default_provider());
    let authority = CertificateDer::from_pem_slice(server.authority.as_bytes()).context("the authority")?;
    // As the client that it is compared with: the certificates of the platform, and this one.
    let verifier = Verifier::new_with_extra_roots([authority], Arc::clone(&provider))?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    let tls = TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from("localhost")?, stream)
        .await?;
    let (sender, driver) = http1::handshake(TokioIo::new(tls)).await?;
    tokio::spawn(driver);
    Ok(sender)
}
