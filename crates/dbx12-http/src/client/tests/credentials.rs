//! Who asks: credentials before each attempt, and nowhere else.

use super::*;
use crate::credentials::AccessToken;
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test(start_paused = true)]
async fn credentials_are_asked_for_before_each_attempt() {
    #[derive(Debug, Default)]
    struct Counting(AtomicUsize);
    impl CredentialSource for Counting {
        fn auth_type(&self) -> &str {
            "counting"
        }
        fn headers<'a>(&'a self, context: &'a CredentialContext) -> BoxFuture<'a, Result<HeaderMap, CredentialError>> {
            assert_eq!(context.host().name(), "example.com");
            let count = self.0.fetch_add(1, Ordering::Relaxed);
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

/// Who is let in with the token of this number, and of no other; and how many tokens were given.
fn refusing_all_but(good: &Arc<AtomicUsize>) -> (Client, Arc<AtomicUsize>) {
    let (good, given) = (Arc::clone(good), Arc::<AtomicUsize>::default());
    let count = Arc::clone(&given);
    let credentials = Credentials::from_fn("numbered", move || {
        let number = 1 + count.fetch_add(1, Ordering::SeqCst);
        ready(Ok(AccessToken::new(format!("t{number}"))))
    });
    let transport = transport::from_fn(move |request: Request<Bytes>| {
        let expected = format!("Bearer t{}", good.load(Ordering::SeqCst));
        let is_good = request.headers()[header::AUTHORIZATION] == *expected;
        ready(Ok(response(if is_good { 200 } else { 401 }, CONTEXT)))
    });
    let builder = Client::builder("https://example.com").credentials(credentials);
    (builder.transport(transport).build().unwrap(), given)
}

#[tokio::test(start_paused = true)]
async fn a_service_that_refuses_whatever_comes_costs_one_token_a_minute_and_not_one_a_call() {
    let good = Arc::<AtomicUsize>::default();
    let (client, given) = refusing_all_but(&good);
    let error = client.send(&read()).await.unwrap_err();
    assert_eq!((error.attempts(), given.load(Ordering::SeqCst)), (2, 2));
    for _ in 0..20 {
        let error = client.send(&read()).await.unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::UNAUTHORIZED));
        assert_eq!((error.attempts(), given.load(Ordering::SeqCst)), (1, 2));
        sleep(Duration::from_secs(2)).await;
    }
    // What was wrong is mended, and the third token would do.
    good.store(3, Ordering::SeqCst);
    sleep(Duration::from_secs(60)).await;
    client.send(&read()).await.unwrap();
    assert_eq!(given.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_accepted_is_renewed_however_soon_it_is_refused() {
    let good = Arc::new(AtomicUsize::new(1));
    let (client, given) = refusing_all_but(&good);
    for number in 1..5 {
        good.store(number, Ordering::SeqCst);
        for _ in 0..2 {
            client.send(&read()).await.unwrap();
        }
        assert_eq!(given.load(Ordering::SeqCst), number);
    }
}
