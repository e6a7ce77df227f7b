//! What waiting costs where it really happens: when the end of a command is heard of, a thousand commands under a budget,
//! ten thousand sessions. No CPU time is compared here, so these are no [tasks](crate::task): each is a scene, played once
//! in a process of its own.

mod overshoot;
mod sessions;
mod thousand;

use std::fmt::Write as _;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

type Scene = fn() -> Result<Seen>;

/// All scenes, by name.
const SCENES: [(&str, Scene); 3] = [
    ("waiting/overshoot", overshoot::play),
    ("waiting/in-flight", thousand::play),
    ("waiting/sessions", sessions::play),
];

/// What was seen.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Seen {
    name: String,
    /// For people.
    text: String,
    goals: Vec<Checked>,
}

/// A goal, and whether it was reached.
#[derive(Debug, Deserialize, Serialize)]
struct Checked {
    goal: String,
    measured: String,
    reached: bool,
}

impl Seen {
    fn check(&mut self, reached: bool, goal: impl Into<String>, measured: impl Into<String>) {
        self.goals.push(Checked {
            goal: goal.into(),
            measured: measured.into(),
            reached,
        });
    }
}

/// Plays the scenes whose names contain `wanted`.
///
/// # Errors
/// When one cannot be played.
pub(crate) fn play_all(wanted: &str) -> Result<Vec<Seen>> {
    let wanted = SCENES.iter().filter(|(name, _)| name.contains(wanted));
    wanted
        .map(|(name, _)| {
            eprintln!("{name}");
            let output = Command::new(std::env::current_exe()?).args(["scene", name]).output()?;
            let error = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "{name}: {error}");
            serde_json::from_slice(&output.stdout).with_context(|| format!("{name}: {error}"))
        })
        .collect()
}

/// Plays one scene in this process, and prints what was seen as JSON.
///
/// # Errors
/// When there is none of this name, or it cannot be played.
pub(crate) fn play(name: &str) -> Result<()> {
    let found = SCENES.iter().find(|(known, _)| *known == name);
    let (name, scene) = found.with_context(|| format!("no scene is called `{name}`"))?;
    let seen = Seen {
        name: (*name).to_owned(),
        ..scene()?
    };
    println!("{}", serde_json::to_string(&seen)?);
    Ok(())
}

/// What was seen, for people.
pub(crate) fn text(scenes: &[Seen]) -> String {
    let mut text = String::new();
    for seen in scenes {
        let _ = write!(text, "\n{}\n{}\n", seen.name, seen.text);
        for Checked {
            goal,
            measured,
            reached,
        } in &seen.goals
        {
            let verdict = if *reached { "ok" } else { "MISS" };
            let _ = writeln!(text, "{verdict:<4} {goal}: {measured}");
        }
    }
    text
}
