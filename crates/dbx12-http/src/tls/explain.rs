//! What a refusal of TLS means, and what to do about it. Pure.

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error as TlsError};
use std::time::{Duration, SystemTime};

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
            "the server's certificate is signed by nobody this machine trusts; if the workspace, or a proxy on the way \
             that looks into TLS, has a CA of its own, add its certificate (SSL_CERT_FILE, or as a CA certificate of the \
             client)"
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
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => wrong_purpose(),
        CertificateError::Other(other) => explain_other(&other.to_string()),
        _ => format!("the server's certificate cannot be accepted: {reason}"),
    }
}

/// Whether the server ended the handshake because of who the client is.
pub(crate) fn is_refusal_of_the_client(error: &TlsError) -> bool {
    use AlertDescription::{
        BadCertificate, CertificateExpired, CertificateRequired, CertificateRevoked, CertificateUnknown, DecryptError,
        UnknownCA, UnsupportedCertificate,
    };
    let TlsError::AlertReceived(alert) = error else {
        return false;
    };
    matches!(
        alert,
        BadCertificate
            | CertificateExpired
            | CertificateRequired
            | CertificateRevoked
            | CertificateUnknown
            | DecryptError
            | UnknownCA
            | UnsupportedCertificate
    )
}

/// What verifiers say in words of their own.
fn explain_other(reason: &str) -> String {
    // webpki's name for the certificate of an authority that a server shows as its own.
    if reason.contains("CaUsedAsEndEntity") {
        return "the server's certificate is signed by itself; the server needs one that an authority has issued, and \
                this machine must trust that authority"
            .to_owned();
    }
    // The platform verifier's, for `InvalidPurpose`.
    if reason.contains("invalid extensions") {
        return wrong_purpose();
    }
    format!("the server's certificate cannot be accepted: {reason}")
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

fn wrong_purpose() -> String {
    "the server's certificate is not meant for servers; the server needs one that is".to_owned()
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
        TlsError::AlertReceived(AlertDescription::ProtocolVersion) | TlsError::PeerIncompatible(_) => {
            "the server speaks no version of TLS that is still safe (1.2 or 1.3), or not as it must; it must be updated \
             there"
                .to_owned()
        }
        TlsError::AlertReceived(AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity) => {
            format!("the server and this client have no way of encryption in common, or it wants a certificate: {error}")
        }
        TlsError::AlertReceived(AlertDescription::UnrecognisedName) => {
            "the server knows nothing of this name; check the host".to_owned()
        }
        TlsError::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server wants a certificate of the client; set a client certificate".to_owned()
        }
        _ if is_refusal_of_the_client(error) => {
            format!("the server does not accept the client's certificate: {error}")
        }
        TlsError::AlertReceived(_) => format!("the server refused TLS: {error}"),
        _ => format!("TLS with the server is not possible: {error}"),
    }
}

#[cfg(test)]
mod tests;
