//! By proxies.

mod http;
mod socks;

use super::pki::{Authority, TlsPeer};
use super::*;
use crate::ProxySettings;
use std::sync::Mutex;
use tokio::io::copy_bidirectional;

/// A host that only a proxy can find.
const WORKSPACE: &str = "workspace.example";

/// What a proxy was asked for.
type Asked = Arc<Mutex<Vec<String>>>;

/// A proxy that leads everybody to one address, whatever he asks for.
struct ProxyPeer {
    address: SocketAddr,
    asked: Asked,
}

impl ProxyPeer {
    async fn start<F, Fut>(lead: F) -> Self
    where
        F: Fn(TcpStream, Asked) -> Fut + Send + 'static,
        Fut: Future<Output = Option<()>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Asked::default();
        let shared = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(lead(stream, shared.clone()));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn join(mut client: impl AsyncRead + AsyncWrite + Unpin, target: SocketAddr, begin: &[u8]) -> Option<()> {
    let mut server = TcpStream::connect(target).await.ok()?;
    server.write_all(begin).await.ok()?;
    copy_bidirectional(&mut client, &mut server).await.ok().map(drop)
}

/// A client of a workspace that listens at this port, with retries that cost no time.
fn client(scheme: &str, port: u16) -> ClientBuilder {
    Client::builder(format!("{scheme}://{WORKSPACE}:{port}"))
        .credentials(Credentials::bearer("secret"))
        .allow_plain_http(true)
        .retry(RetryPolicy::default().base(Duration::from_millis(1)))
}

/// A workspace behind proxies.
async fn workspace() -> (TlsPeer, Authority) {
    let authority = Authority::new();
    let identity = authority.sign(&pki::for_servers(&[WORKSPACE, "localhost"]));
    (TlsPeer::start(identity.config()).await, authority)
}

/// What is said of a proxy that does not lead on, which must show no password, and that nothing was sent.
async fn refused(client: ClientBuilder) -> (ErrorKind, u32, String) {
    let client = client.build().unwrap();
    let error = execute(&client).await.unwrap_err();
    assert!(!error.maybe_delivered(), "{error}");
    let shown = format!("{error} {error:?} {client:?}");
    assert!(!shown.contains("CANARY"), "{shown}");
    (error.kind(), error.attempts(), error.to_string())
}

#[tokio::test]
async fn a_proxy_that_cannot_be_reached_is_named() {
    let (_bound, nobody) = nobody();
    for scheme in ["http", "socks5h"] {
        let (kind, attempts, text) = refused(client("https", 1).proxy(format!("{scheme}://me:CANARY@{nobody}"))).await;
        assert_eq!((kind, attempts), (ErrorKind::Connect, 4), "{text}");
        let expected = format!("the proxy {scheme}://{nobody} cannot be reached: Connection refused");
        assert!(text.contains(&expected), "{text}");
    }
}

#[tokio::test]
async fn a_proxy_that_never_answers_is_named() {
    let silent = ProxyPeer::start(|stream, _| async move {
        let _open = stream;
        std::future::pending().await
    })
    .await;
    for scheme in ["http", "socks5h"] {
        let url = format!("{scheme}://{}", silent.address);
        let limit = Duration::from_millis(100);
        let client = client("https", 1).connect_timeout(limit).retry(RetryPolicy::never());
        let (kind, _, text) = refused(client.proxy(&url)).await;
        let expected = format!("could not connect within 100ms (by the proxy {url})");
        assert!(kind == ErrorKind::Connect && text.contains(&expected), "{text}");
    }
}

#[test]
fn an_address_that_is_none_is_said_so_without_repeating_it() {
    for (url, words) in [
        ("http://me:CANARY@", "no address"),
        ("http://me:p@CANARY@host", "no address"),
        ("ftp://me:CANARY@host:1", "no address"),
        ("socks4://me:CANARY@host:1", "its scheme is not one of"),
        ("http://me:CANARY@host:99999", "no address"),
        ("", "no address"),
    ] {
        let error = client("https", 1).proxy(url).build().unwrap_err().to_string();
        assert!(error.starts_with("the proxy cannot be used: "), "{url}: {error}");
        assert!(error.contains(words) && !error.contains("CANARY"), "{url}: {error}");
    }
    let environment =
        ProxySettings::from_environment(|name| (name == "HTTPS_PROXY").then(|| "ftp://CANARY".to_owned()));
    let error = client("https", 1).proxies(environment).build().unwrap_err().to_string();
    assert!(
        error.starts_with("the proxy in HTTPS_PROXY cannot be used: "),
        "{error}"
    );
}

#[test]
fn who_is_reached_by_which_proxy() {
    let environment = |name: &str| match name {
        "http_proxy" => Some("plain.example:3128".to_owned()),
        "HTTPS_PROXY" => Some("http://secure.example".to_owned()),
        "no_proxy" => Some("exempt.example, .dotted.example,10.0.0.0/8, 192.168.1.7,[fe80::1],fd00::/8".to_owned()),
        _ => None,
    };
    let proxies = Proxies::new(&ProxySettings::from_environment(environment)).unwrap();
    let by = |uri: &str| proxies.on_the_way_to(&uri.parse().unwrap()).map(ToString::to_string);
    let (plain, secure) = ("http://plain.example:3128", "http://secure.example:80");
    for (uri, proxy) in [
        ("http://a.example/", Some(plain)),
        ("https://a.example/", Some(secure)),
        ("https://a.example:8443/api", Some(secure)),
        ("https://notexempt.example/", Some(secure)),
        ("https://11.0.0.1/", Some(secure)),
        ("https://exempt.example/", None),
        ("https://EXEMPT.example:8443/", None),
        ("https://a.exempt.example/", None),
        ("https://dotted.example/", None),
        ("https://a.dotted.example/", None),
        ("https://10.1.2.3/", None),
        ("https://192.168.1.7/", None),
        ("https://[fd00::7]/", None),
        // This machine, whatever the environment says.
        ("http://localhost/", None),
        ("http://127.0.0.1:8080/", None),
        ("https://[::1]/", None),
        // Another one where the proxy is: the metadata service of a cloud.
        ("http://169.254.169.254/metadata", None),
        ("http://[fe80::1]/", None),
        ("http://169.253.169.254/", Some(plain)),
    ] {
        assert_eq!(by(uri).as_deref(), proxy, "{uri}");
    }
    // Who names a proxy in the program wants it for everything.
    let all = Proxies::new(&ProxySettings::all("socks5h://proxy.example").except("other.example")).unwrap();
    let by = |uri: &str| all.on_the_way_to(&uri.parse().unwrap()).map(ToString::to_string);
    assert_eq!(by("http://localhost/").as_deref(), Some("socks5h://proxy.example:1080"));
    assert_eq!(by("http://other.example/"), None);
    assert_eq!(by("http://169.254.169.254/"), None);
    let star = Proxies::new(&ProxySettings::all("proxy.example").except("*")).unwrap();
    assert!(star.on_the_way_to(&"https://a.example/".parse().unwrap()).is_none());
}
