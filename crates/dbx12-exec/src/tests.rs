//! Waiting and sessions against a scripted server, on a paused clock.

mod dropping;
mod opening;
mod running;
pub(crate) mod server;
mod submitting;
mod waiting;
