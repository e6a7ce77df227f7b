//! Numbers as ratios against named peers. `cargo xtask bench` builds and runs it.
//!
//! Absolute times drift with the machine and whatever else runs on it; ratios of measurements taken in turns repeat.
//! So every way of doing a thing is measured in the same round as the peer it is compared with, each in a fresh
//! process, and what is printed is the median of the rounds' ratios with its spread. Goals are printed beside them, and
//! never asserted: a number is something to look at. Needs Linux for memory, and any Unix for time.
//!
//! | subject | module |
//! |---|---|
//! | what a task, a way of doing it, and a goal are | [`task`] |
//! | what is measured of one process | [`measure`] |
//! | rounds, medians, ratios | [`rounds`] |
//! | instruction counts | [`callgrind`] |
//! | contexts on Apache Spark | [`spark`] |
//! | what waiting costs, simulated and really | [`simulate`], [`waiting`] |
//! | what is printed | [`report`] |
//! | what the numbers belong to | [`machine`] |
//! | the tasks: one module for each subject, listed in [`SUITES`] | [`tables`], [`http`] |

mod callgrind;
mod flags;
mod http;
mod machine;
mod measure;
mod report;
mod rounds;
mod simulate;
mod spark;
mod tables;
mod task;
mod waiting;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::flags::{Bench, BenchCmd};
use crate::task::Suite;

/// Every task there is, one function for each subject. A new subject is one more line.
const SUITES: [fn() -> Suite; 4] = [tables::suite, http::pairs, http::in_flight, http::cold_start];

fn main() -> ExitCode {
    let done = match Bench::from_env_or_exit().subcommand {
        BenchCmd::Run(run) => run_tasks(&run),
        BenchCmd::Simulate(simulate) if simulate.confirm => simulate::confirm::run(),
        BenchCmd::Simulate(_) => {
            simulate::run();
            Ok(())
        }
        BenchCmd::Scene(scene) => waiting::play(&scene.name),
        BenchCmd::Measure(one) => measure_one(&one),
        BenchCmd::Serve(_) => http::serve(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_tasks(options: &flags::Run) -> Result<()> {
    let wanted = options.name.as_deref().unwrap_or_default();
    let facts = machine::facts();
    // Beside the program, below the target directory: made anew in each run, and never in anybody's way.
    let directory = std::env::current_exe()?.with_file_name("inputs");
    fs::create_dir_all(&directory).with_context(|| directory.display().to_string())?;

    let mut outcomes = Vec::new();
    let mut counts = callgrind::is_there().then(Vec::new);
    for mut suite in SUITES.map(|suite| suite()) {
        suite.tasks.retain(|task| task.name.contains(wanted));
        if suite.tasks.is_empty() {
            continue;
        }
        for (index, size) in suite.sizes.iter().enumerate() {
            let input = directory.join(format!("{}{}", size.amount, suite.unit));
            fs::write(&input, (suite.input)(size.amount))?;
            eprintln!("{} {}, {} rounds", size.amount, suite.unit, size.rounds);
            outcomes.extend(rounds::run(&suite, *size, &input)?);
            // Instructions are the same at every size: the smallest tells them soonest.
            if let (0, Some(counts)) = (index, &mut counts) {
                counts.extend(callgrind::count(&suite, &input, &directory)?);
            }
        }
    }
    outcomes.extend(spark::run(wanted)?);
    let scenes = waiting::play_all(wanted)?;
    ensure!(
        !outcomes.is_empty() || !scenes.is_empty(),
        "no task's name contains `{wanted}`"
    );

    let mut numbers = format!("{}{}", report::text(&outcomes), waiting::text(&scenes));
    if !outcomes.is_empty() {
        numbers += &report::instructions(counts.as_deref());
    }
    print!("{numbers}");
    if let Some(path) = &options.save {
        let text = report::page(&facts, &numbers);
        fs::write(path, text).with_context(|| path.display().to_string())?;
    }
    if let Some(path) = &options.json {
        let json = serde_json::json!({"outcomes": outcomes, "instructions": counts, "scenes": scenes});
        fs::write(path, serde_json::to_string_pretty(&json)?).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn measure_one(one: &flags::Measure) -> Result<()> {
    for suite in SUITES.map(|suite| suite()) {
        if let Some(run) = suite.function(&one.task, &one.way) {
            let measured = measure::here(run, &(suite.warm_up)(), &one.input)?;
            println!("{}", serde_json::to_string(&measured)?);
            return Ok(());
        }
    }
    anyhow::bail!("no function of this program does `{}` as `{}`", one.task, one.way)
}
