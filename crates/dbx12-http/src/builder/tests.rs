//! What is asked of a builder before it makes a client.

use super::*;
use crate::transport;
use http::Response;

fn builder(host: &str) -> ClientBuilder {
    let transport = transport::from_fn(async |_| Ok(Response::default()));
    Client::builder(host)
        .transport(transport)
        .credentials(Credentials::none())
}

fn refused(builder: ClientBuilder) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn plain_http_is_for_this_machine_unless_asked_for_by_name() {
    for host in [
        "http://localhost:1",
        "http://127.0.0.1",
        "http://[::1]:9",
        "https://example.com",
        "example.com",
    ] {
        assert!(builder(host).build().is_ok(), "{host}");
    }
    let message = refused(builder("http://example.com"));
    assert!(
        message.starts_with("http://example.com would carry the credentials unprotected; use https"),
        "{message}"
    );
    assert!(builder("http://example.com").allow_plain_http(true).build().is_ok());
}

#[test]
fn a_client_without_credentials_is_not_made_by_accident() {
    let transport = transport::from_fn(async |_| Ok(Response::default()));
    let message = refused(Client::builder("example.com").transport(transport));
    assert!(
        message.starts_with("there are no credentials for example.com; set DATABRICKS_TOKEN"),
        "{message}"
    );
}

#[test]
fn a_bad_host_is_explained_and_a_password_in_it_not_repeated() {
    assert!(refused(builder("<databricks-instance>")).contains("is not a host name"));
    assert!(!refused(builder("https://token:CANARY@example.com")).contains("CANARY"));
}

#[test]
fn a_netrc_file_is_read_when_the_client_is_made() {
    let message = refused(builder("example.com").netrc_file("/nowhere/netrc"));
    assert!(message.starts_with("/nowhere/netrc cannot be opened"), "{message}");
}

#[cfg(not(feature = "hyper"))]
#[test]
fn without_the_feature_hyper_a_transport_must_be_given() {
    let message = refused(Client::builder("example.com").credentials(Credentials::none()));
    assert!(message.contains("enable the feature `hyper`"), "{message}");
}

#[cfg(feature = "hyper")]
#[test]
fn a_ca_certificate_that_is_none_is_explained() {
    let builder = || Client::builder("example.com").credentials(Credentials::none());
    let message = refused(builder().ca_certificate_file("/nowhere/ca.pem"));
    assert!(
        message.contains("the CA certificate cannot be used: /nowhere/ca.pem: "),
        "{message}"
    );
    assert!(refused(builder().ca_certificate_pem("no pem")).contains("there is no certificate in it"));
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(refused(builder().ca_certificate_pem(broken)).contains("the CA certificate cannot be used"));
}

#[test]
fn builders_and_clients_are_shared_between_threads() {
    fn is_shared<T: Clone + Send + Sync + std::fmt::Debug>() {}
    is_shared::<ClientBuilder>();
    is_shared::<Client>();
    is_shared::<Credentials>();
}
