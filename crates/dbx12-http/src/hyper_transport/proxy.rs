//! Speaking with a proxy until it leads to the workspace. Nothing of the request has left by then.

use super::classify;
use super::connector::Io;
use crate::proxy::ProxyUrl;
use crate::{BuildError, Host, ProxySettings, tls};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, PROXY_AUTHORIZATION};
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::rt::Executor as _;
use hyper_util::client::legacy::connect::proxy::SocksV5;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioExecutor;
use secrecy::ExposeSecret as _;
use std::error::Error as StdError;
use std::fmt;
use std::future::{Ready, ready};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};
use tower_service::Service;

/// The proxies, and who is reached directly.
#[derive(Debug, Default)]
pub(super) struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    /// Asked only who is exempt.
    exempt: Option<Matcher>,
    loopback: bool,
}

impl Proxies {
    pub(super) fn new(settings: &ProxySettings) -> Result<Self, BuildError> {
        let parse = |url: &Option<ProxyUrl>| url.as_ref().map(Proxy::parse).transpose();
        // A matcher exempts nobody unless it knows some proxy.
        let anybody = "http://proxy.invalid";
        let exempt = Matcher::builder().all(anybody).no(settings.exempt.as_str()).build();
        Ok(Self {
            http: parse(&settings.http)?,
            https: parse(&settings.https)?,
            exempt: (!settings.exempt.is_empty()).then_some(exempt),
            loopback: settings.loopback,
        })
    }

    /// Whether TLS is needed to speak with one of them.
    pub(super) fn speak_tls(&self) -> bool {
        [&self.http, &self.https].into_iter().flatten().any(Proxy::speaks_tls)
    }

    pub(super) fn on_the_way_to(&self, target: &Uri) -> Option<&Proxy> {
        let is_https = target.scheme() == Some(&Scheme::HTTPS);
        let proxy = if is_https { &self.https } else { &self.http }.as_ref()?;
        let is_exempt = |matcher: &Matcher| matcher.intercept(target).is_none();
        let is_here = is_link_local(target) || (!self.loopback && is_loopback(target));
        if is_here || self.exempt.as_ref().is_some_and(is_exempt) {
            return None;
        }
        Some(proxy)
    }
}

/// Such as the metadata service of a cloud: seen from a proxy it is another one.
fn is_link_local(target: &Uri) -> bool {
    let host = target.host().unwrap_or_default();
    match host.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(address)) => address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_unicast_link_local(),
        Err(_) => false,
    }
}

fn is_loopback(target: &Uri) -> bool {
    Host::parse(&target.to_string()).is_ok_and(|host| host.is_loopback())
}

/// One proxy.
#[derive(Clone)]
pub(super) struct Proxy {
    uri: Uri,
    /// What it wants to know of who is asking.
    login: Login,
    protocol: Protocol,
}

#[derive(Clone)]
enum Login {
    None,
    Basic(HeaderValue),
    Socks(String, String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Http,
    Socks { resolves_names: bool },
}

impl Proxy {
    fn parse(url: &ProxyUrl) -> Result<Self, BuildError> {
        let refused = |problem: &str| BuildError::Proxy {
            origin: url.origin.clone(),
            problem: problem.to_owned(),
        };
        let text = url.text.expose_secret();
        let matcher = Matcher::builder().all(text).build();
        let no_address = "it is no address such as http://proxy.example.com:3128 or socks5h://proxy.example.com; in a user \
                          or a password, all but letters and digits must be percent-encoded";
        let intercept = matcher.intercept(&Uri::from_static("http://example.com/"));
        let intercept = intercept.ok_or_else(|| refused(no_address))?;
        let scheme = intercept.uri().scheme_str().unwrap_or_default();
        let (protocol, default_port) = match scheme {
            "http" => (Protocol::Http, 80),
            "https" => (Protocol::Http, 443),
            "socks5" => (Protocol::Socks { resolves_names: false }, 1080),
            "socks5h" => (Protocol::Socks { resolves_names: true }, 1080),
            _ => return Err(refused("its scheme is not one of http, https, socks5 and socks5h")),
        };
        let uri = with_port(intercept.uri(), default_port).ok_or_else(|| refused(no_address))?;
        Ok(Self {
            uri,
            login: Login::of(&intercept),
            protocol,
        })
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(super) fn speaks_tls(&self) -> bool {
        self.uri.scheme() == Some(&Scheme::HTTPS)
    }

    /// Whether requests to the target are given to the proxy, rather than sent through it.
    pub(super) fn takes_requests_to(&self, target: &Uri) -> bool {
        self.protocol == Protocol::Http && target.scheme() == Some(&Scheme::HTTP)
    }

    /// What a request that is given to the proxy says of who is asking.
    pub(super) fn authorization(&self) -> Option<&HeaderValue> {
        match &self.login {
            Login::Basic(value) => Some(value),
            Login::None | Login::Socks(..) => None,
        }
    }

    /// From a connection to the proxy to one that leads to the target.
    pub(super) async fn lead(&self, io: Io, target: &Uri) -> Result<Io, ProxyError> {
        match self.protocol {
            Protocol::Http if self.takes_requests_to(target) => Ok(io),
            Protocol::Http => self.connect(io, target).await,
            Protocol::Socks { resolves_names } => self.socks(io, target, resolves_names).await,
        }
    }

    /// HTTP `CONNECT` (RFC 9110, 9.3.6).
    async fn connect(&self, io: Io, target: &Uri) -> Result<Io, ProxyError> {
        let failed = |error: hyper::Error| self.refused_to_speak(&error);
        let authority = with_port(target, 443);
        let authority = authority.as_ref().and_then(Uri::authority).map(Authority::as_str);
        let authority = authority.unwrap_or_default();
        let mut request = Request::connect(authority).header(HOST, authority);
        if let Some(login) = self.authorization() {
            request = request.header(PROXY_AUTHORIZATION, login);
        }
        let request = request.body(Empty::<Bytes>::new());
        let request = request.map_err(|error| self.failed(format!("cannot be asked: {error}")))?;
        let (mut sender, connection) = http1::handshake(io).await.map_err(failed)?;
        // Ends with the sender, or becomes the tunnel.
        TokioExecutor::new().execute(async move {
            let _ = connection.with_upgrades().await;
        });
        let response = sender.send_request(request).await.map_err(failed)?;
        match response.status() {
            StatusCode::OK => {
                let tunnel = hyper::upgrade::on(response).await.map_err(failed)?;
                Ok(Box::new(tunnel))
            }
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => Err(self.wants_credentials()),
            status => {
                let content_type = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
                let is_page = content_type.is_some_and(|value| value.starts_with(b"text/html"));
                let page = if is_page { ", with a page in HTML" } else { "" };
                let message = format!("does not lead to {authority}: it answered {status}{page}");
                Err(ProxyError {
                    is_final: !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS,
                    ..self.failed(message)
                })
            }
        }
    }

    /// SOCKS 5 (RFC 1928), and its user and password (RFC 1929).
    async fn socks(&self, io: Io, target: &Uri, resolves_names: bool) -> Result<Io, ProxyError> {
        let target = if resolves_names {
            with_port(target, default_port(target))
        } else {
            Some(resolve(target).await.map_err(|problem| self.failed(problem))?)
        };
        let mut handshake = SocksV5::new(self.uri.clone(), Opened(Some(io)));
        if let Login::Socks(user, password) = &self.login {
            handshake = handshake.with_auth(user.clone(), password.clone());
        }
        handshake.call(target.unwrap_or_default()).await.map_err(|error| {
            let said = error.to_string();
            if said.contains("authentication") || said.contains("credentials") {
                return self.wants_credentials();
            }
            let said = said.strip_prefix("SOCKS error: ").unwrap_or(&said);
            ProxyError {
                is_final: said.contains("not allowed"),
                ..self.failed(format!("does not lead to the host: {said}"))
            }
        })
    }

    pub(super) fn unreachable(&self, error: Box<dyn StdError + Send + Sync>) -> ProxyError {
        if let Some(refusal) = classify::find::<rustls::Error>(&*error) {
            let message = format!("cannot be trusted: {}", tls::explain(refusal));
            return ProxyError {
                is_final: true,
                ..self.failed(message)
            };
        }
        self.failed(format!("cannot be reached: {}", classify::root_cause(&*error)))
    }

    /// 407, or what SOCKS says instead.
    pub(super) fn wants_credentials(&self) -> ProxyError {
        let message = match self.login {
            Login::None => "wants a user and a password; add them to its address, before the host: user:password@",
            Login::Basic(_) | Login::Socks(..) => "does not accept the user and the password in its address",
        };
        ProxyError {
            is_final: true,
            ..self.failed(message)
        }
    }

    fn refused_to_speak(&self, error: &hyper::Error) -> ProxyError {
        if error.is_parse() {
            return ProxyError {
                is_final: true,
                ..self.failed("does not speak HTTP; check its port and its scheme")
            };
        }
        self.failed(format!("broke off: {}", classify::root_cause(error)))
    }

    fn failed(&self, problem: impl fmt::Display) -> ProxyError {
        ProxyError {
            message: format!("the proxy {self} {problem}"),
            is_final: false,
        }
    }
}

impl Login {
    fn of(intercept: &Intercept) -> Self {
        match (intercept.basic_auth(), intercept.raw_auth()) {
            (Some(header), _) => Self::Basic(header.clone()),
            (None, Some((user, password))) => Self::Socks(user.to_owned(), password.to_owned()),
            (None, None) => Self::None,
        }
    }
}

/// Its address, without user and password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let authority = self.uri.authority().map_or("", Authority::as_str);
        write!(f, "{}://{authority}", self.uri.scheme_str().unwrap_or_default())
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

/// A proxy did not lead to the workspace: the request was surely never sent.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct ProxyError {
    message: String,
    /// It would say the same again.
    pub(super) is_final: bool,
}

/// A connector whose connection is there already.
struct Opened(Option<Io>);

impl Service<Uri> for Opened {
    type Response = Io;
    type Error = io::Error;
    type Future = Ready<Result<Io, io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().ok_or(io::ErrorKind::NotConnected.into()))
    }
}

/// The same URI, with a port.
fn with_port(uri: &Uri, default: u16) -> Option<Uri> {
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let host = authority.host();
    let port = if authority.as_str() == host {
        default
    } else {
        authority.port_u16()?
    };
    format!("{scheme}://{host}:{port}/").parse().ok()
}

fn default_port(target: &Uri) -> u16 {
    if target.scheme() == Some(&Scheme::HTTP) {
        80
    } else {
        443
    }
}

/// The target by its address instead of its name.
async fn resolve(target: &Uri) -> Result<Uri, String> {
    let host = target.host().unwrap_or_default();
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    let port = target.port_u16().unwrap_or_else(|| default_port(target));
    let address = match host.parse::<IpAddr>() {
        Ok(address) => SocketAddr::new(address, port),
        Err(_) => {
            let addresses = tokio::net::lookup_host((host, port)).await;
            let mut addresses =
                addresses.map_err(|error| format!("cannot be asked: {host} is unknown here: {error}"))?;
            addresses
                .next()
                .ok_or_else(|| format!("cannot be asked: {host} has no address"))?
        }
    };
    let scheme = target.scheme_str().unwrap_or("https");
    format!("{scheme}://{address}/")
        .parse()
        .map_err(|_| format!("cannot be asked for {host}"))
}
