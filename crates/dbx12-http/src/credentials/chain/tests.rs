//! Which of several kinds asks.

use super::*;
use crate::credentials::AccessToken;
use crate::{Host, transport};
use http::header::AUTHORIZATION;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Has no token at first, for this reason, and then has one.
fn mine_after(reason: fn(&str) -> CredentialError) -> Credentials {
    let asked = Arc::<AtomicUsize>::default();
    Credentials::from_fn("mine", move || {
        let is_first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            match is_first {
                true => Err(reason("not now")),
                false => Ok(AccessToken::new("mine")),
            }
        }
    })
}

fn theirs() -> Credentials {
    Credentials::from_fn("theirs", async || Ok(AccessToken::new("theirs")))
}

async fn asks_as(chain: &Chain) -> Result<String, String> {
    let transport = transport::from_fn(async |_| Ok(http::Response::default()));
    let context = CredentialContext::new(Host::parse("x.example").unwrap(), transport);
    let headers = chain.headers(&context).await.map_err(|error| error.to_string())?;
    Ok(headers[AUTHORIZATION].to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_kind_that_fails_for_the_moment_hands_over_to_nobody() {
    let chain = Chain::new(vec![mine_after(|why| CredentialError::transient(why)), theirs()]);
    assert!(asks_as(&chain).await.unwrap_err().contains("not now"));
    assert_eq!(asks_as(&chain).await.unwrap(), "Bearer mine");
}

#[tokio::test]
async fn a_kind_that_is_not_there_hands_over_for_good() {
    let chain = Chain::new(vec![mine_after(|why| CredentialError::new(why)), theirs()]);
    for _ in 0..2 {
        assert_eq!(asks_as(&chain).await.unwrap(), "Bearer theirs");
    }
}
