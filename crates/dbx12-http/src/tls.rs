//! TLS: whom to trust, and what a refusal means.

use crate::BuildError;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, ClientConfig, Error as TlsError};
use rustls_platform_verifier::Verifier;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Trusts what the platform trusts, and these certificates (PEM) too.
///
/// The crypto provider is given by name: installing one for the whole process is the application's business.
pub(crate) fn client_config(ca_certificates: &[Vec<u8>]) -> Result<ClientConfig, BuildError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut extra_roots = Vec::new();
    for pem in ca_certificates {
        extra_roots.extend(certificates(pem)?);
    }
    let set_up = |error: TlsError| BuildError::Tls {
        problem: error.to_string(),
    };
    let verifier = Verifier::new_with_extra_roots(extra_roots, provider.clone()).map_err(set_up)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(set_up)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, BuildError> {
    let unusable = |problem: String| BuildError::CaCertificate { problem };
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| unusable(format!("it is not PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(unusable(
            "there is no certificate in it (`-----BEGIN CERTIFICATE-----`)".to_owned(),
        ));
    }
    // Asked here, where it can be said which one is bad.
    for certificate in &certificates {
        let mut store = rustls::RootCertStore::empty();
        store
            .add(certificate.clone())
            .map_err(|error| unusable(error.to_string()))?;
    }
    Ok(certificates)
}

/// What happened in the handshake and what to do about it.
pub(crate) fn explain(error: &TlsError) -> String {
    let TlsError::InvalidCertificate(reason) = error else {
        return explain_handshake(error);
    };
    match reason {
        CertificateError::Expired => expired(""),
        CertificateError::ExpiredContext { not_after, .. } => expired(&format!(" ({})", date(not_after))),
        CertificateError::NotValidYet => not_valid_yet(""),
        CertificateError::NotValidYetContext { not_before, .. } => {
            not_valid_yet(&format!(" (only from {})", date(not_before)))
        }
        CertificateError::UnknownIssuer => {
            "the server's certificate is signed by nobody this machine trusts; if the workspace or a proxy on the way \
             has a CA of its own, add its certificate"
                .to_owned()
        }
        CertificateError::BadSignature => {
            "the server's certificate is not signed by the authority of that name that this machine trusts; if the \
             authority was made anew, add its new certificate"
                .to_owned()
        }
        CertificateError::NotValidForName => wrong_name("another name"),
        CertificateError::NotValidForNameContext { presented, .. } => wrong_name(&presented.join(", ")),
        CertificateError::Revoked => "the server's certificate has been revoked; do not send it any secret".to_owned(),
        // What the verifier says of a certificate that is its own authority.
        CertificateError::Other(_) => {
            "the server's certificate cannot be accepted: it seems to be signed by itself; the server needs one that \
             an authority has issued, and this machine must trust that authority"
                .to_owned()
        }
        _ => format!("the server's certificate cannot be accepted: {reason}"),
    }
}

fn expired(since: &str) -> String {
    format!(
        "the server's certificate has expired{since}; it must be renewed there, unless the clock of this machine is wrong"
    )
}

fn not_valid_yet(from: &str) -> String {
    format!("the server's certificate is not valid yet{from}; check the clock of this machine")
}

fn wrong_name(presented: &str) -> String {
    format!("the server's certificate is for {presented}; use a name that it is for")
}

fn date(time: &UnixTime) -> String {
    // A certificate may say any number; what is no date of this era is shown as it is.
    let last = Duration::from_secs(253_402_300_799);
    let since_epoch = Duration::from_secs(time.as_secs());
    if since_epoch > last {
        return format!("{} s", time.as_secs());
    }
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + since_epoch)
}

fn explain_handshake(error: &TlsError) -> String {
    match error {
        TlsError::InvalidMessage(_) => {
            "the server does not speak TLS on this port; check the port, or whether it is an http server".to_owned()
        }
        TlsError::AlertReceived(_) => format!("the server refused TLS: {error}"),
        _ => format!("TLS with the server is not possible: {error}"),
    }
}

#[cfg(test)]
mod tests;
