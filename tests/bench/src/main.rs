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
//! | what is printed | [`report`] |
//! | the tasks: one module for each subject, listed in [`SUITES`] | [`tables`] |

mod callgrind;
mod flags;
mod measure;
mod report;
mod rounds;
mod tables;
mod task;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::flags::{Bench, BenchCmd};
use crate::task::Task;

/// Every task there is, one function for each subject. A new subject is one more line.
const SUITES: [fn() -> Vec<Task>; 1] = [tables::tasks];

fn main() -> ExitCode {
    let done = match Bench::from_env_or_exit().subcommand {
        BenchCmd::Run(run) => run_tasks(&run),
        BenchCmd::Measure(one) => measure_one(&one),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn tasks() -> Vec<Task> {
    SUITES.iter().flat_map(|suite| suite()).collect()
}

fn run_tasks(options: &flags::Run) -> Result<()> {
    let wanted = options.name.as_deref().unwrap_or_default();
    let tasks: Vec<_> = tasks().into_iter().filter(|task| task.name.contains(wanted)).collect();
    anyhow::ensure!(!tasks.is_empty(), "no task's name contains `{wanted}`");

    let directory = Directory::new()?;
    let mut results = Vec::new();
    for size in task::SIZES {
        let input = directory.0.join(format!("table-{}.json", size.megabytes));
        fs::write(&input, tables::body(size.megabytes * 1_000_000))?;
        eprintln!("{} MB, {} rounds", size.megabytes, size.rounds);
        results.extend(rounds::run(&tasks, size, &input)?);
    }
    print!("{}", report::text(&results));

    let input = directory.0.join("table-1.json");
    let counts = callgrind::count(&tasks, &input, &directory.0)?;
    print!("{}", report::instructions(counts.as_deref()));
    if let Some(path) = &options.json {
        let json = serde_json::json!({"results": results, "instructions": counts});
        fs::write(path, serde_json::to_string_pretty(&json)?).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn measure_one(one: &flags::Measure) -> Result<()> {
    let run = task::function(&tasks(), &one.task, &one.way)?;
    let measured = measure::here(run, &one.input)?;
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

/// A directory for the inputs, which are large: removed in the end.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("dbx12-bench-{}", std::process::id()));
        fs::create_dir(&path).with_context(|| path.display().to_string())?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
