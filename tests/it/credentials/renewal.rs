//! Tokens that are refused in the middle of things.

use super::*;
use dbx12_exec::api::Workspace;
use dbx12_exec::http::credentials::AccessToken;
use dbx12_exec::types::ExecuteCommand;
use dbx12_exec::{Outcome, PollSchedule, Waiter};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Gives `t1`, `t2`, …, and how many it gave.
fn numbered() -> (Credentials, Arc<AtomicUsize>) {
    let given = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&given);
    let credentials = Credentials::from_fn("numbered", move || {
        let number = 1 + count.fetch_add(1, Ordering::SeqCst);
        async move { Ok(AccessToken::new(format!("CANARY-t{number}"))) }
    });
    (credentials, given)
}

fn token_of(asked: &Asked) -> String {
    asked.header("authorization").unwrap().replace("Bearer CANARY-", "")
}

fn refusal() -> Reaction {
    Reaction::http(
        "401 Unauthorized",
        "",
        r#"{"error_code":401,"message":"the token has expired"}"#,
    )
}

#[tokio::test]
async fn a_token_that_expires_during_a_wait_is_renewed_and_the_wait_goes_on() {
    // Each token is good for three looks; the command ends with the eighth.
    let peer = Peer::start(|asked| {
        let number: usize = token_of(asked)[1..].parse().unwrap();
        match asked.time - (number - 1) {
            look if look > 3 * number => refusal(),
            8.. => Reaction::json(r#"{"id":"2","status":"Finished","results":{"resultType":"text","data":"done"}}"#),
            _ => Reaction::json(r#"{"id":"2","status":"Running","results":null}"#),
        }
    })
    .await;
    let (credentials, given) = numbered();
    let command = Workspace::new(client(&peer, credentials))
        .cluster("c")
        .context("1")
        .command("2");
    let waiter = Waiter::new(command).schedule(PollSchedule::default(), Some(1));
    let outcome = waiter.await.unwrap();
    assert!(matches!(outcome, Outcome::Finished(_)), "{outcome:?}");
    assert_eq!(given.load(Ordering::SeqCst), 3);
    let tokens: Vec<_> = peer.requests().iter().map(token_of).collect();
    assert_eq!(tokens, ["t1", "t1", "t1", "t1", "t2", "t2", "t2", "t2", "t3", "t3"]);
}

#[tokio::test]
async fn what_must_happen_once_is_sent_again_after_a_refusal_but_only_once() {
    let peer = Peer::start(|asked| match token_of(asked).as_str() {
        "t1" => refusal(),
        _ => Reaction::json(r#"{"id":"1"}"#),
    })
    .await;
    let (credentials, _) = numbered();
    let client_of = client(&peer, credentials);
    client_of.send(&ExecuteCommand::new("c", "1", "x")).await.unwrap();
    assert_eq!(peer.count("commands/execute"), 2);

    let never = Peer::start(|_| refusal()).await;
    let (credentials, given) = numbered();
    let client_of = client(&never, credentials);
    let error = client_of.send(&ExecuteCommand::new("c", "1", "x")).await.unwrap_err();
    assert_eq!((error.attempts(), error.maybe_delivered()), (2, false));
    assert_eq!((never.count("commands/execute"), given.load(Ordering::SeqCst)), (2, 2));
    assert!(!error.to_string().contains(CANARY));

    // What cannot be renewed is not sent again.
    let client_of = client(&never, Credentials::bearer("CANARY-t0"));
    let error = client_of.send(&ExecuteCommand::new("c", "1", "x")).await.unwrap_err();
    assert_eq!((error.attempts(), never.count("commands/execute")), (1, 3));
}

#[tokio::test]
async fn what_a_user_may_not_do_is_not_asked_again_and_the_gateways_refusal_is() {
    let say = |message: &str| format!(r#"{{"error_code":"403","message":"{message}"}}"#);
    let forbidden = Reaction::http("403 Forbidden", "", say("User is not allowed to attach"));
    let invalid = Reaction::http("403 Forbidden", "", say("Invalid access token."));
    for (answer, attempts) in [(forbidden, 1), (invalid, 2)] {
        let peer = Peer::start(move |_| answer.clone()).await;
        let (credentials, _) = numbered();
        let error = list(&client(&peer, credentials)).await.unwrap_err();
        assert_eq!(error.attempts(), attempts, "{error}");
    }
}

#[tokio::test]
async fn a_hundred_calls_at_once_ask_for_one_token() {
    let peer = issuer().await;
    let client = client(&peer, Credentials::oauth_m2m("me", CLIENT_SECRET));
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { list(&client).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!((peer.count("/oidc/v1/token"), peer.count("clusters/list")), (1, 100));
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_its_token_to_the_next() {
    let peer = Peer::start(|asked| match asked.operation.as_str() {
        "/oidc/v1/token" => match issue(asked) {
            Reaction::Answer(bytes) => Reaction::Late(Duration::from_millis(100), bytes),
            other => other,
        },
        _ => issue(asked),
    })
    .await;
    let client = client(&peer, Credentials::oauth_m2m("me", CLIENT_SECRET));
    let first = client.clone();
    let first = tokio::spawn(async move { list(&first).await });
    while peer.count("/oidc/v1/token") == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    first.abort();
    list(&client).await.unwrap();
    assert_eq!(peer.count("/oidc/v1/token"), 1);
}
