//! `dbx12 map`: one script over a table of parameters.

mod folder;
mod links;
mod progress;
mod record;
mod resume;
mod table;

pub(crate) use links::{forget_lost, journals};

use crate::arguments::{self, Global, Map};
use crate::connect::{self, Target};
use crate::failure::{Exit, Failure};
use crate::local::SparkArguments;
use crate::output::{Output, print_line};
use crate::program::language_of;
use crate::signals::Interrupts;
use dbx12_exec::api::Workspace;
use dbx12_exec::types::{Language, Parameters, Results};
use dbx12_exec::{Closing, Control, Job, JobEvent, Journal, Runner, Running, Session, read_code};
use folder::{Folder, Head};
use progress::Progress;
use record::{Came, Record, Tally, seconds};
use resume::Todo;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// How long contexts that were taken over may take to close.
const GRACE: Duration = Duration::from_secs(10);
/// The most contexts that a cluster takes.
const MOST_CONTEXTS: usize = 145;

pub(crate) async fn map(arguments: Map, global: &Global, output: Output) -> Result<(), Failure> {
    // All that can be wrong with files is said before anything is sent.
    let script = Script::read(&arguments)?;
    let rows = table::read(&arguments.params)?;
    let parameters = table::parameters(&rows, &script.code, &script.language)?;
    let interrupts = Interrupts::listen()
        .map_err(|error| Failure::new(Exit::Usage, format!("cannot listen for signals: {error}")))?;
    let named = arguments::Target {
        cluster: arguments.cluster.clone(),
        start: false,
        context: None,
        local: arguments.local,
        spark: SparkArguments::default(),
    };
    let target = connect::target(&named, global).await?;
    let head = Head {
        host: target.cluster.client().host().to_string(),
        script: script.name.clone(),
    };
    let folder = match arguments.resume {
        true => Folder::resume(&arguments.results, &head, rows)?,
        false => Folder::begin(&arguments.results, &head, rows)?,
    };
    let ready = target.ready().await;
    let ended = match ready {
        Ok(()) => {
            let progress = Progress::new(folder.rows().len(), global.quiet);
            run(&arguments, script, &folder, parameters, &target, (interrupts, progress)).await
        }
        Err(failure) => Err(failure),
    };
    target.close().await;
    let (tally, interrupted, elapsed) = ended?;
    tell(&tally, &folder, elapsed, output)?;
    let exit = tally.exit(interrupted);
    exit.map_or(Ok(()), |exit| Err(Failure::silent(exit)))
}

/// What is run with each set.
struct Script {
    name: String,
    code: String,
    language: Language,
}

impl Script {
    fn read(arguments: &Map) -> Result<Self, Failure> {
        let path = &arguments.script;
        if path.extension().is_some_and(|ending| ending == "ipynb") {
            return Err(Failure::usage("map takes a script, not a notebook of several cells"));
        }
        let language = arguments.language.clone().or_else(|| language_of(path));
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self {
            name,
            code: read_code(path)?,
            language: language.unwrap_or(Language::Python),
        })
    }
}

async fn run(
    arguments: &Map,
    script: Script,
    folder: &Folder,
    parameters: Vec<Parameters>,
    target: &Target,
    (interrupts, progress): (Interrupts, Progress),
) -> Result<(Tally, bool, Duration), Failure> {
    let journal = Journal::open(folder.journal_file()).await?;
    let link = match arguments.local {
        true => None,
        false => Some(links::Link::to(&folder.journal_file())?),
    };
    let workspace = Workspace::new(target.cluster.client().clone());
    let closing = Closing::new();
    let mut left = resume::look(folder, &journal, &workspace, &arguments.again, &closing).await?;

    let (abort, aborted) = watch::channel(false);
    let mut under_way = UnderWay::new(folder, abort, progress);
    let (mut jobs, mut collected) = (Vec::new(), HashSet::new());
    for ((set, todo), parameters) in (1..).zip(left.todo).zip(parameters) {
        match todo {
            Todo::Nothing(end) => under_way.tally.count(end),
            Todo::Record(attempt, came) => under_way.ended(set, attempt, came, Duration::ZERO)?,
            Todo::Collect(attempt, command) => {
                if let Some(waiter) = left.commands.remove(&command) {
                    collected.insert(waiter.command().context_id().clone());
                    let collecting = resume::collect(waiter, aborted.clone());
                    under_way
                        .collecting
                        .spawn(async move { (set, attempt, collecting.await) });
                }
            }
            Todo::Run(attempt) => {
                let name = resume::name(&script.name, set, attempt);
                let job = Job::new(name, &target.cluster, script.language.clone())
                    .step_with(script.code.clone(), parameters)
                    .deadline(arguments.timeout)
                    .share_context(!arguments.isolate);
                under_way.attempts.push((set, attempt));
                jobs.push(job);
            }
        }
    }
    // Contexts in which nothing is waited for end now.
    left.sessions
        .retain(|session| collected.contains(session.context().id()));
    let free = MOST_CONTEXTS.saturating_sub(left.sessions.len());
    let runner = Runner::new()
        .per_cluster(usize::from(arguments.jobs).min(free))
        .stop_on_error(arguments.stop_on_error)
        .journal(&journal);
    let failed = under_way.drive(runner.run(jobs), interrupts).await;
    let is_closed = close(left.sessions, closing).await;
    under_way.progress.clear();
    failed?;
    if let Some(link) = link.filter(|_| is_closed && under_way.is_closed) {
        link.remove();
    }
    Ok((under_way.tally, under_way.interruptions > 0, under_way.begun.elapsed()))
}

/// Closes contexts that were taken over; whether that worked for all.
async fn close(sessions: Vec<Session>, closing: Closing) -> bool {
    drop(sessions);
    matches!(timeout(GRACE, closing.finished()).await, Ok(left) if left.is_empty())
}

/// Sets that run.
struct UnderWay<'f> {
    folder: &'f Folder,
    tally: Tally,
    progress: Progress,
    /// The set and the attempt of each job of the runner.
    attempts: Vec<(usize, u32)>,
    /// Those that an interrupted run had submitted.
    collecting: JoinSet<(usize, u32, Came)>,
    abort: watch::Sender<bool>,
    interruptions: u32,
    is_closed: bool,
    /// Why sets did not run, and how many: said once.
    not_run: BTreeMap<String, usize>,
    begun: Instant,
}

impl<'f> UnderWay<'f> {
    fn new(folder: &'f Folder, abort: watch::Sender<bool>, progress: Progress) -> Self {
        let sets = folder.rows().len();
        Self {
            folder,
            tally: Tally {
                sets,
                ..Tally::default()
            },
            progress,
            attempts: Vec::new(),
            collecting: JoinSet::new(),
            abort,
            interruptions: 0,
            is_closed: true,
            not_run: BTreeMap::new(),
            begun: Instant::now(),
        }
    }

    /// Writes what comes until all have ended. A result that cannot be written ends the run.
    async fn drive(&mut self, mut running: Running, mut interrupts: Interrupts) -> Result<(), Failure> {
        let control = running.control();
        let (mut runs, mut written) = (true, Ok(()));
        self.progress.show(&self.tally);
        self.progress.reset_estimate();
        while runs || !self.collecting.is_empty() {
            let one = tokio::select! {
                event = running.next(), if runs => match event {
                    Some(event) => self.happened(event),
                    None => {
                        runs = false;
                        Ok(())
                    }
                },
                Some(collected) = self.collecting.join_next() => match collected {
                    Ok((set, attempt, came)) => self.ended(set, attempt, came, self.begun.elapsed()),
                    // None of them panics, and nobody cancels one.
                    Err(_) => Ok(()),
                },
                () = interrupts.next() => {
                    self.interrupted(&control);
                    Ok(())
                }
            };
            if one.is_err() && written.is_ok() {
                control.abort();
                self.abort.send_replace(true);
                written = one;
            }
        }
        let left = running.summary().await.left;
        self.is_closed = left.is_empty();
        left.iter()
            .for_each(|left| self.progress.note(&format!("Warning: {left}")));
        for (why, sets) in &self.not_run {
            self.progress.note(&format!("{sets} not run: {why}"));
        }
        written
    }

    /// The first signal lets those that run come to their ends, the second cancels them.
    fn interrupted(&mut self, control: &Control) {
        self.interruptions += 1;
        if self.interruptions == 1 {
            control.drain();
            self.progress
                .note("Interrupted: no more sets are begun; once more to cancel those that run.");
        } else {
            control.abort();
            self.abort.send_replace(true);
            self.progress.note("Interrupted: cancelling those that run.");
        }
    }

    fn happened(&mut self, event: JobEvent) -> Result<(), Failure> {
        match event {
            JobEvent::Started { .. } => self.progress.began(&self.tally),
            JobEvent::Finished(report) => {
                let (set, attempt) = self.attempts[report.index];
                return self.ended(set, attempt, Came::of_report(&report), report.elapsed);
            }
            _ => {}
        }
        Ok(())
    }

    fn ended(&mut self, set: usize, attempt: u32, came: Came, elapsed: Duration) -> Result<(), Failure> {
        let (end, results, error) = match came {
            Came::Ended(end, results, error) => (end, results, error),
            Came::NotRun(failure) => {
                self.tally.not_run.get_or_insert(failure.exit);
                *self.not_run.entry(failure.to_string()).or_default() += 1;
                return Ok(());
            }
            Came::Skipped => return Ok(()),
        };
        let said = match &results {
            Some(Results::Error(raised)) => Some(raised.plain()),
            _ => error.clone(),
        };
        if let Some(said) = said {
            self.progress.note(&format!("set {set}: {said}"));
        }
        let record = Record {
            set,
            attempt,
            outcome: end,
            parameters: self.folder.rows()[set - 1].clone(),
            results,
            error,
            seconds: seconds(elapsed),
        };
        self.folder.write_record(&record)?;
        self.tally.count(end);
        self.progress.ended(&self.tally);
        Ok(())
    }
}

/// The summary, also as a file.
fn tell(tally: &Tally, folder: &Folder, elapsed: Duration, output: Output) -> Result<(), Failure> {
    let mut summary = serde_json::json!(tally);
    summary["not_run"] = (tally.sets - tally.ended()).into();
    summary["seconds"] = seconds(elapsed).into();
    folder.write_summary(&summary.to_string())?;
    if output.is_json() {
        return output.answer(&summary, |_| String::new());
    }
    let whole = Duration::from_secs(elapsed.as_secs());
    let took = humantime::format_duration(whole);
    print_line(&format!(
        "{}; {took}; results in {}",
        tally.sentence(),
        folder.path().display()
    ))
}
