//! TLS: whom to trust, and who one is.

mod explain;

pub(crate) use self::explain::{explain, is_refusal_of_the_client};

use crate::{BuildError, HyperOptions};
use rustls::client::WantsClientCert;
#[cfg(feature = "webpki-roots")]
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::{ClientConfig, ConfigBuilder, Error as TlsError, RootCertStore, crypto};
use rustls_platform_verifier::Verifier;
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;

/// Which authorities are trusted, beside those that were given one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsRoots {
    /// Those that the platform trusts, by its own rules. On Unix other than macOS these are the files of the distribution,
    /// or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead; there nobody asks whether a certificate was revoked.
    #[default]
    Platform,
    /// Mozilla's, compiled in, so that it does not matter what the machine has; and those that `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR` name. Nobody asks whether a certificate was revoked.
    #[cfg(feature = "webpki-roots")]
    #[cfg_attr(docsrs, doc(cfg(feature = "webpki-roots")))]
    Webpki,
}

/// Whose cryptography TLS uses. Nothing is installed for the whole process: that is the application's business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CryptoProvider {
    /// ring's.
    #[default]
    Ring,
    /// That of AWS-LC.
    #[cfg(feature = "aws-lc-rs")]
    #[cfg_attr(docsrs, doc(cfg(feature = "aws-lc-rs")))]
    AwsLcRs,
}

/// What a client shows to a server that asks for a certificate. Its key is shown nowhere else.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    certificates: Vec<u8>,
    key: SecretString,
}

impl ClientCertificate {
    /// A certificate, followed by those that lead to its authority, and its private key, unencrypted; all as PEM. They are
    /// read when the transport is made.
    pub fn from_pem(certificates: impl Into<Vec<u8>>, key: impl Into<String>) -> Self {
        Self {
            certificates: certificates.into(),
            key: SecretString::from(key.into()),
        }
    }

    fn parse(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), BuildError> {
        let certificates = read_certificates(&self.certificates).map_err(unusable_client_certificate)?;
        let key = self.key.expose_secret();
        if key.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || key.contains("Proc-Type: 4,ENCRYPTED") {
            let problem = "its key is encrypted; decrypt it first (`openssl pkey -in … -out …`)";
            return Err(unusable_client_certificate(problem.to_owned()));
        }
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| {
            unusable_client_certificate(match error {
                pem::Error::NoItemsFound => "there is no key in it (`-----BEGIN PRIVATE KEY-----`)".to_owned(),
                _ => "its key is not PEM".to_owned(),
            })
        })?;
        Ok((certificates, key))
    }
}

pub(crate) fn client_config(options: &HyperOptions) -> Result<ClientConfig, BuildError> {
    let provider = Arc::new(match options.crypto_provider {
        CryptoProvider::Ring => crypto::ring::default_provider(),
        #[cfg(feature = "aws-lc-rs")]
        CryptoProvider::AwsLcRs => crypto::aws_lc_rs::default_provider(),
    });
    let mut extra_roots = Vec::new();
    for pem in &options.ca_certificates {
        extra_roots.extend(ca_certificates(pem)?);
    }
    let verifier = verifier(options.tls_roots, extra_roots, provider.clone())?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(set_up)?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    match &options.client_certificate {
        Some(certificate) => with_certificate(config, certificate),
        None => Ok(config.with_no_client_auth()),
    }
}

fn verifier(
    roots: TlsRoots,
    extra_roots: Vec<CertificateDer<'static>>,
    provider: Arc<crypto::CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, BuildError> {
    match roots {
        TlsRoots::Platform => match Verifier::new_with_extra_roots(extra_roots, provider) {
            Ok(verifier) => Ok(Arc::new(verifier)),
            Err(error) => Err(set_up(error)),
        },
        #[cfg(feature = "webpki-roots")]
        TlsRoots::Webpki => {
            let mut store = RootCertStore::empty();
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            store.add_parsable_certificates(extra_roots);
            if ["SSL_CERT_FILE", "SSL_CERT_DIR"]
                .into_iter()
                .any(|name| std::env::var_os(name).is_some())
            {
                store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider);
            let verifier = verifier.build().map_err(|error| BuildError::Tls {
                problem: error.to_string(),
            })?;
            Ok(verifier)
        }
    }
}

fn with_certificate(
    config: ConfigBuilder<ClientConfig, WantsClientCert>,
    certificate: &ClientCertificate,
) -> Result<ClientConfig, BuildError> {
    let (certificates, key) = certificate.parse()?;
    config.with_client_auth_cert(certificates, key).map_err(|error| {
        unusable_client_certificate(match error {
            TlsError::InconsistentKeys(_) => "its key belongs to another certificate".to_owned(),
            other => other.to_string(),
        })
    })
}

/// Certificates of authorities, each of which can be used.
fn ca_certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, BuildError> {
    let unusable = |problem: String| BuildError::CaCertificate { problem };
    let certificates = read_certificates(pem).map_err(unusable)?;
    // Asked here, where it can be said which one is bad.
    for certificate in &certificates {
        let mut store = RootCertStore::empty();
        store
            .add(certificate.clone())
            .map_err(|error| unusable(error.to_string()))?;
    }
    Ok(certificates)
}

fn read_certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| format!("it is not PEM: {error}"))?;
    if certificates.is_empty() {
        return Err("there is no certificate in it (`-----BEGIN CERTIFICATE-----`)".to_owned());
    }
    Ok(certificates)
}

fn unusable_client_certificate(problem: String) -> BuildError {
    BuildError::ClientCertificate { problem }
}

fn set_up(error: TlsError) -> BuildError {
    BuildError::Tls {
        problem: error.to_string(),
    }
}

#[cfg(test)]
mod tests;
