//! Any text as the address of a workspace: it is one or refused, it stays the one it is, and no password shows.
#![no_main]

use dbx12_http::{Client, Credentials, Host, transport};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let host = match Host::parse(text) {
        Ok(host) => host,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let written = host.to_string();
    assert!(!written.contains(['@', '?', '#', ' ', '\\']), "{written}");
    assert_eq!(Host::parse(&written).as_ref(), Ok(&host));
    assert!(!host.name().is_empty() && host.port() != 0);
    assert!(host.is_https() || written.starts_with("http://"));

    // With all that was pasted, a client can be made, or its ids are refused.
    let transport = transport::from_fn(async |_| Ok(dbx12_http::http::Response::default()));
    let builder = Client::builder(text)
        .credentials(Credentials::none())
        .allow_plain_http(true)
        .transport(transport);
    match builder.build() {
        Ok(client) => assert_eq!(client.host(), &host),
        Err(error) => assert!(error.to_string().contains("the workspace id"), "{error}"),
    }
});
