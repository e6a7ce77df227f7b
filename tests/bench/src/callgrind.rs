//! Instruction counts: what a function costs, whatever else the machine does meanwhile.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::measure;
use crate::task::{Counted, Program, Suite, Task, Way};

/// How many instructions a way took.
#[derive(Serialize)]
pub(crate) struct Count {
    /// The task's name.
    pub(crate) task: &'static str,
    /// The way's name.
    pub(crate) way: &'static str,
    /// Instructions for one of `unit`.
    pub(crate) each: f64,
    /// What they are counted for.
    pub(crate) unit: &'static str,
    /// As a part of those of the first way that is counted.
    pub(crate) ratio: f64,
}

/// Whether there is something to count with.
pub(crate) fn is_there() -> bool {
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// Counts the instructions of every way that is a function of this program.
///
/// # Errors
/// When valgrind fails, or writes something else.
pub(crate) fn count(suite: &Suite, input: &Path, directory: &Path) -> Result<Vec<Count>> {
    let mut counts = Vec::new();
    for task in &suite.tasks {
        let mut peer = None;
        let functions = task
            .ways
            .iter()
            .filter(|way| matches!(way.program, Program::Function(_)));
        for way in functions {
            let (each, unit) = match suite.counted {
                Counted::Not => return Ok(counts),
                Counted::Byte => {
                    let bytes = fs::metadata(input)?.len() as f64;
                    (instructions(task, way, input, directory)? as f64 / bytes, "bytes")
                }
                Counted::OneMore => (one_more(suite, task, way, directory)?, suite.unit),
            };
            counts.push(Count {
                task: task.name,
                way: way.name,
                each,
                unit,
                ratio: each / *peer.get_or_insert(each),
            });
        }
    }
    Ok(counts)
}

/// The instructions that one more costs, without those that it takes to begin.
fn one_more(suite: &Suite, task: &Task, way: &Way, directory: &Path) -> Result<f64> {
    const FEW: usize = 100;
    const MANY: usize = 300;
    let input = directory.join("counted");
    let of = |amount| {
        fs::write(&input, (suite.input)(amount))?;
        instructions(task, way, &input, directory)
    };
    let (few, many) = (of(FEW)?, of(MANY)?);
    Ok((many as f64 - few as f64) / (MANY - FEW) as f64)
}

fn instructions(task: &Task, way: &Way, input: &Path, directory: &Path) -> Result<u64> {
    let written = directory.join("callgrind.out");
    let plain = measure::command(task, way, input)?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*measure*measured*"])
        .arg(format!("--callgrind-out-file={}", written.display()))
        .arg(plain.get_program())
        .args(plain.get_args())
        .output()?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} as {}: {error}", task.name, way.name);
    let text = fs::read_to_string(&written)?;
    let total = text
        .lines()
        .find_map(|line| line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:")));
    let total = total.context("callgrind wrote no sum")?;
    Ok(total.trim().parse()?)
}
