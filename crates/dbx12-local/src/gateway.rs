//! What clients ask a workspace beside API 1.2: where to get a token, who they are, and which clusters there are by the
//! names of API 2.x. Without these calls the official SDKs do not begin.
//!
//! Refusals have the gateway's shape here, `{"error_code", "message"}`, or that of OAuth.

mod clusters;
mod discovery;
mod token;

use std::sync::Arc;

use bytes::Bytes;
use dbx12_types::Method;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use serde::de::DeserializeOwned;

use crate::access::Access;
use crate::answer::{Refusal, Reply};
use crate::body::Parameters;
use crate::operations::Registry;
use crate::plots;
use crate::router::without_junk;

pub(crate) use self::discovery::Reached;

/// Answers the calls beside API 1.2.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) access: Arc<Access>,
    pub(crate) registry: Arc<Registry>,
    /// The number that tells this workspace from others.
    pub(crate) workspace_id: String,
}

/// A call beside API 1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    DatabricksConfig,
    OAuthServer,
    Authorize,
    Token,
    Me,
    ListClusters,
    GetCluster,
    StartCluster,
    RestartCluster,
    TerminateCluster,
    LibraryStatuses,
    /// A picture that was too large for a result.
    Plot,
    /// One of API 2.x that is not here.
    Unknown,
}

impl Call {
    /// The call of a path, if it is one. Clients differ in the minor version of API 2 that they ask for.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let path = without_junk(path);
        let call = match path {
            "/.well-known/databricks-config" => Self::DatabricksConfig,
            "/oidc/.well-known/oauth-authorization-server" => Self::OAuthServer,
            "/oidc/v1/authorize" => Self::Authorize,
            "/oidc/v1/token" => Self::Token,
            _ if plots::name_in(path).is_some() => Self::Plot,
            _ => {
                let path = path.strip_prefix("/api/2.")?;
                let (minor, path) = path.split_once('/')?;
                match path {
                    _ if !matches!(minor, "0" | "1" | "2") => Self::Unknown,
                    "preview/scim/v2/Me" => Self::Me,
                    "clusters/list" => Self::ListClusters,
                    "clusters/get" => Self::GetCluster,
                    "clusters/start" => Self::StartCluster,
                    "clusters/restart" => Self::RestartCluster,
                    "clusters/delete" => Self::TerminateCluster,
                    "libraries/cluster-status" => Self::LibraryStatuses,
                    _ => Self::Unknown,
                }
            }
        };
        Some(call)
    }

    /// Whether it is answered without credentials: what tells how to get some.
    pub(crate) fn is_public(self) -> bool {
        matches!(
            self,
            Self::DatabricksConfig | Self::OAuthServer | Self::Authorize | Self::Token
        )
    }

    fn method(self) -> Method {
        match self {
            Self::Token | Self::StartCluster | Self::RestartCluster | Self::TerminateCluster => Method::Post,
            _ => Method::Get,
        }
    }
}

impl Gateway {
    /// Answers a call. Dropping the future drops the answer.
    pub(crate) async fn answer(&self, call: Call, request: Request<Bytes>) -> Response<Bytes> {
        self.carry_out(call, request)
            .await
            .unwrap_or_else(Refusal::into_response)
    }

    async fn carry_out(&self, call: Call, request: Request<Bytes>) -> Result<Response<Bytes>, Refusal> {
        let right = call.method();
        if call != Call::Unknown && request.method().as_str() != right.as_str() {
            let path = without_junk(request.uri().path());
            return Err(Refusal::wrong_method(request.method(), right, path));
        }
        match call {
            Call::Unknown => Err(Refusal::endpoint_not_found(request.method(), request.uri().path())),
            Call::DatabricksConfig => Ok(self.databricks_config(&request)),
            Call::OAuthServer => Ok(discovery::oauth_server(&request)),
            Call::Authorize => Err(Refusal::oauth(
                "unsupported_response_type",
                "this workspace has no users who could log in: use the client credentials of its service principal",
            )),
            Call::Token => self.token(request).await,
            Call::Me => Ok(self.me()),
            Call::Plot => self.plot(request.uri().path()),
            Call::ListClusters => Ok(self.list_clusters()),
            Call::GetCluster => self.get_cluster(&self.parameters(request).await?),
            Call::StartCluster => self.start_cluster(&self.parameters(request).await?),
            Call::RestartCluster => self.restart_cluster(&self.parameters(request).await?),
            Call::TerminateCluster => self.terminate_cluster(&self.parameters(request).await?),
            Call::LibraryStatuses => self.library_statuses(&self.parameters(request).await?),
        }
    }

    /// What a call of API 2.x was sent.
    async fn parameters<T: DeserializeOwned>(&self, request: Request<Bytes>) -> Result<T, Refusal> {
        let (head, body) = request.into_parts();
        let parameters = if head.method == http::Method::GET {
            Parameters::of_query(head.uri.query().unwrap_or_default())?
        } else {
            Parameters::of_body(&head.headers, body, self.registry.body_limit).await?
        };
        serde_json::from_slice(&parameters.json).map_err(Refusal::malformed)
    }
}

impl Gateway {
    fn plot(&self, path: &str) -> Result<Response<Bytes>, Refusal> {
        let name = plots::name_in(without_junk(path)).unwrap_or_default();
        let png = self.registry.plots.find(name);
        let mut response = Response::new(png.ok_or_else(|| Refusal::no_plot(path))?);
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("image/png"));
        Ok(response)
    }
}

/// A JSON answer.
fn json(value: serde_json::Value) -> Response<Bytes> {
    Reply::from(value).into_response()
}

#[cfg(test)]
mod tests;
