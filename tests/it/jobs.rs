//! `dbx12 run --detach`, `ps`, `attach`, `wait`, `cancel` and `gc`, each a process of its own.

use dbx12_tests::{Finished, Served, finish, start, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Child;

/// A workspace whose programs wait for a file before they end.
struct Jobs {
    served: Served,
}

impl Jobs {
    fn new() -> Self {
        Self {
            served: Served::start(&[]),
        }
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        finish(self.served.dbx12(arguments))
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let finished = self.run(arguments);
        assert_eq!(finished.code, Some(0), "{arguments:?}: {}", finished.stderr);
        finished.stdout
    }

    fn ps(&self) -> Vec<Value> {
        serde_json::from_str(&self.ok(&["ps", "-o", "json"])).unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.served.home().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.file(name), text).unwrap();
        self.file(name).display().to_string()
    }

    /// A program that says that it runs, waits for the file `go`, and then does something.
    fn waiting(&self, then: &str) -> String {
        let (runs, go) = (self.file("runs"), self.file("go"));
        format!(
            "import os, time\nopen({:?}, 'w').close()\nwhile not os.path.exists({:?}): time.sleep(0.02)\n{then}\n",
            runs.display().to_string(),
            go.display().to_string()
        )
    }

    async fn runs(&self) {
        until(|| self.file("runs").exists()).await;
    }

    fn go(&self) {
        self.write("go", "");
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id().cast_signed()).unwrap(), signal).unwrap();
}

/// All that is in files below a folder.
fn all_text(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let text = entries.map(|entry| match entry.path() {
        path if path.is_dir() => all_text(&path),
        path => std::fs::read_to_string(path).unwrap_or_default(),
    });
    text.collect()
}

#[tokio::test]
async fn what_one_process_detaches_another_waits_for_and_prints() {
    let jobs = Jobs::new();
    let file = jobs.write("job.py", &jobs.waiting("print('canary', 6 * 7)"));
    let detached = jobs.run(&["run", "--detach", &file]);
    assert_eq!(detached.code, Some(0), "{}", detached.stderr);
    let id = detached.stdout.trim_end().to_owned();
    assert!(
        detached.stderr.contains(&format!("`dbx12 attach {id}`")),
        "{}",
        detached.stderr
    );

    jobs.runs().await;
    let known = jobs.ps();
    assert_eq!(known.len(), 1, "{known:?}");
    assert_eq!(
        (&known[0]["id"], &known[0]["command"]),
        (&Value::from(&*id), &Value::from(&*id))
    );
    let told = ["state", "held", "name"].map(|name| known[0][name].as_str().unwrap());
    assert_eq!(told, ["Running", "detached", "job.py"]);
    let table = jobs.ok(&["ps"]);
    assert!(table.contains(&id[..12]) && table.contains("job.py"), "{table}");
    let kept = all_text(&jobs.file(".local/state/dbx12"));
    assert!(kept.contains(&id) && !kept.contains("canary"), "{kept}");
    assert!(!kept.contains(&jobs.served.ready().token), "{kept}");

    let early = jobs.run(&["wait", &id, "--timeout", "1ms"]);
    assert_eq!((early.code, &*early.stdout), (Some(124), ""), "{}", early.stderr);
    assert_eq!(jobs.ok(&["gc"]), "", "what is detached is no orphan");
    jobs.go();
    assert_eq!(jobs.ok(&["wait", &id[..6]]), format!("{id} Finished\n"));
    assert_eq!(jobs.ok(&["attach", &id[..6]]), "canary 42\n");
    assert!(jobs.ps().is_empty());
    let context = known[0]["context"].as_str().unwrap();
    assert_eq!(jobs.run(&["contexts", "status", "--context", context]).code, Some(4));
}

#[tokio::test]
async fn attach_and_wait_exit_as_the_program_did() {
    let jobs = Jobs::new();
    let id = jobs.ok(&["run", "--detach", "-c", "1/0"]);
    let waited = jobs.run(&["wait", id.trim_end()]);
    assert_eq!(
        (waited.code, waited.stdout),
        (Some(1), format!("{} Failed\n", id.trim_end()))
    );
    let attached = jobs.run(&["attach", id.trim_end()]);
    assert_eq!((attached.code, &*attached.stdout), (Some(1), ""));
    assert!(attached.stderr.contains("ZeroDivisionError"), "{}", attached.stderr);
    assert!(jobs.ps().is_empty());
}

#[tokio::test]
async fn an_interrupted_attach_leaves_it_running_and_cancel_ends_it() {
    let jobs = Jobs::new();
    let id = jobs.ok(&["run", "--detach", "-c", &jobs.waiting("")]);
    let id = id.trim_end();
    jobs.runs().await;
    let attached = start(jobs.served.dbx12(&["attach", id]));
    until(|| jobs.ps()[0]["held"] == "attached").await;
    let second = jobs.run(&["attach", id]);
    assert_eq!(second.code, Some(4), "{}", second.stderr);
    signal(&attached, Signal::INT);
    let attached = Finished::from(attached.wait_with_output().unwrap());
    assert_eq!(
        (attached.code, &*attached.stdout),
        (Some(130), ""),
        "{}",
        attached.stderr
    );
    let known = jobs.ps();
    assert_eq!(
        (&known[0]["state"], &known[0]["held"]),
        (&"Running".into(), &"detached".into())
    );

    assert_eq!(jobs.ok(&["cancel", id]), format!("{id}\n"));
    assert!(jobs.ps().is_empty());
}

#[tokio::test]
async fn cancel_leaves_what_has_ended_to_attach_and_gc_takes_it_when_told() {
    let jobs = Jobs::new();
    let id = jobs.ok(&["run", "--detach", "-c", "print(1)"]);
    let id = id.trim_end();
    jobs.ok(&["wait", id]);
    let cancelled = jobs.run(&["cancel", id]);
    assert!(cancelled.stderr.contains("had ended already"), "{}", cancelled.stderr);
    assert_eq!(jobs.ok(&["gc"]), "");
    assert_eq!(jobs.ps()[0]["state"], "Finished");
    assert!(jobs.ok(&["gc", "--ended"]).contains("it was detached and has ended"));
    assert!(jobs.ps().is_empty());
}

#[tokio::test]
async fn what_a_killed_run_left_is_listed_and_collected() {
    let jobs = Jobs::new();
    let file = jobs.write("job.py", &jobs.waiting(""));
    let mut running = start(jobs.served.dbx12(&["run", &file]));
    jobs.runs().await;
    until(|| jobs.ps()[0]["state"] == "Running").await;
    assert_eq!(jobs.ps()[0]["held"], "attached");
    assert_eq!(jobs.ok(&["gc"]), "", "what somebody has is no orphan");

    running.kill().unwrap();
    running.wait().unwrap();
    let known = jobs.ps();
    let told = ["state", "held", "name"].map(|name| known[0][name].as_str().unwrap());
    assert_eq!(told, ["Running", "orphaned", "job.py"]);
    let context = known[0]["context"].as_str().unwrap();
    let cluster = &jobs.served.ready().cluster_id;
    assert_eq!(
        jobs.ok(&["gc"]),
        format!("destroyed context {context} on cluster {cluster}: its process has ended without closing it\n")
    );
    assert!(jobs.ps().is_empty());
    assert_eq!(jobs.run(&["contexts", "status", "--context", context]).code, Some(4));
    let journal = jobs.file(".local/state/dbx12/jobs/journal.jsonl");
    assert_eq!(std::fs::read_to_string(journal).unwrap(), "", "it was compacted");
}

#[tokio::test]
async fn ids_that_are_unknown_or_meant_for_elsewhere_are_refused() {
    let jobs = Jobs::new();
    let ids = [0, 1].map(|_| jobs.ok(&["run", "--detach", "-c", "1"]).trim_end().to_owned());
    let unknown = jobs.run(&["attach", "zzz"]);
    assert_eq!(unknown.code, Some(4), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("`dbx12 ps` lists"), "{}", unknown.stderr);
    let empty = jobs.run(&["cancel", ""]);
    assert_eq!(empty.code, Some(4), "{}", empty.stderr);

    // Nothing is sent to a host that the credentials are not for, nor the job's credentials to another host.
    let other = Served::start(&[]);
    let mut elsewhere = jobs.served.dbx12(&["attach", &ids[0]]);
    elsewhere.env("DATABRICKS_HOST", &other.ready().host);
    let elsewhere = finish(elsewhere);
    assert_eq!(elsewhere.code, Some(2), "{}", elsewhere.stderr);
    assert!(
        elsewhere.stderr.contains(&jobs.served.ready().host),
        "{}",
        elsewhere.stderr
    );
    let mut listed = jobs.served.dbx12(&["ps", "-o", "json"]);
    listed.env("DATABRICKS_HOST", &other.ready().host);
    let listed = finish(listed);
    assert!(listed.stderr.starts_with("2 on other workspaces"), "{}", listed.stderr);
    let states: Vec<Value> = serde_json::from_str(&listed.stdout).unwrap();
    assert!(states.iter().all(|job| job["state"].is_null()), "{states:?}");

    jobs.ok(&["wait", &ids[0], &ids[1]]);
    jobs.ok(&["gc", "--ended"]);
    assert!(jobs.ps().is_empty());
}
