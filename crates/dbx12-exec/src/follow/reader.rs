//! The second context of a session: it reads spools while the first is busy.

use crate::errand::Errand;
use crate::{PollSchedule, Session};
use dbx12_api::types::Language;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};

/// How long the second context may take to open.
const TIME_TO_OPEN: Duration = Duration::from_secs(120);
/// How long one that does not answer is believed to.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What a session keeps for following.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// One is followed at a time: their commands must not get between each other's.
    turn: Mutex<()>,
    /// Opened when it is first needed, and kept until the session ends.
    reader: Mutex<Option<Arc<Session>>>,
}

impl Reading {
    pub(super) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Opens the second context unless it is open. It goes on opening when nobody waits for it any more: the next one that
    /// is followed may need it.
    pub(super) async fn reader(session: &Session) -> Option<Errand> {
        let (reading, builder) = (Arc::clone(session.reading()), session.beside().timeout(TIME_TO_OPEN));
        let opening = tokio::spawn(async move {
            let mut reader = reading.reader.lock().await;
            if reader.is_none() {
                *reader = builder.open().await.ok().map(Arc::new);
            }
            let context = reader.as_ref()?.context().clone();
            Some(context)
        });
        let context = opening.await.ok()??;
        Some(errand(&context, session.schedule()))
    }

    /// It does not answer as it should: the next that needs one opens another.
    pub(super) async fn forget(&self) {
        *self.reader.lock().await = None;
    }

    /// The session ends, and this with it.
    pub(crate) fn end(&self) -> Option<Session> {
        let mut reader = self.reader.try_lock().ok()?;
        Arc::into_inner(reader.take()?)
    }
}

pub(super) fn errand(context: &dbx12_api::Context, schedule: PollSchedule) -> Errand {
    Errand {
        context: context.clone(),
        language: Language::Python,
        schedule,
        patience: PATIENCE,
        bears_outages: true,
    }
}
