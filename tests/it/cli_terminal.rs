//! The `dbx12` command in a real pseudo-terminal.

use dbx12_tests::{assert_nothing_left, dbx12, finish};
use serde::Deserialize;
use std::path::Path;
use std::process::Command;

/// Runs a program in a terminal and collects what it shows. Ctrl-C is typed when `argv[1]` is to be seen.
const TERMINAL: &str = r#"
import json, os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
awaited, shown = sys.argv[1].encode(), b""
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    shown += part
    if awaited and awaited in shown:
        os.write(terminal, b"\x03")
        awaited = b""
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(json.dumps({"code": code, "shown": shown.decode(errors="replace")}))
"#;

#[derive(Debug, Deserialize)]
struct Seen {
    code: i32,
    shown: String,
}

fn in_terminal(home: &Path, environment: &[(&str, &str)], interrupt_at: &str, arguments: &[&str]) -> Seen {
    let program = dbx12(home, arguments);
    let path = std::fs::canonicalize(program.get_program()).unwrap();
    let mut terminal = Command::new("python3");
    terminal
        .args(["-c", TERMINAL, interrupt_at])
        .arg(path)
        .args(program.get_args())
        .env_clear()
        .envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("TERM", "xterm-256color")
        .envs(environment.iter().copied())
        .current_dir(home);
    let finished = finish(terminal);
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"))
}

/// Long enough for the line that moves every tenth of a second.
const SLOW: &str = "import time; time.sleep(1); 1/0";

#[test]
fn a_terminal_sees_colours_and_what_is_going_on() {
    let home = tempfile::tempdir().unwrap();
    let seen = in_terminal(home.path(), &[], "", &["run", "--local", "-c", SLOW]);
    assert_eq!(seen.code, 1, "{seen:?}");
    assert!(seen.shown.contains("looking for the cluster"), "{seen:?}");
    assert!(seen.shown.contains("\u{1b}[1;31mError:\u{1b}[0m"), "{seen:?}");
}

#[test]
fn a_terminal_sees_neither_where_they_are_not_wanted() {
    for (environment, arguments) in [
        (&[("NO_COLOR", "1")][..], &["run", "--local", "-c", SLOW][..]),
        (&[("TERM", "dumb")], &["run", "--local", "-c", SLOW]),
    ] {
        let home = tempfile::tempdir().unwrap();
        let seen = in_terminal(home.path(), environment, "", arguments);
        assert_eq!(seen.code, 1, "{seen:?}");
        assert!(seen.shown.contains("Error: -c:1: ZeroDivisionError"), "{seen:?}");
        assert!(
            !seen.shown.contains('\u{1b}') && !seen.shown.contains("looking for"),
            "{seen:?}"
        );
    }
}

#[test]
fn nothing_moves_when_it_is_to_be_quiet() {
    let home = tempfile::tempdir().unwrap();
    let seen = in_terminal(home.path(), &[], "", &["run", "--quiet", "--local", "-c", SLOW]);
    assert!(!seen.shown.contains("looking for"), "{seen:?}");
}

#[test]
fn ctrl_c_cancels_what_runs_and_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let code = "import time\nprint('it runs')\ntime.sleep(600)";
    let arguments = ["run", "--local", "--follow", "-c", code];
    let seen = in_terminal(home.path(), &[], "it runs", &arguments);
    assert_eq!(seen.code, 130, "{seen:?}");
    assert!(seen.shown.contains("Interrupted: cancelling the command"), "{seen:?}");
    assert_nothing_left(home.path(), &[]);
}
