//! Rounds: every way once in each, in turns, so that what slows the machine down slows all of them.

use std::path::Path;

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::measure::{self, Measured};
use crate::task::{Bound, Goal, Size, Suite, Task};

/// What came of a task at one size.
#[derive(Serialize)]
pub(crate) struct Outcome {
    /// The task's name.
    pub(crate) task: &'static str,
    /// How large the input was.
    pub(crate) amount: usize,
    /// In what.
    pub(crate) unit: &'static str,
    /// What came of each way; the first is the peer.
    pub(crate) ways: Vec<WayOutcome>,
    /// What came of the goals.
    pub(crate) goals: Vec<GoalOutcome>,
}

/// What came of a way.
#[derive(Serialize)]
pub(crate) struct WayOutcome {
    /// The way's name.
    pub(crate) way: &'static str,
    /// CPU time in milliseconds.
    pub(crate) cpu_ms: Median,
    /// CPU time as a part of the peer's in the same round.
    pub(crate) ratio: Median,
    /// Megabytes of memory beside the body.
    pub(crate) memory: Median,
    /// The most connections of any round; 0 where it is not about them.
    pub(crate) connections: u64,
}

/// What came of a goal.
#[derive(Serialize)]
pub(crate) struct GoalOutcome {
    /// What should be.
    pub(crate) goal: String,
    /// What is.
    pub(crate) measured: String,
    /// Whether it is as it should be.
    pub(crate) reached: bool,
}

/// A median, and how far the middle half of the values goes to both sides.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct Median {
    /// The value in the middle.
    pub(crate) median: f64,
    /// The lower quartile.
    pub(crate) low: f64,
    /// The upper quartile.
    pub(crate) high: f64,
}

impl Median {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let last = values.len().saturating_sub(1);
        let at = |quarter: usize| values.get(last * quarter / 4).copied().unwrap_or(f64::NAN);
        Self {
            median: at(2),
            low: at(1),
            high: at(3),
        }
    }
}

/// Measures every way of every task at one size.
///
/// # Errors
/// When a measurement fails, or two ways of a task found different things.
pub(crate) fn run(suite: &Suite, size: Size, input: &Path) -> Result<Vec<Outcome>> {
    let tasks = &suite.tasks;
    let mut rounds: Vec<Vec<Vec<Measured>>> = Vec::new();
    for _ in 0..size.rounds {
        let round = tasks.iter().map(|task| measure_ways(task, input));
        rounds.push(round.collect::<Result<_>>()?);
    }
    let outcomes = tasks.iter().enumerate().map(|(index, task)| {
        let rounds: Vec<_> = rounds.iter().map(|round| round[index].as_slice()).collect();
        outcome(task, suite.unit, size, &rounds)
    });
    Ok(outcomes.collect())
}

fn measure_ways(task: &Task, input: &Path) -> Result<Vec<Measured>> {
    let measured = task.ways.iter().map(|way| measure::elsewhere(task, way, input));
    let measured = measured.collect::<Result<Vec<_>>>()?;
    for (way, it) in task.ways.iter().zip(&measured) {
        ensure!(
            it.sum == measured[0].sum,
            "{}: {} found something else",
            task.name,
            way.name
        );
    }
    Ok(measured)
}

fn outcome(task: &Task, unit: &'static str, size: Size, rounds: &[&[Measured]]) -> Outcome {
    let of = |value: &dyn Fn(&[Measured]) -> f64| Median::of(rounds.iter().map(|round| value(round)).collect());
    let ways = task.ways.iter().enumerate().map(|(index, way)| WayOutcome {
        way: way.name,
        cpu_ms: of(&|round| round[index].cpu * 1e3),
        ratio: of(&|round| round[index].cpu / round[0].cpu),
        memory: of(&|round| round[index].memory as f64 / 1e6),
        connections: rounds.iter().map(|round| round[index].connections).max().unwrap_or(0),
    });
    let ways: Vec<_> = ways.collect();
    let goals = task.goals.iter().map(|goal| check(goal, &ways, size.amount));
    Outcome {
        task: task.name,
        amount: size.amount,
        unit,
        goals: goals.collect(),
        ways,
    }
}

fn check(goal: &Goal, ways: &[WayOutcome], amount: usize) -> GoalOutcome {
    let (name, peer) = (goal.way, ways[0].way);
    let what = match goal.bound {
        Bound::Cpu(most) => format!("CPU ≤ {most:.2} × {peer}"),
        Bound::CpuOfWay(other, most) => format!("CPU ≤ {most:.2} × {other}"),
        Bound::CpuOrSpeed(most, least) => format!("CPU ≤ {most:.2} × {peer}, or ≥ {least:.0} MB/s"),
        Bound::Memory(most) => format!("memory ≤ {most:.2} × body"),
        Bound::Megabytes(most) => format!("memory ≤ {most:.0} MB"),
        Bound::Connections(most) => format!("connections ≤ {most}"),
    };
    let way = ways.iter().find(|it| it.way == name);
    let (measured, reached) = way.map_or_else(
        || ("there is no such way yet".to_owned(), false),
        |way| reached(goal.bound, way, ways, amount),
    );
    GoalOutcome {
        goal: format!("{name}: {what}"),
        measured,
        reached,
    }
}

fn reached(bound: Bound, way: &WayOutcome, ways: &[WayOutcome], amount: usize) -> (String, bool) {
    let (ratio, memory) = (way.ratio.median, way.memory.median);
    let speed = amount as f64 / (way.cpu_ms.median / 1e3);
    match bound {
        Bound::Cpu(most) => (format!("{ratio:.2}"), ratio <= most),
        Bound::CpuOfWay(other, most) => {
            let other = ways.iter().find(|it| it.way == other);
            let part = other.map_or(f64::NAN, |other| ratio / other.ratio.median);
            (format!("{part:.2}"), part <= most)
        }
        Bound::CpuOrSpeed(most, least) => (format!("{ratio:.2}, {speed:.0} MB/s"), ratio <= most || speed >= least),
        Bound::Memory(most) => {
            let for_a_byte = memory / amount as f64;
            (format!("{for_a_byte:.2}"), for_a_byte <= most)
        }
        Bound::Megabytes(most) => (format!("{memory:.1}"), memory <= most),
        Bound::Connections(most) => (way.connections.to_string(), way.connections <= most),
    }
}
