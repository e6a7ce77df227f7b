//! Calls over a socket: a command in sequence, a thousand at once, and the first answer of a program; against hyper alone,
//! which sends and drops the same bytes, and against reqwest with the same types.
//!
//! The [`server`] is another process, of which each measured process starts one of its own.

mod bare;
mod peers;
mod server;

pub(crate) use peers::our_client;
pub(crate) use server::{Counts, Server, serve};

use crate::task::{Bound, Counted, Goal, Size, Suite, Task, Way};

const HYPER: &str = "hyper alone";
const REQWEST: &str = "reqwest";
const OURS: &str = "dbx12-http";

/// Execute and status of a command that is finished at once, one after another.
pub(crate) fn pairs() -> Suite {
    let task = |name, bare, reqwest, ours| Task {
        name,
        ways: vec![
            Way::function(HYPER, bare),
            Way::function(REQWEST, reqwest),
            Way::function(OURS, ours),
        ],
        goals: vec![
            goal(Bound::Cpu(1.35)),
            goal(Bound::CpuOfWay(REQWEST, 1.0)),
            goal(Bound::Connections(1)),
        ],
    };
    Suite {
        tasks: vec![
            task(
                "http/pairs",
                |n| bare::pairs(n, false),
                |n| peers::reqwest_pairs(n, false),
                |n| peers::our_pairs(n, false),
            ),
            task(
                "https/pairs",
                |n| bare::pairs(n, true),
                |n| peers::reqwest_pairs(n, true),
                |n| peers::our_pairs(n, true),
            ),
        ],
        unit: "pairs",
        input: number,
        warm_up: || number(20),
        sizes: &[Size {
            amount: 500,
            rounds: 11,
        }],
        counted: Counted::OneMore,
    }
}

/// Commands that are all under way at the same time: execute, a second of waiting, status.
pub(crate) fn in_flight() -> Suite {
    let task = Task {
        name: "https/in-flight",
        ways: vec![
            Way::function(REQWEST, peers::reqwest_in_flight),
            Way::function(OURS, peers::our_in_flight),
        ],
        goals: vec![goal(Bound::Connections(16)), goal(Bound::Megabytes(12.0))],
    };
    Suite {
        tasks: vec![task],
        unit: "commands",
        input: number,
        warm_up: || number(1),
        sizes: &[Size {
            amount: 1000,
            rounds: 3,
        }],
        counted: Counted::Not,
    }
}

/// The first answer of a program: runtime, client, connection, one request.
pub(crate) fn cold_start() -> Suite {
    let task = |name, bare, ours| Task {
        name,
        ways: vec![Way::function(HYPER, bare), Way::function(OURS, ours)],
        goals: vec![goal(Bound::Cpu(1.5))],
    };
    Suite {
        tasks: vec![
            task(
                "http/cold-start",
                |n| bare::pairs(n, false),
                |n| peers::our_pairs(n, false),
            ),
            task(
                "https/cold-start",
                |n| bare::pairs(n, true),
                |n| peers::our_pairs(n, true),
            ),
        ],
        unit: "pair",
        input: number,
        // Starts the server, and sends nothing.
        warm_up: || number(0),
        sizes: &[Size { amount: 1, rounds: 21 }],
        counted: Counted::Not,
    }
}

fn goal(bound: Bound) -> Goal {
    Goal { way: OURS, bound }
}

/// The input of these tasks: how often.
fn number(amount: usize) -> Vec<u8> {
    amount.to_string().into_bytes()
}
