//! `dbx12 run`: a program through all layers and back.

mod road;
mod show;

use crate::arguments::{Annotations, Global, Run};
use crate::connect::{self, Target};
use crate::exception::annotate_failure;
use crate::failure::Failure;
use crate::jobs::Detached;
use crate::output::warn;
use crate::program::{Cell, Program};
use crate::progress::Progress;
use crate::render::Renderer;
use crate::state;
use dbx12_exec::types::Language;
use dbx12_exec::{Closing, Outcome, Session};
use road::{Ended, Road};
use show::Show;

pub(crate) async fn run(arguments: Run, global: &Global) -> Result<(), Failure> {
    let annotations = arguments.annotations;
    let ended = run_program(arguments, global).await;
    if let (Some(Annotations::Github), Err(failure)) = (annotations, &ended)
        && !failure.is_silent()
    {
        annotate_failure(failure);
    }
    ended
}

/// What is wrong on the command line is said before anything is sent.
async fn run_program(arguments: Run, global: &Global) -> Result<(), Failure> {
    let program = Program::read(&arguments)?;
    if arguments.follow && !program.has(&Language::Python) {
        return Err(Failure::usage(
            "--follow shows what python prints, and there is no python in the program",
        ));
    }
    if arguments.detach {
        let target = connect::target(&arguments.target, global).await?;
        let detached = Detached::new(program.cells, arguments.target.start)?;
        return crate::jobs::detach(detached, &target.cluster, global).await;
    }
    let renderer = Renderer::prepare(global, &arguments.result)?;
    let context_stays = arguments.target.context.is_some();
    let mut road = Road::begin(arguments.timeout, context_stays, Progress::new(global.quiet))?;
    road.telling.say("looking for the cluster");
    let target = if arguments.target.local {
        connect::target(&arguments.target, global).await?
    } else {
        road.in_time(connect::target(&arguments.target, global)).await??
    };
    let mut running = Running {
        show: Show::new(renderer, program.notebook, arguments.annotations),
        cells: program.cells,
        follow: arguments.follow,
    };
    let ended = match road.in_time(target.ready()).await {
        Ok(Ok(())) => running.execute(&mut road, &target, &arguments).await,
        Ok(Err(failure)) | Err(failure) => Err(failure),
    };
    road.telling.hide();
    let written = running.show.finish(ended.is_ok());
    road.close("the local workspace", target.close()).await;
    ended.and(written)
}

/// A program on its cluster.
struct Running {
    cells: Vec<Cell>,
    show: Show,
    follow: bool,
}

impl Running {
    async fn execute(&mut self, road: &mut Road, target: &Target, arguments: &Run) -> Result<(), Failure> {
        let language = self
            .cells
            .first()
            .map_or(Language::Python, |cell| cell.language.clone());
        if let Some(context) = &arguments.target.context {
            let session = Session::in_context(target.cluster.context(context.as_str()), language);
            return self.run_in(road, &session).await;
        }
        let closing = Closing::new();
        let telling = road.telling.clone();
        // A workspace in this process ends with it.
        let journal = match target.is_local() {
            true => None,
            false => state::journal_if_any(&telling).await,
        };
        telling.say("making an execution context");
        let mut builder = Session::builder(&target.cluster, language)
            .timeout(road.left())
            .closing(&closing)
            .start_cluster(arguments.target.start)
            .on_progress(move |seen| telling.say(seen))
            // The context ends with the program: then nothing runs late, and it is not worth a request more each time.
            .at_most_once(false);
        if let Some(journal) = journal {
            builder = builder.journal(&journal);
        }
        let ended = match road.in_time(builder.open()).await {
            Ok(Ok(session)) => {
                let ended = self.run_in(road, &session).await;
                close(road, session).await;
                ended
            }
            Ok(Err(error)) => Err(road.overdue(error)),
            Err(failure) => Err(failure),
        };
        road.close("the execution context", closing.finished()).await;
        ended
    }

    /// Runs the cells one after the other, up to the first that does not end well.
    async fn run_in(&mut self, road: &mut Road, session: &Session) -> Result<(), Failure> {
        for index in 0..self.cells.len() {
            let left = self.cells.len() - index - 1;
            let ran = self.run_cell(road, session, index).await;
            ran.map_err(|failure| self.with_place(failure, index, left))?;
        }
        Ok(())
    }

    async fn run_cell(&mut self, road: &mut Road, session: &Session, index: usize) -> Result<(), Failure> {
        let cell = &self.cells[index];
        if let Some(origin) = &cell.origin {
            road.telling.say(&format!("running {origin}"));
        }
        let follows = self.follow && cell.language == Language::Python && !cell.is_hidden();
        let ((outcome, late), rest): (Ended, _) = if follows {
            let telling = road.telling.clone();
            let show = &mut self.show;
            let shown = road.follow(session, cell, |chunk| {
                telling.hide();
                show.chunk(chunk)
            });
            shown.await?
        } else {
            (road.run(session, cell).await?, None)
        };
        road.telling.hide();
        match outcome {
            // Code of ours gives nothing to show.
            Outcome::Finished(_) if cell.is_hidden() => {}
            Outcome::Finished(results) => {
                let client = session.context().client();
                self.show.finished(cell, &results, rest, client).await?;
            }
            Outcome::Failed(error) => {
                let left = self
                    .cells
                    .iter()
                    .skip(index + 1)
                    .filter(|cell| !cell.is_hidden())
                    .count();
                return Err(self.show.raised(&error, &self.cells[..=index], left));
            }
            other => return Err(other.into()),
        }
        late.map_or(Ok(()), Err)
    }

    /// Where it was, of a program of several cells that was not ended by an exception of one of them.
    fn with_place(&self, failure: Failure, index: usize, left: usize) -> Failure {
        let is_one_of_several = self.cells.iter().filter(|cell| !cell.is_hidden()).count() > 1;
        match &self.cells[index].origin {
            Some(origin) if is_one_of_several && !failure.is_silent() => {
                let rest = if left > 0 {
                    "; what comes after it was not run"
                } else {
                    ""
                };
                failure.or_hint(format!("it was at {origin}{rest}"))
            }
            _ => failure,
        }
    }
}

async fn close(road: &mut Road, session: Session) {
    let context = session.context();
    let of = format!("context {} on cluster {}", context.id(), context.cluster_id());
    if let Some(Err(error)) = road.close(&of, session.close()).await {
        warn(&format!("{of} may be left behind: {error}"));
    }
}
