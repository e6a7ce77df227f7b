//! All layers together: against the local workspace, its server, and peers that misbehave.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod api_and_auth;
mod architecture;
mod at_most_once;
mod bad_input;
mod cli;
mod cli_run;
mod cli_terminal;
mod client_errors;
mod clients;
mod credentials;
mod document;
mod faults;
mod follow;
mod invariants;
mod jobs;
mod map;
mod openapi;
mod recovery;
mod road;
mod runner;
mod sessions;
