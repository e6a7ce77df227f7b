//! `dbx12 map`: many sets of parameters, and what comes of them when it is killed.

use dbx12_tests::{Finished, Served, finish, start, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;

/// A workspace, a script that writes down that it runs, and a table.
struct Maps {
    served: Served,
}

/// Adds a line to a file of its own, waits for the file `go`, and gives a value.
const SCRIPT: &str = "
import os, time
with open(f'{home}/ran-{n}', 'a') as ran: ran.write('x\\n')
while not os.path.exists(f'{home}/go'): time.sleep(0.02)
n * 10
";

impl Maps {
    fn new(script: &str, sets: usize) -> Self {
        let maps = Self {
            served: Served::start(&[]),
        };
        maps.write("job.py", script);
        maps.table(sets);
        maps
    }

    fn table(&self, sets: usize) {
        let home = self.served.home().display().to_string();
        let rows = (1..=sets).map(|n| json!({ "n": n, "home": home }).to_string() + "\n");
        self.write("table.jsonl", &rows.collect::<String>());
    }

    fn file(&self, name: &str) -> PathBuf {
        self.served.home().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.file(name), text).unwrap();
    }

    fn command(&self, more: &[&str]) -> Command {
        let usual = [
            "map",
            "job.py",
            "--params",
            "table.jsonl",
            "--results",
            "out",
            "--jobs",
            "2",
        ];
        self.served.dbx12(&[&usual, more].concat())
    }

    fn map(&self, more: &[&str]) -> Finished {
        finish(self.command(more))
    }

    fn record(&self, set: usize) -> Value {
        let text = std::fs::read(self.file(&format!("out/{set:04}.json"))).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// How often a set ran.
    fn ran(&self, set: usize) -> usize {
        let lines = std::fs::read_to_string(self.file(&format!("ran-{set}")));
        lines.map_or(0, |lines| lines.lines().count())
    }

    /// Starts, and kills it when two sets run.
    async fn killed_while_two_run(&self) {
        let mut child = start(self.command(&[]));
        until(|| self.ran(1) + self.ran(2) == 2).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn ps(&self) -> Vec<Value> {
        serde_json::from_str(&finish(self.served.dbx12(&["ps", "-o", "json"])).stdout).unwrap()
    }
}

#[test]
fn each_set_has_a_file_and_failures_are_told() {
    // Text is never made a number.
    let maps = Maps::new("if n == '2': raise ValueError(word)\nprint(word, n)", 0);
    maps.write("table.csv", "n,word\n1,one\n2,\"t,wo\"\n3,three\n");
    let mut command = maps
        .served
        .dbx12(&["map", "job.py", "--params", "table.csv", "--results", "out"]);
    command.args(["-o", "json"]);
    let finished = finish(command);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    assert_eq!(finished.stderr, "set 2: ValueError: t,wo\n");
    let mut summary: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&std::fs::read(maps.file("out/summary.json")).unwrap()).unwrap(),
        summary
    );
    assert!(summary.as_object_mut().unwrap().remove("seconds").unwrap().is_number());
    assert_eq!(
        summary,
        json!({ "sets": 3, "finished": 2, "failed": 1, "cancelled": 0, "timed_out": 0, "lost": 0, "unknown": 0, "not_run": 0 })
    );
    let first = maps.record(1);
    assert_eq!(
        (&first["outcome"], &first["results"]["data"]),
        (&json!("finished"), &json!("one 1"))
    );
    assert_eq!(first["parameters"], json!({ "n": "1", "word": "one" }));
    assert_eq!(maps.record(2)["outcome"], "failed");
    assert_eq!(maps.record(2)["results"]["resultType"], "error");
    assert!(maps.ps().is_empty());
}

#[tokio::test]
async fn a_killed_map_is_resumed_and_nothing_runs_twice() {
    let maps = Maps::new(SCRIPT, 5);
    maps.killed_while_two_run().await;
    let known = maps.ps();
    let names: Vec<_> = known.iter().map(|job| job["name"].as_str().unwrap()).collect();
    assert!(
        names.contains(&"job.py 1.1") && names.contains(&"job.py 2.1"),
        "{names:?}"
    );
    assert!(
        known
            .iter()
            .all(|job| job["held"] == "orphaned" && job["state"] == "Running")
    );

    let without = maps.map(&[]);
    assert_eq!(without.code, Some(2), "{}", without.stderr);
    assert!(without.stderr.contains("--resume goes on"), "{}", without.stderr);
    // It has a row more by now.
    maps.table(6);
    maps.write("go", "");
    let resumed = maps.map(&["--resume"]);
    assert_eq!((resumed.code, &*resumed.stderr), (Some(0), ""));
    assert!(resumed.stdout.starts_with("6 sets: 6 finished; "), "{}", resumed.stdout);
    for set in 1..=6 {
        assert_eq!(maps.ran(set), 1, "set {set}");
        assert_eq!(maps.record(set)["results"]["data"], json!((set * 10).to_string()));
    }
    assert!(maps.ps().is_empty());
    assert_eq!(maps.map(&["--resume"]).code, Some(0), "there is nothing left to do");
    assert_eq!((1..=6).map(|set| maps.ran(set)).sum::<usize>(), 6);
}

#[tokio::test]
async fn what_was_lost_is_said_and_run_again_only_when_asked_for() {
    let maps = Maps::new(SCRIPT, 3);
    maps.killed_while_two_run().await;
    let collected = finish(maps.served.dbx12(&["gc"]));
    assert_eq!(collected.stdout.lines().count(), 2, "{collected:?}");
    maps.write("go", "");
    let resumed = maps.map(&["--resume"]);
    assert_eq!(resumed.code, Some(4), "{}", resumed.stderr);
    assert!(
        resumed.stdout.starts_with("3 sets: 1 finished, 2 lost; "),
        "{}",
        resumed.stdout
    );
    assert!(
        resumed.stderr.contains("set 1: it ran, and the run was interrupted"),
        "{}",
        resumed.stderr
    );
    assert_eq!([1, 2, 3].map(|set| maps.ran(set)), [1, 1, 1]);
    let again = maps.map(&["--resume", "--again", "lost"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!([1, 2, 3].map(|set| maps.ran(set)), [2, 2, 1]);
    assert_eq!(maps.record(1)["attempt"], 2);
}

#[tokio::test]
async fn an_interrupt_lets_what_runs_end_and_the_rest_is_resumed() {
    let maps = Maps::new(SCRIPT, 4);
    let child = start(maps.command(&[]));
    until(|| maps.ran(1) + maps.ran(2) == 2).await;
    kill_process(Pid::from_raw(child.id().cast_signed()).unwrap(), Signal::INT).unwrap();
    // The server's answers are of no use to see that the signal came: only its line is.
    let mut child = child;
    let stderr = child.stderr.take().unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(stderr));
    assert!(
        lines
            .next()
            .unwrap()
            .unwrap()
            .starts_with("Interrupted: no more sets are begun")
    );
    maps.write("go", "");
    let finished = Finished::from(child.wait_with_output().unwrap());
    assert_eq!(finished.code, Some(130));
    assert!(
        finished.stdout.starts_with("4 sets: 2 finished, 2 not run; "),
        "{}",
        finished.stdout
    );
    assert!(maps.ps().is_empty());
    assert_eq!(maps.map(&["--resume"]).code, Some(0));
    assert_eq!([1, 2, 3, 4].map(|set| maps.ran(set)), [1, 1, 1, 1]);
}

#[test]
fn an_error_stops_it_when_asked_for() {
    let maps = Maps::new("1/0", 5);
    let stopped = maps.map(&["--stop-on-error", "-o", "json"]);
    assert_eq!(stopped.code, Some(1), "{}", stopped.stderr);
    let summary: Value = serde_json::from_str(&stopped.stdout).unwrap();
    // Two run at once, so both may have.
    assert!(summary["not_run"].as_u64().unwrap() >= 3, "{summary}");
}

#[test]
fn what_is_wrong_is_said_before_anything_is_sent() {
    let maps = Maps::new("1", 2);
    let map = |more: &[&str]| {
        let mut command = maps.command(more);
        command.env("DATABRICKS_HOST", "http://127.0.0.1:1");
        finish(command)
    };
    let says = |finished: Finished, said: &str| {
        assert_eq!(finished.code, Some(2), "{}", finished.stderr);
        assert!(finished.stderr.contains(said), "{}", finished.stderr);
    };
    says(map(&["--resume"]), "there is no run in out");
    maps.write("table.jsonl", "{\"n\": 1}\n{\"n o\": 1}\n");
    says(map(&[]), "set 2: ");
    maps.write("table.jsonl", "{\"n\": 1}\nx\n");
    says(map(&[]), "line 2");
    maps.write("table.jsonl", "");
    says(map(&[]), "it has no rows");

    maps.table(2);
    assert_eq!(maps.map(&[]).code, Some(0));
    maps.write("table.jsonl", "{\"n\": 1}\n");
    says(maps.map(&["--resume"]), "set 1 differs");
}
