#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub use dbx12_types as types;
/// The types in which a [`Transport`] speaks; re-exported so that versions cannot drift.
pub use {bytes, http};

mod build_error;
mod builder;
mod call;
mod client;
mod clock;
pub mod config;
pub mod credentials;
mod curl;
mod decode;
mod encode;
mod error;
mod failure;
#[doc = include_str!("faults.md")]
pub mod faults {}
mod host;
#[cfg(feature = "hyper")]
mod hyper_transport;
mod multipart;
mod options;
mod pace;
mod proxy;
mod raw;
mod retry;
#[cfg(feature = "hyper")]
mod tls;
mod trace;
pub mod transport;
mod user_agent;

pub use build_error::BuildError;
pub use builder::ClientBuilder;
pub use client::Client;
pub use config::{AuthType, Config, ConfigFile, ConfigFileError, Explanation, Setting};
pub use credentials::{CredentialContext, CredentialError, CredentialSource, Credentials};
pub use error::{Error, ErrorKind};
pub use host::{Host, HostError};
#[cfg(feature = "hyper")]
pub use hyper_transport::{HyperOptions, HyperTransport};
pub use options::{BodyEncoding, CallOptions};
pub use proxy::ProxySettings;
pub use raw::RawRequest;
pub use retry::RetryPolicy;
#[cfg(feature = "hyper")]
pub use tls::{ClientCertificate, CryptoProvider, TlsRoots};
pub use transport::{BoxFuture, Transport, TransportError, TransportErrorKind};
