//! The README of the command shows what really comes.

use super::*;
use std::process::Command;

const README: &str = include_str!("../../../crates/dbx12-cli/README.md");

/// Writes the files that the README shows, runs each of its commands in a shell, and compares what comes.
#[test]
fn every_command_of_the_readme_gives_what_the_readme_shows() {
    let served = Served::start(&["--cluster", "etl-nightly:2"]);
    for (name, text) in files() {
        write(&served, name, text);
    }
    let mut commands = 0;
    for block in blocks("console") {
        for part in block.split("\n$ ").map(|part| part.trim_start_matches("$ ")) {
            let (command, expected) = part.split_once('\n').unwrap_or((part, ""));
            let got = shell(&served, command);
            assert_eq!(got.trim_end(), expected.trim_end(), "$ {command}");
            commands += 1;
        }
    }
    assert!(commands >= 10, "{commands} commands");
}

/// Code blocks of a language.
fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    let begin = format!("```{language}\n");
    let parts: Vec<_> = README.split(begin.as_str()).skip(1).collect();
    parts.into_iter().filter_map(|part| part.split("\n```").next())
}

/// Those that stand behind a line with the file's name.
fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    let parts: Vec<_> = README.split("\n```python\n").collect();
    let files: Vec<_> = parts.windows(2).map(|pair| (pair[0], pair[1])).collect();
    files.into_iter().filter_map(|(before, text)| {
        let name = before.trim_end().lines().last()?;
        let name = name.strip_prefix('`')?.strip_suffix("`:")?;
        Some((name, text.split_once("\n```")?.0))
    })
}

/// What a terminal would show of a command.
fn shell(served: &Served, command: &str) -> String {
    let ours = served.dbx12(&[]);
    let folder = Path::new(ours.get_program()).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&path))).unwrap();
    let mut sh = Command::new("sh");
    sh.args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(served.home())
        .env_clear()
        .envs(ours.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("PATH", path)
        .stdin(std::process::Stdio::null());
    let finished = finish(sh);
    finished.stdout.replace("\r\n", "\n")
}
