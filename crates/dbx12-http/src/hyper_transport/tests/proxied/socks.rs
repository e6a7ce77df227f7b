//! SOCKS 5 (RFC 1928, RFC 1929).

use super::*;

/// What the proxy does with a request to connect.
#[derive(Clone, Copy)]
struct Rules {
    /// The user and the password that it asks for.
    login: Option<(&'static str, &'static str)>,
    /// Its answer; 0 is yes.
    reply: u8,
}

const OPEN: Rules = Rules { login: None, reply: 0 };

async fn proxy(target: SocketAddr, rules: Rules) -> ProxyPeer {
    ProxyPeer::start(move |stream, asked| serve(stream, asked, target, rules)).await
}

async fn serve(mut stream: TcpStream, asked: Asked, target: SocketAddr, rules: Rules) -> Option<()> {
    let [_version, methods] = take(&mut stream).await?;
    let methods = bytes(&mut stream, methods).await?;
    let method = if rules.login.is_some() { 2 } else { 0 };
    if !methods.contains(&method) {
        return stream.write_all(&[5, 0xff]).await.ok();
    }
    stream.write_all(&[5, method]).await.ok()?;
    if let Some(login) = rules.login {
        let [_version, length] = take(&mut stream).await?;
        let user = bytes(&mut stream, length).await?;
        let [length] = take(&mut stream).await?;
        let password = bytes(&mut stream, length).await?;
        let right = (user.as_slice(), password.as_slice()) == (login.0.as_bytes(), login.1.as_bytes());
        stream.write_all(&[1, u8::from(!right)]).await.ok()?;
        if !right {
            return None;
        }
    }
    let [_version, _connect, _reserved, kind] = take(&mut stream).await?;
    let host = match kind {
        1 => std::net::Ipv4Addr::from(take::<4>(&mut stream).await?).to_string(),
        3 => {
            let [length] = take(&mut stream).await?;
            String::from_utf8(bytes(&mut stream, length).await?).ok()?
        }
        _ => std::net::Ipv6Addr::from(take::<16>(&mut stream).await?).to_string(),
    };
    let port = u16::from_be_bytes(take(&mut stream).await?);
    asked.lock().unwrap().push(format!("{host} {port}"));
    stream.write_all(&[5, rules.reply, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
    if rules.reply == 0 {
        join(stream, target, b"").await
    } else {
        None
    }
}

async fn take<const N: usize>(stream: &mut TcpStream) -> Option<[u8; N]> {
    let mut buffer = [0; N];
    stream.read_exact(&mut buffer).await.ok()?;
    Some(buffer)
}

async fn bytes(stream: &mut TcpStream, length: u8) -> Option<Vec<u8>> {
    let mut buffer = vec![0; length.into()];
    stream.read_exact(&mut buffer).await.ok()?;
    Some(buffer)
}

#[tokio::test]
async fn names_are_resolved_by_whom_the_scheme_says() {
    let (workspace, authority) = workspace().await;
    let port = workspace.address.port();
    for (scheme, host, asked_for) in [
        ("socks5h", WORKSPACE, WORKSPACE),
        ("socks5h", "localhost", "localhost"),
        ("socks5", "localhost", "127.0.0.1"),
    ] {
        let proxy = proxy(workspace.address, OPEN).await;
        let client = Client::builder(format!("https://{host}:{port}"))
            .credentials(Credentials::none())
            .ca_certificate_pem(authority.pem())
            .proxy(format!("{scheme}://{}", proxy.address))
            .build()
            .unwrap();
        read(&client).await.unwrap();
        read(&client).await.unwrap();
        let asked = proxy.asked();
        // A machine may give `localhost` its address of IPv6 first.
        let one = [format!("{asked_for} {port}"), format!("::1 {port}")];
        assert!(asked.len() == 1 && one.contains(&asked[0]), "{asked:?}");
    }
}

#[tokio::test]
async fn plain_http_goes_through_too_and_addresses_are_addresses() {
    let peer = Peer::answering(answer(CONTEXT)).await;
    let proxy = proxy(peer.address, OPEN).await;
    for (host, asked) in [("10.9.8.7", "10.9.8.7 80"), ("[fd00::9]:8080", "fd00::9 8080")] {
        for scheme in ["socks5", "socks5h"] {
            let client = Client::builder(format!("http://{host}"))
                .credentials(Credentials::none())
                .allow_plain_http(true)
                .proxy(format!("{scheme}://{}", proxy.address));
            read(&client.build().unwrap()).await.unwrap();
            assert_eq!(proxy.asked().last().unwrap(), asked);
        }
    }
    assert_eq!(peer.requests(), 4);
}

#[tokio::test]
async fn a_login_is_asked_for_and_given() {
    let peer = Peer::answering(answer(CONTEXT)).await;
    let rules = Rules {
        login: Some(("me", "CANARY p@ss")),
        reply: 0,
    };
    let proxy = proxy(peer.address, rules).await;
    let by = |login: &str| client("http", 80).proxy(format!("socks5h://{login}{}", proxy.address));
    read(&by("me:CANARY%20p%40ss@").build().unwrap()).await.unwrap();
    for (login, words) in [
        ("", "wants a user and a password"),
        ("me:CANARY@", "does not accept the user"),
    ] {
        let (kind, attempts, text) = refused(by(login)).await;
        assert_eq!((kind, attempts), (ErrorKind::Proxy, 1), "{text}");
        assert!(
            text.contains(&format!("the proxy socks5h://{} {words}", proxy.address)),
            "{text}"
        );
    }
    assert_eq!(peer.requests(), 1);
}

#[tokio::test]
async fn what_the_proxy_cannot_reach_it_says() {
    let (_bound, nobody) = nobody();
    for (reply, kind, attempts, words) in [
        (2, ErrorKind::Proxy, 1, "connection not allowed"),
        (4, ErrorKind::Connect, 4, "host unreachable"),
        (5, ErrorKind::Connect, 4, "connection refused"),
    ] {
        let proxy = proxy(nobody, Rules { login: None, reply }).await;
        let (is, tried, text) = refused(client("https", 443).proxy(format!("socks5h://{}", proxy.address))).await;
        assert_eq!((is, tried), (kind, attempts), "{text}");
        let expected = format!(
            "the proxy socks5h://{} does not lead to the host: {words}",
            proxy.address
        );
        assert!(text.contains(&expected), "{text}");
    }
}
