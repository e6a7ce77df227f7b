//! A JVM with the bridge in it: requests go out, replies find those who asked, and a death is told to all.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::debug;

use super::frames::{Frames, Operation, Ready, Reply, Request};
use super::log::{LAST_LOG, Log};
use crate::engine::process::{Process, describe};
use crate::frames::frame;

/// How long it may take to end by itself: to stop Spark, and to remove its files.
const END_LIMIT: Duration = Duration::from_secs(5);

/// Our side of a JVM. Dropping it ends the JVM, which is killed if it takes too long.
#[derive(Debug)]
pub(super) struct Jvm {
    version: String,
    site: Option<std::path::PathBuf>,
    requests: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<Waiting>,
    last_id: AtomicU64,
    death: watch::Receiver<Option<String>>,
    driver: Mutex<Option<JoinHandle<()>>>,
    ending: watch::Sender<bool>,
}

/// Those who wait for a reply; `None` once there will be none any more.
#[derive(Debug)]
struct Waiting(Mutex<Option<HashMap<u64, oneshot::Sender<Reply>>>>);

/// A process with its pipes, before it is known whether Spark starts in it.
#[derive(Debug)]
pub(super) struct Pipes {
    pub(super) process: Process,
    pub(super) requests: Sender,
    pub(super) replies: Receiver,
    pub(super) log: Log,
    /// Where Spark keeps its files: removed after its end.
    pub(super) folder: TempDir,
}

impl Jvm {
    /// Waits until Spark runs. Dropping the future kills the process.
    ///
    /// # Errors
    /// What went wrong, for people.
    pub(super) async fn new(
        pipes: Pipes,
        settings: Vec<u8>,
        limit: Duration,
        site: Option<std::path::PathBuf>,
    ) -> Result<Self, String> {
        let Pipes {
            mut process,
            mut requests,
            replies,
            log,
            folder,
        } = pipes;
        let mut replies = Frames::new(replies);
        let hello = async {
            requests.write_all(&settings).await?;
            replies.next().await
        };
        let reply = match timeout(limit, hello).await {
            Ok(reply) => reply,
            Err(_) => {
                process.kill();
                let _ = process.wait().await; // nothing is left to be done about an error
                return Err(log.with_last(
                    &format!("Apache Spark took longer than {limit:?} to start and was killed"),
                    LAST_LOG,
                ));
            }
        };
        let Ready { spark, java } = match reply {
            Ok(Some(Reply { ready: Some(ready), .. })) => ready,
            Ok(Some(Reply {
                failed: Some(trace), ..
            })) => return Err(format!("Apache Spark does not start: {trace}")),
            _ => {
                let how = end(&mut process).await;
                return Err(log.with_last(
                    &format!("Apache Spark does not start: its Java process {how}"),
                    LAST_LOG,
                ));
            }
        };
        debug!(pid = process.id(), java, "the bridge answers");
        let (sender, outgoing) = mpsc::unbounded_channel();
        let waiting = Arc::new(Waiting(Mutex::new(Some(HashMap::new()))));
        let (died, death) = watch::channel(None);
        let (ending, is_ending) = watch::channel(false);
        let driver = tokio::spawn(drive(
            Driven {
                process,
                requests,
                replies,
                log,
                folder,
            },
            outgoing,
            Arc::clone(&waiting),
            is_ending,
            died,
        ));
        Ok(Self {
            version: spark,
            site,
            requests: sender,
            waiting,
            last_id: AtomicU64::new(0),
            death,
            driver: Mutex::new(Some(driver)),
            ending,
        })
    }

    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Where its Python packages are.
    pub(super) fn site(&self) -> Option<&std::path::Path> {
        self.site.as_deref()
    }

    pub(super) fn watch_death(&self) -> watch::Receiver<Option<String>> {
        self.death.clone()
    }

    /// Asks, and waits for the reply. Dropping the future forgets the reply.
    ///
    /// # Errors
    /// How the JVM died.
    pub(super) async fn ask(&self, context: &str, operation: Operation<'_>) -> Result<Reply, String> {
        let (reply, answer) = oneshot::channel();
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        match &mut *self.waiting.lock() {
            Some(waiting) => drop(waiting.insert(id, reply)),
            None => drop(reply), // nobody will answer, and `answer` says so
        }
        self.write(id, context, operation);
        match answer.await {
            Ok(reply) => Ok(reply),
            Err(_) => Err(self.last_words().await),
        }
    }

    /// Says something that has no reply. One that is dead does not hear it.
    pub(super) fn tell(&self, context: &str, operation: Operation<'_>) {
        self.write(0, context, operation);
    }

    fn write(&self, id: u64, context: &str, operation: Operation<'_>) {
        let request = Request { id, context, operation };
        // Text and numbers are JSON; and whoever waits for a JVM that is gone learns of it otherwise.
        if let Ok(frame) = frame(&request) {
            let _ = self.requests.send(frame);
        }
    }

    async fn last_words(&self) -> String {
        let mut death = self.death.clone();
        let words = death
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|reason| reason.clone());
        words.unwrap_or_else(|| "is gone".to_owned())
    }

    /// Ends it and waits until it is gone.
    pub(super) async fn shutdown(&self) {
        self.ending.send_replace(true);
        let driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(driver) = driver {
            let _ = driver.await; // a panic is its own
        }
    }
}

impl Drop for Jvm {
    fn drop(&mut self) {
        self.ending.send_replace(true);
    }
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Option<HashMap<u64, oneshot::Sender<Reply>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Driven {
    process: Process, // first: it dies before its folder is removed
    requests: Sender,
    replies: Frames<Receiver>,
    log: Log,
    folder: TempDir,
}

async fn drive(
    driven: Driven,
    mut outgoing: mpsc::UnboundedReceiver<Vec<u8>>,
    waiting: Arc<Waiting>,
    mut ending: watch::Receiver<bool>,
    died: watch::Sender<Option<String>>,
) {
    let Driven {
        mut process,
        mut requests,
        mut replies,
        log,
        folder,
    } = driven;
    let writing = async {
        while let Some(frame) = outgoing.recv().await {
            requests.write_all(&frame).await?;
        }
        Ok::<_, io::Error>(())
    };
    let reading = async {
        while let Some(reply) = replies.next().await? {
            let asked = waiting.lock().as_mut().and_then(|waiting| waiting.remove(&reply.id));
            if let Some(asked) = asked {
                let _ = asked.send(reply); // whoever asked may have gone
            }
        }
        Ok::<_, io::Error>(())
    };
    let lost = tokio::select! {
        // An error means that it was dropped.
        _ = ending.wait_for(|is_ending| *is_ending) => None,
        result = reading => Some(result),
        Err(error) = writing => Some(Err(error)),
        _ = process.wait() => Some(Ok(())),
    };
    drop(requests); // it ends when its pipe does
    let reason = match lost {
        None => {
            end(&mut process).await;
            "was ended with its cluster".to_owned()
        }
        Some(Err(error)) if error.kind() == io::ErrorKind::InvalidData => {
            process.kill();
            let _ = process.wait().await; // nothing is left to be done about an error
            format!("broke the protocol ({error})")
        }
        Some(_) => log.with_last(&end(&mut process).await, LAST_LOG),
    };
    drop(folder);
    debug!(reason, "the Spark process has ended");
    died.send_replace(Some(reason));
    waiting.lock().take();
}

/// Waits for the end of a process that was left without its pipe, kills it if that takes too long, and says how it ended.
async fn end(process: &mut Process) -> String {
    match timeout(END_LIMIT, process.wait()).await {
        Ok(exit) => describe(&exit),
        Err(_) => {
            process.kill();
            let _ = process.wait().await;
            format!("did not end within {END_LIMIT:?} and was killed")
        }
    }
}
