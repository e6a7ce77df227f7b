//! Addresses as people write and paste them.

use super::*;

fn parsed(text: &str) -> String {
    Host::parse(text).unwrap().to_string()
}

fn refused(text: &str) -> String {
    Host::parse(text).unwrap_err().to_string()
}

#[test]
fn addresses_as_people_paste_them() {
    for (text, expected) in [
        ("https://example.com", "https://example.com"),
        ("example.com", "https://example.com"),
        ("  example.com/ \n", "https://example.com"),
        ("HTTPS://Example.COM", "https://example.com"),
        ("https://example.com:443/", "https://example.com"),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:443", "http://localhost:443"),
        ("example.com:8443", "https://example.com:8443"),
        ("example.com:", "https://example.com"),
        (
            "https://adb-1.7.azuredatabricks.net/?o=1#notebook/2/command/3",
            "https://adb-1.7.azuredatabricks.net",
        ),
        (
            "https://x.cloud.databricks.com/login.html?next=https://y/",
            "https://x.cloud.databricks.com",
        ),
        ("x.com/?next=https://y/", "https://x.com"),
        ("https://x.com?o=me@example.com", "https://x.com"),
        ("https://[::1]:8443/api", "https://[::1]:8443"),
        ("http://[::1]", "http://[::1]"),
        ("127.0.0.1:1", "https://127.0.0.1:1"),
        ("host_with_underscore", "https://host_with_underscore"),
        ("example.com.", "https://example.com."),
    ] {
        assert_eq!(parsed(text), expected, "{text}");
    }
}

#[test]
fn bad_addresses_say_what_is_wrong() {
    for (text, expected) in [
        ("", "the host is empty"),
        ("https://", "the host is empty"),
        ("https:///api", "the host is empty"),
        ("ftp://example.com", "the scheme `ftp` is not supported; use https"),
        ("https://example.com:99999", "the port is not a number"),
        ("https://example.com:0", "the port is not a number"),
        ("https://example.com:+80", "the port is not a number"),
        ("https://example.com:x", "the port is not a number"),
        ("::1", "an IPv6 address must stand in brackets"),
        ("<databricks-instance>", "only letters, digits"),
        ("my workspace", "only letters, digits"),
        ("dömain.com", "punycode"),
        ("[::zz]", "IPv6"),
        ("[::1", "no IPv6 address in the brackets"),
        ("[]", "IPv6"),
        ("a..b", "empty part"),
        (":443", "the name is missing"),
    ] {
        let message = refused(text);
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn a_password_in_the_address_is_refused_and_not_repeated() {
    for text in [
        "https://token:dapiCANARY@example.com",
        "token:dapiCANARY@example.com",
        "https://token:dapi/CANARY@example.com/x",
        "https://dapiCANARY@example.com",
        "weird://token:dapiCANARY@example.com",
    ] {
        let message = refused(text);
        assert!(!message.contains("CANARY"), "{message}");
    }
    assert!(refused("https://u:p@example.com").contains("give the credentials separately"));
}

#[test]
fn loopback_is_this_machine_only() {
    for name in [
        "localhost",
        "LOCALHOST",
        "127.0.0.1",
        "127.8.9.1:99",
        "[::1]",
        "http://[::1]:8",
    ] {
        assert!(Host::parse(name).unwrap().is_loopback(), "{name}");
    }
    for name in [
        "localhost.example.com",
        "10.0.0.1",
        "[::2]",
        "0.0.0.0",
        "127.0.0.1.nip.io",
    ] {
        assert!(!Host::parse(name).unwrap().is_loopback(), "{name}");
    }
}

#[test]
fn name_and_port() {
    let host = Host::parse("https://[::1]:8443").unwrap();
    assert_eq!((host.name(), host.port()), ("::1", 8443));
    let host = Host::parse("http://example.com").unwrap();
    assert_eq!((host.name(), host.port()), ("example.com", 80));
}

proptest::proptest! {
    #[test]
    fn any_text_is_an_address_or_refused(text in "(https?://)?[a-z0-9.:@/?#\\[\\]\\\\ü%-]*") {
        if let Ok(host) = Host::parse(&text) {
            // What is accepted stays what it is.
            let again = Host::parse(&host.to_string());
            proptest::prop_assert_eq!(again, Ok(host.clone()));
            proptest::prop_assert!(!host.to_string().contains('@'));
        }
    }
}
