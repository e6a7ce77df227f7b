//! Many sessions, a few at a time: memory, tasks and processes at the end are those of the beginning. Ten thousand on a
//! workspace that is only in memory, since what is looked for is what this project leaks; and some on the local workspace,
//! where each is a Python process.

use std::collections::HashSet;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, ensure};
use bytes::Bytes;
use dbx12_exec::api::{self, Cluster};
use dbx12_exec::http::{Client, Credentials, transport};
use dbx12_exec::types::Language;
use dbx12_exec::{Closing, PollBudget, Session};
use dbx12_local::Workspace;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::Seen;
use crate::measure::status;
use crate::simulate::table_of;

/// Where and how many sessions are opened and closed.
struct Part {
    place: &'static str,
    sessions: usize,
    lanes: usize,
    /// After so many sessions, all that is made once has been made.
    settled: usize,
}

const IN_MEMORY: Part = Part {
    place: "in memory",
    sessions: 10_000,
    lanes: 50,
    settled: 2_000,
};
const WITH_PROCESSES: Part = Part {
    place: "with processes",
    sessions: 200,
    lanes: 4,
    settled: 40,
};
/// By how many megabytes memory may grow after it has settled.
const MOST_GROWTH: f64 = 1.0;

/// What there is at a moment.
#[derive(Clone, Copy)]
struct There {
    megabytes: f64,
    tasks: usize,
    processes: usize,
    descriptors: usize,
}

pub(super) fn play() -> Result<Seen> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (in_memory, left, with_processes) = runtime.block_on(async {
        let contexts = Contexts::default();
        let client = contexts.client()?;
        let cluster = api::Workspace::new(client).cluster("0000-000000-memory");
        let in_memory = moments(&cluster, &IN_MEMORY).await?;
        let left = contexts.open();

        let workspace = Workspace::start().await?;
        let cluster = api::Workspace::new(workspace.client()).cluster(workspace.cluster_id());
        let with_processes = moments(&cluster, &WITH_PROCESSES).await?;
        workspace.shutdown().await;
        anyhow::Ok((in_memory, left, with_processes))
    })?;

    let mut seen = Seen::default();
    tell(&mut seen, &IN_MEMORY, &in_memory);
    seen.check(left == 0, "in memory: no context is left", left.to_string());
    tell(&mut seen, &WITH_PROCESSES, &with_processes);
    Ok(seen)
}

/// A workspace without a socket, on which every command has finished when it is asked for.
#[derive(Clone, Default)]
struct Contexts(Arc<Mutex<HashSet<String>>>);

impl Contexts {
    fn client(&self) -> Result<Client> {
        let (this, numbers) = (self.clone(), AtomicU64::new(0));
        let transport = transport::from_fn(move |request| {
            let answer = this.answer(&request, &numbers);
            async move { Ok(http::Response::new(Bytes::from(answer))) }
        });
        let client = Client::builder("https://memory.test").credentials(Credentials::none());
        Ok(client.transport(transport).build()?)
    }

    fn answer(&self, request: &http::Request<Bytes>, numbers: &AtomicU64) -> String {
        let mut contexts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        match request.uri().path() {
            "/api/1.2/contexts/create" => {
                contexts.insert(number.to_string());
                format!(r#"{{"id":"{number}"}}"#)
            }
            "/api/1.2/contexts/destroy" => {
                let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap_or_default();
                contexts.remove(body["contextId"].as_str().unwrap_or_default());
                format!(r#"{{"id":{}}}"#, body["contextId"])
            }
            "/api/1.2/contexts/status" => format!(r#"{{"id":"{number}","status":"Running"}}"#),
            "/api/1.2/commands/execute" => format!(r#"{{"id":"c{number}"}}"#),
            _ => format!(r#"{{"id":"c{number}","status":"Finished","results":{{"resultType":"text","data":"1"}}}}"#),
        }
    }

    fn open(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// What there is before, and after each round of `settled` sessions.
async fn moments(cluster: &Cluster, part: &Part) -> Result<Vec<There>> {
    let mut moments = vec![there()?];
    for _ in 0..part.sessions / part.settled {
        open_and_close(cluster, part).await?;
        moments.push(there()?);
    }
    Ok(moments)
}

fn tell(seen: &mut Seen, part: &Part, moments: &[There]) {
    let mut table = table_of([part.place, "memory MB", "tasks", "processes", "descriptors"]);
    for (round, there) in moments.iter().enumerate() {
        table.add_row([
            (round * part.settled).to_string(),
            format!("{:.1}", there.megabytes),
            there.tasks.to_string(),
            there.processes.to_string(),
            there.descriptors.to_string(),
        ]);
    }
    seen.text += &format!("{table}\n");
    let (before, settled, end) = (moments[0], moments[1], moments[moments.len() - 1]);
    let growth = end.megabytes - settled.megabytes;
    let (place, sessions) = (part.place, part.sessions);
    let goal = format!(
        "{place}: memory grows by at most {MOST_GROWTH} MB from session {} to {sessions}",
        part.settled
    );
    seen.check(growth <= MOST_GROWTH, goal, format!("{growth:.1} MB"));
    for (what, before, end) in [
        ("tasks", before.tasks, end.tasks),
        ("processes", before.processes, end.processes),
        ("descriptors", settled.descriptors, end.descriptors),
    ] {
        seen.check(
            end <= before,
            format!("{place}: no more {what} than before"),
            format!("{before} before, {end} after"),
        );
    }
}

/// Half of them are closed, half are dropped.
async fn open_and_close(cluster: &Cluster, part: &Part) -> Result<()> {
    let mut lanes = JoinSet::new();
    // That of a program would make ten thousand sessions wait for an hour.
    let budget = PollBudget::new(1e6, 1_000);
    for _ in 0..part.lanes {
        let (cluster, budget) = (cluster.clone(), budget.clone());
        let sessions = part.settled / part.lanes;
        lanes.spawn(async move {
            let closing = Closing::new();
            for number in 0..sessions {
                let builder = Session::builder(&cluster, Language::Python).budget(&budget);
                let session = builder.closing(&closing).at_most_once(false).open().await?;
                session.run("print(1)").await?.ok()?;
                match number % 2 {
                    0 => session.close().await?,
                    _ => drop(session),
                }
            }
            let left = closing.finished().await;
            ensure!(left.is_empty(), "{left:?}");
            anyhow::Ok(())
        });
    }
    while let Some(lane) = lanes.join_next().await {
        lane??;
    }
    Ok(())
}

fn there() -> Result<There> {
    Ok(There {
        megabytes: status("VmRSS")? as f64 / 1e6,
        tasks: Handle::current().metrics().num_alive_tasks(),
        processes: descendants()?,
        descriptors: fs::read_dir("/proc/self/fd")?.count(),
    })
}

/// How many processes this one has started, directly or not, that are there.
fn descendants() -> Result<usize> {
    let mut family = HashSet::from([std::process::id()]);
    loop {
        let before = family.len();
        for entry in fs::read_dir("/proc")?.flatten() {
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
            let parent = status
                .lines()
                .find_map(|line| line.strip_prefix("PPid:")?.trim().parse().ok());
            if parent.is_some_and(|parent: u32| family.contains(&parent)) {
                family.insert(id);
            }
        }
        if family.len() == before {
            return Ok(before - 1);
        }
    }
}
