#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[macro_use]
mod object;
#[macro_use]
mod open_enum;

mod base64;
pub mod cluster;
pub mod command;
pub mod context;
mod decode;
pub mod endpoint;
pub mod error_body;
pub mod fields;
pub mod guide;
pub mod id;
mod json;
pub mod library;
pub mod pairs;
pub mod parameter;
pub mod results;
#[cfg(feature = "schema")]
mod schema;
pub mod spark_type;

#[cfg(test)]
mod lossless_tests;
#[cfg(test)]
mod openapi_tests;

pub use cluster::{ClusterInfo, ClusterStatus, GetCluster, ListClusters, RestartCluster, RestartedCluster};
pub use command::{
    CancelCommand, CancelledCommand, CommandInfo, CommandOptions, CommandStatus, ExecuteCommand, GetCommand,
    SubmittedCommand,
};
pub use context::{
    ContextInfo, ContextStatus, CreateContext, CreatedContext, DestroyContext, DestroyedContext, GetContext, Language,
};
pub use decode::{DecodeError, decode};
pub use endpoint::{Endpoint, Idempotency, Method};
pub use error_body::ErrorBody;
pub use fields::{FieldError, Fields};
pub use id::{ClusterId, CommandId, ContextId};
pub use library::{LibraryInfo, LibraryStatus, ListLibraries, UploadLibrary, UploadedLibrary};
pub use open_enum::Unrecognized;
pub use parameter::{Parameter, ParameterError, Parameters};
pub use results::{Image, Images, RemoteError, Results, Table, Text};
pub use spark_type::DataType;
