//! Processes and process groups: all that is Unix about the engine besides its pipes.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitStatus;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::mark::{self, Mark};

/// How long what is left of a group may take to end after it was killed: a process that the system does not let go of shall
/// not hold up others for longer.
const LAST_MOMENT: Duration = Duration::from_secs(1);

/// How often descendants are looked for when nobody waits.
const DROP_ROUNDS: usize = 50;

/// A child that leads a process group of its own. Dropping it kills the group, and the descendants that left it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    group: Group,
    mark: Mark,
    reaped: bool,
    rest_gone: bool,
}

/// A process group, named by the process that leads it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Group(Pid);

impl Process {
    /// Starts a command in a process group of its own.
    ///
    /// All are started by one thread that never ends: Linux delivers the death signal that the worker asks for when the
    /// *thread* that started it ends, and the threads of a runtime come and go.
    pub(crate) async fn spawn(mut command: Command) -> io::Result<Self> {
        let runtime = Handle::current();
        let mark = Mark::new();
        mark.put_on(&mut command);
        let (reply, child) = oneshot::channel();
        spawner()?
            .send(Box::new(move || {
                if reply.is_closed() {
                    return; // nobody waits any more
                }
                let _guard = runtime.enter();
                let spawned = command.process_group(0).kill_on_drop(true).spawn();
                drop(command); // with our copies of the child's descriptors
                let _ = reply.send(spawned); // nobody waits any more: the child is dropped and killed
            }))
            .map_err(|_| io::Error::other("the thread that starts processes is gone"))?;
        let child = child.await.map_err(io::Error::other)??;
        let group = child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?))
            .map(Group)
            .ok_or_else(|| io::Error::other("the process has no id"))?;
        Ok(Self {
            child,
            group,
            mark,
            reaped: false,
            rest_gone: false,
        })
    }

    pub(crate) fn group(&self) -> Group {
        self.group
    }

    pub(crate) fn id(&self) -> u32 {
        self.group.0.as_raw_nonzero().get().unsigned_abs()
    }

    /// Waits for its end, reaps it, kills what is left of its group and its descendants, and sees them gone. Cancel safe;
    /// may be called again.
    pub(crate) async fn wait(&mut self) -> io::Result<ExitStatus> {
        let exit = self.child.wait().await;
        if !self.reaped {
            // The number cannot have been given to others: a group with members keeps it, and an empty one was left
            // this instant.
            self.group.signal(Signal::KILL);
            self.reaped = true;
        }
        if !self.rest_gone {
            self.mark.sweep().await;
            let _ = timeout(LAST_MOMENT, self.group.gone()).await; // a member that stays is not ours to wait for
            self.rest_gone = true;
        }
        exit
    }

    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        if !self.reaped {
            self.group.signal(signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if self.rest_gone {
            return;
        }
        let mark = self.mark.clone();
        if let Ok(jobs) = spawner() {
            // The process itself has the mark too, and is not gone at once; what it made in its last moment is found then.
            let _ = jobs.send(Box::new(move || {
                let _ = (0..DROP_ROUNDS).find(|_| !mark.kill());
            }));
        }
    }
}

impl Group {
    /// Sends a signal to all its members. That none is left is no error.
    pub(super) fn signal(self, signal: Signal) {
        let _ = kill_process_group(self.0, signal);
    }

    /// Waits until none of its members runs: a signal is sent in an instant, and takes effect when the system comes to it.
    async fn gone(self) {
        while test_kill_process_group(self.0).is_ok() && self.runs() {
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// Whether a member runs, as Linux tells; elsewhere, members that nobody has reaped yet count too.
    fn runs(self) -> bool {
        let Ok(processes) = std::fs::read_dir("/proc") else {
            return true;
        };
        processes
            .flatten()
            .filter_map(|process| std::fs::read_to_string(process.path().join("stat")).ok())
            .any(|stat| self.runs_as(&stat))
    }

    /// Whether `/proc/…/stat` tells of a member that has not ended: `pid (name) state parent group …`.
    fn runs_as(self, stat: &str) -> bool {
        let (_, behind_name) = stat.rsplit_once(')').unwrap_or_default();
        let mut fields = behind_name.split_whitespace();
        let (state, group) = (fields.next(), fields.nth(1));
        group.and_then(|group| group.parse().ok()) == Some(self.0.as_raw_nonzero().get())
            && !matches!(state, Some("Z" | "X"))
    }
}

/// How a process ended, in words that follow its name.
pub(crate) fn describe(exit: &io::Result<ExitStatus>) -> String {
    match exit {
        Ok(status) => match status.code() {
            Some(code) => format!("exited with code {code}"),
            // The standard library writes "signal: 11 (SIGSEGV)".
            None => format!(
                "was killed by {}",
                status.to_string().replacen("signal: ", "signal ", 1)
            ),
        },
        Err(error) => format!("ended, and nobody knows how ({error})"),
    }
}

type Job = Box<dyn FnOnce() + Send>;

fn spawner() -> io::Result<Sender<Job>> {
    static SPAWNER: Mutex<Option<Sender<Job>>> = Mutex::new(None);

    let mut spawner = SPAWNER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(jobs) = &*spawner {
        return Ok(jobs.clone());
    }
    let (sender, jobs) = channel::<Job>();
    std::thread::Builder::new()
        .name("dbx12-spawn".to_owned())
        .spawn(move || {
            for job in jobs {
                // A panic (a runtime without I/O, say) is the caller's; the end of this thread would be everybody's.
                let _ = catch_unwind(AssertUnwindSafe(job));
            }
        })?;
    mark::start_guard();
    *spawner = Some(sender.clone());
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_runs_until_it_is_a_zombie() {
        let group = Group(Pid::from_raw(42).unwrap());
        assert!(group.runs_as("43 (a) b) S 1 42 42 0 -1"));
        assert!(!group.runs_as("43 (a) b) Z 1 42 42 0 -1"));
        assert!(!group.runs_as("42 (sleep) S 42 43 42 0 -1"));
        assert!(!group.runs_as(""));
    }
}
