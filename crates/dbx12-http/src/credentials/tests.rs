//! What each kind of credentials sends, and that none shows.

use super::*;
use std::future::ready;

const CANARY: &str = "dapiCANARY0123";

fn context() -> CredentialContext {
    CredentialContext::new(
        host(),
        crate::transport::from_fn(async |_| Ok(http::Response::default())),
    )
}

fn host() -> Host {
    Host::parse("https://example.com").unwrap()
}

async fn header(credentials: &Credentials) -> Result<String, String> {
    let headers = credentials
        .headers(&context())
        .await
        .map_err(|error| error.to_string())?;
    let value = headers.get(header::AUTHORIZATION).unwrap();
    assert!(value.is_sensitive());
    Ok(value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn each_kind_makes_its_header() {
    assert_eq!(
        header(&Credentials::basic("token", "secret")).await.unwrap(),
        "Basic dG9rZW46c2VjcmV0"
    );
    assert_eq!(
        header(&Credentials::basic("ü", "p:ä ö")).await.unwrap(),
        "Basic w7w6cDrDpCDDtg=="
    );
    assert_eq!(header(&Credentials::bearer(" abc\n")).await.unwrap(), "Bearer abc");
    assert!(Credentials::none().headers(&context()).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_sent_is_said_without_repeating_it() {
    for credentials in [
        Credentials::bearer(""),
        Credentials::bearer(format!("{CANARY}\r\nX-Evil: 1")),
        Credentials::bearer(format!("two words {CANARY}")),
        Credentials::bearer(format!("{CANARY}ü")),
        Credentials::basic(format!("a:{CANARY}"), CANARY),
    ] {
        let error = header(&credentials).await.unwrap_err();
        assert!(!error.contains(CANARY), "{error}");
    }
}

#[test]
fn debug_shows_the_kind_only() {
    for (credentials, shown) in [
        (Credentials::basic("me", CANARY), "Credentials(basic)"),
        (Credentials::bearer(CANARY), "Credentials(pat)"),
        (Credentials::none(), "Credentials(none)"),
    ] {
        assert_eq!(format!("{credentials:?}"), shown);
    }
    let secret = SecretString::from(CANARY);
    assert!(!format!("{:?}", Fixed::bearer(&secret)).contains(CANARY));
    let basic = Fixed::basic("basic", "me", &secret);
    assert!(!format!("{basic:?}").contains(CANARY));
}

#[tokio::test]
async fn a_netrc_file_gives_basic_credentials_for_its_hosts() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "machine example.com login token password secret\n").unwrap();
    let credentials = Credentials::from_netrc_file(file.path(), &host()).unwrap();
    assert_eq!(credentials.auth_type(), "netrc");
    assert_eq!(header(&credentials).await.unwrap(), "Basic dG9rZW46c2VjcmV0");

    let other = Host::parse("https://other.example").unwrap();
    let error = Credentials::from_netrc_file(file.path(), &other)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("has no entry for other.example; add: machine other.example login"),
        "{error}"
    );
}

#[tokio::test]
async fn headers_of_any_source_are_marked_sensitive() {
    #[derive(Debug)]
    struct Careless;
    impl CredentialSource for Careless {
        fn auth_type(&self) -> &str {
            "custom"
        }
        fn headers<'a>(&'a self, _: &'a CredentialContext) -> BoxFuture<'a, Result<HeaderMap, CredentialError>> {
            let headers = HeaderMap::from_iter([
                (header::AUTHORIZATION, HeaderValue::from_static(CANARY)),
                (
                    header::HeaderName::from_static("x-second"),
                    HeaderValue::from_static(CANARY),
                ),
            ]);
            Box::pin(ready(Ok(headers)))
        }
    }
    let headers = Credentials::new(Careless).headers(&context()).await.unwrap();
    assert_eq!(headers.len(), 2);
    assert!(!format!("{headers:?}").contains(CANARY));
}
