//! The peer: answers as the service would, counts its connections, and ends with the process that started it.

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Where the server listens, and whom to trust.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Server {
    http: u16,
    https: u16,
    /// The certificate of its authority, as PEM.
    pub(super) authority: String,
}

impl Server {
    /// The server of this process, which is started when it is first asked for.
    pub(super) fn of_this_process() -> Result<&'static Self> {
        static STARTED: OnceLock<(Server, Child)> = OnceLock::new();
        if STARTED.get().is_none() {
            let _ = STARTED.set(start()?);
        }
        let (server, _) = STARTED.get().context("the server was started")?;
        Ok(server)
    }

    /// Its URL.
    pub(super) fn url(&self, https: bool) -> String {
        match https {
            true => format!("https://localhost:{}", self.https),
            false => format!("http://localhost:{}", self.http),
        }
    }

    pub(super) fn port(&self, https: bool) -> u16 {
        if https { self.https } else { self.http }
    }
}

fn start() -> Result<(Server, Child)> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("serve")
        // It ends when this process does, and with it the pipe.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    let output = child.stdout.take().context("the server's output")?;
    BufReader::new(output).read_line(&mut line)?;
    Ok((serde_json::from_str(&line)?, child))
}

/// Serves, over `http` and `https`, on ports that it prints, until the standard input ends.
///
/// # Errors
/// When there is no port, or no certificate.
pub(crate) fn serve() -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let (plain, secure) = (listener().await?, listener().await?);
            let (acceptor, authority) = tls()?;
            let server = Server {
                http: plain.local_addr()?.port(),
                https: secure.local_addr()?.port(),
                authority,
            };
            println!("{}", serde_json::to_string(&server)?);
            let connections = Arc::new(AtomicU64::new(0));
            tokio::spawn(accept(plain, None, Arc::clone(&connections)));
            tokio::spawn(accept(secure, Some(acceptor), connections));
            tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
            Ok(())
        })
}

async fn listener() -> Result<TcpListener> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    // A thousand may come at once.
    Ok(socket.listen(4096)?)
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, connections: Arc<AtomicU64>) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        connections.fetch_add(1, Ordering::Relaxed);
        let (tls, connections) = (tls.clone(), Arc::clone(&connections));
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, connections.load(Ordering::Relaxed)));
            let _ = match tls {
                None => {
                    http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await
                }
                Some(tls) => match tls.accept(stream).await {
                    Ok(stream) => {
                        http1::Builder::new()
                            .serve_connection(TokioIo::new(stream), service)
                            .await
                    }
                    Err(_) => return,
                },
            };
        });
    }
}

async fn answer(request: Request<Incoming>, connections: u64) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let _ = request.into_body().collect().await;
    let body = match path.as_str() {
        "/api/1.2/commands/execute" => r#"{"id":"ac708c17-4d65-4dc0-ac72-c8fcc2640dfa"}"#.to_owned(),
        "/connections" => connections.to_string(),
        _ => r#"{"id":"ac708c17-4d65-4dc0-ac72-c8fcc2640dfa","status":"Finished","results":{"resultType":"text","data":"1"}}"#.to_owned(),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    Ok(response)
}

fn tls() -> Result<(TlsAcceptor, String)> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])?.signed_by(&key, &authority)?;
    let private = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)?;
    Ok((TlsAcceptor::from(Arc::new(config)), authority.pem()))
}
