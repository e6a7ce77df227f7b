//! Tokens of other issuers, which say who asks.

use super::{CredentialContext, CredentialError};
use bytes::Bytes;
use http::{HeaderValue, Request, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;

/// A token that somebody else issued, which says who asks: where it comes from.
#[derive(Debug)]
pub struct IdToken(Origin);

#[derive(Debug)]
enum Origin {
    Value(SecretString),
    File(PathBuf),
    GitHub { url: SecretString, token: SecretString },
    AzureDevOps { url: String, token: SecretString },
}

impl IdToken {
    /// This token (`env-oidc`, when it is the value of `DATABRICKS_OIDC_TOKEN`).
    pub fn value(token: impl Into<String>) -> Self {
        Self(Origin::Value(SecretString::from(token.into())))
    }

    /// The token in this file (`file-oidc`). It is read anew for each exchange: whoever issues it may write a new one.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Origin::File(path.into()))
    }

    /// A token of GitHub for the job that runs (`github-oidc`): `ACTIONS_ID_TOKEN_REQUEST_URL` and
    /// `ACTIONS_ID_TOKEN_REQUEST_TOKEN`, which a job has with the permission `id-token: write`.
    pub fn github(url: impl Into<String>, token: impl Into<String>) -> Self {
        Self(Origin::GitHub {
            url: SecretString::from(url.into()),
            token: SecretString::from(token.into()),
        })
    }

    /// A token of Azure DevOps for the job that runs (`azure-devops-oidc`), by the variables `SYSTEM_…` that a pipeline's
    /// job has: `azure_devops(|name| std::env::var(name).ok())`. Of these, `SYSTEM_ACCESSTOKEN` must be mapped by the step:
    /// `env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`.
    ///
    /// # Errors
    /// When one of the variables is missing. The message names it.
    pub fn azure_devops(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, CredentialError> {
        let variable = |name: &str| {
            let value = lookup(name).filter(|value| !value.is_empty());
            value.ok_or_else(|| CredentialError::new(format!("{name} is not set: no job of Azure DevOps runs here")))
        };
        let token = variable("SYSTEM_ACCESSTOKEN")?;
        // As both official SDKs ask: https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create
        let url = format!(
            "{}/{}/_apis/distributedtask/hubs/{}/plans/{}/jobs/{}/oidctoken?api-version=7.2-preview.1",
            variable("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI")?.trim_end_matches('/'),
            variable("SYSTEM_TEAMPROJECTID")?,
            variable("SYSTEM_HOSTTYPE")?,
            variable("SYSTEM_PLANID")?,
            variable("SYSTEM_JOBID")?,
        );
        let token = SecretString::from(token);
        Ok(Self(Origin::AzureDevOps { url, token }))
    }

    pub(super) async fn read(
        &self,
        context: &CredentialContext,
        audience: &str,
    ) -> Result<SecretString, CredentialError> {
        let token = match &self.0 {
            Origin::Value(token) => token.expose_secret().to_owned(),
            Origin::File(path) => std::fs::read_to_string(path).map_err(|error| {
                let message = format!("the OIDC token in {} cannot be read: {error}", path.display());
                CredentialError::new(message).with_source(error)
            })?,
            Origin::GitHub { url, token } => github_token(context, url.expose_secret(), token, audience).await?,
            Origin::AzureDevOps { url, token } => azure_devops_token(context, url, token).await?,
        };
        match token.trim() {
            "" => Err(CredentialError::new("the OIDC token is empty")),
            token => Ok(SecretString::from(token)),
        }
    }

    pub(super) fn auth_type(&self) -> &'static str {
        match self.0 {
            Origin::Value(_) => "env-oidc",
            Origin::File(_) => "file-oidc",
            Origin::GitHub { .. } => "github-oidc",
            Origin::AzureDevOps { .. } => "azure-devops-oidc",
        }
    }
}

async fn github_token(
    context: &CredentialContext,
    url: &str,
    token: &SecretString,
    audience: &str,
) -> Result<String, CredentialError> {
    #[derive(Deserialize)]
    struct Answer {
        value: String,
    }
    let audience: String = form_urlencoded::byte_serialize(audience.as_bytes()).collect();
    let separator = if url.contains('?') { '&' } else { '?' };
    let request = Request::get(format!("{url}{separator}audience={audience}"));
    let answer: Answer = answer("GitHub", context, request, token).await?;
    Ok(answer.value)
}

/// Its audience is always that of Azure: `api://AzureADTokenExchange`.
async fn azure_devops_token(
    context: &CredentialContext,
    url: &str,
    token: &SecretString,
) -> Result<String, CredentialError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "oidcToken")]
        oidc_token: String,
    }
    let request = Request::post(url).header(header::CONTENT_TYPE, "application/json");
    let answer: Answer = answer("Azure DevOps", context, request, token).await?;
    Ok(answer.oidc_token)
}

/// What an issuer answers to whoever has this token of the job.
async fn answer<T: DeserializeOwned>(
    issuer: &str,
    context: &CredentialContext,
    request: http::request::Builder,
    token: &SecretString,
) -> Result<T, CredentialError> {
    let failed = |problem: &str| CredentialError::new(format!("{issuer} {problem}"));
    let mut authorization = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))
        .map_err(|_| failed("cannot be asked: the job's token has characters in it that no header can carry"))?;
    authorization.set_sensitive(true);
    let request = request.header(header::AUTHORIZATION, authorization).body(Bytes::new());
    let request = request.map_err(|_| failed("cannot be asked: the URL in the environment is not one"))?;
    let response = context.send(request).await?;
    serde_json::from_slice(response.body()).map_err(|_| failed("did not answer with a token"))
}
