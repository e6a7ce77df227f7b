//! Finding the descendants that left their process group.
//!
//! `setsid` takes a program out of the group that is killed, and a parent that ends takes it out of the family. Its
//! environment it keeps: a variable there tells whose it is. Linux lets us read it; elsewhere the group is all there is.
//! Only a program that cleared its environment too is not found.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use tokio::process::Command as TokioCommand;
use tokio::time::sleep;
use tracing::debug;

/// The variable by which descendants are known.
const VARIABLE: &str = "DBX12_LOCAL_PROCESS";

/// How often is looked for more: one that is just being made is not seen yet, and one that is killed still is.
const ROUNDS: usize = 100;
const PAUSE: Duration = Duration::from_millis(5);

/// What all descendants of one process have in their environment.
#[derive(Clone, Debug)]
pub(super) struct Mark(String);

impl Mark {
    /// One that no other process has.
    pub(super) fn new() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        Self(format!("{}{number}", of_this_program()))
    }

    /// Puts it into the environment of what is about to be started.
    pub(super) fn put_on(&self, command: &mut TokioCommand) {
        if let Some((name, value)) = self.0.split_once('=') {
            command.env(name, value);
        }
    }

    /// Kills all that have it, and waits until they are gone; half a second at most.
    pub(super) async fn sweep(&self) {
        for _ in 0..ROUNDS {
            let mark = self.clone();
            let found = tokio::task::spawn_blocking(move || mark.kill()).await;
            if !found.unwrap_or_default() {
                return;
            }
            sleep(PAUSE).await;
        }
    }

    /// Kills those that are there at this moment, and says whether there were any.
    #[cfg(target_os = "linux")]
    pub(super) fn kill(&self) -> bool {
        use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

        let mut found = false;
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let id = entry.file_name().to_str().and_then(|name| name.parse().ok());
            let Some(process) = id.and_then(Pid::from_raw) else {
                continue;
            };
            if !self.is_on(&entry.path()) {
                continue;
            }
            found = true;
            // Held before it is looked at again, so that the number is still that of the process that has the mark.
            let Ok(held) = pidfd_open(process, PidfdFlags::empty()) else {
                continue;
            };
            if self.is_on(&entry.path()) {
                let _ = pidfd_send_signal(held, Signal::KILL); // it may have ended
            }
        }
        found
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn kill(&self) -> bool {
        false
    }

    #[cfg(target_os = "linux")]
    fn is_on(&self, process: &std::path::Path) -> bool {
        let environment = std::fs::read(process.join("environ")).unwrap_or_default();
        environment
            .split(|byte| *byte == 0)
            .any(|variable| variable == self.0.as_bytes())
    }
}

/// What the marks of this program begin with.
fn of_this_program() -> &'static str {
    static MARK: OnceLock<String> = OnceLock::new();
    MARK.get_or_init(|| {
        let mut mark = format!("{VARIABLE}=");
        // Writing to a text cannot fail.
        let _ = write!(mark, "{}-{:016x}.", std::process::id(), fastrand::u64(..));
        mark
    })
}

/// Starts a shell that outlives this program for a moment, and kills what it leaves if it is killed itself. Where there is
/// none, nobody does.
pub(super) fn start_guard() {
    /// Our end of its stdin: the system closes it with this program.
    static LEASH: Mutex<Option<io::PipeWriter>> = Mutex::new(None);

    if !cfg!(target_os = "linux") {
        return;
    }
    let started = io::pipe().and_then(|(theirs, ours)| {
        guard(of_this_program().as_ref()).stdin(theirs).spawn()?;
        Ok(ours)
    });
    match (started, LEASH.lock()) {
        (Ok(ours), Ok(mut leash)) => *leash = Some(ours),
        (Err(error), _) => debug!(%error, "nobody will clean up if this program is killed"),
        _ => {}
    }
}

fn guard(mark: &OsStr) -> Command {
    use std::os::unix::process::CommandExt as _;

    let mut command = Command::new("sh");
    command
        .args(["-c", include_str!("guard.sh"), "dbx12-guard"])
        .arg(mark)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .current_dir("/")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    command
}
