//! The peer: answers as the service would, counts its connections, and ends with the process that started it. On one
//! cluster commands take two seconds, and no more than 25 status requests a second are answered.

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use dbx12_exec::budget::PollQueue;
use http_body_util::{BodyExt as _, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// Status requests a second that are answered on the slow cluster.
const ALLOWED: f64 = 25.0;
/// How long its commands take.
const SLOW: Duration = Duration::from_secs(2);

/// Where the server listens, and whom to trust.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Server {
    http: u16,
    https: u16,
    /// The certificate of its authority, as PEM.
    pub(crate) authority: String,
}

/// What the server has counted.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Counts {
    /// Contexts that are there.
    pub(crate) contexts: i64,
    /// Status requests for commands of the slow cluster.
    pub(crate) looks: u64,
    /// Those of them that were refused with 429.
    pub(crate) refused: u64,
}

impl Server {
    /// The cluster whose commands take their time.
    pub(crate) const SLOW: &str = "0000-000000-slow";

    /// The server of this process, which is started when it is first asked for.
    pub(crate) fn of_this_process() -> Result<&'static Self> {
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
            let state = Arc::new(State {
                connections: AtomicU64::new(0),
                counts: Mutex::default(),
                allowed: Mutex::new(PollQueue::new(ALLOWED, 25)),
                started: Instant::now(),
            });
            tokio::spawn(accept(plain, None, Arc::clone(&state)));
            tokio::spawn(accept(secure, Some(acceptor), state));
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

/// What the server knows.
struct State {
    connections: AtomicU64,
    counts: Mutex<Counts>,
    allowed: Mutex<PollQueue>,
    started: Instant,
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        state.connections.fetch_add(1, Ordering::Relaxed);
        let (tls, state) = (tls.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &state));
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

async fn answer(request: Request<Incoming>, state: &State) -> Result<Response<Full<Bytes>>, Infallible> {
    let (path, query) = (
        request.uri().path().to_owned(),
        request.uri().query().unwrap_or_default().to_owned(),
    );
    let body = request
        .into_body()
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    let (status, answer) = match path.as_str() {
        "/api/1.2/commands/execute" if body.windows(Server::SLOW.len()).any(|part| part == Server::SLOW.as_bytes()) => {
            (200, format!(r#"{{"id":"slow-{}"}}"#, state.started.elapsed().as_millis()))
        }
        "/api/1.2/commands/execute" => (200, r#"{"id":"ac708c17-4d65-4dc0-ac72-c8fcc2640dfa"}"#.to_owned()),
        "/api/1.2/commands/status" if query.contains(Server::SLOW) => state.look(&query),
        "/api/1.2/contexts/create" => {
            state.counts().contexts += 1;
            (200, r#"{"id":"4657927497901906390"}"#.to_owned())
        }
        "/api/1.2/contexts/status" => (200, r#"{"id":"4657927497901906390","status":"Running"}"#.to_owned()),
        "/api/1.2/contexts/destroy" => {
            state.counts().contexts -= 1;
            (200, r#"{"id":"4657927497901906390"}"#.to_owned())
        }
        "/connections" => (200, state.connections.load(Ordering::Relaxed).to_string()),
        "/counts" => (200, serde_json::to_string(&*state.counts()).unwrap_or_default()),
        _ => (200, r#"{"id":"ac708c17-4d65-4dc0-ac72-c8fcc2640dfa","status":"Finished","results":{"resultType":"text","data":"1"}}"#.to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(answer)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    Ok(response)
}

impl State {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A look at a command of the slow cluster, whose id says when it began.
    fn look(&self, query: &str) -> (u16, String) {
        self.counts().looks += 1;
        let now = self.started.elapsed();
        if !self.allowed.lock().unwrap_or_else(PoisonError::into_inner).take(now) {
            self.counts().refused += 1;
            return (
                429,
                r#"{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"too many"}"#.to_owned(),
            );
        }
        let began = query
            .split("slow-")
            .filter_map(|rest| rest.split('&').next()?.parse().ok())
            .last();
        let has_ended = began.is_none_or(|began: u64| now >= Duration::from_millis(began) + SLOW);
        let body = match has_ended {
            true => r#"{"id":"slow","status":"Finished","results":{"resultType":"text","data":"1"}}"#,
            false => r#"{"id":"slow","status":"Running","results":null}"#,
        };
        (200, body.to_owned())
    }
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
