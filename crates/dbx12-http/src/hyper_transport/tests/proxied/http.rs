//! HTTP proxies: `CONNECT`, and requests that are given to the proxy.

use super::*;
use tokio_rustls::TlsAcceptor;

/// `me:CANARY p@ss` in Base64.
const LOGIN: &str = "proxy-authorization: Basic bWU6Q0FOQVJZIHBAc3M=";
const USER: &str = "me:CANARY%20p%40ss";

/// Reads a request, writes it down, and leads to the target if the login is right.
async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, asked: Asked, target: SocketAddr) -> Option<()> {
    let request = read_request(&mut stream).await?;
    asked.lock().unwrap().push(request.lines().next()?.to_owned());
    if !request.to_lowercase().contains(&LOGIN.to_lowercase()) {
        let refusal =
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n";
        return stream.write_all(refusal.as_bytes()).await.ok();
    }
    if request.starts_with("CONNECT ") {
        let accepted = b"HTTP/1.1 200 Connection established\r\n\r\n";
        stream.write_all(accepted).await.ok()?;
        return join(stream, target, b"").await;
    }
    join(stream, target, request.as_bytes()).await
}

async fn proxy(target: SocketAddr) -> ProxyPeer {
    ProxyPeer::start(move |stream, asked| serve(stream, asked, target)).await
}

/// A proxy that answers everything with these bytes.
async fn answering(response: &'static str) -> ProxyPeer {
    ProxyPeer::start(move |mut stream, _| async move {
        read_request(&mut stream).await?;
        stream.write_all(response.as_bytes()).await.ok()
    })
    .await
}

#[tokio::test]
async fn https_goes_through_a_tunnel() {
    let (workspace, authority) = workspace().await;
    let proxy = proxy(workspace.address).await;
    let port = workspace.address.port();
    let client = client("https", port).ca_certificate_pem(authority.pem());
    let client = client
        .proxy(format!("http://{USER}@{}", proxy.address))
        .build()
        .unwrap();
    let request = client.send(&ExecuteCommand::new("c", "1", "x")).await.unwrap();
    execute(&client).await.unwrap();
    assert_eq!(proxy.asked(), [format!("CONNECT {WORKSPACE}:{port} HTTP/1.1")]);
    let request = request.id.as_str();
    assert!(
        request.starts_with("POST /api/1.2/commands/execute HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(!request.contains("proxy-"), "{request}");
    assert_eq!(workspace.requests(), 2);
}

#[tokio::test]
async fn plain_http_is_given_to_the_proxy() {
    let workspace = Peer::start(|_, mut connection| async move {
        while let Some(request) = connection.request().await {
            let answered = serde_json::json!({ "id": request });
            connection.write(&answer(answered.to_string())).await;
        }
    })
    .await;
    let proxy = proxy(workspace.address).await;
    let client = client("http", 8080)
        .proxy(format!("{USER}@{}", proxy.address))
        .build()
        .unwrap();
    let request = client.send(&ExecuteCommand::new("c", "1", "x")).await.unwrap();
    let line = format!("POST http://{WORKSPACE}:8080/api/1.2/commands/execute HTTP/1.1");
    assert_eq!(proxy.asked(), [line]);
    let request = request.id.as_str();
    assert!(request.contains(&format!("host: {WORKSPACE}:8080\r\n")), "{request}");
    assert!(request.contains(LOGIN), "{request}");
}

#[tokio::test]
async fn a_proxy_may_speak_tls_itself() {
    let (workspace, authority) = workspace().await;
    let target = workspace.address;
    let acceptor = TlsAcceptor::from(Arc::new(authority.server().config()));
    let proxy = ProxyPeer::start(move |stream, asked| {
        let acceptor = acceptor.clone();
        async move { serve(acceptor.accept(stream).await.ok()?, asked, target).await }
    })
    .await;
    let url = format!("https://{USER}@localhost:{}", proxy.address.port());
    let trusting = client("https", target.port()).ca_certificate_pem(authority.pem());
    execute(&trusting.proxy(&url).build().unwrap()).await.unwrap();
    assert_eq!((proxy.asked().len(), workspace.requests()), (1, 1));

    let (kind, attempts, text) = refused(client("https", target.port()).proxy(&url)).await;
    assert_eq!((kind, attempts), (ErrorKind::Proxy, 1), "{text}");
    let expected = format!(
        "the proxy https://localhost:{} cannot be trusted: ",
        proxy.address.port()
    );
    assert!(text.contains(&expected), "{text}");
}

#[tokio::test]
async fn a_login_that_is_missing_or_wrong_is_not_tried_again() {
    let peer = Peer::answering(answer(CONTEXT)).await;
    let proxy = proxy(peer.address).await;
    for scheme in ["https", "http"] {
        for (login, words) in [
            ("", "wants a user and a password"),
            ("me:CANARY@", "does not accept the user"),
        ] {
            let (kind, attempts, text) =
                refused(client(scheme, 1).proxy(format!("http://{login}{}", proxy.address))).await;
            assert_eq!((kind, attempts), (ErrorKind::Proxy, 1), "{text}");
            let expected = format!("the proxy http://{} {words}", proxy.address);
            assert!(text.contains(&expected), "{text}");
        }
    }
    assert_eq!((proxy.asked().len(), peer.connections()), (4, 0));
}

#[tokio::test]
async fn a_tunnel_that_is_refused_says_how() {
    let page = "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>";
    for (response, kind, attempts, words) in [
        (
            page,
            ErrorKind::Proxy,
            1,
            "it answered 403 Forbidden, with a page in HTML",
        ),
        (
            "HTTP/1.1 405 No\r\n\r\n",
            ErrorKind::Proxy,
            1,
            "it answered 405 Method Not Allowed",
        ),
        (
            "HTTP/1.1 302 Found\r\n\r\n",
            ErrorKind::Proxy,
            1,
            "it answered 302 Found",
        ),
        (
            "HTTP/1.1 502 Bad\r\n\r\n",
            ErrorKind::Connect,
            4,
            "it answered 502 Bad Gateway",
        ),
        (
            "HTTP/1.1 503 Busy\r\n\r\n",
            ErrorKind::Connect,
            4,
            "it answered 503 Service Unavailable",
        ),
        (
            "SSH-2.0-OpenSSH_9.2\r\n\r\n",
            ErrorKind::Proxy,
            1,
            "does not speak HTTP",
        ),
        ("", ErrorKind::Connect, 4, "broke off"),
        // A web server that takes the tunnel for a page: what it sends is no TLS.
        (
            "HTTP/1.1 200 OK\r\n\r\n<html></html>",
            ErrorKind::Tls,
            1,
            "(by the proxy http://127.0.0.1:",
        ),
    ] {
        let proxy = answering(response).await;
        let url = format!("http://me:CANARY@{}", proxy.address);
        let (is, tried, text) = refused(client("https", 443).proxy(url)).await;
        assert_eq!((is, tried), (kind, attempts), "{text}");
        assert!(
            text.contains(words) && text.contains(&proxy.address.to_string()),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_certificate_that_is_refused_behind_a_proxy_names_it() {
    let (workspace, _) = workspace().await;
    let proxy = proxy(workspace.address).await;
    let client = client("https", 443).proxy(format!("http://{USER}@{}", proxy.address));
    let (kind, _, text) = refused(client).await;
    assert_eq!(kind, ErrorKind::Tls);
    let expected = format!("(by the proxy http://{})", proxy.address);
    assert!(
        text.contains("a proxy on the way") && text.contains(&expected),
        "{text}"
    );
}

#[tokio::test]
async fn the_environment_leads_to_its_proxy_but_never_from_this_machine_to_itself() {
    let peer = Peer::answering(answer(CONTEXT)).await;
    let proxy = proxy(peer.address).await;
    let environment = |host: String| {
        let proxy = format!("http://{USER}@{}", proxy.address);
        let lookup = move |name: &str| match name {
            "DATABRICKS_HOST" => Some(host.clone()),
            "DATABRICKS_TOKEN" => Some("secret".to_owned()),
            "all_proxy" => Some(proxy.clone()),
            _ => None,
        };
        ClientBuilder::from_environment(lookup).unwrap().allow_plain_http(true)
    };
    read(&environment(format!("http://{}", peer.address)).build().unwrap())
        .await
        .unwrap();
    assert_eq!((proxy.asked().len(), peer.requests()), (0, 1));
    let named = environment(format!("http://{}", peer.address)).proxy(format!("http://{USER}@{}", proxy.address));
    read(&named.build().unwrap()).await.unwrap();
    assert_eq!((proxy.asked().len(), peer.requests()), (1, 2));
    read(&environment(format!("http://{WORKSPACE}")).build().unwrap())
        .await
        .unwrap();
    assert_eq!((proxy.asked().len(), peer.requests()), (2, 3));
    let direct = environment("http://localhost:1".to_owned())
        .no_proxy()
        .retry(RetryPolicy::never());
    assert_eq!(
        read(&direct.build().unwrap()).await.unwrap_err().kind(),
        ErrorKind::Connect
    );
    assert_eq!(proxy.asked().len(), 2);
}

/// What it is given is seen by the proxy and by all on the way to it, wherever the workspace is.
#[tokio::test]
async fn plain_http_by_a_proxy_must_be_allowed_even_to_this_machine() {
    let peer = Peer::answering(answer(CONTEXT)).await;
    let proxy = proxy(peer.address).await;
    let settings = || ProxySettings::all(format!("http://{USER}@{}", proxy.address));
    for refused in [settings(), ProxySettings::all("socks5h://proxy.example")] {
        let error = peer.builder("http").proxies(refused).build().unwrap_err();
        assert!(matches!(error, BuildError::PlainHttp { .. }), "{error}");
        assert!(error.to_string().contains("not by a proxy"), "{error}");
    }
    let allowed = peer.builder("http").proxies(settings()).allow_plain_http(true);
    read(&allowed.build().unwrap()).await.unwrap();
    assert_eq!((proxy.asked().len(), peer.requests()), (1, 1));

    let direct = peer.builder("http").proxies(settings().except("127.0.0.1"));
    read(&direct.build().unwrap()).await.unwrap();
    assert_eq!((proxy.asked().len(), peer.requests()), (1, 2));
}
