//! Bodies: sizes, limits, compression.

use super::*;

#[tokio::test]
async fn an_answer_beyond_the_limit_is_not_read() {
    let announced = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n".to_vec();
    let endless = [
        &b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"[..],
        &b"400\r\n"[..],
        &[b' '; 1024],
        b"\r\n",
        b"400\r\n",
        &[b' '; 1024],
        b"\r\n",
    ];
    for response in [announced, endless.concat()] {
        let peer = Peer::answering(response).await;
        let client = peer.builder("http").response_limit(1500).build().unwrap();
        let error = execute(&client).await.unwrap_err();
        assert_eq!(
            (error.kind(), peer.requests(), error.maybe_delivered()),
            (ErrorKind::TooLarge, 1, true),
            "{error}"
        );
        assert!(
            error.to_string().contains("larger than the limit of 1500 bytes"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_limit_itself_is_allowed() {
    let body = format!("{CONTEXT:1500}");
    for response in [
        answer(&body),
        with_headers("Content-Encoding: gzip\r\n", gzip(body.as_bytes())),
    ] {
        let peer = Peer::answering(response).await;
        read(&peer.builder("http").response_limit(1500).build().unwrap())
            .await
            .unwrap();
        let error = read(&peer.builder("http").response_limit(1499).build().unwrap())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    }
}

#[tokio::test]
async fn gzip_is_undone_in_one_piece_or_many() {
    let (first, second) = CONTEXT.split_at(10);
    let members = [gzip(first.as_bytes()), gzip(second.as_bytes())].concat();
    for body in [gzip(CONTEXT.as_bytes()), members] {
        for encoding in ["gzip", "GZIP", "x-gzip"] {
            let peer = Peer::answering(with_headers(&format!("Content-Encoding: {encoding}\r\n"), &body)).await;
            let response = peer.client().raw(crate::RawRequest::get("/x")).await.unwrap();
            assert_eq!(response.body(), CONTEXT);
            assert!(
                !response.headers().contains_key("content-encoding")
                    && !response.headers().contains_key("content-length")
            );
        }
    }
    let peer = Peer::answering(with_headers("Content-Encoding: gzip\r\n", "")).await;
    assert!(
        peer.client()
            .raw(crate::RawRequest::get("/x"))
            .await
            .unwrap()
            .body()
            .is_empty()
    );
}

#[tokio::test]
async fn a_gzip_bomb_is_stopped_at_the_limit() {
    // 4 MB in 4 KB, and members without content, of which any number inflates to nothing.
    let bomb = gzip(&vec![0; 4 << 20]);
    let nothing = gzip(b"").repeat(10_000);
    for body in [bomb, nothing] {
        let peer = Peer::answering(with_headers("Content-Encoding: gzip\r\n", body)).await;
        let error = read(&peer.builder("http").response_limit(1 << 16).build().unwrap())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    }
}

#[tokio::test]
async fn broken_compression_and_broken_http_are_malformed_answers() {
    let whole = gzip(CONTEXT.as_bytes());
    let cut = &whole[..whole.len() - 4];
    let mut flipped = whole.clone();
    flipped[whole.len() - 6] ^= 1;
    for response in [
        with_headers("Content-Encoding: gzip\r\n", cut),
        with_headers("Content-Encoding: gzip\r\n", flipped),
        with_headers("Content-Encoding: gzip\r\n", CONTEXT),
        with_headers("Content-Encoding: br\r\n", CONTEXT),
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec(),
    ] {
        let peer = Peer::answering(response.clone()).await;
        let error = execute(&peer.client()).await.unwrap_err();
        let said = String::from_utf8_lossy(&response).into_owned();
        assert_eq!(
            (error.kind(), peer.requests()),
            (ErrorKind::Decode, 1),
            "{error} for {said}"
        );
        assert!(error.maybe_delivered(), "{error}");
    }
}

#[tokio::test]
async fn an_encoding_that_was_not_asked_for_is_named() {
    for encoding in ["br", "gzip, br", "deflate"] {
        let peer = Peer::answering(with_headers(&format!("Content-Encoding: {encoding}\r\n"), CONTEXT)).await;
        let error = read(&peer.client()).await.unwrap_err();
        let expected = format!("the response is encoded as `{encoding}`, but only gzip was asked for");
        assert!(error.to_string().contains(&expected), "{error}");
    }
}
