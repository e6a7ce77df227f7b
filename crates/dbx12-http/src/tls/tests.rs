//! What a refusal of TLS says.

use super::*;
use rustls::{AlertDescription, InvalidMessage};

#[test]
fn every_refusal_says_what_to_do() {
    use CertificateError::{BadEncoding, BadSignature, Expired, NotValidForName, NotValidYet, Revoked, UnknownIssuer};
    for (reason, remedy) in [
        (Expired, "has expired"),
        (NotValidYet, "check the clock of this machine"),
        (UnknownIssuer, "add its certificate"),
        (NotValidForName, "use a name that it is for"),
        (Revoked, "has been revoked"),
        (BadSignature, "add its new certificate"),
        (BadEncoding, "cannot be accepted"),
    ] {
        let text = explain(&TlsError::InvalidCertificate(reason));
        assert!(
            text.starts_with("the server's certificate ") && text.contains(remedy),
            "{text}"
        );
    }
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
    let text = explain(&TlsError::InvalidMessage(InvalidMessage::InvalidContentType));
    assert!(text.contains("does not speak TLS on this port"), "{text}");
    let text = explain(&TlsError::AlertReceived(AlertDescription::ProtocolVersion));
    assert!(text.starts_with("the server refused TLS"), "{text}");
}

#[test]
fn the_process_keeps_its_own_provider() {
    client_config(&[]).unwrap();
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}
