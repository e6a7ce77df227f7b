//! What the numbers of a run belong to: the machine, the versions and the day.

use std::fs;
use std::process::Command;

/// A list of it, as Markdown.
pub(crate) fn facts() -> String {
    let processor = line_after("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = line_after("/proc/meminfo", "MemTotal").unwrap_or_default();
    let facts = [
        ("date", said("date", &["-u", "+%Y-%m-%d"])),
        ("commit", said("git", &["describe", "--always", "--dirty"])),
        ("machine", format!("{processor}, {cores} cores, {memory}")),
        ("system", said("uname", &["-sr"])),
        ("compiler", said("rustc", &["--version"])),
        ("Python", said("python3", &["--version"])),
        ("load before the run", load()),
    ];
    let lines = facts.iter().map(|(name, value)| format!("* {name}: {value}\n"));
    lines.collect()
}

/// What of others was compared with, as it stands in the lock file.
pub(crate) fn peers() -> String {
    let lock = include_str!("../Cargo.lock");
    let version = |name: &str| {
        let (_, rest) = lock.split_once(&format!("\nname = \"{name}\"\nversion = \""))?;
        Some(format!("* {name} {}\n", rest.split_once('"')?.0))
    };
    ["hyper", "hyper-util", "reqwest", "rustls", "serde_json", "tokio"]
        .into_iter()
        .filter_map(version)
        .collect()
}

fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').take(2).collect::<Vec<_>>().join(", ")
}

fn line_after(file: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
