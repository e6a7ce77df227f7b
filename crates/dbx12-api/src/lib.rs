#![doc = include_str!("../README.md")]

mod cluster;
mod code;
mod command;
mod context;
mod workspace;

pub use cluster::Cluster;
pub use code::Code;
pub use command::Command;
pub use context::Context;
pub use dbx12_http as http;
pub use dbx12_http::types;
pub use workspace::Workspace;

#[cfg(test)]
mod tests;
