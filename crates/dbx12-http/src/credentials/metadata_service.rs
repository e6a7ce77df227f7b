//! A service on this machine that gives tokens: the `metadata-service` of the official tools.

use super::context::SecretPart;
use super::{AccessToken, CredentialContext, CredentialError, TokenSource};
use crate::{BoxFuture, Host};
use bytes::Bytes;
use http::{HeaderValue, Request, Uri};
use secrecy::{ExposeSecret, SecretString};

/// A service on this machine that gives tokens to whoever knows its URL (`metadata-service`), as the VS Code extension of
/// Databricks starts one for the terminals in it.
///
/// It is asked with `GET`, `X-Databricks-Metadata-Version: 1` and the workspace in `X-Databricks-Host`, and answers JSON
/// with `access_token` and `expires_on`, in seconds since 1970 (as `MetadataServiceCredentials` of sdk-go describes it).
/// The path of its URL is as good as a password, so that it is not shown.
#[derive(Debug)]
pub struct MetadataService(SecretString);

impl MetadataService {
    /// The service at this URL.
    ///
    /// # Errors
    /// When it is no URL of this machine.
    pub fn new(url: impl Into<String>) -> Result<Self, CredentialError> {
        let url = url.into();
        if !url.parse().is_ok_and(|url| is_here(&url)) {
            return Err(CredentialError::new(
                "the metadata service must be one on this machine: http://localhost:…, http://127.0.0.1:…",
            ));
        }
        Ok(Self(SecretString::from(url)))
    }
}

fn is_here(url: &Uri) -> bool {
    let (Some(scheme), Some(authority)) = (url.scheme_str(), url.authority()) else {
        return false;
    };
    Host::parse(&format!("{scheme}://{authority}")).is_ok_and(|host| host.is_loopback())
}

impl TokenSource for MetadataService {
    fn auth_type(&self) -> &str {
        "metadata-service"
    }

    fn token<'a>(&'a self, context: &'a CredentialContext) -> BoxFuture<'a, Result<AccessToken, CredentialError>> {
        Box::pin(async {
            let request = Request::get(self.0.expose_secret())
                .header("X-Databricks-Metadata-Version", HeaderValue::from_static("1"))
                .header("X-Databricks-Host", context.host().to_string())
                .extension(SecretPart::PathAndQuery)
                .body(Bytes::new());
            let request = request.map_err(|_| CredentialError::new("the metadata service cannot be asked"))?;
            context.token_of(request).await
        })
    }
}
