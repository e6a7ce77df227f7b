//! What the built-in transport is told of the network: whom to trust, and by which way to go.

use super::ClientBuilder;
use crate::ProxySettings;
#[cfg(feature = "hyper")]
use crate::{BuildError, ClientCertificate, CryptoProvider, HyperOptions, TlsRoots};
use secrecy::SecretString;
use std::path::PathBuf;

/// The settings of the built-in transport that are not about time and size.
#[derive(Clone, Debug, Default)]
#[cfg_attr(
    not(feature = "hyper"),
    allow(dead_code, reason = "only the built-in transport uses them")
)]
pub(super) struct Network {
    ca_certificates: Vec<CaCertificate>,
    client_certificate: Option<KeyPair>,
    /// `None` is the environment of this process.
    proxy: Option<ProxySettings>,
    #[cfg(feature = "hyper")]
    roots: TlsRoots,
    #[cfg(feature = "hyper")]
    crypto: CryptoProvider,
    #[cfg(feature = "http2")]
    http2: bool,
}

/// Where PEM certificates come from.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "hyper"),
    allow(dead_code, reason = "only the built-in transport uses them")
)]
enum CaCertificate {
    Pem(Vec<u8>),
    File(PathBuf),
}

/// Where a certificate and its key come from.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "hyper"),
    allow(dead_code, reason = "only the built-in transport uses them")
)]
enum KeyPair {
    Pem { certificates: Vec<u8>, key: SecretString },
    File { certificates: PathBuf, key: PathBuf },
}

/// # The network
impl ClientBuilder {
    /// Trusts the certificates in this PEM text too, beside those of the platform. May be called more than once.
    #[must_use]
    pub fn ca_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.network.ca_certificates.push(CaCertificate::Pem(pem.into()));
        self
    }

    /// Trusts the certificates in this PEM file too, beside those of the platform: what a proxy that looks into TLS, or a
    /// workspace with a CA of its own, needs. May be called more than once.
    ///
    /// On Unix other than macOS the platform's own are those of `SSL_CERT_FILE` and `SSL_CERT_DIR` where these variables
    /// are set.
    #[must_use]
    pub fn ca_certificate_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.network.ca_certificates.push(CaCertificate::File(path.into()));
        self
    }

    /// Shows this certificate to servers that ask for one (mutual TLS). Both are PEM: the certificate with those that
    /// lead to its authority, and its private key, unencrypted. The key is shown nowhere.
    #[must_use]
    pub fn client_certificate_pem(mut self, certificates: impl Into<Vec<u8>>, key: impl Into<String>) -> Self {
        self.network.client_certificate = Some(KeyPair::Pem {
            certificates: certificates.into(),
            key: SecretString::from(key.into()),
        });
        self
    }

    /// As [`client_certificate_pem`](Self::client_certificate_pem), from two files, which may be the same.
    #[must_use]
    pub fn client_certificate_file(mut self, certificates: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.network.client_certificate = Some(KeyPair::File {
            certificates: certificates.into(),
            key: key.into(),
        });
        self
    }

    /// Reaches the workspace by this proxy, wherever it is, and whatever the environment says. See [`ProxySettings`] for
    /// how one is written.
    #[must_use]
    pub fn proxy(self, url: impl Into<String>) -> Self {
        self.proxies(ProxySettings::all(url))
    }

    /// Reaches the workspace directly, whatever the environment says.
    #[must_use]
    pub fn no_proxy(self) -> Self {
        self.proxies(ProxySettings::none())
    }

    /// Reaches the workspace by these proxies. Default: those that the environment of this process names, see
    /// [`ProxySettings::from_environment`].
    #[must_use]
    pub fn proxies(mut self, proxies: ProxySettings) -> Self {
        self.network.proxy = Some(proxies);
        self
    }

    /// Which authorities are trusted, beside those that were given as files. Default: those of the platform.
    #[cfg(feature = "hyper")]
    #[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
    #[must_use]
    pub fn tls_roots(mut self, roots: TlsRoots) -> Self {
        self.network.roots = roots;
        self
    }

    /// Whose cryptography TLS uses. Default: ring's.
    #[cfg(feature = "hyper")]
    #[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
    #[must_use]
    pub fn crypto_provider(mut self, provider: CryptoProvider) -> Self {
        self.network.crypto = provider;
        self
    }

    /// Offers HTTP/2 to the server beside HTTP/1.1, over `https` (ALPN). Default `false`.
    ///
    /// Where the server takes it, all calls share one connection, but those that begin before the first has connected:
    /// these connect each for itself.
    #[cfg(feature = "http2")]
    #[cfg_attr(docsrs, doc(cfg(feature = "http2")))]
    #[must_use]
    pub fn http2(mut self, offer: bool) -> Self {
        self.network.http2 = offer;
        self
    }
}

#[cfg(feature = "hyper")]
impl Network {
    /// Writes the settings into the options, reading what must be read.
    pub(super) fn apply(&self, options: &mut HyperOptions) -> Result<(), BuildError> {
        for certificate in &self.ca_certificates {
            options.ca_certificates.push(certificate.read()?);
        }
        options.client_certificate = self.client_certificate.as_ref().map(KeyPair::read).transpose()?;
        options.proxies = match &self.proxy {
            Some(proxies) => proxies.clone(),
            None => ProxySettings::from_environment(|name| std::env::var(name).ok()),
        };
        options.tls_roots = self.roots;
        options.crypto_provider = self.crypto;
        #[cfg(feature = "http2")]
        {
            options.http2 = self.http2;
        }
        Ok(())
    }
}

#[cfg(feature = "hyper")]
impl CaCertificate {
    fn read(&self) -> Result<Vec<u8>, BuildError> {
        match self {
            Self::Pem(pem) => Ok(pem.clone()),
            Self::File(path) => std::fs::read(path).map_err(|error| BuildError::CaCertificate {
                problem: format!("{}: {error}", path.display()),
            }),
        }
    }
}

#[cfg(feature = "hyper")]
impl KeyPair {
    fn read(&self) -> Result<ClientCertificate, BuildError> {
        use secrecy::ExposeSecret as _;
        let (certificates, key) = match self {
            Self::Pem { certificates, key } => {
                return Ok(ClientCertificate::from_pem(certificates.clone(), key.expose_secret()));
            }
            Self::File { certificates, key } => (certificates, key),
        };
        let unreadable = |path: &PathBuf, error: std::io::Error| BuildError::ClientCertificate {
            problem: format!("{}: {error}", path.display()),
        };
        let pem = std::fs::read(certificates).map_err(|error| unreadable(certificates, error))?;
        let key = std::fs::read_to_string(key).map_err(|error| unreadable(key, error))?;
        Ok(ClientCertificate::from_pem(pem, key))
    }
}
