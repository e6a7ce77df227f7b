//! What a refusal of TLS says.

use super::*;
use rustls::{InvalidMessage, OtherError, PeerIncompatible};
use std::sync::Arc;

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Said(&'static str);

#[test]
fn every_refusal_says_what_to_do() {
    use CertificateError::{
        BadEncoding, BadSignature, Expired, InvalidPurpose, NotValidForName, NotValidYet, Other, Revoked, UnknownIssuer,
    };
    let other = |said| Other(OtherError(Arc::new(Said(said))));
    for (reason, remedy) in [
        (Expired, "has expired"),
        (NotValidYet, "check the clock of this machine"),
        (UnknownIssuer, "add its certificate"),
        (NotValidForName, "use a name that it is for"),
        (Revoked, "has been revoked"),
        (BadSignature, "add its new certificate"),
        (BadEncoding, "cannot be accepted"),
        (InvalidPurpose, "not meant for servers"),
        (other("CaUsedAsEndEntity"), "signed by itself"),
        (other("certificate had invalid extensions"), "not meant for servers"),
        (
            other("the platform says no"),
            "cannot be accepted: the platform says no",
        ),
    ] {
        let text = explain(&TlsError::InvalidCertificate(reason));
        assert!(
            text.starts_with("the server's certificate ") && text.contains(remedy),
            "{text}"
        );
    }
}

#[test]
fn dates_are_shown_as_such() {
    let time = UnixTime::since_unix_epoch(Duration::from_secs(1_609_459_200));
    let text = explain(&TlsError::InvalidCertificate(CertificateError::ExpiredContext {
        time,
        not_after: time,
    }));
    assert!(
        text.contains("has expired (Fri, 01 Jan 2021 00:00:00 GMT); it must be renewed"),
        "{text}"
    );
    let time = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX));
    explain(&TlsError::InvalidCertificate(CertificateError::NotValidYetContext {
        time,
        not_before: time,
    }));
}

#[test]
fn each_end_of_a_handshake_says_what_to_do() {
    for (error, remedy) in [
        (
            TlsError::InvalidMessage(InvalidMessage::InvalidContentType),
            "does not speak TLS on this port",
        ),
        (
            TlsError::AlertReceived(AlertDescription::ProtocolVersion),
            "no version of TLS that is still safe",
        ),
        (
            TlsError::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
            "no version of TLS that is still safe",
        ),
        (
            TlsError::AlertReceived(AlertDescription::HandshakeFailure),
            "no way of encryption in common",
        ),
        (
            TlsError::AlertReceived(AlertDescription::UnrecognisedName),
            "check the host",
        ),
        (
            TlsError::AlertReceived(AlertDescription::CertificateRequired),
            "set a client certificate",
        ),
        (
            TlsError::AlertReceived(AlertDescription::UnknownCA),
            "does not accept the client's certificate",
        ),
        (
            TlsError::AlertReceived(AlertDescription::InternalError),
            "the server refused TLS",
        ),
        (TlsError::DecryptError, "TLS with the server is not possible"),
    ] {
        let text = explain(&error);
        assert!(text.contains(remedy), "{text}");
    }
}

#[test]
fn only_what_is_said_of_the_client_is_a_refusal_of_it() {
    assert!(is_refusal_of_the_client(&TlsError::AlertReceived(
        AlertDescription::CertificateRequired
    )));
    assert!(!is_refusal_of_the_client(&TlsError::AlertReceived(
        AlertDescription::CloseNotify
    )));
    assert!(!is_refusal_of_the_client(&TlsError::InvalidCertificate(
        CertificateError::Expired
    )));
}
