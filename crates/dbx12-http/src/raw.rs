//! Requests to endpoints that have no type.

use crate::types::Idempotency;
use bytes::Bytes;
use http::Method;
use serde::Serialize;

/// A request to any path of the workspace, for [`Client::raw`](crate::Client::raw).
///
/// It is retried by the same rules as the typed ones. Unless told otherwise, `GET`, `HEAD` and `OPTIONS` may be delivered
/// twice and everything else may not.
///
/// ```
/// use dbx12_http::RawRequest;
/// let request = RawRequest::get("/api/2.0/clusters/get").query("cluster_id", "1234-567890-span123");
/// ```
#[derive(Clone, Debug)]
pub struct RawRequest {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Bytes,
    pub(crate) idempotency: Idempotency,
}

impl RawRequest {
    /// A request without query and body. The path begins with a slash and is already percent-encoded.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        let idempotency = if method.is_safe() {
            Idempotency::Idempotent
        } else {
            Idempotency::Once
        };
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            content_type: None,
            body: Bytes::new(),
            idempotency,
        }
    }

    /// A `GET`.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// A `POST`.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    /// Adds a parameter to the query; it is percent-encoded here.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets the body and its media type.
    #[must_use]
    pub fn body(mut self, content_type: impl Into<String>, body: impl Into<Bytes>) -> Self {
        self.content_type = Some(content_type.into());
        self.body = body.into();
        self
    }

    /// Sets the body to a value written as JSON.
    ///
    /// # Errors
    /// When JSON cannot hold the value.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Result<Self, serde_json::Error> {
        let body = serde_json::to_vec(value)?;
        Ok(self.body("application/json", body))
    }

    /// Says whether the request may be delivered twice.
    #[must_use]
    pub fn idempotency(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = idempotency;
        self
    }
}
