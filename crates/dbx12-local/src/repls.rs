//! The REPLs of one context: its Python process, and its session in the cluster's Spark. One of them has the context's
//! own language and is there before it is `Running`; another is made for the first command of its language.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use dbx12_types::{ContextId, Language};
use tokio::time::sleep;

use crate::command::Work;
use crate::engine::{End, Execution, Interpreter, Interrupter, PythonConfig, StartError};
use crate::report;
use crate::spark::{BROKER_VARIABLE, Broker, Connect, Session, Sessions, Spark};

/// How long Spark has the word in a command of Python that is cancelled, before Python is interrupted: a job that is
/// cancelled ends in good order, a call that is interrupted leaves the job running.
const SPARK_FIRST: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct Repls {
    config: PythonConfig,
    python: Option<Interpreter>,
    sessions: Arc<Sessions>,
    /// For the commands of SQL and Scala, once there was one.
    session: Option<Arc<Session>>,
    /// Who runs the SQL that the context's Python sends, once there was some.
    connect: Option<Arc<Connect>>,
    broker: Option<Broker>,
}

/// Why a REPL is not there.
#[derive(Debug)]
pub(crate) enum NoRepl {
    /// Nobody waits for it any more.
    GivenUp,
    /// Why, for people.
    Failed(String),
}

impl Repls {
    pub(crate) fn new(context: &ContextId, config: PythonConfig, spark: Arc<Spark>) -> Self {
        Self {
            config,
            python: None,
            sessions: Arc::new(Sessions::new(spark, context.to_string())),
            session: None,
            connect: None,
            broker: None,
        }
    }

    /// Makes what runs commands of a language, unless `given_up` ends before.
    pub(crate) async fn start(
        &mut self,
        language: &Language,
        given_up: impl Future<Output = ()>,
    ) -> Result<(), NoRepl> {
        match language {
            Language::Python if self.python.is_some() => Ok(()),
            Language::Python => self.start_python(given_up).await,
            Language::Sql if self.connect.is_some() => Ok(()),
            Language::Sql if self.sessions.is_connect() => self.start_connect(given_up).await,
            _ if self.session.is_some() => Ok(()),
            _ => {
                let session = tokio::select! {
                    biased;
                    () = given_up => return Err(NoRepl::GivenUp),
                    session = self.sessions.open(language) => session,
                };
                self.session = Some(session.map_err(NoRepl::Failed)?);
                Ok(())
            }
        }
    }

    /// Of its Python, if it has one.
    pub(crate) fn interrupter(&self) -> Option<Interrupter> {
        self.python.as_ref().map(Interpreter::interrupter)
    }

    async fn start_python(&mut self, given_up: impl Future<Output = ()>) -> Result<(), NoRepl> {
        let broker = Broker::new(Arc::clone(&self.sessions), &self.config.scratch())
            .map_err(|error| NoRepl::Failed(format!("no socket for Spark can be made: {error}")))?;
        let mut config = self.config.clone();
        config.env.push((BROKER_VARIABLE.into(), broker.path().into()));
        match Interpreter::start(&config, given_up).await {
            Ok(interpreter) => {
                self.python = Some(interpreter);
                self.broker = Some(broker);
                Ok(())
            }
            Err(StartError::GivenUp) => Err(NoRepl::GivenUp),
            Err(error) => Err(NoRepl::Failed(report::chain(&error))),
        }
    }

    /// SQL over Spark Connect is what a Python process sends, so that the context's Python has the same session.
    async fn start_connect(&mut self, given_up: impl Future<Output = ()>) -> Result<(), NoRepl> {
        let mut given_up = std::pin::pin!(given_up);
        let connect = tokio::select! {
            biased;
            () = &mut given_up => return Err(NoRepl::GivenUp),
            connect = self.sessions.connect() => connect.map_err(NoRepl::Failed)?,
        };
        if self.python.is_none() {
            self.start_python(given_up).await?;
        }
        self.connect = Some(connect);
        Ok(())
    }

    /// Runs one command to its end. It is interrupted when `cancelled` ends.
    ///
    /// **Not cancel safe**: once this future is dropped before its end, what ran the command is of no use any more.
    pub(crate) async fn execute(
        &mut self,
        language: &Language,
        number: u64,
        work: &Work,
        cancelled: impl Future<Output = ()>,
    ) -> Execution {
        let mut cancelled = std::pin::pin!(cancelled);
        match self.start(language, &mut cancelled).await {
            Ok(()) => {}
            Err(NoRepl::GivenUp) => return ended(End::Interrupted),
            Err(NoRepl::Failed(reason)) => return ended(not_there(language, &reason)),
        }
        match (language, &mut self.python, &self.session) {
            (_, Some(python), _) if *language == Language::Python || self.connect.is_some() => {
                let interrupt = interrupt_python(cancelled, &self.sessions, python.interrupter(), number);
                let execute = async {
                    match language {
                        Language::Sql => python.execute_sql(number, &work.code, work.row_limit).await,
                        _ => python.execute(number, &work.code, work.row_limit).await,
                    }
                };
                tokio::select! {
                    // The command first: it cannot be interrupted before it was begun.
                    biased;
                    execution = execute => execution,
                    never = interrupt => match never {},
                }
            }
            (_, _, Some(session)) => {
                let cancel = async {
                    cancelled.await;
                    session.cancel(number);
                    std::future::pending::<Infallible>().await
                };
                tokio::select! {
                    biased;
                    execution = session.execute(language, number, &work.code, work.row_limit) => execution,
                    never = cancel => match never {},
                }
            }
            // `start` has made it.
            _ => ended(not_there(language, "it was not started")),
        }
    }

    /// Waits until one of them ends by itself while no command runs, and says how. Cancel safe.
    pub(crate) async fn died(&mut self) -> (Language, String) {
        let python = async {
            match &mut self.python {
                Some(python) => python.died().await,
                None => std::future::pending().await,
            }
        };
        let spark = async {
            match (&self.session, &self.connect) {
                (Some(session), _) => session.died().await,
                (None, Some(connect)) => connect.died().await,
                (None, None) => std::future::pending().await,
            }
        };
        tokio::select! {
            reason = python => (Language::Python, reason),
            reason = spark => (Language::Sql, reason),
        }
    }

    /// Ends all of them; they are gone when this returns.
    pub(crate) async fn shutdown(self) {
        drop(self.broker);
        if let Some(session) = self.sessions.get() {
            session.cancel(0); // what a program of Python left running
        }
        if let Some(python) = self.python {
            python.shutdown().await;
        }
    }
}

/// Once `cancelled` has ended: cancels the Spark jobs of a command of Python, and interrupts it.
async fn interrupt_python(
    cancelled: impl Future<Output = ()>,
    sessions: &Sessions,
    interrupter: Interrupter,
    number: u64,
) -> Infallible {
    cancelled.await;
    let Some(session) = sessions.get() else {
        interrupter.interrupt(number);
        return std::future::pending().await;
    };
    let interrupt = async {
        sleep(SPARK_FIRST).await;
        interrupter.interrupt(number);
    };
    let (never, ()) = tokio::join!(session.cancel_jobs(), interrupt);
    never
}

fn ended(end: End) -> Execution {
    Execution {
        output: String::new(),
        output_truncated: false,
        end,
    }
}

/// The words of the real service for a REPL that does not start.
fn not_there(language: &Language, reason: &str) -> End {
    End::Error {
        summary: format!("Fatal error: {language} is not to be had here: {reason}"),
        cause: format!("com.databricks.backend.common.rpc.ReplStartFailureException: {reason}"),
    }
}
