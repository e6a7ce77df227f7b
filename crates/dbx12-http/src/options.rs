//! What one call may ask for beside its request.

use std::time::Duration;

/// How one call is made. The default is what [`Client::send`](crate::Client::send) does.
///
/// ```
/// use dbx12_http::{BodyEncoding, CallOptions};
/// use std::time::Duration;
/// let options = CallOptions::new().encoding(BodyEncoding::Form).deadline(Duration::from_secs(5));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallOptions {
    pub(crate) encoding: BodyEncoding,
    pub(crate) file_part: Option<FilePart>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) traceparent: Option<String>,
    pub(crate) tracestate: Option<String>,
    pub(crate) report_not_ready: bool,
    pub(crate) single_attempt: bool,
}

impl CallOptions {
    /// The default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends the body of a `POST` in this encoding. A `GET` has no body: its fields always travel in the query.
    #[must_use]
    pub fn encoding(mut self, encoding: BodyEncoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Sends the body as multipart, with the field `field` as a file named `filename`: what `curl -F command=@job.py`
    /// does. A request without that field is sent without a file.
    #[must_use]
    pub fn file_part(mut self, field: impl Into<String>, filename: impl Into<String>) -> Self {
        self.encoding = BodyEncoding::Multipart;
        self.file_part = Some(FilePart {
            field: field.into(),
            filename: filename.into(),
        });
        self
    }

    /// Sends the request once, whatever the client's policy: for whoever asks again anyway. Only credentials that the service
    /// refuses are renewed, once, and the request is sent with the new ones.
    #[must_use]
    pub fn single_attempt(mut self) -> Self {
        self.single_attempt = true;
        self
    }

    /// Bounds the whole call: credentials, all attempts, and the waits between them. Overrides the client's deadline.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sends this `traceparent` (W3C Trace Context): the call belongs to that trace. Overrides the client's
    /// [`trace_context`](crate::ClientBuilder::trace_context).
    #[must_use]
    pub fn traceparent(mut self, traceparent: impl Into<String>) -> Self {
        self.traceparent = Some(traceparent.into());
        self
    }

    /// Sends this `tracestate` beside the [`traceparent`](Self::traceparent).
    #[must_use]
    pub fn tracestate(mut self, tracestate: impl Into<String>) -> Self {
        self.tracestate = Some(tracestate.into());
        self
    }

    /// Reports at once that the cluster is not ready ([`Error::is_cluster_not_ready`](crate::Error::is_cluster_not_ready)),
    /// instead of trying again: for callers who then look at the cluster themselves.
    #[must_use]
    pub fn report_not_ready(mut self) -> Self {
        self.report_not_ready = true;
        self
    }
}

/// How the fields of a `POST` are written into its body. The service reads all three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyEncoding {
    /// `application/json`
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`
    Form,
    /// `multipart/form-data`
    Multipart,
}

/// A field that travels as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilePart {
    pub(crate) field: String,
    pub(crate) filename: String,
}
