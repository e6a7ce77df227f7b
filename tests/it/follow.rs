//! What code prints is followed while it runs, in a real context; whatever goes wrong, its result stays what it was.

mod trouble;

use dbx12_exec::api::{self, Cluster};
use dbx12_exec::http::{Client, Credentials, RetryPolicy};
use dbx12_exec::types::{Language, Results};
use dbx12_exec::{Closing, Code, ExecError, Follow, Followed, Outcome, OutputStream, Session};
use dbx12_local::Workspace;
use dbx12_tests::{Fate, Witness};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

/// A session, and a gate that its code waits at.
struct Stage {
    workspace: Workspace,
    witness: Witness,
    session: Session,
    closing: Closing,
    folder: TempDir,
}

impl Stage {
    async fn new() -> Self {
        Self::interfering(|_, _| Fate::Arrive).await
    }

    async fn interfering(interfere: impl Fn(&str, usize) -> Fate + Send + Sync + 'static) -> Self {
        let workspace = Workspace::start().await.unwrap();
        let witness = Witness::interfering(&workspace, interfere);
        let closing = Closing::new();
        let session = Session::builder(&cluster(&witness, &workspace), Language::Python).closing(&closing);
        Self {
            session: session.open().await.unwrap(),
            workspace,
            witness,
            closing,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn follow(&self, code: &str) -> Follow<'_> {
        self.session.run(self.code(code)).follow().unwrap()
    }

    /// With `gate(n)`, which waits for [`open_gate`](Self::open_gate).
    fn code(&self, code: &str) -> String {
        let gate = self.gate("");
        format!(
            "import os, sys, time\n\
             def gate(n):\n    while not os.path.exists({gate:?} + str(n)): time.sleep(0.005)\n{code}"
        )
    }

    fn gate(&self, name: impl ToString) -> PathBuf {
        self.folder.path().join("gate-").join(name.to_string())
    }

    fn open_gate(&self, number: u32) {
        std::fs::create_dir_all(self.gate("")).unwrap();
        std::fs::write(self.gate(number), "").unwrap();
    }

    /// Closes the session; all that it opened is gone then.
    async fn close(self) {
        self.session.close().await.unwrap();
        self.closing.finished().await;
        let made = self.witness.created().len();
        assert!(
            self.witness.count("contexts/destroy") >= made,
            "{made} contexts were made"
        );
        self.workspace.shutdown().await;
    }

    /// Waits until no process of the workspace's contexts holds a spool.
    async fn spools_are_gone(&self) {
        let holding = "import os\n\
            names = [os.path.join('/proc/self/fd', name) for name in os.listdir('/proc/self/fd')]\n\
            sum('dbx12-spool' in os.readlink(name) for name in names if os.path.islink(name))";
        let started = Instant::now();
        for context in self.witness.created() {
            let context = cluster(&self.witness, &self.workspace).context(context);
            while let Ok(command) = context.execute(holding).await
                && text(&dbx12_exec::Waiter::new(command).await.unwrap()) != "0"
            {
                assert!(started.elapsed() < Duration::from_secs(10), "a spool is left");
                sleep(Duration::from_millis(20)).await;
            }
        }
        let names = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten();
        let files: Vec<_> = names
            .filter(|file| file.file_name().to_string_lossy().starts_with("dbx12-spool"))
            .collect();
        // Tests run at the same time: each has its file for a moment, until it has no name.
        assert!(files.iter().all(|file| !file.path().exists()), "{files:?}");
    }
}

fn cluster(witness: &Witness, workspace: &Workspace) -> Cluster {
    let retry = RetryPolicy::default().base(Duration::from_millis(1));
    let client = Client::builder("http://localhost")
        .credentials(Credentials::bearer(workspace.token()))
        .transport(witness.clone())
        .retry(retry);
    api::Workspace::new(client.build().unwrap()).cluster(workspace.cluster_id())
}

fn text(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Finished(Results::Text(text)) => text.as_str(),
        other => panic!("{other:?}"),
    }
}

/// All that comes until something has come.
async fn until(follow: &mut Follow<'_>, end: &str) -> String {
    let mut seen = String::new();
    while !seen.ends_with(end) {
        let next = timeout(Duration::from_secs(20), follow.next()).await;
        seen += &next.expect("it is live").expect("it has not ended").text;
    }
    seen
}

/// What comes until the end, by stream, and the end.
async fn to_the_end(mut follow: Follow<'_>) -> (String, String, Result<Followed, ExecError>) {
    let (mut out, mut err) = (String::new(), String::new());
    while let Some(chunk) = follow.next().await {
        match chunk.stream {
            OutputStream::Stdout => out += &chunk.text,
            _ => err += &chunk.text,
        }
    }
    (out, err, follow.finish().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn output_comes_while_the_code_runs_in_its_order_and_once() {
    let stage = Stage::new().await;
    let mut follow =
        stage.follow("print('one')\ngate(1)\nprint('two', file=sys.stderr)\ngate(2)\nprint('three')\n6 * 7");
    assert_eq!(until(&mut follow, "one\n").await, "one\n");
    stage.open_gate(1);
    let second = follow.next().await.unwrap();
    assert_eq!((second.stream, second.text.as_str()), (OutputStream::Stderr, "two\n"));
    stage.open_gate(2);
    let (out, err, followed) = to_the_end(follow).await;
    // Here the value is shown by printing it.
    assert_eq!((out.as_str(), err.as_str()), ("three\n42\n", ""));
    let followed = followed.unwrap();
    assert_eq!(text(&followed.outcome), "one\ntwo\nthree\n42");
    assert_eq!(followed.rest.as_deref(), Some(""));
    stage.spools_are_gone().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn output_of_short_code_needs_no_second_context_and_the_result_is_the_same() {
    let stage = Stage::new().await;
    for code in [
        "print('a'); print('b', end='')",
        "'value'",
        "x = 1",
        "print('ä', file=sys.stderr); None",
        "display([{'a': 1}])",
        "sys.stdout is sys.__stdout__, type(sys.stdout).__name__, sys.stdout.encoding, sys.stderr.fileno()",
        "from contextlib import redirect_stdout; import io\nwith redirect_stdout(io.StringIO()) as s: print('hidden')\ns.getvalue()",
        "sorted(name for name in globals() if 'dbx12' in name)",
    ] {
        let code = stage.code(code);
        let plain = stage.session.run(code.as_str()).await.unwrap();
        let followed = stage
            .session
            .run(code.as_str())
            .follow()
            .unwrap()
            .finish()
            .await
            .unwrap();
        assert_eq!(followed.outcome, plain, "{code}");
    }
    assert_eq!(stage.witness.created().len(), 1);
    // What a child prints is in the result, and not followed.
    let (out, _, followed) = to_the_end(stage.follow("print('a', flush=True)\nos.system('echo child')\nNone")).await;
    let followed = followed.unwrap();
    assert_eq!((out.as_str(), text(&followed.outcome)), ("a\n", "a\nchild"));
    assert_eq!(followed.rest.as_deref(), Some("child"));
    stage.spools_are_gone().await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_printed_before_an_exception_is_kept() {
    let stage = Stage::new().await;
    let code = "print('before')\nprint('warned', file=sys.stderr)\nprint('half a line', end='')\n1/0";
    let (out, err, followed) = to_the_end(stage.follow(code)).await;
    assert_eq!((out.as_str(), err.as_str()), ("before\nhalf a line", "warned\n"));
    let Outcome::Failed(error) = followed.unwrap().outcome else {
        panic!("it raised")
    };
    assert_eq!(error.plain(), "ZeroDivisionError: division by zero");
    let trace = error.traceback();
    assert!(trace.contains("1/0") && !trace.contains("dbx12"), "{trace}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn much_output_comes_whole() {
    let stage = Stage::new().await;
    let lines = 10 << 10;
    let code = format!("for n in range({lines}): print('%01023d' % n)\nprint('x' * 1_000_000, end='')");
    let (out, _, followed) = to_the_end(stage.follow(&code)).await;
    assert!(followed.unwrap().outcome.is_finished());
    assert_eq!(out.len(), (lines << 10) + 1_000_000);
    let numbers = out.lines().take(lines).enumerate();
    assert!(
        numbers
            .into_iter()
            .all(|(number, line)| line == format!("{number:01023}"))
    );
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn characters_are_whole_however_they_are_written() {
    let stage = Stage::new().await;
    let mut follow = stage.follow(
        "sys.stdout.buffer.write(b'a\\xe2')\ngate(1)\nprint('!', file=sys.stderr)\ngate(2)\n\
         sys.stdout.buffer.write(b'\\x98\\x83'); print('ü')\nsys.stdout.buffer.write(b'\\xe2'); None",
    );
    assert_eq!(until(&mut follow, "a").await, "a");
    stage.open_gate(1);
    assert_eq!(follow.next().await.unwrap().text, "!\n");
    stage.open_gate(2);
    let (out, _, followed) = to_the_end(follow).await;
    assert_eq!(out, "☃ü\n\u{fffd}");
    assert!(followed.unwrap().outcome.is_finished());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_languages_say_that_they_cannot() {
    let stage = Stage::new().await;
    for language in [Language::Scala, Language::Sql] {
        let error = stage
            .session
            .run(Code::new("1").language(language.clone()))
            .follow()
            .unwrap_err();
        assert!(
            matches!(&error, ExecError::CannotFollow { language: said } if *said == language),
            "{error}"
        );
    }
    assert_eq!(stage.witness.count("commands/execute"), 0);
    stage.close().await;
}
