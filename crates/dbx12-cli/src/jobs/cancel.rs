//! `dbx12 cancel`.

use super::{GRACE, Job, all, close, find};
use crate::arguments::{Cancel, Global};
use crate::failure::Failure;
use crate::output::{note, print_line};
use dbx12_exec::http::Client;
use dbx12_exec::{Closing, ExecError, Holder, Outcome};

/// Cancels, and destroys the contexts. What has ended already is left to `attach`.
pub(crate) async fn cancel(arguments: Cancel, global: &Global) -> Result<(), Failure> {
    let jobs = all().await?;
    let named: Result<Vec<_>, _> = arguments.ids.iter().map(|id| find(&jobs, id)).collect();
    for job in named? {
        cancel_one(job, &job.client(global)?).await?;
        print_line(job.id())?;
    }
    Ok(())
}

async fn cancel_one(job: &Job, client: &Client) -> Result<(), Failure> {
    if let (Holder::Process, Some(command)) = (job.logged.holder, job.command()) {
        job.context(client).command(command.clone()).cancel().await?;
        note(&format!(
            "{} was told to stop; the process that has it sees to the rest.",
            job.id()
        ));
        return Ok(());
    }
    let session = job.take_over(client, &Closing::new()).await?;
    let Some(command) = job.command() else {
        close(session).await;
        return Ok(());
    };
    let mut waiter = session.waiter(command.clone()).stop_grace(GRACE);
    waiter.cancel();
    match waiter.await {
        Ok(Outcome::Finished(_) | Outcome::Failed(_)) => {
            session.detach().await?;
            note(&format!(
                "{} had ended already: `dbx12 attach {0}` prints what it gave.",
                job.id()
            ));
        }
        // It ends with its context.
        Ok(_) | Err(ExecError::StillRunning { .. }) => close(session).await,
        Err(error) => {
            session.detach().await?;
            return Err(error.into());
        }
    }
    Ok(())
}
