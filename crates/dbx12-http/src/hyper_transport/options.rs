//! The settings of the built-in transport.

use crate::{ClientCertificate, CryptoProvider, ProxySettings, TlsRoots};
use std::time::Duration;

/// The settings of a [`HyperTransport`](super::HyperTransport).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HyperOptions {
    /// How long a connection may take to be made: name, TCP, proxy and TLS. Default 10 s.
    pub connect_timeout: Duration,
    /// The largest response that is read, in bytes, counted after decompression. Default 256 MiB.
    pub response_limit: usize,
    /// Certificates to trust beside the roots, as PEM. Default none.
    pub ca_certificates: Vec<Vec<u8>>,
    /// What is shown to servers that ask for a certificate. Default none.
    pub client_certificate: Option<ClientCertificate>,
    /// Which authorities are trusted. Default those of the platform.
    pub tls_roots: TlsRoots,
    /// Whose cryptography TLS uses. Default ring's.
    pub crypto_provider: CryptoProvider,
    /// The proxies. Default none: only a [`ClientBuilder`](crate::ClientBuilder) reads the environment by itself.
    pub proxies: ProxySettings,
    /// Whether `https` is spoken. Without, the certificates of the platform need not be loaded. Default true.
    pub https: bool,
    /// How many connections to a host there may be at once. Requests beyond that wait for their turn, in order, which
    /// counts as time to connect of the attempt: a request that waits was not sent. Default 16.
    pub max_connections: usize,
    /// How long a connection is kept that nobody uses. Default 30 s: shorter than the gateways of the service keep it, so
    /// that requests seldom meet a connection which the other side is just closing.
    pub idle_timeout: Duration,
    /// Whether HTTP/2 is offered beside HTTP/1.1, over `https`. Default false.
    #[cfg(feature = "http2")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http2")))]
    pub http2: bool,
}

impl HyperOptions {
    /// The default settings.
    pub fn new() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            response_limit: 256 * 1024 * 1024,
            ca_certificates: Vec::new(),
            client_certificate: None,
            tls_roots: TlsRoots::default(),
            crypto_provider: CryptoProvider::default(),
            proxies: ProxySettings::none(),
            https: true,
            max_connections: 16,
            idle_timeout: Duration::from_secs(30),
            #[cfg(feature = "http2")]
            http2: false,
        }
    }

    pub(super) fn offers_http2(&self) -> bool {
        #[cfg(feature = "http2")]
        return self.http2;
        #[cfg(not(feature = "http2"))]
        return false;
    }
}

impl Default for HyperOptions {
    fn default() -> Self {
        Self::new()
    }
}
