//! A client with a journal that kills itself at a given step: before its n-th request is sent, or after the answer to it
//! has come. For the tests of recovery; it does not die when it has fewer steps.

use anyhow::{Context, Result};
use dbx12_exec::api::Workspace;
use dbx12_exec::http::bytes::Bytes;
use dbx12_exec::http::http::Request;
use dbx12_exec::http::{Client, Credentials, HyperOptions, HyperTransport, Transport, transport};
use dbx12_exec::types::Language;
use dbx12_exec::{Journal, Session};
use rustix::process::{Signal, getpid, kill_process};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [journal, host, token, cluster, code, last] = <[String; 6]>::try_from(arguments)
        .ok()
        .context("usage: victim JOURNAL HOST TOKEN CLUSTER CODE STEP")?;
    let last: u32 = last.parse()?;

    let (inner, steps) = (
        Arc::new(HyperTransport::new(HyperOptions::default())?),
        Arc::new(AtomicU32::new(0)),
    );
    let deadly = transport::from_fn(move |request: Request<Bytes>| {
        let (inner, steps) = (Arc::clone(&inner), Arc::clone(&steps));
        // How often a context is looked at until it is ready differs from run to run: that is no step.
        let counts = !request.uri().path().ends_with("contexts/status");
        let step = move || {
            if counts && steps.fetch_add(1, Ordering::Relaxed) == last {
                let _ = kill_process(getpid(), Signal::KILL);
            }
        };
        async move {
            step();
            let response = inner.send(request).await;
            step();
            response
        }
    });
    let client = Client::builder(host)
        .credentials(Credentials::bearer(token))
        .transport(deadly)
        .build()?;
    let journal = Journal::open(journal).await?;
    let session = Session::builder(&Workspace::new(client).cluster(cluster), Language::Python)
        .journal(&journal)
        .open()
        .await?;
    session.run(code).await?.ok()?;
    session.close().await?;
    Ok(())
}
