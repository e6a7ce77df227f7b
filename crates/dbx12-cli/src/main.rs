//! The `dbx12` command: run code on a Databricks cluster, or on this machine, from a shell.

mod api;
mod arguments;
mod auth;
mod cluster_wait;
mod connect;
mod destination;
mod exception;
mod failure;
mod helps;
mod jobs;
#[cfg(unix)]
mod local;
#[cfg(not(unix))]
#[path = "no_local.rs"]
mod local;
mod map;
mod output;
mod program;
mod progress;
mod render;
mod run;
mod signals;
mod state;
mod verbs;

use arguments::{Arguments, Command};
use clap::Parser;
use failure::{Exit, Failure};
use output::{Output, print_failure};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.global.debug {
        show_debug();
    }
    let ended = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Transport, format!("cannot start: {error}")))
        .and_then(|runtime| runtime.block_on(dispatch(arguments)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            print_failure(&failure);
            ExitCode::from(failure.exit as u8)
        }
    }
}

async fn dispatch(arguments: Arguments) -> Result<(), Failure> {
    let global = &arguments.global;
    match arguments.command {
        Command::Run(arguments) => run::run(arguments, global).await,
        Command::Map(arguments) => map::map(arguments, global, Output::of(global)?).await,
        Command::Ps => jobs::ps(global, Output::of(global)?).await,
        Command::Attach(arguments) => jobs::attach(arguments, global).await,
        Command::Wait(arguments) => jobs::wait(arguments, global, Output::of(global)?).await,
        Command::Cancel(arguments) => jobs::cancel(arguments, global).await,
        Command::Gc(arguments) => jobs::gc(arguments, global, Output::of(global)?).await,
        Command::Clusters(verb) => verbs::clusters(verb, global).await,
        Command::Contexts(verb) => verbs::contexts(verb, global).await,
        Command::Commands(verb) => verbs::commands(verb, global).await,
        Command::Libraries(verb) => verbs::libraries(verb, global).await,
        Command::Api(verb) => api::api(verb, global).await,
        Command::Auth(verb) => auth::auth(verb, global, Output::of(global)?).await,
        Command::Local(verb) => local::local(verb).await,
        Command::Completions { shell } => helps::completions(shell),
        Command::Man { folder } => helps::manual(&folder),
    }
}

/// What the layers trace, on stderr. None of them traces a secret, code or results.
fn show_debug() {
    let filter =
        tracing_subscriber::EnvFilter::new("warn,dbx12_http=debug,dbx12_api=debug,dbx12_exec=debug,dbx12_local=debug");
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
        .with_ansi(false)
        .init();
}
