//! What the local workspace costs, beside what Python alone costs in the same run, and what the command line costs, beside
//! curl and the Python SDK. `cargo xtask bench` builds and runs it; arguments name one of the two, `local` or `cli`.
//!
//! Like all benchmarks here it asserts nothing but that answers are right: a number is something to look at. Needs Linux.
#![allow(clippy::print_stdout, reason = "a program for people")]

mod cli;

use anyhow::{Context as _, Result, ensure};
use dbx12_exec::http::{Client, Credentials, RetryPolicy};
use dbx12_exec::types::{
    CommandStatus, ContextId, ContextStatus, CreateContext, DestroyContext, ExecuteCommand, GetCommand, GetContext,
    Language, Results,
};
use dbx12_exec::{Outcome, Session, api};
use dbx12_tests::Served;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const CONTEXTS: usize = 145;
const ROUNDS: usize = 9;
const ROUND_TRIPS: usize = 101;
const MEGABYTE: f64 = 1e6;

/// The least that runs a line of Python and answers.
const WORKER: &str = "import sys\nprint(flush=True)\nfor line in sys.stdin:\n    exec(line)\n    print(flush=True)";

/// A served workspace and a client of it.
struct Stage {
    served: Served,
    client: Client,
}

#[tokio::main]
async fn main() -> Result<()> {
    let named: Vec<_> = std::env::args().skip(1).collect();
    let is_wanted = |name: &str| named.is_empty() || named.iter().any(|named| named == name);
    if is_wanted("cli") {
        cli::cli()?;
    }
    if is_wanted("local") {
        local().await?;
    }
    Ok(())
}

async fn local() -> Result<()> {
    ready()?;
    let stage = Arc::new(Stage::set()?);
    stage.running().await?;
    stage.round_trip().await?;
    stage.large().await?;
    stage.many().await?;
    stage.memory().await
}

/// One line: a number, what it is compared with, and whether it is as it should be.
fn tell(what: &str, measured: f64, unit: &str, beside: &str, most: f64) {
    let verdict = if measured <= most { "ok" } else { "MISS" };
    println!("{verdict:<4} {what:<44}{measured:>9.2} {unit:<3} at most {most:.2}; {beside}");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// From the start of the program to its first answer.
fn ready() -> Result<()> {
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let served = Served::start(&["--without-spark"]);
        ours.push(milliseconds(start));
        drop(served);
        let start = Instant::now();
        let _ = Bare::start()?;
        bare.push(milliseconds(start));
    }
    let beside = format!("Python alone {:.1} ms", median(bare));
    tell("local: ready from start", median(ours), "ms", &beside, 100.0);
    Ok(())
}

impl Stage {
    fn set() -> Result<Self> {
        let served = Served::start(&["--without-spark"]);
        let client = Client::builder(&served.ready().host)
            .credentials(Credentials::bearer(&served.ready().token))
            .retry(RetryPolicy::never())
            .build()?;
        Ok(Self { served, client })
    }

    async fn context(&self) -> Result<ContextId> {
        let cluster = &self.served.ready().cluster_id;
        let id = self
            .client
            .send(&CreateContext::new(cluster, Language::Python))
            .await?
            .id;
        while self.client.send(&GetContext::new(cluster, &id)).await?.status == ContextStatus::Pending {
            sleep(Duration::from_millis(1)).await;
        }
        Ok(id)
    }

    async fn destroy(&self, context: ContextId) -> Result<()> {
        let destroy = DestroyContext::new(&self.served.ready().cluster_id, context);
        self.client.send(&destroy).await?;
        Ok(())
    }

    async fn run(&self, context: &ContextId, code: &str, rows: u64) -> Result<Results> {
        let cluster = &self.served.ready().cluster_id;
        let mut execute = ExecuteCommand::new(cluster, context, code);
        execute.options = Some(format!("{{\"displayRowLimit\":{rows}}}").parse()?);
        let id = self.client.send(&execute).await?.id;
        loop {
            let info = self.client.send(&GetCommand::new(cluster, context, &id)).await?;
            if info.status == CommandStatus::Finished {
                return info.results.context("no results");
            }
            sleep(Duration::from_millis(1)).await;
        }
    }

    async fn running(&self) -> Result<()> {
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let context = self.context().await?;
            ours.push(milliseconds(start));
            self.destroy(context).await?;
            let start = Instant::now();
            let _ = Bare::start()?;
            bare.push(milliseconds(start));
        }
        let beside = format!("Python alone {:.1} ms", median(bare));
        tell("local: a context is running", median(ours), "ms", &beside, 150.0);
        Ok(())
    }

    /// A trivial command through the whole client: sessions, polls, HTTP.
    async fn round_trip(&self) -> Result<()> {
        let cluster = api::Workspace::new(self.client.clone()).cluster(&self.served.ready().cluster_id);
        let session = Session::open(&cluster, Language::Python).await?;
        let mut alone = Bare::start()?;
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..ROUND_TRIPS {
            let start = Instant::now();
            let outcome = session.run("pass").await?;
            ours.push(milliseconds(start));
            ensure!(matches!(outcome, Outcome::Finished(_)), "{outcome:?}");
            let start = Instant::now();
            alone.round_trip()?;
            bare.push(milliseconds(start));
        }
        session.close().await?;
        let (ours, bare) = (median(ours), median(bare));
        tell(
            "local: round trip of a command",
            ours,
            "ms",
            &format!("worker alone {bare:.2} ms"),
            bare + 5.0,
        );
        Ok(())
    }

    /// How often what is large is in the server's memory at once.
    async fn large(&self) -> Result<()> {
        let context = self.context().await?;
        let rows = "rows = [(i, 'x' * 90) for i in range(100_000)]";
        self.run(&context, rows, 1).await?;
        for (what, code) in [
            ("local: copies of 10 MB of text", "print('x' * 10_000_000)"),
            ("local: copies of a table of 100,000 rows", "display(rows)"),
        ] {
            let pid = self.served.pid();
            fs::write(format!("/proc/{pid}/clear_refs"), "5")?;
            let before = status(pid, "VmRSS")?;
            let start = Instant::now();
            let size = match self.run(&context, code, 100_000).await? {
                Results::Text(text) => text.data.unwrap_or_default().len(),
                Results::Table(table) => {
                    ensure!(table.rows::<(u64, String)>()?.count() == 100_000, "rows are missing");
                    table.data().map_or(0, |data| data.get().len())
                }
                other => anyhow::bail!("{other:?}"),
            };
            let beside = format!("{:.0} ms, {:.1} MB", milliseconds(start), size as f64 / MEGABYTE);
            let growth = status(pid, "VmHWM")? - before;
            tell(what, growth / size as f64, "x", &beside, 3.0);
        }
        self.destroy(context).await
    }

    /// A thousand commands over fifty contexts, each with an answer of its own.
    async fn many(self: &Arc<Self>) -> Result<()> {
        let mut contexts = Vec::new();
        for _ in 0..50 {
            contexts.push(self.context().await?);
        }
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for (index, context) in contexts.clone().into_iter().enumerate() {
            let stage = Arc::clone(self);
            tasks.spawn(async move {
                let mut right = 0;
                for number in 0..20 {
                    let results = stage.run(&context, &format!("{index} * 1000 + {number}"), 1).await?;
                    right += u32::from(results == Results::text((index * 1000 + number).to_string()));
                }
                anyhow::Ok(right)
            });
        }
        let mut right = 0;
        while let Some(ended) = tasks.join_next().await {
            right += ended??;
        }
        let beside = format!("1,000 over 50 contexts in {:.1} s", start.elapsed().as_secs_f64());
        tell(
            "local: commands lost or swapped",
            f64::from(1000 - right),
            "",
            &beside,
            0.0,
        );
        for context in contexts {
            self.destroy(context).await?;
        }
        Ok(())
    }

    async fn memory(&self) -> Result<()> {
        for _ in 0..CONTEXTS {
            self.context().await?;
        }
        let ours: f64 = workers_of(self.served.pid())
            .map(|pid| status(pid, "VmRSS"))
            .sum::<Result<_>>()?;
        let bare = Bare::start()?;
        let bare = status(bare.child.id(), "VmRSS")? * CONTEXTS as f64;
        let beside = format!("145 times Python alone {:.0} MB", bare / MEGABYTE);
        tell(
            "local: 145 idle contexts",
            ours / MEGABYTE,
            "MB",
            &beside,
            1.25 * bare / MEGABYTE,
        );
        Ok(())
    }
}

/// A Python that does nothing but run lines.
struct Bare {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Bare {
    fn start() -> Result<Self> {
        let mut child = Command::new("python3")
            .args(["-c", WORKER])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (stdin, stdout) = (
            child.stdin.take().context("stdin")?,
            child.stdout.take().context("stdout")?,
        );
        let mut bare = Self {
            child,
            stdin,
            stdout: BufReader::new(stdout),
        };
        bare.stdout.read_line(&mut String::new())?;
        Ok(bare)
    }

    fn round_trip(&mut self) -> Result<()> {
        self.stdin.write_all(b"pass\n")?;
        self.stdout.read_line(&mut String::new())?;
        Ok(())
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The Python processes that a server started.
fn workers_of(server: u32) -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(move |pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let parent = stat
                .rsplit_once(')')
                .and_then(|(_, rest)| rest.split_whitespace().nth(1));
            stat.contains("(python") && parent == Some(server.to_string().as_str())
        })
}

/// A line of `/proc/…/status`, in bytes.
fn status(pid: u32, name: &str) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    Ok(kilobytes.with_context(|| format!("{name} of {pid}"))? * 1024.0)
}
