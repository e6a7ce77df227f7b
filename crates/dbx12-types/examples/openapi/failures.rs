//! What a call that fails is answered with. The API's document is silent about it; this is what servers are seen to send.

use dbx12_types::ErrorBody;
use serde_json::{Map, Value, json};

/// The answers to a failed call: status, and name among [`responses`]. All operations have the same.
pub(crate) const BY_STATUS: [(&str, &str); 6] = [
    ("401", "Unauthenticated"),
    ("403", "Forbidden"),
    ("404", "BadTarget"),
    ("429", "TooManyRequests"),
    ("500", "Failed"),
    ("default", "Otherwise"),
];

/// What the 1.2 backend always says.
const BACKEND: &[&str] = &["error"];

/// What the gateway before it always says.
const GATEWAY: &[&str] = &["error_code", "message"];

/// The answers to a failed call, by name.
///
/// # Errors
/// When an example cannot be written as JSON.
pub(crate) fn responses() -> Result<Value, serde_json::Error> {
    let mut unauthenticated = response(
        "The gateway: credentials are missing, or of a kind that this API does not take.",
        GATEWAY,
        &[(
            "no credentials",
            ErrorBody::gateway(
                "401",
                "Credential was not sent or was of an unsupported type for this API.",
            ),
        )],
    )?;
    unauthenticated["headers"] = json!({"WWW-Authenticate": {"schema": {"type": "string"}, "example": "Basic"}});

    let mut too_many_requests = response("The gateway: more requests than the workspace may get.", GATEWAY, &[])?;
    too_many_requests["headers"] = json!({
        "Retry-After": {"description": "When to ask again: seconds, or a date.", "schema": {"type": "string"}},
    });

    Ok(json!({
        "Unauthenticated": unauthenticated,
        "Forbidden": response(
            "The gateway: the credentials are refused.",
            GATEWAY,
            &[("invalid token", ErrorBody::gateway("403", "Invalid access token."))],
        )?,
        "BadTarget": response(
            "The server does not have this operation.",
            BACKEND,
            &[("bad target", ErrorBody::backend("Bad Target", "/api/1.2/libraries/list"))],
        )?,
        "TooManyRequests": too_many_requests,
        "Failed": response(
            "The backend could not do it, and says `ExceptionName: message`.",
            BACKEND,
            &[
                (
                    "not ready",
                    ErrorBody::backend(
                        "ClusterNotReadyException",
                        "Cluster 1234-567890-span123 not currently ready for driver client (currently Pending)",
                    ),
                ),
                (
                    "missing parameter",
                    ErrorBody::backend("IllegalArgumentException", "requirement failed: missing contextId"),
                ),
            ],
        )?,
        "Otherwise": {
            "description": "Something on the way: JSON of either shape, `CODE: message`, a page, or nothing.",
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}},
                "text/plain": {"schema": {"type": "string"}},
                "text/html": {"schema": {"type": "string"}},
            },
        },
    }))
}

fn response(description: &str, says: &[&str], examples: &[(&str, ErrorBody)]) -> Result<Value, serde_json::Error> {
    let mut by_name = Map::new();
    for (name, body) in examples {
        by_name.insert((*name).to_owned(), json!({"value": serde_json::to_value(body)?}));
    }
    let mut media_type = json!({"schema": {"$ref": "#/components/schemas/ErrorBody", "required": says}});
    if !by_name.is_empty() {
        media_type["examples"] = by_name.into();
    }
    Ok(json!({"description": description, "content": {"application/json": media_type}}))
}
