//! The session of one context in the JVM of its cluster, shared by all its languages.

use std::sync::Arc;
use std::time::Duration;

use dbx12_types::Language;

use super::frames::{BridgeEnd, Gateway, Operation, Reply};
use super::jvm::Jvm;
use super::{Connect, Engine, Spark};
use crate::engine::{End, Execution};

/// How much longer than the bridge's own attempts to stop a command is waited for its answer.
const CANCEL_PAUSE: Duration = Duration::from_millis(100);

/// The session of a context, once something needs it.
#[derive(Debug)]
pub(crate) struct Sessions {
    spark: Arc<Spark>,
    context: String,
    open: tokio::sync::Mutex<Option<Arc<Session>>>,
}

/// A session that is open. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Session {
    jvm: Arc<Jvm>,
    context: String,
}

impl Sessions {
    pub(crate) fn new(spark: Arc<Spark>, context: String) -> Self {
        Self {
            spark,
            context,
            open: tokio::sync::Mutex::default(),
        }
    }

    /// The session, ready for commands in a language; opened if it is not. Once it is lost it stays so.
    ///
    /// # Errors
    /// Why there is none, for people.
    pub(crate) async fn open(&self, language: &Language) -> Result<Arc<Session>, String> {
        let mut open = self.open.lock().await;
        if let Some(session) = &*open {
            return Ok(Arc::clone(session));
        }
        let Engine::Jvm(jvm) = self.spark.engine().await? else {
            return Err(format!(
                "{language} runs inside of Spark's own process, and this workspace speaks to its engine over Spark Connect, which \
                 takes SQL and what Python's `spark` sends: have a Spark on this machine, or attach to a cluster as its master"
            ));
        };
        let session = Session {
            jvm,
            context: self.context.clone(),
        };
        session.prepare(language).await?;
        Ok(Arc::clone(open.insert(Arc::new(session))))
    }

    /// Whether there is no session here, but one of Spark Connect in the context's Python process.
    pub(crate) fn is_connect(&self) -> bool {
        self.spark.is_connect()
    }

    /// Who speaks Spark Connect, if that is what was asked for.
    ///
    /// # Errors
    /// Why there is none, for people.
    pub(crate) async fn connect(&self) -> Result<Arc<Connect>, String> {
        match self.spark.engine().await? {
            Engine::Connect(connect) => {
                // Nobody watches it, and its clients would try for minutes.
                connect.address().reach().await?;
                Ok(connect)
            }
            Engine::Jvm(_) => Err("this workspace's Spark is not spoken to over Spark Connect".to_owned()),
        }
    }

    /// The session if it is open and nobody is opening it at this moment.
    pub(crate) fn get(&self) -> Option<Arc<Session>> {
        self.open.try_lock().ok()?.clone()
    }
}

impl Session {
    /// What the language needs; the interpreter of Scala takes seconds.
    async fn prepare(&self, language: &Language) -> Result<(), String> {
        let language = language.as_str();
        let reply = self.ask(Operation::Open { language }).await?;
        match reply.failed {
            Some(trace) => Err(trace),
            None => Ok(()),
        }
    }

    /// Runs one command to its end. A cancel is asked for with [`cancel`](Self::cancel); dropping the future leaves the
    /// command to itself.
    pub(crate) async fn execute(&self, language: &Language, number: u64, code: &str, row_limit: usize) -> Execution {
        let operation = Operation::Execute {
            language: language.as_str(),
            number,
            code,
            row_limit,
        };
        match self.jvm.ask(&self.context, operation).await {
            Ok(reply) => execution(reply),
            Err(reason) => died(reason, String::new()),
        }
    }

    /// Stops a command: its Spark jobs, also those to come, and its thread.
    pub(crate) fn cancel(&self, number: u64) {
        self.jvm.tell(&self.context, Operation::Cancel { number });
    }

    /// Cancels the jobs of the context's Python, again and again: a program may go on and submit others.
    pub(crate) async fn cancel_jobs(&self) -> std::convert::Infallible {
        loop {
            self.jvm.tell(&self.context, Operation::Cancel { number: 0 });
            tokio::time::sleep(CANCEL_PAUSE).await;
        }
    }

    /// Where a Python process finds this session.
    pub(super) async fn gateway(&self) -> Result<Gateway, String> {
        let reply = self.ask(Operation::Gateway).await?;
        reply
            .gateway
            .ok_or_else(|| reply.failed.unwrap_or_else(|| "Spark has no gateway".to_owned()))
    }

    pub(super) fn context(&self) -> &str {
        &self.context
    }

    pub(super) fn site(&self) -> Option<&std::path::Path> {
        self.jvm.site()
    }

    /// Waits until the JVM ends, and says how. Cancel safe.
    pub(crate) async fn died(&self) -> String {
        let mut death = self.jvm.watch_death();
        let reason = death.wait_for(Option::is_some).await;
        reason
            .ok()
            .and_then(|reason| reason.clone())
            .unwrap_or_else(|| "is gone".to_owned())
    }

    async fn ask(&self, operation: Operation<'_>) -> Result<Reply, String> {
        let asked = self.jvm.ask(&self.context, operation).await;
        asked.map_err(|reason| format!("the Spark process {reason}"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.jvm.tell(&self.context, Operation::Close);
    }
}

fn execution(reply: Reply) -> Execution {
    let mut output = reply.output;
    if output.ends_with('\n') {
        output.pop();
    }
    let dropped = reply.dropped;
    if dropped > 0 {
        output.push_str(&format!("\n… output truncated: {dropped} more bytes are left out …"));
    }
    let end = match (reply.end, reply.failed) {
        (Some(end), _) => end,
        (None, trace) => return died(trace.unwrap_or_else(|| "gave no answer".to_owned()), output),
    };
    let end = match end {
        BridgeEnd::Text => End::Text,
        BridgeEnd::Html(html) => End::Html(html),
        BridgeEnd::Table {
            rows,
            schema,
            truncated,
        } => End::Table {
            rows,
            schema,
            truncated,
        },
        BridgeEnd::Error { summary, cause } => End::Error { summary, cause },
        BridgeEnd::Stuck(java) => End::Died {
            reason: format!(
                "could not stop a command that was cancelled and goes on (Java {java}); only a restart of the cluster frees the \
                 processor it uses"
            ),
            killed_by_us: true,
        },
    };
    Execution {
        output,
        output_truncated: dropped > 0,
        end,
    }
}

fn died(reason: String, output: String) -> Execution {
    Execution {
        output,
        output_truncated: false,
        end: End::Died {
            reason,
            killed_by_us: false,
        },
    }
}
