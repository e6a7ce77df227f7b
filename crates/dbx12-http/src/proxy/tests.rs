//! The environment's rules, without an environment.

use super::*;
use secrecy::ExposeSecret as _;

fn of(environment: &[(&str, &str)]) -> (Option<String>, Option<String>, String) {
    let settings = ProxySettings::from_environment(|name| {
        let (_, value) = environment.iter().find(|(key, _)| *key == name)?;
        Some((*value).to_owned())
    });
    let text = |url: Option<ProxyUrl>| url.map(|url| url.text.expose_secret().to_owned());
    (text(settings.http), text(settings.https), settings.exempt)
}

fn urls(environment: &[(&str, &str)]) -> (Option<String>, Option<String>) {
    let (http, https, _) = of(environment);
    (http, https)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn the_environment_is_read_as_curl_reads_it() {
    assert_eq!(urls(&[]), (None, None));
    assert_eq!(urls(&[("https_proxy", "a"), ("HTTPS_PROXY", "b")]), (None, some("a")));
    assert_eq!(urls(&[("https_proxy", " "), ("HTTPS_PROXY", "b")]), (None, some("b")));
    assert_eq!(urls(&[("http_proxy", "a"), ("HTTP_PROXY", "b")]), (some("a"), None));
    assert_eq!(urls(&[("ALL_PROXY", "a")]), (some("a"), some("a")));
    assert_eq!(
        urls(&[("all_proxy", "a"), ("ALL_PROXY", "b"), ("HTTPS_PROXY", "c")]),
        (some("a"), some("c"))
    );
    assert_eq!(of(&[("no_proxy", "x"), ("NO_PROXY", "y")]).2, "x");
    assert_eq!(of(&[("NO_PROXY", "y")]).2, "y");
}

#[test]
fn a_header_of_a_cgi_request_is_no_setting() {
    assert_eq!(urls(&[("HTTP_PROXY", "a")]), (some("a"), None));
    assert_eq!(urls(&[("HTTP_PROXY", "a"), ("REQUEST_METHOD", "GET")]), (None, None));
    assert_eq!(
        urls(&[("http_proxy", "a"), ("REQUEST_METHOD", "GET")]),
        (some("a"), None)
    );
}

#[test]
fn neither_url_nor_password_is_shown() {
    let settings = ProxySettings::all("http://user:CANARY@proxy").except("example.com");
    let shown = format!("{settings:?}");
    assert!(!shown.contains("CANARY") && shown.contains("example.com"), "{shown}");
}
