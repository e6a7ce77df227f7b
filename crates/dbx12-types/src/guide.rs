//! How to build on this crate: three pages whose code is compiled and run with the tests.
//!
//! * [`decode`]: look at an answer that was recorded.
//! * [`serve`]: answer requests in an HTTP stack of your choice.
//! * [`replay`]: record a conversation and answer from the record.

#[doc = include_str!("guide/decode.md")]
pub mod decode {}

#[doc = include_str!("guide/serve.md")]
pub mod serve {}

#[doc = include_str!("guide/replay.md")]
pub mod replay {}
