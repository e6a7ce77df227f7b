//! The harness of the integration tests: the built `dbx12` binary, a served workspace, the real `curl`; peers that
//! misbehave, and ways to watch what passes.
//!
//! The project's README is compiled and run as the documentation test of this crate.
#![doc = include_str!("../../README.md")]

mod binary;
mod call;
mod fault_peer;
mod leftovers;
mod peer;
mod pki;
mod relay;
mod relayed;
mod road;
mod served;
mod trace;
mod until;
mod witness;

pub use binary::{Finished, curl, dbx12, finish, start};
pub use call::Call;
pub use fault_peer::{Fault, FaultPeer, Sightings};
pub use leftovers::{assert_nothing_left, processes_of};
pub use peer::{Asked, Peer, Reaction};
pub use pki::{Authority, self_signed_server};
pub use relay::{Passage, Relay};
pub use relayed::Relayed;
pub use road::{Road, Way};
pub use served::Served;
pub use trace::Traced;
pub use until::until;
pub use witness::{Fate, Witness};
