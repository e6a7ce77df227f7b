//! The credentials of a workspace: those that were given, or random ones.

use super::{StartError, WorkspaceBuilder};
use crate::access::issuer::Issuer;
use crate::access::{Access, random_secret, random_token};

const USERNAME: &str = "local";

impl WorkspaceBuilder {
    pub(super) fn access(&self) -> Result<Access, StartError> {
        let token = self.token.clone().unwrap_or_else(random_token);
        let (username, password) = self
            .login
            .clone()
            .unwrap_or_else(|| (USERNAME.to_owned(), random_secret()));
        check_secret("token", &token)?;
        check_secret("user name", &username)?;
        check_secret("password", &password)?;
        if !token.chars().all(|character| character.is_ascii_graphic()) {
            return Err(StartError::Credentials {
                what: "token",
                why: "it is not plain ASCII",
            });
        }
        if username.contains(':') {
            return Err(StartError::Credentials {
                what: "user name",
                why: "it contains a colon",
            });
        }
        let (client_id, client_secret) = self.principal.clone().unwrap_or_else(Issuer::random_principal);
        check_secret("client id", &client_id)?;
        check_secret("client secret", &client_secret)?;
        Ok(Access {
            token,
            username,
            password,
            issuer: Issuer::new(client_id, client_secret, self.token_lifetime),
        })
    }
}

/// What a header can carry, and nobody guesses at once.
fn check_secret(what: &'static str, text: &str) -> Result<(), StartError> {
    let why = if text.trim().is_empty() {
        "it is empty"
    } else if text.chars().any(char::is_control) {
        "it contains a control character"
    } else if text.trim() != text {
        "it begins or ends with a space"
    } else {
        return Ok(());
    };
    Err(StartError::Credentials { what, why })
}
