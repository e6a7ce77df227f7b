//! Libraries of API 1.2. The document calls both operations deprecated; they are complete here all the same.

use crate::{ClusterId, Fields, Language};

open_enum! {
    /// What a library on a cluster is doing.
    pub enum LibraryStatus {
        /// It could not be installed.
        LibraryError = "LibraryError",
        /// It is there for new commands.
        LibraryLoaded = "LibraryLoaded",
        /// It is being installed.
        LibraryPending = "LibraryPending",
    }
}

message! {
    /// `GET /api/1.2/libraries/list`: the libraries of a cluster.
    pub struct ListLibraries {
        /// Which cluster.
        cluster_id: ClusterId = "clusterId",
    }
}

impl ListLibraries {
    /// Asks for the libraries of a cluster.
    pub fn new(cluster_id: impl Into<ClusterId>) -> Self {
        Self {
            cluster_id: cluster_id.into(),
            extra: Fields::default(),
        }
    }
}

message! {
    /// A library, as `libraries/list` describes it. Old servers add `id` and `folder`.
    pub struct LibraryInfo {
        /// Its name.
        name: Option<String> = "name",
        /// What it is doing.
        status: LibraryStatus = "status",
    }
}

impl LibraryInfo {
    /// A library in a state.
    pub fn new(name: impl Into<String>, status: LibraryStatus) -> Self {
        Self {
            name: Some(name.into()),
            status,
            extra: Fields::default(),
        }
    }
}

message! {
    /// `POST /api/1.2/libraries/upload`: installs a library on a cluster.
    pub struct UploadLibrary {
        /// On which cluster.
        cluster_id: ClusterId = "clusterId",
        /// What to call it.
        name: String = "name",
        /// The language it is for.
        language: Language = "language",
        /// Where it is: a `file`, `http` or `https` URI, read by the server.
        uri: String = "uri",
    }
}

impl UploadLibrary {
    /// Asks for the installation of a library.
    pub fn new(
        cluster_id: impl Into<ClusterId>,
        name: impl Into<String>,
        language: Language,
        uri: impl Into<String>,
    ) -> Self {
        Self {
            cluster_id: cluster_id.into(),
            name: name.into(),
            language,
            uri: uri.into(),
            extra: Fields::default(),
        }
    }
}

message! {
    /// The answer to [`UploadLibrary`].
    #[derive(Default)]
    pub struct UploadedLibrary {
        /// The language it is for.
        language: Language = "language",
        /// Where it came from.
        uri: Option<String> = "uri",
    }
}

impl UploadedLibrary {
    /// The answer that repeats what was asked for.
    pub fn new(language: Language, uri: impl Into<String>) -> Self {
        Self {
            language,
            uri: Some(uri.into()),
            extra: Fields::default(),
        }
    }
}
