//! This project's client and reqwest, doing the same with the same types.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use dbx12_http::{Client, Credentials, RawRequest};
use dbx12_types::{
    CommandInfo, CommandStatus, Endpoint as _, ExecuteCommand, GetCommand, Language, SubmittedCommand, pairs,
};
use tokio::task::JoinSet;

use super::server::Server;
use crate::measure::CONNECTIONS;

pub(super) const TOKEN: &str = "dapi0123456789abcdef0123456789abcdef";
/// What this project's client says of itself, so that all send the same.
pub(super) const USER_AGENT: &str = "bench/0.0.0 dbx12-http/0.1.0 rust/1.88 os/linux auth/pat";
const CLUSTER: &str = "1234-567890-span123";
const CONTEXT: &str = "4657927497901906390";

/// How often, as the input says.
pub(super) fn times(input: &[u8]) -> Result<u64> {
    Ok(std::str::from_utf8(input)?.parse()?)
}

pub(super) fn our_pairs(input: &[u8], https: bool) -> Result<u64> {
    let (count, server) = (times(input)?, Server::of_this_process()?);
    if count == 0 {
        return Ok(0);
    }
    block_on(async {
        let client = our_client(server, https)?;
        for _ in 0..count {
            let id = our_execute(&client).await?;
            our_status(&client, id).await?;
        }
        // One request more, where that does not matter.
        if count > 1 {
            let connections = client.raw(RawRequest::get("/connections")).await?;
            note_connections(connections.body())?;
        }
        Ok(count)
    })
}

pub(super) fn reqwest_pairs(input: &[u8], https: bool) -> Result<u64> {
    let (count, server) = (times(input)?, Server::of_this_process()?);
    block_on(async {
        let client = Reqwest::new(server, https)?;
        for _ in 0..count {
            let id = client.execute().await?;
            client.status(&id).await?;
        }
        Ok(count)
    })
}

pub(super) fn our_in_flight(input: &[u8]) -> Result<u64> {
    let (count, server) = (times(input)?, Server::of_this_process()?);
    block_on(async {
        let client = our_client(server, true)?;
        let mut commands = JoinSet::new();
        for _ in 0..count {
            let client = client.clone();
            commands.spawn(async move {
                let id = our_execute(&client).await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
                our_status(&client, id).await
            });
        }
        while let Some(done) = commands.join_next().await {
            done??;
        }
        let connections = client.raw(RawRequest::get("/connections")).await?;
        note_connections(connections.body())?;
        Ok(count)
    })
}

pub(super) fn reqwest_in_flight(input: &[u8]) -> Result<u64> {
    let (count, server) = (times(input)?, Server::of_this_process()?);
    block_on(async {
        let client = Reqwest::new(server, true)?;
        let mut commands = JoinSet::new();
        for _ in 0..count {
            let client = client.clone();
            commands.spawn(async move {
                let id = client.execute().await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
                client.status(&id).await
            });
        }
        while let Some(done) = commands.join_next().await {
            done??;
        }
        let connections = client.client.get(format!("{}/connections", client.url)).send().await?;
        note_connections(&connections.bytes().await?)?;
        Ok(count)
    })
}

fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(work)
}

/// Those of the warm-up, whose server is the same, are not counted.
fn note_connections(counted: &[u8]) -> Result<()> {
    let counted: u64 = std::str::from_utf8(counted)?.parse()?;
    let before = BEFORE.swap(counted, Ordering::Relaxed);
    CONNECTIONS.store(counted - before, Ordering::Relaxed);
    Ok(())
}

static BEFORE: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

pub(crate) fn our_client(server: &Server, https: bool) -> Result<Client> {
    let client = Client::builder(server.url(https))
        .credentials(Credentials::bearer(TOKEN))
        .product("bench", "0.0.0")
        .ca_certificate_pem(server.authority.as_bytes());
    Ok(client.build()?)
}

fn command() -> ExecuteCommand {
    let mut command = ExecuteCommand::new(CLUSTER, CONTEXT, "print(1)");
    command.language = Some(Language::Python);
    command
}

async fn our_execute(client: &Client) -> Result<String> {
    Ok(client.send(&command()).await?.id.as_str().to_owned())
}

async fn our_status(client: &Client, id: String) -> Result<()> {
    finished(&client.send(&GetCommand::new(CLUSTER, CONTEXT, id)).await?)
}

fn finished(info: &CommandInfo) -> Result<()> {
    ensure!(info.status == CommandStatus::Finished, "{:?}", info.status);
    Ok(())
}

#[derive(Clone)]
struct Reqwest {
    client: reqwest::Client,
    url: String,
}

impl Reqwest {
    fn new(server: &Server, https: bool) -> Result<Self> {
        let authority = reqwest::Certificate::from_pem(server.authority.as_bytes()).context("the authority")?;
        let client = reqwest::Client::builder()
            .add_root_certificate(authority)
            .user_agent(USER_AGENT)
            .build()?;
        let url = server.url(https);
        Ok(Self { client, url })
    }

    async fn execute(&self) -> Result<String> {
        let url = format!("{}{}", self.url, ExecuteCommand::PATH);
        let answer = self.client.post(url).bearer_auth(TOKEN).json(&command()).send().await?;
        let submitted: SubmittedCommand = answer.error_for_status()?.json().await?;
        Ok(submitted.id.as_str().to_owned())
    }

    async fn status(&self, id: &str) -> Result<()> {
        let url = format!("{}{}", self.url, GetCommand::PATH);
        let query = pairs::to_pairs(&GetCommand::new(CLUSTER, CONTEXT, id));
        let answer = self.client.get(url).bearer_auth(TOKEN).query(&query).send().await?;
        finished(&answer.error_for_status()?.json().await?)
    }
}
