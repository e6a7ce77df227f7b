//! `dbx12 attach`.

use super::{Job, all, close, find};
use crate::arguments::{Attach, Global, ResultPlaces};
use crate::exception::print_trace;
use crate::failure::{Exit, Failure};
use crate::output::note;
use crate::render::Renderer;
use crate::signals::Interrupts;
use dbx12_exec::http::Client;
use dbx12_exec::{Closing, LoggedFate, Outcome, Session};

/// Waits for its end, prints what it gives, and destroys its context. Whoever goes before leaves it running.
pub(crate) async fn attach(arguments: Attach, global: &Global) -> Result<(), Failure> {
    let places = ResultPlaces {
        out: arguments.out,
        images: arguments.images,
        show_images: arguments.show_images,
        notebook_out: None,
    };
    let renderer = Renderer::prepare(global, &places)?;
    let jobs = all().await?;
    let job = find(&jobs, &arguments.id)?;
    let client = job.client(global)?;
    let command = job.command().ok_or_else(|| nothing_to_attach_to(job))?;
    let mut interrupts = Interrupts::listen()
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot listen for signals: {error}")))?;
    let session = job.take_over(&client, &Closing::new()).await?;
    let ended = tokio::select! {
        ended = session.waiter(command.clone()) => ended.map_err(Failure::from),
        () = interrupts.next() => {
            note(&format!("{} runs on. `dbx12 attach {0}` waits again, `dbx12 cancel {0}` ends it.", job.id()));
            Err(Failure::new(Exit::Interrupted, "interrupted"))
        }
    };
    match ended {
        Ok(outcome) => {
            let reported = report(outcome, renderer, &client).await;
            // What could not be written can be had again.
            if matches!(&reported, Err(failure) if failure.exit == Exit::Usage) {
                leave(session).await?;
            } else {
                close(session).await;
            }
            reported
        }
        Err(failure) => {
            leave(session).await?;
            Err(failure)
        }
    }
}

/// As `run` does.
async fn report(outcome: Outcome, mut renderer: Renderer, client: &Client) -> Result<(), Failure> {
    match outcome {
        Outcome::Finished(results) => {
            renderer.result(&results, client).await?;
            renderer.finish(true)
        }
        Outcome::Failed(error) => {
            renderer.exception(&error)?;
            print_trace(&error);
            renderer.finish(false)?;
            Err(Failure::new(Exit::RemoteException, error.plain()))
        }
        other => Err(other.into()),
    }
}

async fn leave(session: Session) -> Result<(), Failure> {
    session.detach().await?;
    Ok(())
}

fn nothing_to_attach_to(job: &Job) -> Failure {
    let context = &job.logged.context;
    let is_unknown = job.last().is_some_and(|last| last.fate == LoggedFate::Unknown);
    if is_unknown {
        let message = format!(
            "the code was on its way to context {context} when its client ended: whether it arrived is not known. \
             `dbx12 cancel {context}` ends it, if it runs"
        );
        return Failure::new(Exit::Unknown, message);
    }
    let message = format!("nothing runs in context {context}; `dbx12 gc` destroys it");
    Failure::new(Exit::Unavailable, message)
}
