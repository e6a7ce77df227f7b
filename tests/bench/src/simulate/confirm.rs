//! Whether the simulation is right: a thousand commands that really run on a local workspace, so many in flight under a
//! budget, beside the same crowd simulated.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use dbx12_exec::api::{self, Context};
use dbx12_exec::http::{Client, Credentials};
use dbx12_exec::types::{Language, Results};
use dbx12_exec::{PollBudget, Progress, Session};
use dbx12_local::Workspace;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::crowd::{ALLOWED, watch};
use super::schedules::{Schedule, log_uniform};
use super::{Tally, number, quantile, table_of};

const COMMANDS: usize = 1000;
/// How many contexts run one after another.
const IN_FLIGHT: usize = 20;
/// The shortest and the longest command, in seconds.
const DURATIONS: (f64, f64) = (0.05, 10.0);
/// For how many seconds the crowd is simulated.
const SECONDS: u32 = 4000;
/// By how much the simulation may be off.
const TOLERANCE: f64 = 0.2;

/// Runs the commands, simulates them, and prints both.
///
/// # Errors
/// When the commands cannot be run, or the simulation is off by more than a fifth.
pub(crate) fn run() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (real, round_trip) = runtime.block_on(really())?;
    let ours = Schedule::ours("ours", ALLOWED);
    let simulated = watch(&ours, IN_FLIGHT, SECONDS, DURATIONS, round_trip).tally;
    println!(
        "{} commands on a local workspace, log-uniform from {} to {} s, {IN_FLIGHT} in flight, {ALLOWED} polls a second, \
         {:.1} ms there and back",
        real.overshoot.len(),
        DURATIONS.0,
        DURATIONS.1,
        round_trip * 1e3
    );
    let mut table = table_of(["", "simulated", "really", "really / simulated"]);
    let mut worst: f64 = 0.0;
    for (what, measure) in MEASURES {
        let (simulated, real) = (measure(&simulated), measure(&real));
        let ratio = real / simulated;
        worst = worst.max((ratio - 1.0).abs());
        table.add_row([what.to_owned(), number(simulated), number(real), format!("{ratio:.2}")]);
    }
    println!("{table}");
    ensure!(
        worst <= TOLERANCE,
        "the simulation is off by {:.0} %: more than {:.0} %",
        worst * 100.0,
        TOLERANCE * 100.0
    );
    Ok(())
}

type Measure = fn(&Tally) -> f64;

const MEASURES: [(&str, Measure); 5] = [
    ("overshoot, median, s", |tally| quantile(&tally.overshoot, 0.5)),
    ("overshoot, p95, s", |tally| quantile(&tally.overshoot, 0.95)),
    ("relative overshoot, median, %", |tally| {
        quantile(&tally.relative, 0.5) * 100.0
    }),
    ("relative overshoot, p95, %", |tally| {
        quantile(&tally.relative, 0.95) * 100.0
    }),
    ("polls a command", Tally::polls_each),
];

/// What came of the commands, and how long a request takes there and back.
async fn really() -> Result<(Tally, f64)> {
    let workspace = Workspace::start().await?;
    let server = workspace.serve(([127, 0, 0, 1], 0).into(), false).await?;
    let client = Client::builder(server.host())
        .credentials(Credentials::bearer(workspace.token()))
        .build()?;
    let cluster = api::Workspace::new(client).cluster(workspace.cluster_id());
    let budget = PollBudget::new(ALLOWED, 20);
    let mut sessions = Vec::new();
    for _ in 0..IN_FLIGHT {
        let session = Session::builder(&cluster, Language::Python)
            .budget(&budget)
            .open()
            .await?;
        session.run("import time").await?.ok()?;
        sessions.push(session);
    }
    let (ended, stop) = oneshot::channel();
    let measuring = tokio::spawn(round_trips(sessions[0].context().clone(), stop));
    let mut lanes = JoinSet::new();
    for (seed, session) in sessions.into_iter().enumerate() {
        lanes.spawn(lane(session, fastrand::Rng::with_seed(seed as u64)));
    }
    let mut tally = Tally::default();
    while let Some(lane) = lanes.join_next().await {
        let lane = lane??;
        tally.overshoot.extend(lane.overshoot);
        tally.relative.extend(lane.relative);
        tally.polls += lane.polls;
    }
    drop(ended);
    let round_trip = quantile(&measuring.await??, 0.5);
    workspace.shutdown().await;
    Ok((tally, round_trip))
}

/// Asks for the state of a context every half second, as long as commands run.
async fn round_trips(context: Context, mut stop: oneshot::Receiver<()>) -> Result<Vec<f64>> {
    let mut seen = Vec::new();
    while tokio::time::timeout(Duration::from_millis(500), &mut stop)
        .await
        .is_err()
    {
        let asked = Instant::now();
        if context.status().await.is_err() {
            break; // it is closed
        }
        seen.push(asked.elapsed().as_secs_f64());
    }
    Ok(seen)
}

async fn lane(session: Session, mut random: fastrand::Rng) -> Result<Tally> {
    let mut tally = Tally::default();
    for _ in 0..COMMANDS / IN_FLIGHT {
        let seconds = log_uniform(&mut random, DURATIONS);
        let code = format!("began = time.time(); time.sleep({seconds:.4}); print(time.time() - began, time.time())");
        let mut waiter = session.submit(code).await?;
        let outcome = loop {
            tally.polls += 1;
            if let Progress::Ended(outcome) = waiter.next().await? {
                break outcome;
            }
        };
        let heard = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
        let results = outcome.ok()?;
        let Results::Text(text) = &results else {
            anyhow::bail!("{results:?}")
        };
        let numbers: Vec<f64> = text
            .as_str()
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        tally.add(numbers[0], (heard - numbers[1]).max(0.0));
    }
    session.close().await?;
    Ok(tally)
}
