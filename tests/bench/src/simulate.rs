//! `simulate`: what waiting costs, on our schedule and on those of others. The same numbers in every run.
//!
//! Ours is the code that runs: [`PollSchedule`](dbx12_exec::PollSchedule) and
//! [`PollQueue`](dbx12_exec::budget::PollQueue). The others are written down in [`schedules`].

pub(crate) mod alone;
pub(crate) mod confirm;
mod crowd;
pub(crate) mod schedules;

use comfy_table::{CellAlignment, Table, presets};

/// From asking to the answer, in seconds: half of it until the server looks, half of it back.
pub(crate) const ROUND_TRIP: f64 = 0.06;

/// The shortest and the longest duration, in seconds.
pub(crate) const DURATIONS: (f64, f64) = (0.05, 3600.0);

/// Prints the tables.
pub(crate) fn run() {
    println!(
        "One command, durations log-uniform from 50 ms to 1 h, {} ms there and back",
        ROUND_TRIP * 1e3
    );
    println!("{}\n", alone::table());
    println!("Mean overshoot in seconds at one duration [polls]");
    println!("{}\n", alone::at_durations());
    println!(
        "n commands always in flight, {} status requests a second allowed; what was not heard of counts with its wait so far",
        crowd::ALLOWED
    );
    println!("{}", crowd::table());
}

/// What came of commands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Seconds from the end of a command until it was heard of.
    pub(crate) overshoot: Vec<f64>,
    /// The same as a part of the command's duration.
    pub(crate) relative: Vec<f64>,
    /// Requests that were sent.
    pub(crate) polls: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, duration: f64, overshoot: f64) {
        self.overshoot.push(overshoot);
        self.relative.push(overshoot / duration);
    }

    pub(crate) fn polls_each(&self) -> f64 {
        self.polls as f64 / self.overshoot.len().max(1) as f64
    }

    /// Median and 95th percentile, absolute and relative, and polls a command.
    pub(crate) fn cells(&self) -> [String; 5] {
        let [p50, p95] = [0.5, 0.95].map(|part| quantile(&self.overshoot, part));
        let [relative50, relative95] = [0.5, 0.95].map(|part| quantile(&self.relative, part) * 100.0);
        [
            number(p50),
            number(p95),
            number(relative50),
            number(relative95),
            number(self.polls_each()),
        ]
    }
}

pub(crate) fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = (sorted.len().saturating_sub(1) as f64 * part).round() as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

/// Three digits that say something.
pub(crate) fn number(value: f64) -> String {
    match value {
        value if value < 1.0 => format!("{value:.3}"),
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

pub(crate) fn table_of<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
