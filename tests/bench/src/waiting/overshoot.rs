//! How late the end of a command is heard of: commands of known durations on a local workspace, over a socket, waited for
//! by this project's client and by the official Python SDK.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use dbx12_exec::api::{self, Cluster};
use dbx12_exec::http::{Client, Credentials};
use dbx12_exec::types::Language;
use dbx12_exec::{Progress, Session};
use dbx12_local::{Server, Workspace};
use tokio::task::JoinSet;

use super::Seen;
use crate::simulate::schedules::{OTHERS, Schedule};
use crate::simulate::{ROUND_TRIP, alone, number, table_of};

/// Seconds.
const DURATIONS: [f64; 5] = [0.1, 0.5, 1.0, 3.0, 10.0];
/// How many contexts run commands at the same time, and how many of each duration.
const LANES: u64 = 4;
const ROUNDS: usize = 6;
/// Where the Python with the SDK is.
const PYTHON: &str = "DBX12_CLIENTS_PYTHON";
const SDK: &str = include_str!("../../peers/overshoot.py");

/// Seconds by which ends were heard of late, by the milliseconds of the duration.
type Late = BTreeMap<u64, Vec<f64>>;

pub(super) fn play() -> Result<Seen> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (ours, polls, sdk) = runtime.block_on(async {
        let workspace = Workspace::start().await?;
        let server = workspace.serve(([127, 0, 0, 1], 0).into(), false).await?;
        let (ours, polls) = ours(&workspace, &server).await?;
        let sdk = match std::env::var_os(PYTHON) {
            Some(_) => Some(the_sdks(&workspace, &server).await?),
            None => None,
        };
        workspace.shutdown().await;
        anyhow::Ok((ours, polls, sdk))
    })?;
    Ok(told(&ours, &polls, sdk.as_ref()))
}

/// A command that ends after a duration, and says when that was.
fn code(seconds: f64) -> String {
    format!("import time; time.sleep({seconds:.4}); print(time.time())")
}

/// Where the end falls among the polls should not hang on a round number.
fn around(seconds: f64, random: &mut fastrand::Rng) -> f64 {
    seconds * (0.95 + 0.1 * random.f64())
}

fn key(seconds: f64) -> u64 {
    (seconds * 1e3) as u64
}

async fn ours(workspace: &Workspace, server: &Server) -> Result<(Late, BTreeMap<u64, u32>)> {
    let mut lanes = JoinSet::new();
    for lane in 0..LANES {
        // Each is a client as the one program that waits has it, with a budget of its own.
        let client = Client::builder(server.host())
            .credentials(Credentials::bearer(workspace.token()))
            .build()?;
        let cluster = api::Workspace::new(client).cluster(workspace.cluster_id());
        lanes.spawn(our_lane(cluster, fastrand::Rng::with_seed(lane)));
    }
    let (mut late, mut polls) = (Late::new(), BTreeMap::new());
    while let Some(lane) = lanes.join_next().await {
        for (seconds, overshoot, asked) in lane?? {
            late.entry(key(seconds)).or_default().push(overshoot);
            *polls.entry(key(seconds)).or_default() += asked;
        }
    }
    Ok((late, polls))
}

async fn our_lane(cluster: Cluster, mut random: fastrand::Rng) -> Result<Vec<(f64, f64, u32)>> {
    let session = Session::open(&cluster, Language::Python).await?;
    session.run("1").await?.ok()?;
    let mut seen = Vec::new();
    for _ in 0..ROUNDS {
        for seconds in DURATIONS {
            let mut waiter = session.submit(code(around(seconds, &mut random))).await?;
            let mut asked = 1;
            let outcome = loop {
                match waiter.next().await? {
                    Progress::Waiting { polls, .. } => asked = polls + 1,
                    Progress::Ended(outcome) => break outcome,
                    _ => {}
                }
            };
            let heard = SystemTime::now().duration_since(UNIX_EPOCH)?;
            let results = outcome.ok()?;
            let dbx12_exec::types::Results::Text(text) = &results else {
                anyhow::bail!("{results:?}")
            };
            let ended = Duration::from_secs_f64(text.as_str().trim().parse()?);
            seen.push((seconds, heard.saturating_sub(ended).as_secs_f64(), asked));
        }
    }
    session.close().await?;
    Ok(seen)
}

async fn the_sdks(workspace: &Workspace, server: &Server) -> Result<Late> {
    let mut command = Command::new(std::env::var_os(PYTHON).context(PYTHON)?);
    command.args(["-c", SDK, &LANES.to_string(), &ROUNDS.to_string()]);
    command.args(DURATIONS.map(|seconds| seconds.to_string()));
    command
        .env("DATABRICKS_HOST", server.host())
        .env("DATABRICKS_TOKEN", workspace.token())
        .env("DATABRICKS_CLUSTER_ID", workspace.cluster_id().as_str());
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the Python SDK: {error}");
    let pairs: Vec<(f64, f64)> = serde_json::from_slice(&output.stdout)?;
    let mut late = Late::new();
    for (seconds, overshoot) in pairs {
        late.entry(key(seconds)).or_default().push(overshoot);
    }
    Ok(late)
}

fn told(ours: &Late, polls: &BTreeMap<u64, u32>, sdk: Option<&Late>) -> Seen {
    let mut seen = Seen::default();
    let mut table = table_of([
        "command of",
        "ours, mean s",
        "worst s",
        "polls",
        "Python SDK, mean s",
        "times ours",
    ]);
    for seconds in DURATIONS {
        let late = &ours[&key(seconds)];
        let (mean_of_ours, worst) = (mean(late), late.iter().copied().fold(0.0, f64::max));
        let mean_of_sdk = sdk.map(|sdk| mean(&sdk[&key(seconds)]));
        table.add_row([
            format!("{seconds} s"),
            number(mean_of_ours),
            number(worst),
            number(f64::from(polls[&key(seconds)]) / late.len() as f64),
            mean_of_sdk.map_or("skipped".to_owned(), number),
            mean_of_sdk.map_or(String::new(), |sdk| number(sdk / mean_of_ours)),
        ]);
        let most = (0.12 * seconds).max(0.06);
        let goal = format!("{seconds} s: heard of at most {} s late on the average", number(most));
        seen.check(mean_of_ours <= most, goal, number(mean_of_ours));
        if let Some(sdk) = mean_of_sdk.filter(|_| seconds < 3.0) {
            let goal = format!("{seconds} s: at least 10 times less late than the Python SDK");
            seen.check(sdk >= 10.0 * mean_of_ours, goal, number(sdk / mean_of_ours));
        }
    }
    let polls = |schedule: &Schedule| alone::over_all(schedule).polls_each();
    let ratio = polls(&Schedule::ours("ours", f64::INFINITY)) / polls(&OTHERS[0]);
    let goal = format!(
        "at most 1.3 times the Python SDK's polls, over durations log-uniform from 50 ms to 1 h (simulated, {} ms there and back)",
        ROUND_TRIP * 1e3
    );
    seen.check(ratio <= 1.3, goal, number(ratio));
    seen.text = table.to_string();
    seen
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
