//! Invariant 7: Credentials go over `https` only, except to loopback or when asked for by name. Redirects are not
//! followed.

use super::*;
use dbx12_exec::http::{BuildError, ErrorKind};
use dbx12_exec::types::{CreateContext, ListClusters};
use dbx12_tests::{Authority, self_signed_server};

#[test]
fn invariant_7_plain_http_to_another_machine_is_asked_for_by_name() {
    for host in [
        "http://example.com",
        "http://10.0.0.1:8080",
        "http://0.0.0.0:80",
        "http://[::]",
        "http://[::2]",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "HTTP://EXAMPLE.COM",
    ] {
        let builder = Client::builder(host).credentials(Credentials::bearer("dapi0"));
        let refused = builder.clone().build().unwrap_err();
        assert!(matches!(refused, BuildError::PlainHttp { .. }), "{host}: {refused}");
        assert!(!builder.allow_plain_http(true).build().unwrap().host().is_https());
    }
    for host in [
        "http://localhost",
        "http://LOCALHOST:8080",
        "http://127.0.0.1",
        "http://127.1.2.3:1",
        "http://[::1]",
    ] {
        Client::builder(host)
            .credentials(Credentials::bearer("dapi0"))
            .build()
            .unwrap();
    }
    // Without a scheme it is `https`, on this machine too.
    for host in ["example.com", "localhost:8080", "127.0.0.1"] {
        let client = Client::builder(host)
            .credentials(Credentials::bearer("dapi0"))
            .build()
            .unwrap();
        assert!(client.host().is_https());
    }
}

#[tokio::test]
async fn invariant_7_no_redirect_is_followed_not_even_to_the_same_host() {
    let elsewhere = Peer::start(|_| Reaction::json("[]")).await;
    let target = format!("{}/api/1.2/clusters/list", elsewhere.host());
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        for location in [
            target.clone(),
            "/api/1.2/clusters/list?again=1".to_owned(),
            "//example.com/".to_owned(),
        ] {
            let headers = format!("Location: {location}\r\n");
            let peer = Peer::start(move |_| Reaction::http(status, &headers, "")).await;
            let error = client_of(&peer).send(&ListClusters::new()).await.unwrap_err();
            assert_eq!(
                (error.kind(), peer.requests().len()),
                (ErrorKind::Redirect, 1),
                "{status} {location}"
            );
            client_of(&peer)
                .send(&CreateContext::new("c", Language::Python))
                .await
                .unwrap_err();
            assert_eq!(peer.requests().len(), 2);
        }
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn invariant_7_who_cannot_prove_its_name_is_sent_nothing() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    for (acceptor, is_trusted) in [
        (ours.server(&["127.0.0.1"]), true),
        (ours.server(&["example.com"]), false),
        (ours.expired_server(&["127.0.0.1"]), false),
        (theirs.server(&["127.0.0.1"]), false),
        (self_signed_server(&["127.0.0.1"]), false),
    ] {
        let peer = Peer::start_tls(acceptor, |_| Reaction::json("[]")).await;
        let client = Client::builder(peer.host())
            .credentials(Credentials::bearer("dapi0"))
            .retry(quick());
        let client = client.ca_certificate_pem(ours.pem()).build().unwrap();
        let answer = client.send(&ListClusters::new()).await;
        assert_eq!(
            (answer.is_ok(), peer.requests().len()),
            (is_trusted, usize::from(is_trusted)),
            "{answer:?}"
        );
        assert_eq!(peer.connections(), 1);
    }
}

#[tokio::test]
async fn invariant_7_the_server_listens_to_other_machines_by_name_and_with_tls_only() {
    let everywhere = ([0, 0, 0, 0], 0).into();
    let closed = Workspace::builder().wait_for_cluster(false).start().await.unwrap();
    for tls in [false, true] {
        let refused = closed.serve(everywhere, tls).await.unwrap_err().to_string();
        assert!(refused.contains("listen on 127.0.0.1"), "{refused}");
    }
    let open = Workspace::builder()
        .allow_remote(true)
        .wait_for_cluster(false)
        .start()
        .await
        .unwrap();
    let refused = open.serve(everywhere, false).await.unwrap_err().to_string();
    assert!(refused.contains("credentials would travel in the clear"), "{refused}");
}
