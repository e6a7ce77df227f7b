//! Making a context that nobody can lose.

use super::SessionBuilder;
use crate::closing::{InTheMaking, Open};
use crate::session::Session;
use crate::submission::Watch;
use crate::{ExecError, PollBudget, PollSchedule};
use dbx12_api::Cluster;
use dbx12_api::http::{CallOptions, Error};
use dbx12_api::types::Language;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Makes a context in a task of its own, since the call cannot be taken back. It is a session from its first moment: when
/// nobody waits for it any more, the task's answer is dropped, at whatever moment that is, and the context destroyed.
pub(super) async fn create_session(builder: &SessionBuilder) -> Result<Result<Session, Error>, ExecError> {
    let cluster = builder.cluster.clone();
    let making = builder.open.make().ok_or_else(|| ExecError::ShuttingDown {
        cluster: cluster.id().clone(),
    })?;
    let making = Making {
        language: builder.language.clone(),
        schedule: builder.schedule,
        budget: builder.budget.clone(),
        at_most_once: builder.at_most_once,
        open: builder.open.clone(),
        cluster,
        _making: making,
    };
    match tokio::spawn(making.make()).await {
        Ok(answer) => answer,
        Err(failed) if failed.is_panic() => std::panic::resume_unwind(failed.into_panic()),
        // Nobody cancels the task but the runtime at its end, and then nobody waits here any more.
        Err(_) => std::future::pending().await,
    }
}

/// What a session is made of.
struct Making {
    cluster: Cluster,
    language: Language,
    schedule: PollSchedule,
    budget: PollBudget,
    at_most_once: bool,
    open: Open,
    _making: InTheMaking,
}

impl Making {
    async fn make(self) -> Result<Result<Session, Error>, ExecError> {
        let cluster = &self.cluster;
        let mut number = None;
        if let Some(journal) = self.open.journal_of() {
            number = Some(journal.opening(cluster.client().host(), cluster.id()).await?);
        }
        // Whether the cluster will be ready is seen by looking at it, which is better than knocking again.
        let options = CallOptions::new().report_not_ready();
        let created = cluster.create_context_with(self.language.clone(), &options).await;
        let context = match (created, self.open.journal_of(), number) {
            (Ok(context), ..) => context,
            (Err(error), Some(journal), Some(number)) if !error.maybe_delivered() => {
                journal.not_opened(number).await;
                return Ok(Err(error));
            }
            (Err(error), ..) => return Ok(Err(error)),
        };
        let is_wanted = self.open.made(&context);
        let journal = self.open.journal_of().cloned();
        let session = Session {
            watch: Watch::new(self.at_most_once, &context, self.schedule),
            reading: Arc::default(),
            context,
            language: self.language,
            schedule: self.schedule,
            budget: self.budget,
            runtime: Handle::current(),
            open: Some(self.open),
        };
        if let (Some(journal), Some(number)) = (journal, number) {
            journal.opened(&session.context, number).await?;
        }
        if !is_wanted {
            return Err(ExecError::ShuttingDown {
                cluster: session.context.cluster_id().clone(),
            });
        }
        Ok(Ok(session))
    }
}
