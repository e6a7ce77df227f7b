//! The `dbx12` command as a user runs it: output, exit codes, signals, and nothing left behind.

use dbx12_tests::{Finished, Served, assert_nothing_left, dbx12, finish, start};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::process::Child;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Runs `dbx12 run --local` and checks that it leaves nothing behind.
fn run_local(arguments: &[&str]) -> Finished {
    let home = home();
    let finished = finish(dbx12(home.path(), &[&["run", "--local"], arguments].concat()));
    assert_nothing_left(home.path(), &[]);
    finished
}

#[test]
fn a_program_prints_its_output_and_nothing_else() {
    let finished = run_local(&["-c", "print(6*7)"]);
    assert_eq!(
        (finished.code, &*finished.stdout, &*finished.stderr),
        (Some(0), "42\n", "")
    );
}

#[test]
fn an_exception_prints_its_traceback_on_stderr() {
    let finished = run_local(&["-c", "def f():\n    return 1/0\nf()"]);
    assert_eq!((finished.code, &*finished.stdout), (Some(1), ""));
    assert!(finished.stderr.contains("line 2, in f"), "{}", finished.stderr);
    assert!(
        finished
            .stderr
            .ends_with("Error: -c:2: ZeroDivisionError: division by zero\n     2 |     return 1/0\n"),
        "{}",
        finished.stderr
    );
    assert!(
        !finished.stderr.contains('\u{1b}'),
        "colours without a terminal: {:?}",
        finished.stderr
    );
}

#[test]
fn a_timeout_exits_124_and_leaves_nothing() {
    let started = Instant::now();
    let finished = run_local(&["--timeout", "5s", "-c", "import time; time.sleep(60)"]);
    assert_eq!((finished.code, &*finished.stdout), (Some(124), ""));
    assert!(started.elapsed() < Duration::from_secs(7), "{:?}", started.elapsed());
    assert_eq!(
        finished.stderr,
        "Error: the program did not end within 5s; it was cancelled\n"
    );
}

#[test]
fn a_program_that_cannot_start_in_time_exits_124_and_leaves_nothing() {
    let finished = run_local(&["--timeout", "1ms", "-c", "1"]);
    assert_eq!((finished.code, &*finished.stdout), (Some(124), ""));
    assert!(
        finished
            .stderr
            .starts_with("Error: the program did not start within 1ms; "),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_program_that_catches_the_interrupt_has_not_ended_in_time() {
    let code = "import time\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('partial')";
    let finished = run_local(&["--timeout", "5s", "-c", code]);
    assert_eq!(
        (finished.code, &*finished.stdout),
        (Some(124), "partial\n"),
        "{}",
        finished.stderr
    );
    assert_eq!(
        finished.stderr,
        "Error: the program did not end within 5s; it ended after it was told to stop\n"
    );
}

#[test]
fn a_machine_without_python_and_a_cluster_that_is_not_there_exit_4() {
    let home = home();
    let mut command = dbx12(home.path(), &["run", "--local", "-c", "1"]);
    command.env("PATH", home.path());
    let finished = finish(command);
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert!(finished.stderr.contains("python3"), "{}", finished.stderr);

    let served = Served::start(&[]);
    let finished = finish(served.dbx12(&["run", "--cluster", "nope", "-c", "1"]));
    assert_eq!(finished.code, Some(4), "{}", finished.stderr);
    assert!(
        !finished.stderr.contains("carried out all the same"),
        "{}",
        finished.stderr
    );
}

#[tokio::test]
async fn an_interrupt_while_the_context_is_made_leaves_none() {
    let served = Served::start_with_slow_python();
    let child = start(served.dbx12(&["run", "--debug", "-c", "1"]));
    // The context's process sleeps before it becomes Python.
    wait_for(|| {
        dbx12_tests::processes_of(served.home())
            .iter()
            .any(|process| process.contains("sleep"))
    })
    .await;
    signal(&child, Signal::INT);
    let finished = Finished::from(child.wait_with_output().unwrap());
    assert_eq!(finished.code, Some(130), "{}", finished.stderr);
    assert!(finished.stderr.contains("contexts/destroy"), "{}", finished.stderr);
}

#[tokio::test]
async fn an_interrupt_exits_130_and_leaves_nothing() {
    let home = home();
    let marker = home.path().join("running");
    let code =
        "import subprocess, time; open('running', 'w').close(); subprocess.run(['sleep', '600']); time.sleep(600)";
    let child = start(dbx12(home.path(), &["run", "--local", "-c", code]));
    wait_for(|| marker.exists()).await;
    signal(&child, Signal::INT);
    let finished = Finished::from(child.wait_with_output().unwrap());
    assert_eq!(
        (finished.code, &*finished.stdout),
        (Some(130), ""),
        "{}",
        finished.stderr
    );
    assert_nothing_left(home.path(), &["running"]);
}

#[tokio::test]
async fn an_interrupt_cancels_on_a_server_and_destroys_the_context() {
    let served = Served::start(&[]);
    let code = "open('running', 'w').write('x'); import time; time.sleep(600)";
    let marker = served.home().join("running");
    let code = code.replace("running", &marker.display().to_string());
    let child = start(served.dbx12(&["run", "--debug", "-c", &code]));
    wait_for(|| marker.exists()).await;
    signal(&child, Signal::TERM);
    let finished = Finished::from(child.wait_with_output().unwrap());
    assert_eq!(finished.code, Some(130), "{}", finished.stderr);
    assert!(finished.stderr.contains("contexts/destroy"), "{}", finished.stderr);
    // Before the answer to its submission nobody can name the command: then it ends with its context.
    let is_known = finished.stderr.contains("commands/status");
    assert!(
        !is_known || finished.stderr.contains("commands/cancel"),
        "{}",
        finished.stderr
    );
}

#[tokio::test]
async fn a_server_that_is_killed_leaves_no_process() {
    let mut served = Served::start(&[]);
    let marker = served.home().join("running");
    let code = format!(
        "import subprocess, time; subprocess.Popen(['sleep', '600'], start_new_session=True)\n\
         open({:?}, 'w').close(); time.sleep(600)",
        marker.display().to_string()
    );
    let mut child = start(served.dbx12(&["run", "-c", &code]));
    wait_for(|| marker.exists()).await;
    kill_process(Pid::from_raw(served.pid().cast_signed()).unwrap(), Signal::KILL).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    served.stop();
    wait_for(|| dbx12_tests::processes_of(served.home()).is_empty()).await;

    // Nobody removed its folder; the next one does.
    let left = || {
        let entries = std::fs::read_dir(served.home()).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with("dbx12-")).collect::<Vec<_>>()
    };
    assert_eq!(left().len(), 1, "{:?}", left());
    let finished = finish(dbx12(served.home(), &["run", "--local", "-c", "1"]));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert_eq!(left(), [""; 0]);
}

#[test]
fn a_machine_with_no_place_for_the_journal_is_told_so_once() {
    let served = Served::start(&[]);
    let mut command = served.dbx12(&["run", "-c", "print(1)"]);
    command.env("XDG_STATE_HOME", "/dev/null");
    let finished = finish(command);
    assert_eq!((finished.code, &*finished.stdout), (Some(0), "1\n"));
    let warning = "Warning: cannot use /dev/null/dbx12: Not a directory (os error 20); if this program is killed, `dbx12 gc` \
                   will not know what it left\n";
    assert_eq!(finished.stderr, warning);
}

#[test]
fn a_workspace_in_the_background_goes_up_and_down() {
    let home = home();
    let local = |verb: &[&str]| finish(dbx12(home.path(), &[&["local"], verb].concat()));
    assert_eq!(local(&["status"]).code, Some(4));
    assert_eq!(local(&["down"]).code, Some(0), "there is nothing to be done");

    let up = local(&["up", "--cluster", "etl:2"]);
    assert_eq!(up.code, Some(0), "{}", up.stderr);
    let exports = || {
        up.stdout
            .lines()
            .filter_map(|line| line.strip_prefix("export ")?.split_once('='))
    };
    let mut list = dbx12(home.path(), &["clusters", "list", "-o", "json"]);
    list.envs(exports());
    let listed = finish(list);
    assert!(
        listed.stdout.contains("etl") && listed.stdout.contains("Running"),
        "{listed:?}"
    );

    assert_eq!(local(&["status"]).code, Some(0));
    let again = local(&["up"]);
    assert_eq!(again.stdout, up.stdout, "it is the same one");
    let down = local(&["down"]);
    assert_eq!(down.code, Some(0), "{}", down.stderr);
    assert_eq!(local(&["status"]).code, Some(4));
    assert_nothing_left(home.path(), &[".local"]);
}

#[test]
fn a_program_comes_from_a_file_or_from_stdin() {
    let home = home();
    // As some editors write it: with a byte order mark.
    std::fs::write(home.path().join("program.py"), "\u{feff}x = [1, 2]\nx\n").unwrap();
    let finished = finish(dbx12(home.path(), &["run", "--local", "program.py"]));
    assert_eq!(
        (finished.code, &*finished.stdout),
        (Some(0), "[1, 2]\n"),
        "{}",
        finished.stderr
    );

    let mut command = dbx12(home.path(), &["run", "--local", "-"]);
    command.stdin(std::fs::File::open(home.path().join("program.py")).unwrap());
    assert_eq!(finish(command).stdout, "[1, 2]\n");
    assert_nothing_left(home.path(), &["program.py"]);
}

#[test]
fn a_file_that_cannot_be_read_is_said_before_anything_is_sent() {
    let home = home();
    std::fs::write(home.path().join("latin.py"), b"print('\xe9')\n").unwrap();
    // Nothing listens at that port: a request would be another error.
    for (file, said) in [("none.py", "No such file"), ("latin.py", "not UTF-8 text (byte 7)")] {
        let mut command = dbx12(
            home.path(),
            &["run", "--cluster", "c", "--host", "http://127.0.0.1:9", file],
        );
        command.env("DATABRICKS_TOKEN", "t");
        let finished = finish(command);
        assert_eq!(finished.code, Some(2), "{}", finished.stderr);
        assert!(
            finished.stderr.contains(file) && finished.stderr.contains(said),
            "{}",
            finished.stderr
        );
    }
}

#[test]
fn results_are_printed_as_text_and_as_json() {
    let table = "display([{'name': 'Ann', 'age': 31}, {'name': 'Ben', 'age': None}])";
    assert_eq!(run_local(&["-c", table]).stdout, " name  age\n Ann   31\n Ben   null\n");

    let json: Value = serde_json::from_str(&run_local(&["-o", "json", "-c", table]).stdout).unwrap();
    assert_eq!(json["resultType"], "table");
    assert_eq!(json["data"], serde_json::json!([["Ann", 31], ["Ben", null]]));

    let failed = run_local(&["-o", "json", "-c", "{}['a']"]);
    let json: Value = serde_json::from_str(&failed.stdout).unwrap();
    assert_eq!((failed.code, &json["resultType"]), (Some(1), &Value::from("error")));
    assert_eq!(run_local(&["-c", "x = 1"]).stdout, "");
}

#[test]
fn every_operation_has_a_verb() {
    let served = Served::start(&["--tls"]);
    let ok = |arguments: &[&str]| {
        let finished = finish(served.dbx12(arguments));
        assert_eq!(finished.code, Some(0), "{arguments:?}: {}", finished.stderr);
        finished.stdout.trim_end().to_owned()
    };
    let json =
        |arguments: &[&str]| -> Value { serde_json::from_str(&ok(&[arguments, &["-o", "json"]].concat())).unwrap() };
    let cluster = served.ready().cluster_id.to_string();

    assert_eq!(json(&["clusters", "list"])[0]["id"], *cluster);
    assert!(ok(&["clusters", "list"]).contains(&cluster));
    assert_eq!(json(&["clusters", "status"])["status"], "Running");

    let context = ok(&["contexts", "create", "--language", "python"]);
    let in_context = ["--context", &context];
    let status = json(&[&["contexts", "status"], &in_context[..]].concat());
    assert_eq!(status["id"], *context);

    let execute = [
        &["commands", "execute", "--options", r#"{"displayRowLimit": 2}"#],
        &in_context[..],
    ]
    .concat();
    let command = ok(&[&execute[..], &["--command", "display([{'a': 1}, {'a': 2}, {'a': 3}])"]].concat());
    let of_command = [&in_context[..], &["--command-id", &command]].concat();
    let result = loop {
        let answer = json(&[&["commands", "status"], &of_command[..]].concat());
        if answer["status"] == "Finished" {
            break answer;
        }
    };
    assert_eq!(result["results"]["data"], serde_json::json!([[1], [2]]));
    assert_eq!(result["results"]["truncated"], true);
    assert_eq!(ok(&[&["commands", "cancel"], &of_command[..]].concat()), command);

    let refused = finish(served.dbx12(&[&execute[..], &["--command-file", "/etc/hostname"]].concat()));
    assert_ne!(refused.code, Some(0));
    assert!(refused.stderr.contains("commandFile"), "{}", refused.stderr);

    assert_eq!(ok(&[&["contexts", "destroy"], &in_context[..]].concat()), context);
    assert_eq!(json(&["libraries", "list"]), serde_json::json!([]));
    let upload = [
        "libraries",
        "upload",
        "--name",
        "x",
        "--language",
        "python",
        "--uri",
        "file:/nowhere/x.whl",
    ];
    assert_eq!(ok(&upload), "file:/nowhere/x.whl");
    assert_eq!(ok(&["clusters", "restart"]), cluster);
}

#[test]
fn exit_codes_tell_what_went_wrong() {
    let served = Served::start(&[]);
    let code = |arguments: &[&str]| {
        let finished = finish(served.dbx12(arguments));
        (finished.code, finished.stderr)
    };
    let (gone, said) = code(&["contexts", "status", "--context", "1"]);
    assert_eq!(gone, Some(4), "{said}");
    let (usage, said) = code(&["contexts", "status"]);
    assert_eq!(usage, Some(2), "{said}");

    let mut wrong = served.dbx12(&["clusters", "list"]);
    wrong.env("DATABRICKS_TOKEN", "dapi-wrong-canary");
    let finished = finish(wrong);
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert!(!finished.stderr.contains("canary"), "{}", finished.stderr);

    let mut nowhere = served.dbx12(&["clusters", "list"]);
    nowhere.env("DATABRICKS_HOST", "http://127.0.0.1:9");
    let finished = finish(nowhere);
    assert_eq!(finished.code, Some(5), "{}", finished.stderr);
    assert!(finished.stderr.starts_with("Error: "), "{}", finished.stderr);
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let home = home();
    let mut command = std::process::Command::new("sh");
    let program = "\"$0\" run --local -c 'print(\"x\\n\" * 1000000)' | head -n 1";
    let own = dbx12(home.path(), &[]);
    command
        .args(["-c", program])
        .arg(own.get_program())
        .env("HOME", home.path())
        .env("TMPDIR", home.path());
    let finished = finish(command);
    assert_eq!(finished.stdout.lines().next(), Some("x"));
    assert_eq!(finished.stderr, "");
}

#[test]
fn the_ready_file_is_for_its_owner_only_and_goes_with_the_server() {
    use std::os::unix::fs::PermissionsExt;
    let mut served = Served::start(&["--tls"]);
    let path = served.home().join("ready.json");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let ready: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for key in ["host", "token", "username", "password", "cluster_id", "pid", "ca_file"] {
        assert!(ready.get(key).is_some_and(|value| !value.is_null()), "{key}: {ready}");
    }
    assert_eq!(ready["pid"], served.pid());
    assert_eq!(served.stop(), Some(0));
    assert_nothing_left(served.home(), &[".netrc"]);
}

async fn wait_for(condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(20), "it did not happen");
        sleep(Duration::from_millis(20)).await;
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id().cast_signed()).unwrap(), signal).unwrap();
}
