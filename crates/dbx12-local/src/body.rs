//! A request's parameters, in whatever they travel, as one JSON object.
//!
//! What the body is says the body itself: in the wild JSON comes labelled as a form, as `text/json`, or as nothing at
//! all. So `{` begins JSON, a boundary line begins multipart, and all else is a form.

mod form;
mod gzip;
mod multipart;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str;

use bytes::Bytes;
use dbx12_types::Fields;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde::de::{Deserializer as _, Error as _, IgnoredAny, MapAccess, Visitor};

use crate::answer::Refusal;

/// No operation has a tenth of it. The bound keeps the work for a request in proportion to its size.
const MOST_PARAMETERS: usize = 100;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The parameters of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameters {
    /// All of them as the text of one JSON object.
    pub(crate) json: Bytes,
    /// Their names, as sent.
    pub(crate) names: Vec<String>,
}

impl Parameters {
    /// Reads a query.
    ///
    /// # Errors
    /// When a value is not UTF-8 once decoded, or there are too many.
    pub(crate) fn of_query(query: &str) -> Result<Self, Refusal> {
        Self::of_pairs(
            form::decode(query.as_bytes()).map_err(|why| Refusal::malformed(format_args!("the query: {why}")))?,
        )
    }

    /// Reads a body: JSON, form or multipart, compressed or not.
    ///
    /// # Errors
    /// When it is none of them, or larger than `limit` once decompressed.
    pub(crate) async fn of_body(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Self, Refusal> {
        let body = match content_encoding(headers)? {
            Encoding::Identity => body,
            Encoding::Gzip => gzip::inflate(&body, limit)?,
        };
        if body.len() > limit {
            return Err(Refusal::too_large(limit));
        }
        let body = without_byte_order_mark(body);
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => Self::of_pairs(Vec::new()),
            Some(b'{' | b'[' | b'"') => Self::of_json(body),
            Some(_) => {
                let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
                Self::of_pairs(match multipart::boundary(content_type, &body) {
                    Some(boundary) => multipart::decode(boundary, body).await?,
                    None => form::decode(&body).map_err(|why| Refusal::malformed(format_args!("the body {why}")))?,
                })
            }
        }
    }

    fn of_json(body: Bytes) -> Result<Self, Refusal> {
        if let Err(error) = str::from_utf8(&body) {
            return Err(Refusal::malformed(format_args!(
                "the JSON is not UTF-8 at byte {}",
                error.valid_up_to()
            )));
        }
        let names =
            names(&body).map_err(|error| Refusal::malformed(format_args!("the body is no JSON object: {error}")))?;
        Ok(Self { json: body, names })
    }

    fn of_pairs(pairs: Vec<(String, String)>) -> Result<Self, Refusal> {
        if pairs.len() > MOST_PARAMETERS {
            return Err(Refusal::malformed(too_many()));
        }
        let mut fields = Fields::default();
        for (name, value) in &pairs {
            if fields.get(name).is_some() {
                return Err(Refusal::malformed(twice(name)));
            }
            fields.set(name, value).map_err(Refusal::malformed)?;
        }
        Ok(Self {
            json: serde_json::to_vec(&fields).map_err(Refusal::malformed)?.into(),
            names: pairs.into_iter().map(|(name, _)| name).collect(),
        })
    }
}

enum Encoding {
    Identity,
    Gzip,
}

fn content_encoding(headers: &HeaderMap) -> Result<Encoding, Refusal> {
    let Some(value) = headers.get(CONTENT_ENCODING) else {
        return Ok(Encoding::Identity);
    };
    let name = String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase();
    match name.as_str() {
        "" | "identity" => Ok(Encoding::Identity),
        "gzip" | "x-gzip" => Ok(Encoding::Gzip),
        _ => Err(Refusal::unknown_encoding(&name)),
    }
}

fn without_byte_order_mark(mut body: Bytes) -> Bytes {
    if body.starts_with(BYTE_ORDER_MARK) {
        return body.split_off(BYTE_ORDER_MARK.len());
    }
    body
}

/// The names in a JSON object; its values are looked at no further than to see that they are JSON.
fn names(json: &[u8]) -> Result<Vec<String>, serde_json::Error> {
    struct NamesVisitor;

    impl<'de> Visitor<'de> for NamesVisitor {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of parameters")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<String>, A::Error> {
            let mut names: Vec<String> = Vec::new();
            while let Some((name, IgnoredAny)) = map.next_entry()? {
                if names.len() == MOST_PARAMETERS {
                    return Err(A::Error::custom(too_many()));
                }
                if names.contains(&name) {
                    return Err(A::Error::custom(twice(&name)));
                }
                names.push(name);
            }
            Ok(names)
        }
    }

    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let names = deserializer.deserialize_map(NamesVisitor)?;
    deserializer.end()?;
    Ok(names)
}

/// Which of two values counts, clients and gateways disagree: what one of them looked at is not what the other did.
fn twice(name: &str) -> String {
    format!("the parameter {name:?} was sent twice")
}

fn too_many() -> String {
    format!("more than {MOST_PARAMETERS} parameters")
}
