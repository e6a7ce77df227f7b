//! What is asked of certificates before a client is made.

use super::*;
use rcgen::{CertificateParams, KeyPair};

fn identity() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["a client".to_owned()]).unwrap();
    (certificate.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn refused(certificates: &str, key: &str) -> String {
    let mut options = HyperOptions::new();
    options.client_certificate = Some(ClientCertificate::from_pem(certificates, key));
    client_config(&options).unwrap_err().to_string()
}

#[test]
fn the_process_keeps_its_own_provider() {
    client_config(&HyperOptions::new()).unwrap();
    assert!(crypto::CryptoProvider::get_default().is_none());
}

#[test]
fn a_client_certificate_that_cannot_be_used_is_explained_and_its_key_not_shown() {
    let (certificate, key) = identity();
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    for (certificates, key, words) in [
        (
            certificate.as_str(),
            identity().1.as_str(),
            "its key belongs to another certificate",
        ),
        (&certificate, &encrypted, "decrypt it first"),
        (&certificate, "CANARY", "there is no key in it"),
        (&certificate, &certificate, "there is no key in it"),
        ("", &key, "there is no certificate in it"),
    ] {
        let message = refused(certificates, key);
        assert!(
            message.starts_with("the client certificate cannot be used: "),
            "{message}"
        );
        assert!(message.contains(words) && !message.contains("CANARY"), "{message}");
    }
    let shown = format!("{:?}", ClientCertificate::from_pem(certificate, "CANARY"));
    assert!(!shown.contains("CANARY"), "{shown}");
}
