//! One token for all, renewed once, whoever waits or goes.

use super::*;
use crate::{Host, transport};
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// Gives `t1`, `t2`, … that live for so long; each only when it is let.
#[derive(Debug)]
struct Numbered {
    asked: Arc<AtomicUsize>,
    gate: Arc<Notify>,
    lifetime: Duration,
    fails: fn(usize) -> bool,
}

impl TokenSource for Numbered {
    fn auth_type(&self) -> &str {
        "test"
    }

    fn token<'a>(&'a self, _: &'a CredentialContext) -> BoxFuture<'a, Result<AccessToken, CredentialError>> {
        Box::pin(async {
            let number = 1 + self.asked.fetch_add(1, Ordering::SeqCst);
            self.gate.notified().await;
            match (self.fails)(number) {
                true => Err(CredentialError::new(format!("no token {number}"))),
                false => Ok(AccessToken::new(format!("t{number}")).expires_in(self.lifetime)),
            }
        })
    }
}

struct Stage {
    cached: Arc<Cached>,
    asked: Arc<AtomicUsize>,
    gate: Arc<Notify>,
    context: CredentialContext,
}

impl Stage {
    fn set(lifetime: u64, fails: fn(usize) -> bool) -> Self {
        let (asked, gate) = (Arc::<AtomicUsize>::default(), Arc::<Notify>::default());
        let source = Numbered {
            asked: Arc::clone(&asked),
            gate: Arc::clone(&gate),
            lifetime: Duration::from_secs(lifetime),
            fails,
        };
        let transport = transport::from_fn(async |_| Ok(http::Response::default()));
        Self {
            cached: Arc::new(Cached::new(source)),
            asked,
            gate,
            context: CredentialContext::new(Host::parse("x.example").unwrap(), transport),
        }
    }

    fn ask(&self) -> impl Future<Output = Result<String, String>> + Send + 'static {
        let (cached, context) = (Arc::clone(&self.cached), self.context.clone());
        async move {
            let token = cached.token(&context).await.map_err(|error| error.to_string())?;
            Ok(token.expose().to_owned())
        }
    }

    /// Lets one request for a token through and asks for what came.
    async fn ask_and_let(&self) -> Result<String, String> {
        self.gate.notify_one();
        self.ask().await
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Lets all tasks run as far as they can.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn many_who_wait_are_served_by_one_request() {
    let stage = Stage::set(3600, |_| false);
    let waiting: Vec<_> = (0..50).map(|_| tokio::spawn(stage.ask())).collect();
    settle().await;
    assert_eq!(stage.asked(), 1);
    stage.gate.notify_one();
    for waiter in waiting {
        assert_eq!(waiter.await.unwrap().unwrap(), "t1");
    }
    assert_eq!((stage.ask().await.unwrap().as_str(), stage.asked()), ("t1", 1));
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_goes_does_not_take_the_token_with_it() {
    let stage = Stage::set(3600, |_| false);
    let first = tokio::spawn(stage.ask());
    settle().await;
    first.abort();
    settle().await;
    stage.gate.notify_one();
    assert_eq!(stage.ask().await.unwrap(), "t1");
    assert_eq!(stage.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_told_to_all_and_tried_again_by_the_next() {
    let stage = Stage::set(3600, |number| number == 1);
    let waiting: Vec<_> = (0..5).map(|_| tokio::spawn(stage.ask())).collect();
    settle().await;
    stage.gate.notify_one();
    for waiter in waiting {
        assert_eq!(waiter.await.unwrap().unwrap_err(), "no token 1");
    }
    assert_eq!(stage.ask_and_let().await.unwrap(), "t2");
}

#[tokio::test(start_paused = true)]
async fn before_it_expires_a_token_is_renewed_without_making_anybody_wait() {
    let stage = Stage::set(3600, |number| number == 2);
    assert_eq!(stage.ask_and_let().await.unwrap(), "t1");
    tokio::time::advance(Duration::from_secs(2500)).await;
    // The second request hangs, then fails: the first token is used all the while, and nobody asks for another yet.
    assert_eq!(stage.ask().await.unwrap(), "t1");
    settle().await;
    assert_eq!((stage.ask().await.unwrap().as_str(), stage.asked()), ("t1", 2));
    stage.gate.notify_one();
    settle().await;
    assert_eq!((stage.ask().await.unwrap().as_str(), stage.asked()), ("t1", 2));
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(stage.ask_and_let().await.unwrap(), "t1");
    settle().await;
    assert_eq!((stage.ask().await.unwrap().as_str(), stage.asked()), ("t3", 3));
}

#[tokio::test(start_paused = true)]
async fn in_its_last_forty_seconds_a_token_is_not_used() {
    let stage = Stage::set(3600, |_| false);
    assert_eq!(stage.ask_and_let().await.unwrap(), "t1");
    tokio::time::advance(Duration::from_secs(3560)).await;
    let waiter = tokio::spawn(stage.ask());
    settle().await;
    assert!(!waiter.is_finished());
    stage.gate.notify_one();
    assert_eq!(waiter.await.unwrap().unwrap(), "t2");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_refused_is_forgotten_but_not_the_one_after_it() {
    let stage = Stage::set(3600, |_| false);
    assert_eq!(stage.ask_and_let().await.unwrap(), "t1");
    let first = stage.cached.headers(&stage.context).await.unwrap();
    assert!(stage.cached.refused(&first));
    assert_eq!(stage.ask_and_let().await.unwrap(), "t2");
    // Another call comes back late with the first one.
    assert!(stage.cached.refused(&first));
    assert_eq!((stage.ask().await.unwrap().as_str(), stage.asked()), ("t2", 2));
}

#[tokio::test(start_paused = true)]
async fn a_new_token_that_is_refused_is_kept_for_a_while_unless_it_was_accepted_once() {
    let stage = Stage::set(3600, |_| false);
    assert_eq!(stage.ask_and_let().await.unwrap(), "t1");
    assert!(
        stage
            .cached
            .refused(&stage.cached.headers(&stage.context).await.unwrap())
    );
    assert_eq!(stage.ask_and_let().await.unwrap(), "t2");
    let second = stage.cached.headers(&stage.context).await.unwrap();
    assert!(!stage.cached.refused(&second));
    assert_eq!((stage.ask().await.unwrap().as_str(), stage.asked()), ("t2", 2));

    stage.cached.accepted(&second);
    assert!(stage.cached.refused(&second));
    assert_eq!(stage.ask_and_let().await.unwrap(), "t3");
    // That the second one was good says nothing of the third.
    let third = stage.cached.headers(&stage.context).await.unwrap();
    stage.cached.accepted(&second);
    assert!(!stage.cached.refused(&third));
    tokio::time::advance(Duration::from_secs(61)).await;
    assert!(stage.cached.refused(&third));
}

#[test]
fn a_renewal_that_ended_with_its_runtime_is_begun_anew_on_another() {
    let stage = Stage::set(3600, |_| false);
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    let first = runtime();
    first.block_on(async {
        let waiting = tokio::spawn(stage.ask());
        settle().await;
        waiting.abort();
    });
    drop(first);
    assert_eq!(runtime().block_on(stage.ask_and_let()).unwrap(), "t2");
}

#[test]
fn debug_shows_no_token() {
    let stage = Stage::set(3600, |_| false);
    lock(&stage.cached.state).token = Some(AccessToken::new("CANARY"));
    assert!(!format!("{:?}", stage.cached).contains("CANARY"));
}
