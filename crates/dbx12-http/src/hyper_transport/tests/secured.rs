//! TLS: whom the client trusts, who it is, and what it says of refusals.

use super::pki::{Authority, Identity, TlsPeer, for_servers, params};
use super::*;
use crate::{CryptoProvider, TlsRoots};
use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa, date_time_ymd};
use rustls::crypto::cipher::{OutboundChunks, OutboundPlainMessage};
use rustls::crypto::ring::cipher_suite::TLS13_AES_256_GCM_SHA384;
use rustls::version::{TLS12, TLS13};
use rustls::{
    AlertDescription, ConnectionTrafficSecrets, ContentType, ProtocolVersion, ServerConnection, SupportedCipherSuite,
};
use std::process::Command;
use tokio_rustls::TlsAcceptor;

fn client(peer: &TlsPeer) -> ClientBuilder {
    Client::builder(peer.url())
        .credentials(Credentials::bearer("secret"))
        .retry(RetryPolicy::default().base(Duration::from_millis(1)))
}

/// The ways of the client that ask for certificates.
fn ways() -> Vec<(TlsRoots, CryptoProvider)> {
    vec![
        (TlsRoots::Platform, CryptoProvider::Ring),
        #[cfg(feature = "webpki-roots")]
        (TlsRoots::Webpki, CryptoProvider::Ring),
        #[cfg(feature = "aws-lc-rs")]
        (TlsRoots::Platform, CryptoProvider::AwsLcRs),
    ]
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_beside_the_others() {
    let authority = Authority::new();
    let peer = TlsPeer::start(authority.server().config()).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), authority.pem()).unwrap();
    for (roots, provider) in ways() {
        let client = || client(&peer).tls_roots(roots).crypto_provider(provider);
        let by_file = client().ca_certificate_file(file.path()).build().unwrap();
        read(&by_file).await.unwrap();
        let by_pem = client().ca_certificate_pem(authority.pem()).build().unwrap();
        read(&by_pem).await.unwrap();
    }
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}

#[tokio::test]
async fn each_refusal_of_a_certificate_says_what_happened_and_what_to_do() {
    let (authority, stranger) = (Authority::new(), Authority::named("a stranger"));
    let names = &["localhost"];
    let mut expired = for_servers(names);
    expired.not_after = date_time_ymd(2001, 2, 3);
    let mut early = for_servers(names);
    early.not_before = date_time_ymd(2099, 2, 3);
    let mut for_clients = params(names);
    for_clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let mut own_authority = for_servers(names);
    own_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);

    for (identity, words) in [
        (authority.sign(&expired), "has expired (Sat, 03 Feb 2001"),
        (authority.sign(&early), "not valid yet (only from Tue, 03 Feb 2099"),
        (
            authority.sign(&for_servers(&["other.example"])),
            "is for DnsName(\"other.example\"); use a name",
        ),
        (authority.sign(&for_clients), "not meant for servers"),
        (stranger.server(), "signed by nobody this machine trusts"),
        (
            Identity::self_signed(&for_servers(names)),
            "signed by nobody this machine trusts",
        ),
        (Identity::self_signed(&own_authority), "signed by itself"),
    ] {
        let peer = TlsPeer::start(identity.config()).await;
        for (roots, provider) in ways() {
            let client = client(&peer).tls_roots(roots).crypto_provider(provider);
            let client = client.ca_certificate_pem(authority.pem()).build().unwrap();
            let error = execute(&client).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.attempts(), error.maybe_delivered()),
                (ErrorKind::Tls, 1, false),
                "{error}"
            );
            assert!(error.to_string().contains(words), "{words:?} in {error} with {roots:?}");
        }
        assert_eq!(peer.requests(), 0);
    }
}

#[tokio::test]
async fn a_server_of_an_old_tls_is_told_from_one_of_none() {
    // An alert, as a server of TLS 1.1 answers a client that speaks nothing so old.
    let peer = Peer::answering_bytes(&[0x15, 3, 2, 0, 2, 2, 70]).await;
    let error = execute(&peer.builder("https").build().unwrap()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.maybe_delivered()),
        (ErrorKind::Tls, false),
        "{error}"
    );
    assert!(
        error.to_string().contains("no version of TLS that is still safe"),
        "{error}"
    );
}

#[tokio::test]
async fn a_client_shows_its_certificate_to_those_who_ask() {
    let (authority, stranger) = (Authority::new(), Authority::named("a stranger"));
    let server = authority.server();
    for version in [&TLS12, &TLS13] {
        let peer = TlsPeer::start(authority.asking(&server, &[version])).await;
        let client = |identity: Option<Identity>| {
            let client = client(&peer).ca_certificate_pem(authority.pem());
            match identity {
                Some(identity) => {
                    client.client_certificate_pem(identity.certificate.pem(), identity.key.serialize_pem())
                }
                None => client,
            }
        };
        read(&client(Some(authority.client())).build().unwrap()).await.unwrap();
        assert_eq!(peer.requests(), 1);

        for (identity, words) in [
            (None, "wants a certificate"),
            (Some(stranger.client()), "does not accept the client's certificate"),
        ] {
            let error = execute(&client(identity).build().unwrap()).await.unwrap_err();
            // In TLS 1.3 the alert comes after the request has left, and a reset of the connection may overtake it. Then it
            // is not known, and must be said so.
            if version.version == TLS13.version && error.kind() == ErrorKind::Interrupted {
                assert!(error.maybe_delivered(), "{error}");
                continue;
            }
            assert_eq!(
                (error.kind(), error.attempts(), error.maybe_delivered()),
                (ErrorKind::Tls, 1, false),
                "{error}"
            );
            assert!(error.to_string().contains(words), "{error}");
        }
        assert_eq!(peer.requests(), 1);
    }
}

#[tokio::test]
async fn a_client_certificate_is_read_from_files() {
    let authority = Authority::new();
    let peer = TlsPeer::start(authority.asking(&authority.server(), &[&TLS13])).await;
    let identity = authority.client();
    let folder = tempfile::tempdir().unwrap();
    let both = folder.path().join("both.pem");
    std::fs::write(&both, identity.key.serialize_pem() + &identity.certificate.pem()).unwrap();
    let client = client(&peer)
        .ca_certificate_pem(authority.pem())
        .client_certificate_file(&both, &both);
    read(&client.build().unwrap()).await.unwrap();
}

/// The variables belong to the process, so the test asks of a process of its own.
#[tokio::test]
async fn the_files_that_the_environment_names_are_trusted() {
    const CHILD: &str = "DBX12_TEST_TLS_URL";
    if let Ok(url) = std::env::var(CHILD) {
        for (roots, provider) in ways() {
            let client = Client::builder(&url).credentials(Credentials::none());
            let client = client.tls_roots(roots).crypto_provider(provider).build().unwrap();
            read(&client).await.unwrap();
        }
        return;
    }
    let authority = Authority::new();
    let peer = TlsPeer::start(authority.server().config()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.pem()).unwrap();
    for (name, value) in [("SSL_CERT_FILE", file.as_path()), ("SSL_CERT_DIR", folder.path())] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child
            .args([
                "--exact",
                "hyper_transport::tests::secured::the_files_that_the_environment_names_are_trusted",
            ])
            .env_remove("SSL_CERT_FILE")
            .env_remove("SSL_CERT_DIR")
            .env(name, value)
            .env(CHILD, peer.url());
        let output = tokio::task::spawn_blocking(move || child.output().unwrap())
            .await
            .unwrap();
        assert!(
            output.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
    }
    assert_eq!(peer.requests(), 2 * ways().len());
}

/// A record with an alert, as the server's side of the connection would write it.
fn alert(connection: ServerConnection, alert: AlertDescription) -> Vec<u8> {
    let (sequence, secrets) = connection.dangerous_extract_secrets().unwrap().tx;
    let (ConnectionTrafficSecrets::Aes256Gcm { key, iv }, SupportedCipherSuite::Tls13(suite)) =
        (secrets, TLS13_AES_256_GCM_SHA384)
    else {
        panic!("another cipher suite was chosen");
    };
    const FATAL: u8 = 2;
    let message = OutboundPlainMessage {
        typ: ContentType::Alert,
        version: ProtocolVersion::TLSv1_2,
        payload: OutboundChunks::Single(&[FATAL, alert.into()]),
    };
    let mut encrypter = suite.aead_alg.encrypter(key, iv);
    encrypter.encrypt(message, sequence).unwrap().encode()
}

/// The handshake was over long before, so that such an alert says nothing of what became of the request.
#[tokio::test]
async fn an_alert_on_a_kept_connection_leaves_it_open_whether_the_request_was_delivered() {
    let authority = Authority::new();
    let mut config = authority.server().config();
    config.enable_secret_extraction = true;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let peer = Peer::start(move |_, connection| {
        let acceptor = acceptor.clone();
        async move {
            let mut stream = acceptor.accept(connection.stream).await.unwrap();
            read_request(&mut stream).await.unwrap();
            stream.write_all(&answer(CONTEXT)).await.unwrap();
            stream.flush().await.unwrap();
            read_request(&mut stream).await.unwrap();
            let (mut socket, state) = stream.into_inner();
            let alert = alert(state, AlertDescription::CertificateRevoked);
            socket.write_all(&alert).await.unwrap();
            // Until the client has gone: a reset must not overtake the alert.
            let _ = socket.read_to_end(&mut Vec::new()).await;
        }
    })
    .await;
    let client = Client::builder(format!("https://localhost:{}", peer.address.port()))
        .credentials(Credentials::bearer("secret"))
        .ca_certificate_pem(authority.pem())
        .build()
        .unwrap();
    read(&client).await.unwrap();
    let error = execute(&client).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts(), error.maybe_delivered()),
        (ErrorKind::Interrupted, 1, true),
        "{error}"
    );
}
