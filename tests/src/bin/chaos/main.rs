//! Chance does to a served workspace what clients and machines do to it: cancels, destroys, restarts, killed workers and
//! requests that are none. Then the server must answer still, each command that it accepted must have exactly one end in
//! its journal, and no process may be left. `cargo xtask chaos --minutes N` builds and runs it.
#![allow(clippy::print_stdout, reason = "a program for people")]

mod code;
mod garbage;
mod journal;

use anyhow::{Context, Result, ensure};
use dbx12_exec::api::{self, Cluster};
use dbx12_exec::http::{Client, Credentials, Error, RetryPolicy};
use dbx12_exec::types::{
    CancelCommand, ClusterStatus, CommandId, ContextId, CreateContext, DestroyContext, ExecuteCommand, GetCommand,
    GetContext, Language, Results,
};
use dbx12_exec::{Outcome, Session};
use dbx12_tests::{Served, processes_of};
use journal::Journal;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// Clients that do as chance will.
const CLIENTS: u64 = 6;
/// Contexts that are open at most, about.
const CONTEXTS: usize = 12;
/// Between restarts of the cluster.
const RESTART: Duration = Duration::from_secs(20);
/// Between looks at the journal, which remembers so many commands only.
const LOOK: Duration = Duration::from_secs(5);
/// Nothing that is waited for at the end takes this long.
const PATIENCE: Duration = Duration::from_secs(60);

struct Chaos {
    served: Served,
    client: Client,
    until: Instant,
    contexts: Mutex<Vec<ContextId>>,
    accepted: Mutex<Vec<(ContextId, CommandId)>>,
    journal: Mutex<Journal>,
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let minutes: f64 = arguments.next().context("usage: chaos MINUTES [SEED]")?.parse()?;
    let seed: u64 = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let served = Served::start(&["--without-spark"]);
    let client = Client::builder(&served.ready().host)
        .credentials(Credentials::bearer(&served.ready().token))
        .retry(RetryPolicy::never())
        .build()?;
    let chaos = Arc::new(Chaos {
        served,
        client,
        until: Instant::now() + Duration::from_secs_f64(minutes * 60.0),
        contexts: Mutex::default(),
        accepted: Mutex::default(),
        journal: Mutex::default(),
        counts: Mutex::default(),
    });
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..CLIENTS {
        let random = fastrand::Rng::with_seed(seed.wrapping_mul(1000) + number);
        tasks.spawn(Arc::clone(&chaos).act(random));
    }
    tasks.spawn(Arc::clone(&chaos).restart());
    tasks.spawn(Arc::clone(&chaos).look());
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Arc::into_inner(chaos)
        .context("a client is still at work")?
        .judge()
        .await
}

impl Chaos {
    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    fn count(&self, what: &'static str) {
        *self.counts.lock().expect("no panics").entry(what).or_default() += 1;
    }

    /// Counts what came of a request that was a good one: refused it may be, unanswered not.
    fn answered<T>(&self, what: &'static str, answer: Result<T, Error>) -> Option<T> {
        match answer {
            Ok(answer) => {
                self.count(what);
                return Some(answer);
            }
            Err(error) if error.status().is_some() => self.count("refused"),
            Err(error) => {
                println!("{what}: {error:?}");
                self.count("unanswered");
            }
        }
        None
    }

    async fn act(self: Arc<Self>, mut random: fastrand::Rng) -> Result<()> {
        let cluster = self.served.ready().cluster_id.clone();
        while !self.is_over() {
            let context = {
                let contexts = self.contexts.lock().expect("no panics");
                random.choice(contexts.iter()).cloned()
            };
            let command = {
                let accepted = self.accepted.lock().expect("no panics");
                // The latest, as others are over.
                let from = accepted.len().saturating_sub(3 * CONTEXTS);
                random.choice(accepted[from..].iter()).cloned()
            };
            match (random.u32(..20), context, command) {
                (0 | 1, ..) | (_, None, _) => self.create().await,
                (2..=8, Some(context), _) => {
                    let work = ExecuteCommand::new(&cluster, &context, code::any(&mut random));
                    if let Some(submitted) = self.answered("executed", self.client.send(&work).await) {
                        self.accepted.lock().expect("no panics").push((context, submitted.id));
                    }
                }
                (9..=11, _, Some((context, command))) => {
                    let cancel = CancelCommand::new(&cluster, context, command);
                    self.answered("cancelled", self.client.send(&cancel).await);
                }
                (12..=14, _, Some((context, command))) => {
                    let look = GetCommand::new(&cluster, context, command);
                    self.answered("looked at", self.client.send(&look).await);
                }
                (15, Some(context), _) => {
                    self.contexts.lock().expect("no panics").retain(|open| *open != context);
                    let destroy = DestroyContext::new(&cluster, context);
                    self.answered("destroyed", self.client.send(&destroy).await);
                }
                (16, ..) if random.u32(..4) == 0 => self.kill_worker(&mut random),
                (17, Some(context), _) => {
                    let look = GetContext::new(&cluster, &context);
                    if self.answered("looked at", self.client.send(&look).await).is_none() {
                        self.contexts.lock().expect("no panics").retain(|open| *open != context);
                    }
                }
                _ => {
                    timeout(PATIENCE, garbage::send(self.served.ready(), &mut random)).await?;
                    self.count("garbage sent");
                }
            }
            sleep(Duration::from_millis(random.u64(..60))).await;
        }
        Ok(())
    }

    async fn create(&self) {
        if self.contexts.lock().expect("no panics").len() >= CONTEXTS {
            return;
        }
        let create = CreateContext::new(&self.served.ready().cluster_id, Language::Python);
        if let Some(created) = self.answered("created", self.client.send(&create).await) {
            self.contexts.lock().expect("no panics").push(created.id);
        }
    }

    /// Kills a process that the server started.
    fn kill_worker(&self, random: &mut fastrand::Rng) {
        let workers = children_of(self.served.pid());
        let Some(pid) = random.choice(workers).and_then(Pid::from_raw) else {
            return;
        };
        if kill_process(pid, Signal::KILL).is_ok() {
            self.count("killed");
        }
    }

    async fn restart(self: Arc<Self>) -> Result<()> {
        let mut next = Instant::now() + RESTART;
        while !self.is_over() {
            sleep(Duration::from_secs(1)).await;
            if Instant::now() >= next {
                next += RESTART;
                self.answered("restarted", self.cluster().restart().await);
            }
            self.repair().await;
        }
        Ok(())
    }

    /// Restarts a cluster whose Python was killed while the cluster looked for it.
    async fn repair(&self) {
        let cluster = self.cluster();
        let found = self.answered("looked at", cluster.status().await);
        if found.is_some_and(|found| found.status == ClusterStatus::Error) {
            self.answered("repaired", cluster.restart().await);
        }
    }

    async fn look(self: Arc<Self>) -> Result<()> {
        while !self.is_over() {
            let journal = journal::read(self.served.ready()).await?;
            self.journal.lock().expect("no panics").extend(journal);
            sleep(LOOK).await;
        }
        Ok(())
    }

    fn cluster(&self) -> Cluster {
        api::Workspace::new(self.client.clone()).cluster(&self.served.ready().cluster_id)
    }

    /// Whether all is as it should be.
    async fn judge(mut self) -> Result<()> {
        let runs = timeout(PATIENCE, self.answers()).await;
        let answers = matches!(&runs, Ok(Ok(())));
        if !answers {
            println!("the server does not answer: {runs:?}");
        }
        let contexts = std::mem::take(&mut *self.contexts.lock().expect("no panics"));
        for context in contexts {
            let destroy = DestroyContext::new(&self.served.ready().cluster_id, context);
            // Some have been gone for long.
            let _ = self.client.send(&destroy).await;
        }
        let mut journal = std::mem::take(&mut *self.journal.lock().expect("no panics"));
        journal.extend(journal::read(self.served.ready()).await?);

        let accepted = self.accepted.lock().expect("no panics").len();
        let unknown = {
            let accepted = self.accepted.lock().expect("no panics");
            accepted
                .iter()
                .filter(|(_, id)| !journal.contains_key(id.as_str()))
                .count()
        };
        let without_end = journal.values().filter(|ends| ends.is_empty()).count();
        let with_several = journal.values().filter(|ends| ends.len() > 1).count();
        let mut ends: BTreeMap<&str, u64> = BTreeMap::new();
        for end in journal.values().flatten() {
            *ends.entry(end).or_default() += 1;
        }
        let code = self.served.stop();
        let processes = self.processes_left().await;
        for (what, count) in self.counts.lock().expect("no panics").iter() {
            println!("{what:<24}{count:>7}");
        }
        println!("commands accepted       {accepted:>7}");
        for (end, count) in ends {
            println!("  {end:<22}{count:>7}");
        }
        println!("not in the journal      {unknown:>7}");
        println!("without an end          {without_end:>7}");
        println!("with several ends       {with_several:>7}");
        println!("processes left          {processes:>7}");
        let unanswered = self
            .counts
            .lock()
            .expect("no panics")
            .get("unanswered")
            .copied()
            .unwrap_or_default();
        ensure!(accepted > 0, "nothing was done");
        ensure!(
            answers && code == Some(0),
            "the server does not answer, or ended with {code:?}"
        );
        let wrong = unknown + without_end + with_several + processes;
        ensure!(wrong == 0 && unanswered == 0, "what must be 0 is not");
        Ok(())
    }

    /// Whether a new client is served as if nothing had been.
    async fn answers(&self) -> Result<()> {
        let cluster = self.cluster();
        while cluster.status().await?.status != ClusterStatus::Running {
            self.repair().await;
            sleep(Duration::from_millis(100)).await;
        }
        let session = Session::open(&cluster, Language::Python).await?;
        let outcome = session.run("print(6 * 7)").await?;
        ensure!(outcome == Outcome::Finished(Results::text("42")), "{outcome:?}");
        Ok(session.close().await?)
    }

    async fn processes_left(&self) -> usize {
        let end = Instant::now() + PATIENCE;
        let mut left = processes_of(self.served.home());
        while !left.is_empty() && Instant::now() < end {
            sleep(Duration::from_millis(100)).await;
            left = processes_of(self.served.home());
        }
        for process in &left {
            println!("left: {process}");
        }
        left.len()
    }
}

/// The processes that one started and that run.
fn children_of(parent: u32) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let parent_of = |pid: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse::<u32>().ok()
    };
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| parent_of(pid) == Some(parent))
        .collect()
}
