//! Certificates that are not to be trusted: the request never leaves.

use super::*;
use dbx12_tests::{Authority, self_signed_server};
use tokio_rustls::TlsAcceptor;

const NAMES: &[&str] = &["127.0.0.1", "localhost"];

async fn peer(acceptor: TlsAcceptor) -> Peer {
    Peer::start_tls(acceptor, |asked| right_answer(&asked.operation)).await
}

/// The client refuses the peer with these words, and shows it nothing.
async fn assert_refused(peer: &Peer, builder: ClientBuilder, words: &[&str]) {
    let client = builder.build().unwrap();
    for result in [execute(&client).await, list(&client).await] {
        let error = result.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts(), error.maybe_delivered()),
            (ErrorKind::Tls, 1, false),
            "{error}"
        );
        assert_says(&said(&error), words);
    }
    assert_eq!(counts(peer), (0, 0));
}

#[tokio::test]
async fn a_certificate_that_is_right_is_accepted() {
    let authority = Authority::new("ours");
    let peer = peer(authority.server(NAMES)).await;
    let client = client(peer.host()).ca_certificate_pem(authority.pem()).build().unwrap();
    list(&client).await.unwrap();
    execute(&client).await.unwrap();
    assert_eq!((counts(&peer), peer.connections()), ((1, 1), 1));
}

#[tokio::test]
async fn an_expired_certificate() {
    let authority = Authority::new("ours");
    let peer = peer(authority.expired_server(NAMES)).await;
    let builder = client(peer.host()).ca_certificate_pem(authority.pem());
    assert_refused(
        &peer,
        builder,
        &[
            "certificate has expired",
            "03 Feb 2001",
            "renewed",
            "clock of this machine",
        ],
    )
    .await;
}

#[tokio::test]
async fn an_authority_that_nobody_knows() {
    let (theirs, ours) = (Authority::new("theirs"), Authority::new("ours"));
    let peer = peer(theirs.server(NAMES)).await;
    let words = ["signed by nobody this machine trusts", "add its certificate"];
    assert_refused(&peer, client(peer.host()), &words).await;
    assert_refused(&peer, client(peer.host()).ca_certificate_pem(ours.pem()), &words).await;
}

#[tokio::test]
async fn an_authority_that_was_made_anew() {
    let (old, new) = (Authority::new("ours"), Authority::new("ours"));
    let peer = peer(new.server(NAMES)).await;
    let builder = client(peer.host()).ca_certificate_pem(old.pem());
    let words = [
        "not signed by the authority",
        "was made anew",
        "add its new certificate",
    ];
    assert_refused(&peer, builder, &words).await;
}

#[tokio::test]
async fn a_certificate_that_signed_itself() {
    let peer = peer(self_signed_server(NAMES)).await;
    assert_refused(&peer, client(peer.host()), &["signed by nobody this machine trusts"]).await;
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let authority = Authority::new("ours");
    let peer = peer(authority.server(&["adb-17.azuredatabricks.net"])).await;
    let builder = client(peer.host()).ca_certificate_pem(authority.pem());
    assert_refused(
        &peer,
        builder,
        &[
            "certificate is for",
            "adb-17.azuredatabricks.net",
            "use a name that it is for",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_server_that_speaks_no_tls() {
    let peer = Peer::talking_first("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
    let host = format!("https://{}", peer.address());
    assert_refused(
        &peer,
        client(host),
        &["does not speak TLS on this port", "check the port"],
    )
    .await;
}
