//! A thousand commands of two seconds in flight, over https, on a workspace that answers 25 status requests a second and
//! refuses the others.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use dbx12_exec::api::Workspace;
use dbx12_exec::http::RawRequest;
use dbx12_exec::types::Language;
use dbx12_exec::{Closing, PollBudget, Progress, Session};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::Seen;
use crate::http::{Counts, Server, our_client};
use crate::measure::{start_of_peak, status};

const COMMANDS: usize = 1000;
const SESSIONS: usize = 10;
/// Polls a second: what the server allows.
const PER_SECOND: f64 = 25.0;
const MOST_MEGABYTES: f64 = 12.0;

pub(super) fn play() -> Result<Seen> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = our_client(Server::of_this_process()?, true)?;
        let workspace = Workspace::new(client.clone());
        // One, so that what is made once is made.
        in_flight(&workspace, 1, 1).await?;
        let before = Handle::current().metrics().num_alive_tasks();
        let polls_before = counts(&client).await?.looks;
        let (memory, started) = (start_of_peak()?, Instant::now());
        let polls = in_flight(&workspace, SESSIONS, COMMANDS).await?;
        let elapsed = started.elapsed().as_secs_f64();
        let growth = status("VmHWM")?.saturating_sub(memory) as f64 / 1e6;
        let counts = counts(&client).await?;
        // Connections that are kept for the next request are tasks too, and end with their client.
        drop((workspace, client));
        let tasks = tasks_at_most(before).await;

        let mut seen = Seen {
            text: format!(
                "{COMMANDS} commands in {elapsed:.1} s, {:.2} polls each, {:.1} a second; {} arrived",
                f64::from(polls) / COMMANDS as f64,
                f64::from(polls) / elapsed,
                counts.looks - polls_before,
            ),
            ..Seen::default()
        };
        seen.check(counts.refused == 0, "no 429", counts.refused.to_string());
        let goal = format!("memory grows by at most {MOST_MEGABYTES} MB");
        seen.check(growth <= MOST_MEGABYTES, goal, format!("{growth:.1} MB"));
        seen.check(counts.contexts == 0, "no context is left", counts.contexts.to_string());
        seen.check(
            tasks <= before,
            "no task is left",
            format!("{before} before, {tasks} after"),
        );
        Ok(seen)
    })
}

/// How many tasks there are, once there are so few; or after five seconds.
async fn tasks_at_most(few: usize) -> usize {
    for _ in 0..500 {
        if Handle::current().metrics().num_alive_tasks() <= few {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Handle::current().metrics().num_alive_tasks()
}

async fn counts(client: &dbx12_http::Client) -> Result<Counts> {
    let answer = client.raw(RawRequest::get("/counts")).await?;
    serde_json::from_slice(answer.body()).context("the counts")
}

/// Runs commands at the same time, and returns how often was asked for them.
async fn in_flight(workspace: &Workspace, sessions: usize, commands: usize) -> Result<u32> {
    let (budget, closing) = (PollBudget::new(PER_SECOND, 20), Closing::new());
    let mut clients = JoinSet::new();
    for _ in 0..sessions {
        let builder = Session::builder(&workspace.cluster(Server::SLOW), Language::Sql);
        let builder = builder.closing(&closing).budget(&budget);
        clients.spawn(async move {
            let session = builder.open().await?;
            let mut waiting = JoinSet::new();
            for _ in 0..commands / sessions {
                let mut waiter = session.submit("SELECT 1").await?;
                waiting.spawn(async move {
                    let mut asked = 1;
                    loop {
                        match waiter.next().await? {
                            Progress::Waiting { polls, .. } => asked = polls + 1,
                            Progress::Ended(outcome) => return outcome.ok().map(|_| asked),
                            _ => {}
                        }
                    }
                });
            }
            let mut polls = 0;
            while let Some(asked) = waiting.join_next().await {
                polls += asked??;
            }
            session.close().await?;
            anyhow::Ok(polls)
        });
    }
    let mut polls = 0;
    while let Some(asked) = clients.join_next().await {
        polls += asked??;
    }
    let left = closing.finished().await;
    anyhow::ensure!(left.is_empty(), "{left:?}");
    Ok(polls)
}
