//! Commands of our own in a context: small, safe to send twice, and so sent until they are answered.

use crate::poll::Ticker;
use crate::{ExecError, Outcome, PollBudget, PollSchedule, Waiter};
use dbx12_api::http::{CallOptions, Error};
use dbx12_api::types::{Language, Results};
use dbx12_api::{Code, Context};
use std::fmt::Write as _;
use std::time::Duration;

/// The module that the commands of our own call.
const MODULE: &str = include_str!("python/context.py");

/// Runs commands of our own in a context.
#[derive(Clone, Debug)]
pub(crate) struct Errand {
    pub(crate) context: Context,
    pub(crate) language: Language,
    pub(crate) schedule: PollSchedule,
    /// How long calls may fail in a way that leaves it open what became of them, before it is given up.
    pub(crate) patience: Duration,
    /// Whether the patience is also for calls that surely did not get through.
    pub(crate) bears_outages: bool,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The server turned a call down, or calls failed for longer than the patience.
    Call(Error),
    /// The command ran and did not say what it should have, or its end was not seen.
    NoReply,
}

impl Errand {
    /// Runs code that sets something up under a name, and returns the name when the server has taken the command: those that
    /// are submitted after that run after it.
    ///
    /// Each attempt has a name of its own, so that one that arrives late is not taken for the one that was answered.
    pub(crate) async fn install(&self, code: impl Fn(&str) -> String) -> Result<String, Unanswered> {
        let mut name = String::new();
        let text = || {
            name = unique_name();
            code(&name)
        };
        self.submit(text).await?;
        Ok(name)
    }

    /// Runs code that calls a function of our module, see [`called`], and does not wait for its end.
    pub(crate) async fn tell(&self, code: String) -> Result<(), Unanswered> {
        self.submit(|| code.clone()).await.map(drop)
    }

    /// Runs code that says something behind a token, and returns what it says. The code is asked for anew each time it is
    /// sent.
    pub(crate) async fn ask(&self, token: &str, code: impl FnMut() -> String) -> Result<String, Unanswered> {
        let command = self.submit(code).await?;
        let waiter = Waiter::new(command)
            .schedule(self.schedule, None)
            .patience(self.patience);
        match waiter.await {
            Ok(Outcome::Finished(Results::Text(text))) => reply(text.as_str(), token).ok_or(Unanswered::NoReply),
            Ok(_) => Err(Unanswered::NoReply),
            Err(ExecError::LostSight {
                source: Some(source), ..
            }) => Err(Unanswered::Call(source)),
            Err(_) => Err(Unanswered::NoReply),
        }
    }

    async fn submit(&self, mut text: impl FnMut() -> String) -> Result<dbx12_api::Command, Unanswered> {
        let mut ticker = Ticker::new(self.schedule, PollBudget::of(self.context.client()), None);
        loop {
            ticker.tick(None).await;
            let code = Code::new(text()).language(self.language.clone());
            match self.context.execute_with(&code, None, &CallOptions::new()).await {
                Ok(command) => return Ok(command),
                Err(error) if self.may_pass(&error) && ticker.elapsed() < self.patience => ticker.plan_next(),
                Err(error) => return Err(Unanswered::Call(error)),
            }
        }
    }

    fn may_pass(&self, error: &Error) -> bool {
        error.maybe_delivered() || self.bears_outages && error.is_transient()
    }
}

/// An expression that calls a function of our module and has no value: nothing is echoed, no name of the user's is touched.
pub(crate) fn called(call: &str) -> String {
    format!("__import__('sys').modules['_dbx12_exec'].{call}")
}

/// Code that puts our module into the context, unless it is there, and then does something with it.
pub(crate) fn with_module(code: &str) -> String {
    format!("__import__('builtins').exec(compile(r'''{MODULE}''', '<_dbx12_exec>', 'exec'), {{}}) or {code}")
}

/// What our module said behind a token: it may stand among output of threads.
fn reply(text: &str, token: &str) -> Option<String> {
    let (_, reply) = text.split_once(&format!("dbx12:{token}:"))?;
    reply.split_once(';').map(|(reply, _)| reply.to_owned())
}

/// A name that nobody else comes up with.
pub(crate) fn unique_name() -> String {
    let mut name = String::with_capacity(32);
    // Writing to a string does not fail.
    let _ = write!(name, "{:032x}", fastrand::u128(..));
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_found_among_output_and_only_when_it_is_complete() {
        assert_eq!(reply("x\ndbx12:t:seen;\ny", "t").as_deref(), Some("seen"));
        assert_eq!(reply("dbx12:t:", "t"), None);
        assert_eq!(reply("dbx12:t:see", "t"), None);
        assert_eq!(reply("dbx12:u:seen;", "t"), None);
        assert_eq!(reply("dbx12:t:;", "t").as_deref(), Some(""));
    }

    #[test]
    fn the_module_fits_between_its_quotes_and_names_are_unique() {
        assert!(!MODULE.contains("'''") && MODULE.is_ascii());
        assert_eq!(unique_name().len(), 32);
        assert_ne!(unique_name(), unique_name());
    }
}
