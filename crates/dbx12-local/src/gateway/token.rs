//! `POST /oidc/v1/token`: tokens for a service principal (RFC 6749, 4.4).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderValue};
use http::{HeaderMap, Request, Response};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::json;

use super::{Gateway, json};
use crate::answer::Refusal;
use crate::body::Parameters;

/// What is granted when nothing was asked for.
const ALL_SCOPES: &str = "all-apis";

/// The form of a request for a token.
#[derive(Deserialize)]
struct TokenRequest {
    grant_type: Option<String>,
    scope: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

impl Gateway {
    pub(super) async fn token(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Refusal> {
        let (head, body) = request.into_parts();
        let parameters = Parameters::of_body(&head.headers, body, self.registry.body_limit).await?;
        let asked: TokenRequest = serde_json::from_slice(&parameters.json)
            .map_err(|_| Refusal::oauth("invalid_request", "the parameters of a token request are text"))?;
        let principal = of_header(&head.headers).or(asked.client_id.zip(asked.client_secret));
        let issuer = &self.access.issuer;
        if !principal.is_some_and(|(id, secret)| issuer.accepts(&id, &secret)) {
            return Err(Refusal::unknown_client());
        }
        match asked.grant_type.as_deref() {
            Some("client_credentials") => {}
            Some(_) => {
                let why = "this workspace grants tokens for client_credentials only";
                return Err(Refusal::oauth("unsupported_grant_type", why));
            }
            None => return Err(Refusal::oauth("invalid_request", "missing grant_type")),
        }
        let scope = asked.scope.filter(|scope| !scope.trim().is_empty());
        let mut response = json(json!({
            "access_token": issuer.issue(),
            "token_type": "Bearer",
            "expires_in": issuer.lifetime.as_secs(),
            "scope": scope.as_deref().unwrap_or(ALL_SCOPES),
        }));
        let no_store = HeaderValue::from_static("no-store");
        response.headers_mut().insert(CACHE_CONTROL, no_store);
        Ok(response)
    }
}

/// Id and secret by `Basic`. RFC 6749 wants both percent-encoded before; most clients do not, and neither has anything in
/// it here that would differ.
fn of_header(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, credentials) = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let plain = |text| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
    Some((plain(id)?, plain(secret)?))
}
