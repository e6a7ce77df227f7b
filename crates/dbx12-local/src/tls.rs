//! A certificate for one server, and the authority that vouches for it.
//!
//! The authority is made for the server and its key is gone once it has signed: trusting its certificate is trusting
//! this one server and no other.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Some platforms refuse certificates that are valid for longer.
const VALIDITY: Duration = Duration::from_secs(397 * 24 * 60 * 60);

/// What a server needs for TLS, and its clients to trust it.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// The certificate of the authority, for clients.
    pub(crate) ca_pem: String,
}

/// Makes a certificate for `localhost`, the loopback addresses and `address`.
pub(crate) fn make(address: IpAddr) -> io::Result<Tls> {
    let (ca_pem, chain, key) = certificates(address).map_err(io::Error::other)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(
            chain,
            PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?,
        )
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Tls {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        ca_pem,
    })
}

type Chain = Vec<tokio_rustls::rustls::pki_types::CertificateDer<'static>>;

fn certificates(address: IpAddr) -> Result<(String, Chain, KeyPair), rcgen::Error> {
    let mut authority = params(Vec::new(), "dbx12-local, valid for one server only")?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let address = address.to_string();
    if !names.contains(&address) {
        names.push(address);
    }
    let mut server = params(names, "dbx12-local")?;
    server.use_authority_key_identifier_extension = true;
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = server.signed_by(&key, &authority)?;
    Ok((
        authority.pem(),
        vec![certificate.der().clone(), authority.der().clone()],
        key,
    ))
}

fn params(names: Vec<String>, common_name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    let now = now();
    params.not_before = (now - DAY).into();
    params.not_after = (now + VALIDITY).into();
    params.distinguished_name.push(DnType::CommonName, common_name);
    Ok(params)
}

#[allow(
    clippy::disallowed_methods,
    reason = "certificates are valid by the calendar; the one place that reads it"
)]
fn now() -> SystemTime {
    SystemTime::now()
}
