//! When clients ask for the state of a command.
//!
//! Sources: `databricks-sdk-py` `service/compute.py` and `retries.py`, `databricks-sdk-go` `service/compute` and
//! `httpclient/api_client.go`, `@databricks/sdk-experimental` `retries`, Terraform's provider `commands/`, `dbt-databricks`
//! `api_client.py`.

use dbx12_exec::PollSchedule;
use std::time::Duration;

/// A client's way of waiting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    /// Its name.
    pub(crate) name: &'static str,
    /// Seconds to wait after so many polls, `elapsed` seconds after the first.
    pub(crate) wait: fn(&mut fastrand::Rng, polls: u32, elapsed: f64) -> f64,
    /// What limits all commands of a process together.
    pub(crate) limit: Limit,
}

/// What a process does about a workspace's limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Limit {
    /// Nothing: it waits a second after a 429, and gives up after five minutes of them.
    OnRefusal,
    /// Requests line up, so many a second are sent.
    FirstComeFirstServed(f64),
    /// A budget of so many a second, handed out by `PollQueue`.
    Budget(f64),
}

impl Schedule {
    /// Ours, with a budget.
    pub(crate) const fn ours(name: &'static str, per_second: f64) -> Self {
        Self {
            name,
            wait: |random, _, elapsed| {
                let spread = random.f64() * 2.0 - 1.0;
                let wait = PollSchedule::default().wait(Duration::from_secs_f64(elapsed), spread);
                wait.as_secs_f64()
            },
            limit: Limit::Budget(per_second),
        }
    }
}

/// Everybody else.
pub(crate) const OTHERS: [Schedule; 7] = [
    Schedule {
        name: "Python SDK",
        wait: |random, polls, _| f64::from(polls.min(10)) + random.f64(),
        limit: Limit::OnRefusal,
    },
    Schedule {
        name: "Go SDK",
        wait: |random, polls, _| f64::from(polls.min(10)) + 0.05 + 0.7 * random.f64(),
        limit: Limit::FirstComeFirstServed(15.0),
    },
    Schedule {
        name: "Node SDK",
        wait: |random, polls, _| (f64::from(polls) + 0.05 + 0.7 * random.f64()).min(10.0),
        limit: Limit::OnRefusal,
    },
    Schedule {
        name: "Terraform",
        wait: |_, polls, _| (0.25 * 2_f64.powi(polls.min(10).cast_signed())).min(10.0),
        limit: Limit::FirstComeFirstServed(15.0),
    },
    Schedule {
        name: "dbt",
        wait: |_, _, _| 10.0,
        limit: Limit::OnRefusal,
    },
    Schedule {
        name: "fixed 1 s",
        wait: |_, _, _| 1.0,
        limit: Limit::OnRefusal,
    },
    Schedule {
        name: "fixed 5 s",
        wait: |_, _, _| 5.0,
        limit: Limit::OnRefusal,
    },
];

/// A duration, log-uniform within bounds in seconds.
pub(crate) fn log_uniform(random: &mut fastrand::Rng, (least, most): (f64, f64)) -> f64 {
    least * (most / least).powf(random.f64())
}
