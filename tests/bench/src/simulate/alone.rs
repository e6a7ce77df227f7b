//! One command at a time, and no limit.

use super::schedules::{OTHERS, Schedule, log_uniform};
use super::{DURATIONS, ROUND_TRIP, Tally, number, table_of};
use comfy_table::Table;

const COMMANDS: usize = 20_000;
const SEED: u64 = 1;

/// How every schedule does over all durations.
pub(crate) fn table() -> Table {
    let mut table = table_of([
        "schedule",
        "p50 s",
        "p95 s",
        "p50 %",
        "p95 %",
        "polls",
        "polls × Python SDK",
    ]);
    let python = over_all(&OTHERS[0]).polls_each();
    for schedule in [Schedule::ours("ours", f64::INFINITY)].iter().chain(&OTHERS) {
        let tally = over_all(schedule);
        let mut row = vec![schedule.name.to_owned()];
        row.extend(tally.cells());
        row.push(format!("{:.2}", tally.polls_each() / python));
        table.add_row(row);
    }
    table
}

/// The mean overshoot at some durations.
pub(crate) fn at_durations() -> Table {
    let durations = [0.1, 0.5, 1.0, 3.0, 10.0, 60.0, 3600.0];
    let mut table = table_of(["schedule", "0.1 s", "0.5 s", "1 s", "3 s", "10 s", "60 s", "3600 s"]);
    for schedule in [Schedule::ours("ours", f64::INFINITY)].iter().chain(&OTHERS) {
        let cells = durations.map(|duration| {
            let (overshoot, polls) = mean_at(schedule, duration);
            format!("{} [{polls:.0}]", number(overshoot))
        });
        table.add_row([schedule.name.to_owned()].into_iter().chain(cells));
    }
    table
}

/// Mean overshoot in seconds and mean polls at one duration.
pub(crate) fn mean_at(schedule: &Schedule, duration: f64) -> (f64, f64) {
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut tally = Tally::default();
    for _ in 0..2000 {
        // Where the end falls among the polls should not hang on a round number.
        wait_for(
            schedule,
            duration * (0.95 + 0.1 * random.f64()),
            &mut random,
            &mut tally,
        );
    }
    let mean = tally.overshoot.iter().sum::<f64>() / tally.overshoot.len() as f64;
    (mean, tally.polls_each())
}

/// What came of commands of all durations.
pub(crate) fn over_all(schedule: &Schedule) -> Tally {
    let mut random = fastrand::Rng::with_seed(SEED);
    let mut tally = Tally::default();
    for _ in 0..COMMANDS {
        let duration = log_uniform(&mut random, DURATIONS);
        wait_for(schedule, duration, &mut random, &mut tally);
    }
    tally
}

fn wait_for(schedule: &Schedule, duration: f64, random: &mut fastrand::Rng, tally: &mut Tally) {
    let mut now = 0.0;
    for polls in 1.. {
        tally.polls += 1;
        let has_ended = now + ROUND_TRIP / 2.0 >= duration;
        now += ROUND_TRIP;
        if has_ended {
            break;
        }
        now += (schedule.wait)(random, polls, now);
    }
    tally.add(duration, now - duration);
}
