//! What goes back to the client: answers as JSON, and refusals in the shapes of the real service.
//!
//! The 1.2 backend says `{"error": "ExceptionName: message"}`, mostly with status 500; the gateway in front of it, which
//! looks at credentials and at bodies it cannot read, says `{"error_code", "message"}`.

use std::fmt;

use bytes::Bytes;
use dbx12_types::{ErrorBody, Method};
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use serde::Serialize;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const BASIC: HeaderValue = HeaderValue::from_static("Basic realm=\"dbx12-local\", charset=\"UTF-8\"");

/// What a handler answers: a value, or the JSON text of one that was written before.
#[derive(Clone, Debug)]
pub struct Reply<T>(Content<T>);

#[derive(Clone, Debug)]
enum Content<T> {
    Value(T),
    Written(Bytes),
}

impl<T> From<T> for Reply<T> {
    fn from(value: T) -> Self {
        Self(Content::Value(value))
    }
}

impl<T: Serialize> Reply<T> {
    /// An answer that is JSON text already. It must be that of a `T`.
    pub fn written(json: Bytes) -> Self {
        Self(Content::Written(json))
    }

    pub(crate) fn into_response(self) -> Response<Bytes> {
        let json = match self.0 {
            Content::Written(json) => Ok(json),
            Content::Value(value) => serde_json::to_vec(&value).map(Bytes::from),
        };
        match json {
            Ok(json) => response(StatusCode::OK, json),
            Err(error) => {
                Refusal::new("RuntimeException", format!("the answer cannot be written: {error}")).into_response()
            }
        }
    }
}

/// Why a call was not carried out, with the status and the body that say so.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal(Box<Parts>);

#[derive(Clone, Debug, PartialEq)]
struct Parts {
    status: StatusCode,
    body: ErrorBody,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    /// A refusal of the backend: status 500 and `{"error": "exception: message"}`.
    pub fn new(exception: &str, message: impl AsRef<str>) -> Self {
        Self::with_status(
            StatusCode::INTERNAL_SERVER_ERROR,
            ErrorBody::backend(exception, message.as_ref()),
        )
    }

    /// A refusal with any status and body.
    pub fn with_status(status: StatusCode, body: ErrorBody) -> Self {
        Self(Box::new(Parts {
            status,
            body,
            header: None,
        }))
    }

    fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.header = Some((name, value));
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The body.
    pub fn body(&self) -> &ErrorBody {
        &self.0.body
    }

    /// A refusal of the gateway.
    pub(crate) fn gateway(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self::with_status(status, ErrorBody::gateway(code, message))
    }

    /// The request has a parameter too few, or one that cannot be.
    pub(crate) fn illegal_argument(what: impl fmt::Display) -> Self {
        Self::new("IllegalArgumentException", format!("requirement failed: {what}"))
    }

    /// The request cannot be understood.
    pub(crate) fn malformed(why: impl fmt::Display) -> Self {
        let message = format!("Could not parse request object: {why}");
        Self::gateway(StatusCode::BAD_REQUEST, "MALFORMED_REQUEST", message)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("The request's body is larger than this workspace accepts, which is {limit} bytes.");
        Self::gateway(StatusCode::PAYLOAD_TOO_LARGE, "MAX_REQUEST_SIZE_EXCEEDED", message)
    }

    pub(crate) fn too_slow() -> Self {
        let message = "The rest of the request's body did not come in time.";
        Self::gateway(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", message)
    }

    pub(crate) fn unknown_encoding(encoding: &str) -> Self {
        let message = format!("Content-Encoding {encoding:?} is not understood: send gzip, or no encoding.");
        Self::gateway(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message)
    }

    pub(crate) fn no_credentials() -> Self {
        let message = "Credential was not sent or was of an unsupported type for this API. Send a token (Bearer, or \
                       Basic with the user name \"token\"), or a user name and password (Basic).";
        Self::gateway(StatusCode::UNAUTHORIZED, "401", message).header(WWW_AUTHENTICATE, BASIC)
    }

    pub(crate) fn wrong_credentials() -> Self {
        Self::gateway(StatusCode::FORBIDDEN, "403", "Invalid access token.")
    }

    /// A token that was issued, and is too old. The real service says 403 here too, not 401.
    pub(crate) fn expired_token() -> Self {
        Self::gateway(StatusCode::FORBIDDEN, "403", "Invalid access token. (token expired)")
    }

    /// A refusal of the OAuth endpoints (RFC 6749, 5.2).
    pub(crate) fn oauth(error: &str, description: &str) -> Self {
        let mut body = ErrorBody::default();
        body.error = Some(error.to_owned());
        // Text is JSON.
        let _ = body.extra.set("error_description", &description);
        Self::with_status(StatusCode::BAD_REQUEST, body)
    }

    /// Client id or secret are wrong, or missing.
    pub(crate) fn unknown_client() -> Self {
        let mut refusal = Self::oauth("invalid_client", "Client authentication failed");
        refusal.0.status = StatusCode::UNAUTHORIZED;
        refusal.header(WWW_AUTHENTICATE, BASIC)
    }

    /// A path of API 2.x that is not here.
    pub(crate) fn endpoint_not_found(method: &http::Method, path: &str) -> Self {
        let message = format!("No API found for '{method} {path}'");
        Self::gateway(StatusCode::NOT_FOUND, "ENDPOINT_NOT_FOUND", message)
    }

    /// A picture that is not there, or no longer.
    pub(crate) fn no_plot(path: &str) -> Self {
        let message =
            format!("The file {path} does not exist. Pictures go with their context, and the oldest for new ones.");
        Self::gateway(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)
    }

    /// The answer was lost by a fault that was asked for, and there is no connection to reset.
    pub(crate) fn lost() -> Self {
        Self::gateway(
            StatusCode::BAD_GATEWAY,
            "CONNECTION_RESET",
            "The connection was reset, by a fault that was asked for.",
        )
    }

    /// A page of another site asks, through its reader's browser.
    pub(crate) fn of_another_site() -> Self {
        let message = "Requests that a browser sends for a page of another site are refused.";
        Self::gateway(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message)
    }

    pub(crate) fn bad_target(path: &str) -> Self {
        let error = format!("Bad Target: {path}");
        let mut body = ErrorBody::default();
        body.error = Some(error);
        Self::with_status(StatusCode::NOT_FOUND, body)
    }

    pub(crate) fn wrong_method(method: &http::Method, right: Method, path: &str) -> Self {
        let body = ErrorBody::backend(
            "MethodNotAllowed",
            &format!("{method} {path}: use {right} for this path"),
        );
        let allow = HeaderValue::from_static(right.as_str());
        Self::with_status(StatusCode::METHOD_NOT_ALLOWED, body).header(ALLOW, allow)
    }

    pub(crate) fn into_response(self) -> Response<Bytes> {
        // An error body is text in a map: there is nothing in it that JSON cannot hold.
        let json = serde_json::to_vec(&self.0.body).unwrap_or_default();
        let mut response = response(self.0.status, json.into());
        response.headers_mut().extend(self.0.header);
        response
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.body.fmt(f)
    }
}

impl std::error::Error for Refusal {}

fn response(status: StatusCode, json: Bytes) -> Response<Bytes> {
    let mut response = Response::new(json);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}
