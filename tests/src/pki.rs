//! Certificates as one meets them: right, expired, for another name, of an authority that nobody knows.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// An authority that signs certificates of servers.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// An authority of this name that nobody trusts yet.
    ///
    /// # Panics
    /// Never: the parameters are right.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = params(&[], name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(params, key()).expect("a certificate"))
    }

    /// Its certificate, for those who are to trust it.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// TLS of a server with a certificate for these names.
    pub fn server(&self, names: &[&str]) -> TlsAcceptor {
        self.sign(&server_params(names))
    }

    /// TLS of a server whose certificate has expired.
    pub fn expired_server(&self, names: &[&str]) -> TlsAcceptor {
        let mut params = server_params(names);
        params.not_after = date_time_ymd(2001, 2, 3);
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> TlsAcceptor {
        let key = key();
        let certificate = params.signed_by(&key, &self.0).expect("a certificate");
        acceptor(&certificate, &key)
    }
}

/// TLS of a server with a certificate that it signed itself.
///
/// # Panics
/// Never: the parameters are right.
#[must_use]
pub fn self_signed_server(names: &[&str]) -> TlsAcceptor {
    let key = key();
    let certificate = server_params(names).self_signed(&key).expect("a certificate");
    acceptor(&certificate, &key)
}

fn server_params(names: &[&str]) -> CertificateParams {
    let mut params = params(names, "a server for tests");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

fn params(names: &[&str], common_name: &str) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names of servers");
    params.not_before = date_time_ymd(2000, 1, 1);
    params.not_after = date_time_ymd(2100, 1, 1);
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

fn acceptor(certificate: &rcgen::Certificate, key: &KeyPair) -> TlsAcceptor {
    let private = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .expect("a key of its certificate");
    TlsAcceptor::from(Arc::new(config))
}
