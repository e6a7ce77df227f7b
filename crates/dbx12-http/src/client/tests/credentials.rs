//! Who asks: credentials before each attempt, and nowhere else.

use super::*;

#[tokio::test(start_paused = true)]
async fn credentials_are_asked_for_before_each_attempt() {
    #[derive(Debug, Default)]
    struct Counting(std::sync::atomic::AtomicU32);
    impl CredentialSource for Counting {
        fn auth_type(&self) -> &str {
            "counting"
        }
        fn headers<'a>(&'a self, context: &'a CredentialContext) -> BoxFuture<'a, Result<HeaderMap, CredentialError>> {
            assert_eq!(context.host().name(), "example.com");
            let count = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let value = HeaderValue::from_str(&format!("Bearer {count}")).unwrap();
            Box::pin(ready(Ok(HeaderMap::from_iter([(header::AUTHORIZATION, value)]))))
        }
    }
    let peer = Peer::default().answers(503, "").answers(200, CONTEXT);
    let client = peer
        .builder()
        .credentials(Credentials::new(Counting::default()))
        .build()
        .unwrap();
    client.send(&read()).await.unwrap();
    assert_eq!(peer.request(0).headers()[header::AUTHORIZATION], "Bearer 0");
    assert_eq!(peer.request(1).headers()[header::AUTHORIZATION], "Bearer 1");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_has_none_or_hangs_fails_the_call_before_anything_is_sent() {
    #[derive(Debug)]
    struct Broken(bool);
    impl CredentialSource for Broken {
        fn auth_type(&self) -> &str {
            "broken"
        }
        fn headers<'a>(&'a self, _: &'a CredentialContext) -> BoxFuture<'a, Result<HeaderMap, CredentialError>> {
            if self.0 {
                Box::pin(pending())
            } else {
                Box::pin(ready(Err(CredentialError::new("log in again"))))
            }
        }
    }
    let send = async |hangs, deadline| {
        let peer = Peer::default();
        let builder = peer.builder().credentials(Credentials::new(Broken(hangs)));
        let error = builder
            .deadline(deadline)
            .build()
            .unwrap()
            .send(&execute())
            .await
            .unwrap_err();
        assert_eq!((peer.seen(), error.maybe_delivered(), error.attempts()), (0, false, 1));
        (error.kind(), error.to_string())
    };
    let hour = Duration::from_secs(3600);
    let (kind, text) = send(false, hour).await;
    assert!(
        kind == ErrorKind::Credentials && text.ends_with("failed: no credentials: log in again"),
        "{text}"
    );
    let (kind, text) = send(true, hour).await;
    assert!(
        kind == ErrorKind::Credentials && text.contains("did not answer within 60s"),
        "{text}"
    );
    assert_eq!(send(true, Duration::from_secs(1)).await.0, ErrorKind::Deadline);
}

#[tokio::test]
async fn no_secret_and_no_code_in_anything_that_is_shown() {
    let peer = Peer::default().answers(500, "").fails(TransportErrorKind::Interrupted);
    let client = peer.client();
    assert!(!format!("{client:?}").contains("CANARY"));
    for _ in 0..2 {
        let error = client.send(&execute()).await.unwrap_err();
        assert!(!format!("{error} {error:?} {error:#?}").contains("CANARY"));
    }
}

#[tokio::test]
async fn a_secret_that_comes_back_as_the_request_s_id_is_hidden() {
    let answer = Response::builder().header("x-request-id", "CANARY");
    let peer = Peer::default().then(move |_| ready(Ok(answer.body(Bytes::from("[")).unwrap())));
    let error = peer.client().send(&execute()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(!format!("{error} {error:?}").contains("CANARY"), "{error}");
}
