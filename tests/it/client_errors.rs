//! What the client says when something is wrong: what happened, what to do, whether it may have been delivered; and
//! never a secret. The peers count what reached them.

mod answers;
mod command_line;
mod configuration;
mod network;
mod tls;

use dbx12_exec::http::{BuildError, Client, ClientBuilder, Credentials, Error, ErrorKind, RetryPolicy};
use dbx12_exec::types::{ExecuteCommand, ListClusters};
use dbx12_tests::{Peer, Reaction};
use std::time::Duration;

/// Stands for every secret. It must not be seen anywhere but in headers.
const CANARY: &str = "dapi-CANARY-3f1b";

const CODE: &str = "print('CANARY of the code')";

/// What an error says, after making sure that nothing of it shows a secret.
fn said(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = Some(error);
    while let Some(error) = cause {
        for text in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
            assert!(!text.contains("CANARY"), "a secret shows: {text}");
        }
        cause = error.source();
    }
    error.to_string()
}

/// Fails unless all words are in the text, in this order.
fn assert_says(text: &str, words: &[&str]) {
    let mut rest = text;
    for word in words {
        let Some((_, after)) = rest.split_once(word) else {
            panic!("{word:?} is missing in: {text}")
        };
        rest = after;
    }
}

/// A client that loses no time between attempts.
fn client(host: impl Into<String>) -> ClientBuilder {
    let quick = RetryPolicy::default()
        .base(Duration::from_millis(1))
        .cap(Duration::from_millis(2));
    Client::builder(host)
        .credentials(Credentials::bearer(CANARY))
        .retry(quick)
}

fn client_of(peer: &Peer) -> Client {
    client(peer.host()).build().unwrap()
}

/// What may be sent any number of times.
async fn list(client: &Client) -> Result<(), Error> {
    client.send(&ListClusters::new()).await.map(drop)
}

/// What must be sent once.
async fn execute(client: &Client) -> Result<(), Error> {
    client.send(&ExecuteCommand::new("c", "1", CODE)).await.map(drop)
}

/// How often a peer was asked for what may be sent again, and for what must not.
fn counts(peer: &Peer) -> (usize, usize) {
    (peer.count("clusters/list"), peer.count("commands/execute"))
}

/// The answer of a service that works.
fn right_answer(operation: &str) -> Reaction {
    match operation {
        "clusters/list" => Reaction::json("[]"),
        _ => Reaction::json(r#"{"id":"1"}"#),
    }
}
