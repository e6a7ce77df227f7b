//! Execution contexts: create, look at, destroy.

use crate::{ClusterId, ContextId, Fields};

open_enum! {
    /// The language of a context or a command. Written in lower case; clients in the wild capitalise it, and are read.
    pub enum Language {
        /// Python.
        Python = "python" | "Python" | "PYTHON",
        /// Scala.
        Scala = "scala" | "Scala" | "SCALA",
        /// SQL.
        Sql = "sql" | "Sql" | "SQL",
        /// R: not in the document, accepted by the real service.
        R = "r" | "R",
    }
}

open_enum! {
    /// What a context is doing.
    pub enum ContextStatus {
        /// It could not be set up, or broke.
        Error = "Error",
        /// It is being set up; commands wait.
        Pending = "Pending",
        /// It runs commands.
        Running = "Running",
    }
}

message! {
    /// `POST /api/1.2/contexts/create`: a new namespace for variables.
    pub struct CreateContext {
        /// On which cluster.
        cluster_id: ClusterId = "clusterId",
        /// The language of commands that name none.
        language: Language = "language",
    }
}

impl CreateContext {
    /// Asks for a context.
    pub fn new(cluster_id: impl Into<ClusterId>, language: Language) -> Self {
        Self {
            cluster_id: cluster_id.into(),
            language,
            extra: Fields::default(),
        }
    }
}

message! {
    /// The answer to [`CreateContext`]. The context may still be `Pending`.
    pub struct CreatedContext {
        /// The new context.
        id: ContextId = "id",
    }
}

impl CreatedContext {
    /// The answer that names the new context.
    pub fn new(id: impl Into<ContextId>) -> Self {
        Self {
            id: id.into(),
            extra: Fields::default(),
        }
    }
}

message! {
    /// `GET /api/1.2/contexts/status`: one context.
    pub struct GetContext {
        /// On which cluster.
        cluster_id: ClusterId = "clusterId",
        /// Which context.
        context_id: ContextId = "contextId",
    }
}

impl GetContext {
    /// Asks for one context.
    pub fn new(cluster_id: impl Into<ClusterId>, context_id: impl Into<ContextId>) -> Self {
        Self {
            cluster_id: cluster_id.into(),
            context_id: context_id.into(),
            extra: Fields::default(),
        }
    }
}

message! {
    /// A context, as `contexts/status` describes it.
    pub struct ContextInfo {
        /// Its id.
        id: Option<ContextId> = "id",
        /// What it is doing.
        status: ContextStatus = "status",
    }
}

impl ContextInfo {
    /// A context in a state.
    pub fn new(id: impl Into<ContextId>, status: ContextStatus) -> Self {
        Self {
            id: Some(id.into()),
            status,
            extra: Fields::default(),
        }
    }
}

message! {
    /// `POST /api/1.2/contexts/destroy`: ends a context and the commands in it.
    pub struct DestroyContext {
        /// On which cluster.
        cluster_id: ClusterId = "clusterId",
        /// Which context.
        context_id: ContextId = "contextId",
    }
}

impl DestroyContext {
    /// Asks for the end of a context.
    pub fn new(cluster_id: impl Into<ClusterId>, context_id: impl Into<ContextId>) -> Self {
        Self {
            cluster_id: cluster_id.into(),
            context_id: context_id.into(),
            extra: Fields::default(),
        }
    }
}

message! {
    /// The answer to [`DestroyContext`].
    #[derive(Default)]
    pub struct DestroyedContext {
        /// The context, where the server names it: some answer `{}` or nothing.
        id: Option<ContextId> = "id",
    }
}

impl DestroyedContext {
    /// The answer that names the context.
    pub fn new(id: impl Into<ContextId>) -> Self {
        Self {
            id: Some(id.into()),
            extra: Fields::default(),
        }
    }
}
