//! Many commands at once, and a workspace that answers so many requests a second.

use super::schedules::{Limit, OTHERS, Schedule, log_uniform};
use super::{DURATIONS, ROUND_TRIP, Tally, number, table_of};
use comfy_table::Table;
use dbx12_exec::budget::{PollQueue, Ticket};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// Status requests a second that the workspace answers; more are refused with 429.
pub(crate) const ALLOWED: f64 = 25.0;

const SEED: u64 = 2;
/// How many commands are in flight, and for how many seconds it is watched.
const CROWDS: [(usize, u32); 3] = [(10, 40_000), (1_000, 8_000), (100_000, 3_000)];
/// Seconds after which a client that hears nothing but 429 fails the wait.
const GIVE_UP: f64 = 300.0;

/// How every schedule does with many commands.
pub(crate) fn table() -> Table {
    let mut table = table_of([
        "n, schedule",
        "p50 s",
        "p95 s",
        "p50 %",
        "p95 %",
        "polls",
        "429s a command",
        "given up %",
    ]);
    for (commands, seconds) in CROWDS {
        let ours = [
            Schedule::ours("ours, 25 a second", ALLOWED),
            Schedule::ours("ours, 10 a second (default)", 10.0),
        ];
        let schedules: Vec<_> = ours.iter().chain(&OTHERS).collect();
        let crowds: Vec<Crowd> = std::thread::scope(|scope| {
            let running: Vec<_> = schedules
                .iter()
                .map(|schedule| scope.spawn(|| watch(schedule, commands, seconds, DURATIONS, ROUND_TRIP)))
                .collect();
            running
                .into_iter()
                .map(|crowd| crowd.join().expect("a simulation"))
                .collect()
        });
        for (schedule, crowd) in schedules.into_iter().zip(crowds) {
            let each = crowd.tally.overshoot.len() as f64;
            let mut row = vec![format!("{commands}, {}", schedule.name)];
            row.extend(crowd.tally.cells());
            row.push(number(crowd.refused as f64 / each));
            row.push(number(crowd.given_up as f64 / each * 100.0));
            table.add_row(row);
        }
    }
    table
}

/// What came of a crowd.
#[derive(Debug)]
pub(crate) struct Crowd {
    /// What was heard of, and what waits still.
    pub(crate) tally: Tally,
    refused: u64,
    given_up: u64,
}

/// A command, in seconds.
#[derive(Clone, Copy)]
struct Command {
    started: f64,
    duration: f64,
    /// When it was asked for last.
    asked: f64,
    polls: u32,
    /// Since when there were only refusals.
    refused_since: f64,
}

impl Command {
    fn new(now: f64, random: &mut fastrand::Rng, durations: (f64, f64)) -> Self {
        Self {
            started: now,
            duration: log_uniform(random, durations),
            asked: now,
            polls: 0,
            refused_since: f64::INFINITY,
        }
    }

    fn end(&self) -> f64 {
        self.started + self.duration
    }
}

/// Keeps so many commands in flight for so many seconds: whatever is heard of is followed by a new one.
pub(crate) fn watch(
    schedule: &Schedule,
    commands: usize,
    seconds: u32,
    durations: (f64, f64),
    round_trip: f64,
) -> Crowd {
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut agenda = Agenda::new();
    let mut gate = Gate::new(schedule.limit);
    let mut server = PollQueue::new(ALLOWED, 25);
    let mut crowd = Crowd {
        tally: Tally::default(),
        refused: 0,
        given_up: 0,
    };
    // They do not all start at once.
    let mut fleet: Vec<_> = (0..commands)
        .map(|index| {
            let start = random.f64() * 30.0;
            agenda.put(start, index);
            Command::new(start, &mut random, durations)
        })
        .collect();
    let mut due = Vec::new();
    for millisecond in 0..u64::from(seconds) * 1000 {
        let now = millisecond as f64 / 1e3;
        agenda.take(millisecond, &mut due);
        due.drain(..).for_each(|index| gate.push(index, &fleet[index]));
        while let Some(index) = gate.pop(now) {
            let command = &mut fleet[index];
            crowd.tally.polls += 1;
            let asked_at = now + round_trip / 2.0;
            let answered = now + round_trip;
            if !server.take(Duration::from_secs_f64(asked_at)) {
                crowd.refused += 1;
                command.refused_since = command.refused_since.min(now);
                let has_given_up = answered - command.refused_since >= GIVE_UP;
                if has_given_up {
                    crowd.given_up += 1;
                    crowd.tally.add(command.duration, (answered - command.end()).max(0.0));
                    *command = Command::new(answered, &mut random, durations);
                }
                let wait = if has_given_up { 0.0 } else { 1.0 + 0.1 * random.f64() };
                agenda.put(answered + wait, index);
                continue;
            }
            command.refused_since = f64::INFINITY;
            command.polls += 1;
            if asked_at >= command.end() {
                crowd.tally.add(command.duration, answered - command.end());
                *command = Command::new(answered, &mut random, durations);
                agenda.put(answered, index);
            } else {
                command.asked = answered;
                let wait = (schedule.wait)(&mut random, command.polls, answered - command.started);
                agenda.put(answered + wait, index);
            }
        }
    }
    let now = f64::from(seconds);
    for command in fleet.iter().filter(|command| command.end() < now) {
        crowd.tally.add(command.duration, now - command.end());
    }
    crowd
}

/// What a process does before it sends.
enum Gate {
    Open(VecDeque<usize>),
    Line(VecDeque<usize>, PollQueue),
    Budget(PollQueue, HashMap<Ticket, usize>),
}

impl Gate {
    fn new(limit: Limit) -> Self {
        match limit {
            Limit::OnRefusal => Self::Open(VecDeque::new()),
            Limit::FirstComeFirstServed(rate) => Self::Line(VecDeque::new(), PollQueue::new(rate, 15)),
            Limit::Budget(rate) => Self::Budget(PollQueue::new(rate, 20), HashMap::new()),
        }
    }

    fn push(&mut self, index: usize, command: &Command) {
        match self {
            Self::Open(line) | Self::Line(line, _) => line.push_back(index),
            Self::Budget(queue, places) => {
                let [started, asked] = [command.started, command.asked].map(Duration::from_secs_f64);
                places.insert(queue.push(started, asked), index);
            }
        }
    }

    fn pop(&mut self, now: f64) -> Option<usize> {
        let now = Duration::from_secs_f64(now);
        match self {
            Self::Open(line) => line.pop_front(),
            Self::Line(line, rate) => (!line.is_empty() && rate.take(now)).then(|| line.pop_front())?,
            Self::Budget(queue, places) => places.remove(&queue.pop(now)?),
        }
    }
}

/// What is due in each of the next 65 seconds' milliseconds.
struct Agenda {
    ring: Vec<Vec<usize>>,
}

impl Agenda {
    fn new() -> Self {
        Self {
            ring: vec![Vec::new(); 1 << 16],
        }
    }

    fn put(&mut self, at: f64, index: usize) {
        let slot = (at * 1e3).ceil() as usize & (self.ring.len() - 1);
        self.ring[slot].push(index);
    }

    /// Moves what is due to `due`, which is empty.
    fn take(&mut self, millisecond: u64, due: &mut Vec<usize>) {
        let slot = millisecond as usize & (self.ring.len() - 1);
        due.append(&mut self.ring[slot]);
    }
}
