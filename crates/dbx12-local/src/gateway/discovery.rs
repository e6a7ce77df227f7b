//! Where to get a token.

use bytes::Bytes;
use http::header::HOST;
use http::uri::Authority;
use http::{Request, Response};
use serde_json::json;

use super::{Gateway, json};

/// How a request came in, told by its server. Requests that came through no socket have none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reached {
    pub(crate) by_tls: bool,
}

impl Gateway {
    /// `GET /.well-known/databricks-config`: what the official SDKs ask first.
    pub(super) fn databricks_config(&self, request: &Request<Bytes>) -> Response<Bytes> {
        json(json!({
            "oidc_endpoint": format!("{}/oidc", own_url(request)),
            "workspace_id": self.workspace_id,
        }))
    }
}

/// `GET /oidc/.well-known/oauth-authorization-server` (RFC 8414).
pub(super) fn oauth_server(request: &Request<Bytes>) -> Response<Bytes> {
    let issuer = format!("{}/oidc", own_url(request));
    json(json!({
        "issuer": issuer,
        // The SDKs want it to be there; it refuses.
        "authorization_endpoint": format!("{issuer}/v1/authorize"),
        "token_endpoint": format!("{issuer}/v1/token"),
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": ["all-apis"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }))
}

/// The URL under which the client knows this workspace: whatever name it called it by.
fn own_url(request: &Request<Bytes>) -> String {
    let named = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let authority = named
        .and_then(|host| host.parse::<Authority>().ok())
        .or_else(|| request.uri().authority().cloned())
        .unwrap_or_else(|| Authority::from_static("localhost"));
    let by_tls = request
        .extensions()
        .get::<Reached>()
        .is_some_and(|reached| reached.by_tls);
    format!("{}://{authority}", if by_tls { "https" } else { "http" })
}
