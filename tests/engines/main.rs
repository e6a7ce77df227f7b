//! SQL, Scala and Python's `spark` on a real Apache Spark, which the workspace installs.
//!
//! Each test starts a Spark of its own, so there are few of them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod at_most_once;
mod cancel;
mod death;
mod literals;
mod notebook;
mod python;
mod remote;
mod scala;
mod sql;
