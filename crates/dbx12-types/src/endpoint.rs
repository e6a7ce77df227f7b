//! What an operation of the API is: a request type with its method, path, answer and safety.

use serde::{Serialize, de::DeserializeOwned};
use std::fmt;

/// One operation of the API. The request type *is* the operation, for the client and for the server.
///
/// Fields travel as JSON, as a query, as a form or as multipart parts; [`crate::pairs`] turns a request into
/// name/value pairs and back for everything that is not JSON.
///
/// ```
/// use dbx12_types::{Endpoint, GetCluster};
/// assert_eq!(GetCluster::PATH, "/api/1.2/clusters/status");
/// ```
pub trait Endpoint: Serialize + DeserializeOwned + Send + Sync {
    /// What the server answers with when the call succeeds.
    type Response: Serialize + DeserializeOwned + Send;
    /// The HTTP method.
    const METHOD: Method;
    /// The path below the workspace's URL, with a leading slash.
    const PATH: &'static str;
    /// Whether the operation may be delivered twice.
    const IDEMPOTENCY: Idempotency;

    /// The operation as data, for tables and logs.
    fn operation() -> Operation {
        Operation {
            method: Self::METHOD,
            path: Self::PATH,
            idempotency: Self::IDEMPOTENCY,
        }
    }
}

/// The HTTP methods that the API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(
    clippy::exhaustive_enums,
    reason = "the document: GET to read, POST to modify, nothing else"
)]
pub enum Method {
    /// Reads; parameters travel in the query.
    Get,
    /// Modifies; parameters travel in the body.
    Post,
}

impl Method {
    /// The method's name as HTTP writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether delivering an operation a second time can do harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "an operation is one or the other")]
pub enum Idempotency {
    /// A second delivery changes nothing: every read, and destroy and cancel.
    Idempotent,
    /// A second delivery would do the work twice: create, execute, restart, upload.
    Once,
}

/// An operation as data: one row of [`all`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Operation {
    /// The HTTP method.
    pub method: Method,
    /// The path below the workspace's URL.
    pub path: &'static str,
    /// Whether the operation may be delivered twice.
    pub idempotency: Idempotency,
}

/// Implements [`Endpoint`] in one line a constant.
macro_rules! endpoint {
    ($request:ty => $response:ty, $method:ident $path:literal, $idempotency:ident) => {
        impl crate::Endpoint for $request {
            type Response = $response;
            const METHOD: crate::Method = crate::Method::$method;
            const PATH: &'static str = $path;
            const IDEMPOTENCY: crate::Idempotency = crate::Idempotency::$idempotency;
        }
    };
}

endpoint!(crate::ListClusters => Vec<crate::ClusterInfo>, Get "/api/1.2/clusters/list", Idempotent);
endpoint!(crate::GetCluster => crate::ClusterInfo, Get "/api/1.2/clusters/status", Idempotent);
endpoint!(crate::RestartCluster => crate::RestartedCluster, Post "/api/1.2/clusters/restart", Once);
endpoint!(crate::CreateContext => crate::CreatedContext, Post "/api/1.2/contexts/create", Once);
endpoint!(crate::GetContext => crate::ContextInfo, Get "/api/1.2/contexts/status", Idempotent);
endpoint!(crate::DestroyContext => crate::DestroyedContext, Post "/api/1.2/contexts/destroy", Idempotent);
endpoint!(crate::ExecuteCommand => crate::SubmittedCommand, Post "/api/1.2/commands/execute", Once);
endpoint!(crate::GetCommand => crate::CommandInfo, Get "/api/1.2/commands/status", Idempotent);
endpoint!(crate::CancelCommand => crate::CancelledCommand, Post "/api/1.2/commands/cancel", Idempotent);
endpoint!(crate::ListLibraries => Vec<crate::LibraryInfo>, Get "/api/1.2/libraries/list", Idempotent);
endpoint!(crate::UploadLibrary => crate::UploadedLibrary, Post "/api/1.2/libraries/upload", Once);

/// Every operation of the document, in its order.
pub fn all() -> [Operation; 11] {
    [
        crate::ListClusters::operation(),
        crate::GetCluster::operation(),
        crate::RestartCluster::operation(),
        crate::CreateContext::operation(),
        crate::GetContext::operation(),
        crate::DestroyContext::operation(),
        crate::ExecuteCommand::operation(),
        crate::GetCommand::operation(),
        crate::CancelCommand::operation(),
        crate::ListLibraries::operation(),
        crate::UploadLibrary::operation(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_get_and_only_work_that_must_not_run_twice_is_once() {
        let once: Vec<_> = all()
            .into_iter()
            .filter(|operation| operation.idempotency == Idempotency::Once)
            .map(|o| o.path)
            .collect();
        assert_eq!(
            once,
            [
                "/api/1.2/clusters/restart",
                "/api/1.2/contexts/create",
                "/api/1.2/commands/execute",
                "/api/1.2/libraries/upload"
            ]
        );
        for operation in all() {
            let read = operation.path.ends_with("/list") || operation.path.ends_with("/status");
            assert_eq!(read, operation.method == Method::Get, "{}", operation.path);
        }
    }
}
