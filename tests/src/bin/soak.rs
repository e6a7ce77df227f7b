//! Sessions for so many minutes, with faults, cancels, drops, restarts of the cluster and killed clients; then what it says
//! it did is compared with what the code that ran wrote down. `cargo xtask soak --minutes N` builds and runs it.
#![allow(clippy::print_stdout, reason = "a program for people")]

use anyhow::{Context, Result, ensure};
use dbx12_exec::api::{self, Cluster};
use dbx12_exec::http::{Client, Credentials};
use dbx12_exec::types::{GetContext, Language, Results};
use dbx12_exec::{Closing, ExecError, Journal, Outcome, Session, Submission};
use dbx12_tests::{Fate, Road, Way, Witness, processes_of};
use std::collections::HashMap;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// Clients that work at the same time.
const CLIENTS: u64 = 4;
/// Seconds between restarts of the cluster.
const RESTART: u64 = 15;

/// What is known of one submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Told {
    /// It ran to its end, and this is its result.
    Finished,
    /// It was submitted; it ended otherwise, or nobody waited for it.
    Interrupted,
    /// It has run, and the answer with its id was lost.
    AnswerLost,
    /// It will not run.
    NotSubmitted,
    /// Nobody knows.
    Unknown,
    /// A result that is not its own.
    Wrong,
}

struct Soak {
    road: Road,
    home: tempfile::TempDir,
    witness: Witness,
    until: Instant,
    ids: AtomicU64,
    told: Mutex<HashMap<u64, Told>>,
    killed: AtomicU64,
    recovered: AtomicU64,
    restarts: AtomicU64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let minutes: f64 = arguments.next().context("usage: soak MINUTES [SEED]")?.parse()?;
    let seed: u64 = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let home = tempfile::tempdir()?;
    let workspace = dbx12_local::Workspace::builder().env("DBX12_TEST_HOME", home.path());
    let workspace = workspace.start().await?;
    let random = Mutex::new(fastrand::Rng::with_seed(seed));
    let witness = Witness::interfering(&workspace, move |operation, _| fate(operation, &random));
    let soak = Arc::new(Soak {
        road: Road::to(workspace, Way::Http).await,
        home,
        witness,
        until: Instant::now() + Duration::from_secs_f64(minutes * 60.0),
        ids: AtomicU64::new(0),
        told: Mutex::default(),
        killed: AtomicU64::new(0),
        recovered: AtomicU64::new(0),
        restarts: AtomicU64::new(0),
    });
    let closing = Arc::new(Closing::new());
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..CLIENTS {
        let random = fastrand::Rng::with_seed(seed.wrapping_mul(1000) + number);
        tasks.spawn(Arc::clone(&soak).client(random, Arc::clone(&closing)));
    }
    tasks.spawn(Arc::clone(&soak).kills(fastrand::Rng::with_seed(seed)));
    tasks.spawn(Arc::clone(&soak).restarts());
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    let closing = Arc::into_inner(closing).context("a client is still at work")?;
    let unclosed = timeout(Duration::from_secs(60), closing.finished()).await?;
    soak.judge(unclosed.len()).await
}

/// One request in twenty does not get through as it should; what makes a context always does, because nobody could
/// find one whose id was lost.
fn fate(operation: &str, random: &Mutex<fastrand::Rng>) -> Fate {
    let mut random = random.lock().expect("no panics");
    if operation == "contexts/create" || random.u32(..20) != 0 {
        return Fate::Arrive;
    }
    match random.u32(..4) {
        0 => Fate::LoseAnswer,
        1 => Fate::LoseRequest,
        2 => Fate::Refuse(429),
        _ => Fate::Refuse(503),
    }
}

impl Soak {
    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    fn ledger(&self) -> PathBuf {
        self.home.path().join("ledger")
    }

    fn cluster(&self) -> Result<Cluster> {
        let client = Client::builder("http://localhost")
            .credentials(Credentials::bearer(self.road.workspace().token()))
            .transport(self.witness.clone())
            .build()?;
        Ok(api::Workspace::new(client).cluster(self.road.workspace().cluster_id()))
    }

    async fn client(self: Arc<Self>, mut random: fastrand::Rng, closing: Arc<Closing>) -> Result<()> {
        let cluster = self.cluster()?;
        while !self.is_over() {
            let builder = Session::builder(&cluster, Language::Python).closing(&closing);
            let Ok(session) = builder.timeout(Duration::from_secs(20)).open().await else {
                continue;
            };
            for _ in 0..random.u32(1..8) {
                self.run(&session, &mut random).await;
            }
            if random.bool() {
                // What fails is told, and counted as left if it is.
                let _ = session.close().await;
            }
        }
        Ok(())
    }

    async fn run(&self, session: &Session, random: &mut fastrand::Rng) {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let write = format!("open({:?}, 'a').write('{id}\\n')", self.ledger().display().to_string());
        let told = match random.u32(..10) {
            0 | 1 => {
                let code = format!("{write}\nimport time; time.sleep(60)");
                told(id, session.run(code).deadline(Duration::from_millis(300)).await)
            }
            2 | 3 => {
                let code = format!("{write}\nimport time; time.sleep(60)");
                let patience = Duration::from_millis(random.u64(..300));
                match timeout(patience, session.run(code).into_future()).await {
                    Ok(ended) => told(id, ended),
                    Err(_) => Told::Unknown,
                }
            }
            _ => told(id, session.run(format!("_ = {write}\n'result of {id}'")).await),
        };
        self.told.lock().expect("no panics").insert(id, told);
    }

    /// Clients that are killed, each followed by one that recovers.
    async fn kills(self: Arc<Self>, mut random: fastrand::Rng) -> Result<()> {
        let victim = std::env::current_exe()?.with_file_name("victim");
        let path = self.home.path().join("journal");
        while !self.is_over() {
            let id = self.ids.fetch_add(1, Ordering::Relaxed);
            let code = format!(
                "_ = open({:?}, 'a').write('{id}\\n')\n'result of {id}'",
                self.ledger().display().to_string()
            );
            let mut command = Command::new(&victim);
            let workspace = self.road.workspace();
            command
                .arg(&path)
                .args([self.road.client().host().to_string(), workspace.token().to_owned()]);
            // From its third step on the id of its context is known.
            let step = random.u32(2..14).to_string();
            command.args([workspace.cluster_id().to_string(), code, step]);
            let output = tokio::task::spawn_blocking(move || command.output()).await??;
            let mut told = if output.status.success() {
                Told::Finished
            } else {
                Told::Unknown
            };
            if output.status.code().is_none() {
                self.killed.fetch_add(1, Ordering::Relaxed);
            }
            if let Some(found) = self.recover(&path, id).await? {
                told = found;
                self.recovered.fetch_add(1, Ordering::Relaxed);
            }
            self.told.lock().expect("no panics").insert(id, told);
        }
        self.recover(&path, u64::MAX).await.map(drop)
    }

    async fn recover(&self, path: &Path, id: u64) -> Result<Option<Told>> {
        let journal = Journal::open(path).await?;
        let closing = Closing::new();
        let workspace = api::Workspace::new(self.road.client());
        let recovery = journal.recover(&workspace, &closing).await?;
        let mut found = None;
        for recovered in recovery.recovered {
            for waiter in recovered.waiters {
                found = Some(told(id, waiter.await));
            }
            drop(recovered.session);
        }
        closing.finished().await;
        Ok(found)
    }

    async fn restarts(self: Arc<Self>) -> Result<()> {
        let mut next = Instant::now() + Duration::from_secs(RESTART);
        while next < self.until {
            sleep(next - Instant::now()).await;
            let workspace = api::Workspace::new(self.road.client());
            workspace.cluster(self.road.workspace().cluster_id()).restart().await?;
            self.restarts.fetch_add(1, Ordering::Relaxed);
            next += Duration::from_secs(RESTART);
        }
        Ok(())
    }

    /// Compares what was told with what was written.
    async fn judge(&self, unclosed: usize) -> Result<()> {
        let mut ran: HashMap<u64, u64> = HashMap::new();
        for line in std::fs::read_to_string(self.ledger()).unwrap_or_default().lines() {
            *ran.entry(line.parse()?).or_default() += 1;
        }
        let told = self.told.lock().expect("no panics").clone();
        let count = |what: Told| told.values().filter(|told| **told == what).count();
        let times = |id: &u64| ran.get(id).copied().unwrap_or_default();
        let lost = told.iter().filter(|(id, told)| match told {
            Told::Finished | Told::AnswerLost => times(id) == 0,
            Told::Wrong => true,
            _ => false,
        });
        let doubled = ran.values().filter(|times| **times > 1).count();
        let ghosts = told
            .iter()
            .filter(|(id, told)| **told == Told::NotSubmitted && times(id) > 0);
        let (lost, ghosts) = (lost.count(), ghosts.count());
        let contexts = self.contexts_left().await?;
        let processes = self.processes_left().await;
        println!("submissions        {:>7}", told.len());
        println!("  finished         {:>7}", count(Told::Finished));
        println!("  interrupted      {:>7}", count(Told::Interrupted));
        println!("  answer lost      {:>7}", count(Told::AnswerLost));
        println!("  not submitted    {:>7}", count(Told::NotSubmitted));
        println!("  unknown          {:>7}", count(Told::Unknown));
        println!("clients killed     {:>7}", self.killed.load(Ordering::Relaxed));
        println!("  found again      {:>7}", self.recovered.load(Ordering::Relaxed));
        println!("cluster restarted  {:>7}", self.restarts.load(Ordering::Relaxed));
        println!("not closed, told   {unclosed:>7}");
        println!("results lost       {lost:>7}");
        println!("ran twice          {doubled:>7}");
        println!("ran, though denied {ghosts:>7}");
        println!("contexts left      {contexts:>7}");
        println!("processes left     {processes:>7}");
        self.road.workspace().shutdown().await;
        ensure!(!told.is_empty(), "nothing was submitted");
        ensure!(
            lost + doubled + ghosts + contexts + processes == 0,
            "what must be 0 is not"
        );
        Ok(())
    }

    async fn contexts_left(&self) -> Result<usize> {
        let mut left = 0;
        for context in self.witness.created() {
            let request = GetContext::new(self.road.workspace().cluster_id(), &context);
            match self.road.client().send(&request).await {
                Err(error) if error.is_context_not_found() => {}
                Err(error) => return Err(error.into()),
                Ok(_) => left += 1,
            }
        }
        Ok(left)
    }

    async fn processes_left(&self) -> usize {
        for _ in 0..50 {
            if processes_of(self.home.path()).is_empty() {
                return 0;
            }
            sleep(Duration::from_millis(100)).await;
        }
        processes_of(self.home.path()).len()
    }
}

fn told(id: u64, ended: Result<Outcome, ExecError>) -> Told {
    match ended {
        Ok(Outcome::Finished(Results::Text(text))) if text.as_str() == format!("'result of {id}'") => Told::Finished,
        Ok(Outcome::Finished(_)) => Told::Wrong,
        Ok(_) => Told::Interrupted,
        Err(ExecError::AnswerLost { .. }) => Told::AnswerLost,
        Err(error) => match error.submission() {
            Submission::Submitted => Told::Interrupted,
            Submission::NotSubmitted => Told::NotSubmitted,
            _ => Told::Unknown,
        },
    }
}
