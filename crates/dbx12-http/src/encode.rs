//! A request as it goes out: method, URI, body. Pure.

use crate::multipart::{self, Part};
use crate::options::{BodyEncoding, CallOptions};
use crate::trace::TRACE_HEADERS;
use crate::types::{Endpoint, Idempotency, Method, pairs};
use crate::{Host, RawRequest};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Uri};
use std::borrow::Cow;

/// What is asked for, as far as it may be shown to anybody.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) method: http::Method,
    /// Without its query.
    pub(crate) path: Cow<'static, str>,
    /// The path, if it is the same for all calls of the operation.
    pub(crate) template: Option<&'static str>,
    pub(crate) idempotency: Idempotency,
}

impl Operation {
    pub(crate) fn of_endpoint<E: Endpoint>() -> Self {
        let method = match E::METHOD {
            Method::Get => http::Method::GET,
            Method::Post => http::Method::POST,
        };
        Self {
            method,
            path: Cow::Borrowed(E::PATH),
            template: Some(E::PATH),
            idempotency: E::IDEMPOTENCY,
        }
    }

    pub(crate) fn of_raw(request: &RawRequest) -> Self {
        Self {
            method: request.method.clone(),
            path: Cow::Owned(request.path.split(['?', '#']).next().unwrap_or_default().to_owned()),
            template: None,
            idempotency: request.idempotency,
        }
    }
}

/// A request that can be sent any number of times.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) operation: Operation,
    pub(crate) uri: Uri,
    pub(crate) content_type: Option<HeaderValue>,
    /// The trace that this one call belongs to.
    pub(crate) trace: HeaderMap,
    pub(crate) body: Bytes,
}

/// The request that an operation makes, or why it cannot be made.
pub(crate) fn endpoint<E: Endpoint>(
    request: &E,
    host: &Host,
    options: &CallOptions,
    rng: impl FnOnce() -> fastrand::Rng,
) -> Result<Outgoing, String> {
    let mut query = String::new();
    let (content_type, body) = match (E::METHOD, options.encoding) {
        (Method::Get, _) => {
            query = url_encoded(request);
            (None, Bytes::new())
        }
        (Method::Post, BodyEncoding::Json) => {
            let body = serde_json::to_vec(request).map_err(|error| format!("it cannot be written as JSON: {error}"))?;
            (Some(HeaderValue::from_static("application/json")), Bytes::from(body))
        }
        (Method::Post, BodyEncoding::Form) => {
            let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
            (Some(content_type), Bytes::from(url_encoded(request)))
        }
        (Method::Post, BodyEncoding::Multipart) => {
            let (content_type, body) = multipart_body(&pairs::to_pairs(request), options, rng());
            (Some(header_value(&content_type)?), body)
        }
    };
    Ok(Outgoing {
        operation: Operation::of_endpoint::<E>(),
        uri: uri(host, E::PATH, &query)?,
        content_type,
        trace: trace(options)?,
        body,
    })
}

/// The request to a path of the caller's choice.
pub(crate) fn raw(request: RawRequest, host: &Host) -> Result<Outgoing, String> {
    if !request.path.starts_with('/') || request.path.starts_with("//") {
        return Err("the path must begin with one slash".to_owned());
    }
    if request.path.contains(['?', '#']) {
        return Err("the path must not hold a query; give its parameters one by one".to_owned());
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(&request.query).finish();
    Ok(Outgoing {
        operation: Operation::of_raw(&request),
        uri: uri(host, &request.path, &query)?,
        content_type: request.content_type.as_deref().map(header_value).transpose()?,
        trace: HeaderMap::new(),
        body: request.body,
    })
}

fn uri(host: &Host, path: &str, query: &str) -> Result<Uri, String> {
    let path_and_query = if query.is_empty() {
        PathAndQuery::try_from(path)
    } else {
        PathAndQuery::try_from([path, "?", query].concat())
    };
    match path_and_query {
        Ok(path_and_query) => Ok(host.join(path_and_query)),
        // The source would not say more, and the query stays out of errors.
        Err(_) if query.is_empty() => Err("the path has characters that must be percent-encoded".to_owned()),
        Err(_) => Err("the query is too long for a URL (64 KiB)".to_owned()),
    }
}

fn url_encoded<E: Endpoint>(request: &E) -> String {
    // Most queries fit.
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(256));
    pairs::for_each(request, |name, value| {
        form.append_pair(name, value);
    });
    form.finish()
}

fn multipart_body(pairs: &[(String, String)], options: &CallOptions, mut rng: fastrand::Rng) -> (String, Bytes) {
    let file = options.file_part.as_ref();
    let parts: Vec<_> = pairs
        .iter()
        .map(|(name, content)| Part {
            name,
            filename: file
                .filter(|file| file.field == *name)
                .map(|file| file.filename.as_str()),
            content,
        })
        .collect();
    multipart::encode(&parts, &mut rng)
}

fn trace(options: &CallOptions) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let given = [&options.traceparent, &options.tracestate];
    for (name, value) in TRACE_HEADERS.into_iter().zip(given) {
        let Some(value) = value else { continue };
        let value = HeaderValue::try_from(value).map_err(|_| format!("the {name} cannot be sent in a header"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn header_value(content_type: &str) -> Result<HeaderValue, String> {
    HeaderValue::try_from(content_type).map_err(|_| "the content type cannot be sent in a header".to_owned())
}

#[cfg(test)]
mod tests;
