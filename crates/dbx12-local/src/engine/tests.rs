//! The engine against the real `python3`.

mod connect;
mod death;
mod interrupt;
mod language;
mod output;
mod results;

use rustix::process::{Pid, test_kill_process};
use tokio::net::UnixListener;
use tokio::time::{Instant, sleep};

use super::*;

/// An interpreter and the number of its last command.
struct Notebook {
    interpreter: Interpreter,
    number: u64,
}

impl Notebook {
    async fn start() -> Self {
        Self::with(PythonConfig::default()).await
    }

    async fn with(config: PythonConfig) -> Self {
        let interpreter = Interpreter::start(&config, std::future::pending()).await.unwrap();
        Self { interpreter, number: 0 }
    }

    async fn run(&mut self, code: &str) -> Execution {
        self.number += 1;
        self.interpreter.execute(self.number, code, 1000).await
    }

    /// The output of a command that has no other result.
    async fn text(&mut self, code: &str) -> String {
        let execution = self.run(code).await;
        assert!(matches!(execution.end, End::Text), "{code}: {execution:?}");
        execution.output
    }

    /// Summary, and traceback without colours, of a command that raises.
    async fn error(&mut self, code: &str) -> (String, String) {
        match self.run(code).await.end {
            End::Error { summary, cause } => (summary, without_colours(&cause)),
            end => panic!("{code}: {end:?}"),
        }
    }

    /// How the process died.
    async fn death(&mut self, code: &str) -> (String, String) {
        let execution = self.run(code).await;
        match execution.end {
            End::Died {
                reason,
                killed_by_us: false,
            } => (reason, execution.output),
            end => panic!("{code}: {end:?}"),
        }
    }
}

fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').unwrap().1);
    }
    plain
}

/// Tells a test that a command has come to a certain line.
struct Milestone {
    listener: UnixListener,
    path: PathBuf,
    _folder: TempDir,
}

impl Milestone {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("here");
        Self {
            listener: UnixListener::bind(&path).unwrap(),
            path,
            _folder: folder,
        }
    }

    /// The expression that tells.
    fn code(&self) -> String {
        let path = self.path.to_str().unwrap();
        format!("(milestone := __import__('socket').socket(1)).connect({path:?})")
    }

    async fn reached(&self) {
        self.listener.accept().await.unwrap();
    }
}

fn exists(pid: u32) -> bool {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    test_kill_process(pid).is_ok()
}

/// Whether a process has ended and only waits for its parent to take notice.
fn is_zombie(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z'))
}

/// Waits until a process that was killed runs no more.
async fn gone(pid: u32) {
    let start = Instant::now();
    while exists(pid) && !is_zombie(pid) {
        assert!(start.elapsed() < Duration::from_secs(5), "process {pid} is still there");
        sleep(Duration::from_millis(2)).await;
    }
}
