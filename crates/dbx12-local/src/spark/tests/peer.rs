//! The JVM's side of the pipes, played by a few lines of Python.

use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;

use super::until;
use crate::frames::frame;
use crate::spark::frames::{BridgeEnd, Operation, Settings};
use crate::spark::jvm::Jvm;
use crate::spark::start::launch;

const FRAMES: &str = r#"
import json, os, struct, sys, time
def receive():
    header = sys.stdin.buffer.read(4)
    if len(header) < 4: sys.exit(0)
    return json.loads(sys.stdin.buffer.read(struct.unpack(">I", header)[0]))
def send(message):
    data = json.dumps(message).encode()
    os.write(1, struct.pack(">I", len(data)) + data)
settings = receive()
"#;
const READY: &str = "send({'id': 0, 'ready': {'spark': '4.9', 'java': '17'}})\n";

async fn jvm(script: &str) -> (Result<Jvm, String>, PathBuf) {
    jvm_within(script, Duration::from_secs(60)).await
}

async fn jvm_within(script: &str, limit: Duration) -> (Result<Jvm, String>, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let mut command = Command::new("python3");
    command.arg("-c").arg(format!("{FRAMES}{script}"));
    let pipes = launch(command, folder).await.unwrap();
    let settings = Settings {
        conf: [("spark.app.name".to_owned(), "test".to_owned())].into(),
    };
    (Jvm::new(pipes, frame(&settings).unwrap(), limit, None).await, path)
}

fn execute(code: &str) -> Operation<'_> {
    Operation::Execute {
        language: "sql",
        number: 1,
        code,
        row_limit: 10,
    }
}

#[tokio::test]
async fn replies_find_those_who_asked_in_any_order() {
    let script = format!(
        "{READY}first, second = receive(), receive()
for request in (second, first):
    send({{'id': request['id'], 'output': request['code'] + request['context'], 'end': 'text'}})
receive()"
    );
    let (jvm, folder) = jvm(&script).await;
    let jvm = jvm.unwrap();
    assert_eq!((jvm.version(), jvm.watch_death().borrow().clone()), ("4.9", None));
    let (one, two) = tokio::join!(jvm.ask("a", execute("1")), jvm.ask("b", execute("2")));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((&*one.output, &*two.output), ("1a", "2b"));
    assert!(matches!(one.end, Some(BridgeEnd::Text)));

    jvm.shutdown().await;
    assert_eq!(
        jvm.watch_death().borrow().as_deref(),
        Some("was ended with its cluster")
    );
    assert!(!folder.exists(), "its files are gone");
    assert_eq!(
        jvm.ask("a", execute("3")).await.unwrap_err(),
        "was ended with its cluster"
    );
}

#[tokio::test]
async fn a_death_is_told_with_the_last_of_the_log_to_all_who_wait() {
    let script = format!("{READY}receive()\nprint('out of memory', file=sys.stderr)\nos._exit(3)");
    let (jvm, folder) = jvm(&script).await;
    let jvm = jvm.unwrap();
    let (one, two) = tokio::join!(jvm.ask("a", execute("1")), jvm.ask("b", execute("2")));
    for told in [one.unwrap_err(), two.unwrap_err()] {
        assert!(
            told.starts_with("exited with code 3") && told.contains("out of memory"),
            "{told}"
        );
    }
    assert!(!folder.exists());
}

#[tokio::test]
async fn what_is_no_frame_ends_it() {
    let script = format!("{READY}receive()\nos.write(1, b'\\xff' * 4)\ntime.sleep(600)");
    let (jvm, _) = jvm(&script).await;
    let told = jvm.unwrap().ask("a", execute("1")).await.unwrap_err();
    assert!(told.starts_with("broke the protocol"), "{told}");
}

#[tokio::test]
async fn a_start_that_fails_or_takes_too_long_is_told() {
    let (failed, _) = jvm("send({'id': 0, 'failed': 'java.lang.Error: no'})").await;
    assert_eq!(failed.unwrap_err(), "Apache Spark does not start: java.lang.Error: no");
    let (died, _) = jvm("print('no such class', file=sys.stderr); sys.exit(1)").await;
    let told = died.unwrap_err();
    assert!(
        told.starts_with("Apache Spark does not start: its Java process exited with code 1")
            && told.contains("no such class"),
        "{told}"
    );
    let (slow, folder) = jvm_within("time.sleep(600)", Duration::from_millis(50)).await;
    let told = slow.unwrap_err();
    assert!(told.contains("took longer than 50ms to start and was killed"), "{told}");
    assert!(!folder.exists());
}

#[tokio::test]
async fn it_ends_when_nobody_holds_it_any_more() {
    let (jvm, folder) = jvm(&format!("{READY}receive()")).await;
    drop(jvm.unwrap());
    until(|| !folder.exists()).await;
}
