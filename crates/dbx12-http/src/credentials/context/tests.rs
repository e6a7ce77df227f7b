//! Where secrets may go, and what is said when no token comes.

use super::*;
use crate::{TransportError, TransportErrorKind, transport};
use std::sync::Mutex;

type Answers = Vec<Result<Response<Bytes>, TransportErrorKind>>;

/// A context whose transport gives these answers in turn, and how many are left.
fn context(host: &str, answers: Answers) -> (CredentialContext, Arc<Mutex<Answers>>) {
    let answers = Arc::new(Mutex::new(answers));
    let left = Arc::clone(&answers);
    let transport = transport::from_fn(move |request: Request<Bytes>| {
        assert_eq!(request.extensions().get::<ResponseLimit>().unwrap().0, 1024 * 1024);
        assert!(request.headers().contains_key(USER_AGENT));
        let answer = answers.lock().unwrap().remove(0);
        async { answer.map_err(|kind| TransportError::new(kind, "it broke")) }
    });
    (CredentialContext::new(Host::parse(host).unwrap(), transport), left)
}

fn answer(status: u16, body: &'static str) -> Result<Response<Bytes>, TransportErrorKind> {
    Ok(Response::builder().status(status).body(Bytes::from(body)).unwrap())
}

const FORM: [(&str, &str); 1] = [("client_secret", "CANARY-secret")];
const TOKEN: &str = r#"{"access_token":"t","expires_in":3600}"#;

#[tokio::test]
async fn secrets_go_over_https_to_this_machine_or_to_the_workspace() {
    for endpoint in [
        "https://login.example/t",
        "http://localhost:1/t",
        "http://127.0.0.1/t",
        "http://plain.example/t",
    ] {
        let (context, _) = context("http://plain.example", vec![answer(200, TOKEN)]);
        assert_eq!(context.token(endpoint, None, &FORM).await.unwrap().expose(), "t");
    }
    for endpoint in ["http://login.example/t?x=y", "http://plain.example:81/t", "/t"] {
        let (context, left) = context("http://plain.example", vec![answer(200, TOKEN)]);
        let error = context.token(endpoint, None, &FORM).await.unwrap_err().to_string();
        assert!(
            error.contains("unprotected; it must be https") && !error.contains("x=y"),
            "{error}"
        );
        assert_eq!(left.lock().unwrap().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_goes_away_is_tried_again_and_what_stays_is_told() {
    let (again, left) = context(
        "x.example",
        vec![
            Err(TransportErrorKind::Connect),
            answer(503, ""),
            Err(TransportErrorKind::Interrupted),
            answer(200, TOKEN),
        ],
    );
    again.token("https://x.example/t", None, &FORM).await.unwrap();
    assert!(left.lock().unwrap().is_empty());

    let (down, _) = context(
        "x.example",
        vec![answer(503, ""), answer(503, ""), answer(503, ""), answer(503, "")],
    );
    let error = down.token("https://x.example/t", None, &FORM).await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("503"), "{error}");

    let refusal = r#"{"error":"invalid_client","error_description":"CANARY-secret is\nwrong, CANARY-secret"}"#;
    let (refusing, left) = context("x.example", vec![answer(401, refusal), answer(200, TOKEN)]);
    let error = refusing
        .token("https://x.example/t?q=1", None, &FORM)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "https://x.example/t gave no token: 401 invalid_client, *** is wrong, ***"
    );
    assert!(!error.is_transient());
    assert_eq!(left.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_answer_without_a_token_is_not_repeated() {
    let (context, _) = context("x.example", vec![answer(200, "CANARY")]);
    let error = context.token("https://x.example/t", None, &FORM).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "https://x.example/t gave no token: the answer is not a token in JSON"
    );
}

#[tokio::test(start_paused = true)]
async fn tokens_are_asked_for_again_out_of_the_budget_of_all_calls() {
    let budget = Budget::full();
    let asked = Arc::new(Mutex::new(0));
    let count = Arc::clone(&asked);
    let transport = transport::from_fn(move |_| {
        *count.lock().unwrap() += 1;
        async { answer(503, "").map_err(|kind| TransportError::new(kind, "it broke")) }
    });
    let context = CredentialContext::of_client(
        Host::parse("x.example").unwrap(),
        Arc::new(transport),
        Duration::from_secs(60),
        RetryPolicy::default(),
        budget.clone(),
        HeaderValue::from_static("test"),
    );
    let ask = async || {
        context.token("https://x.example/t", None, &FORM).await.unwrap_err();
        std::mem::take(&mut *asked.lock().unwrap())
    };
    assert_eq!(ask().await, 4);
    let left = std::iter::repeat_with(|| budget.withdraw()).take_while(|paid| *paid);
    assert_eq!(left.count(), 97, "three of a hundred are spent");
    assert_eq!(ask().await, 1);
    (0..5).for_each(|_| budget.deposit());
    assert_eq!(ask().await, 2);
}

#[tokio::test]
async fn a_secret_part_of_an_address_is_not_shown_even_if_the_server_repeats_it() {
    let echo = r#"{"error":"no","error_description":"what is CANARY-key, /CANARY/path?a=CANARY-key&b=c ?"}"#;
    for (part, shown) in [
        (SecretPart::Query, "http://localhost:1/CANARY/path gave"),
        (SecretPart::PathAndQuery, "http://localhost:1/*** gave"),
    ] {
        let request = || {
            let request = Request::get("http://localhost:1/CANARY/path?a=CANARY-key&b=c");
            request.extension(part).body(Bytes::new()).unwrap()
        };
        let (context, _) = context("x.example", vec![answer(400, echo), answer(200, "[]")]);
        for problem in ["no, what is ***", "not a token"] {
            let error = context.token_of(request()).await.unwrap_err().to_string();
            assert!(error.starts_with(shown) && error.contains(problem), "{error}");
            assert!(!error.contains("CANARY-key"), "{error}");
            assert!(part == SecretPart::Query || !error.contains("CANARY"), "{error}");
        }
    }
}
