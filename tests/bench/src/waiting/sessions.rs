//! Ten thousand sessions, one after another in a few lanes, on a local workspace in the same process: memory, tasks and
//! processes at the end are those of the beginning.

use std::collections::HashSet;
use std::fs;

use anyhow::Result;
use dbx12_exec::api::{self, Cluster};
use dbx12_exec::types::Language;
use dbx12_exec::{Closing, Session};
use dbx12_local::Workspace;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::Seen;
use crate::measure::status;
use crate::simulate::table_of;

const SESSIONS: usize = 10_000;
const LANES: usize = 4;
/// After so many sessions, all that is made once has been made.
const SETTLED: usize = 2_000;
/// What may be there more than then.
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
    let moments = runtime.block_on(async {
        let workspace = Workspace::start().await?;
        let cluster = api::Workspace::new(workspace.client()).cluster(workspace.cluster_id());
        let mut moments = vec![(0, there()?)];
        for part in 1..=SESSIONS / SETTLED {
            open_and_close(&cluster, SETTLED).await?;
            moments.push((part * SETTLED, there()?));
        }
        workspace.shutdown().await;
        anyhow::Ok(moments)
    })?;

    let mut table = table_of(["sessions", "memory MB", "tasks", "processes", "descriptors"]);
    for (sessions, there) in &moments {
        table.add_row([
            sessions.to_string(),
            format!("{:.1}", there.megabytes),
            there.tasks.to_string(),
            there.processes.to_string(),
            there.descriptors.to_string(),
        ]);
    }
    let mut seen = Seen {
        text: table.to_string(),
        ..Seen::default()
    };
    let (before, settled, end) = (moments[0].1, moments[1].1, moments[moments.len() - 1].1);
    let growth = end.megabytes - settled.megabytes;
    let goal = format!("memory grows by at most {MOST_GROWTH} MB from session {SETTLED} to {SESSIONS}");
    seen.check(growth <= MOST_GROWTH, goal, format!("{growth:.1} MB"));
    for (what, before, end) in [
        ("tasks", before.tasks, end.tasks),
        ("processes", before.processes, end.processes),
        ("descriptors", settled.descriptors, end.descriptors),
    ] {
        seen.check(
            end <= before,
            format!("no more {what} than before"),
            format!("{before} before, {end} after"),
        );
    }
    Ok(seen)
}

/// Half of them are closed, half are dropped.
async fn open_and_close(cluster: &Cluster, sessions: usize) -> Result<()> {
    let mut lanes = JoinSet::new();
    for _ in 0..LANES {
        let cluster = cluster.clone();
        lanes.spawn(async move {
            let closing = Closing::new();
            for number in 0..sessions / LANES {
                let session = Session::builder(&cluster, Language::Python)
                    .closing(&closing)
                    .open()
                    .await?;
                match number % 2 {
                    0 => session.close().await?,
                    _ => drop(session),
                }
            }
            let left = closing.finished().await;
            anyhow::ensure!(left.is_empty(), "{left:?}");
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
