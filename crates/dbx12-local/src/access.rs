//! Who may call: credentials are always required.

pub(crate) mod issuer;

use std::fmt;
use std::hint::black_box;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use uuid::Uuid;

use self::issuer::{Issuer, Standing};
use crate::answer::Refusal;

/// The user name that stands for "the password is a token" with Basic.
const TOKEN_USER: &str = "token";

/// The credentials that a workspace accepts.
pub(crate) struct Access {
    pub(crate) token: String,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) issuer: Issuer,
}

/// A token of the real shape: `dapi` and 32 hexadecimal digits, 122 bits of them random.
pub(crate) fn random_token() -> String {
    format!("dapi{}", random_secret())
}

/// Random text from the operating system's generator.
pub(crate) fn random_secret() -> String {
    Uuid::new_v4().simple().to_string()
}

impl Access {
    /// Lets a request pass that carries the token (`Bearer`, or `Basic` for the user `token`), a token that was issued and
    /// is still valid (the same), or the user name and password (`Basic`).
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(Refusal::no_credentials());
        };
        let Some((scheme, credentials)) = value.to_str().ok().and_then(|text| text.trim().split_once(' ')) else {
            return Err(Refusal::no_credentials());
        };
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" => self.check_token(credentials.trim()),
            "basic" => self.check_basic(credentials.trim()),
            _ => Err(Refusal::no_credentials()),
        }
    }

    fn check_token(&self, token: &str) -> Result<(), Refusal> {
        if same(token, &self.token) {
            return Ok(());
        }
        match self.issuer.standing(token) {
            Standing::Valid => Ok(()),
            Standing::Expired => Err(Refusal::expired_token()),
            Standing::Unknown => Err(Refusal::wrong_credentials()),
        }
    }

    fn check_basic(&self, credentials: &str) -> Result<(), Refusal> {
        let decoded = BASE64_STANDARD
            .decode(credentials)
            .or_else(|_| BASE64_STANDARD_NO_PAD.decode(credentials))
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let Some((username, password)) = decoded.as_deref().and_then(|text| text.split_once(':')) else {
            return Err(Refusal::wrong_credentials());
        };
        if same(username, &self.username) & same(password, &self.password) {
            return Ok(());
        }
        if same(username, TOKEN_USER) {
            return self.check_token(password);
        }
        Err(Refusal::wrong_credentials())
    }
}

/// Never shows a secret.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

/// Compares in a time that depends only on the length of what was given, not on where it differs.
fn same(given: &str, secret: &str) -> bool {
    let secret = secret.as_bytes();
    let mut difference = usize::from(given.len() != secret.len() || secret.is_empty());
    for (index, byte) in given.bytes().enumerate() {
        let expected = secret.get(index % secret.len().max(1)).copied().unwrap_or_default();
        difference |= usize::from(black_box(byte ^ expected));
    }
    black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn access() -> Access {
        Access {
            token: "dapi0123".to_owned(),
            username: "me@example.com".to_owned(),
            password: "p:ä".to_owned(),
            issuer: Issuer::new("principal".to_owned(), "dose0".to_owned(), issuer::LIFETIME),
        }
    }

    fn status(authorization: &str) -> u16 {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
        access()
            .check(&headers)
            .map_or_else(|refusal| refusal.status().as_u16(), |()| 200)
    }

    fn basic(credentials: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(credentials))
    }

    #[test]
    fn the_token_and_the_login_open_the_door() {
        assert_eq!(status("Bearer dapi0123"), 200);
        assert_eq!(status("bearer   dapi0123"), 200);
        assert_eq!(status(&basic("token:dapi0123")), 200);
        assert_eq!(status(&basic("me@example.com:p:ä")), 200);
        assert_eq!(status(basic("me@example.com:p:ä").trim_end_matches('=')), 200);
    }

    #[tokio::test(start_paused = true)]
    async fn an_issued_token_opens_it_until_it_expires() {
        let access = access();
        let token = access.issuer.issue();
        let status = |authorization: String| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_str(&authorization).unwrap());
            access
                .check(&headers)
                .map_or_else(|refusal| refusal.status().as_u16(), |()| 200)
        };
        let ways = || [format!("Bearer {token}"), basic(&format!("token:{token}"))];
        assert_eq!(ways().map(status), [200, 200]);
        tokio::time::advance(issuer::LIFETIME).await;
        assert_eq!(ways().map(status), [403, 403], "as the real service answers");
    }

    #[test]
    fn wrong_credentials_are_invalid() {
        for wrong in [
            "Bearer dapi0124",
            "Bearer dapi01230123",
            "Bearer dapi012",
            "Basic !!!",
            "Basic dG9rZW4=",
        ] {
            assert_eq!(status(wrong), 403, "{wrong}");
        }
        for wrong in [
            "token:p:ä",
            "me@example.com:dapi0123",
            "me@example.com:",
            ":",
            "token:",
            "x:dapi0123",
        ] {
            assert_eq!(status(&basic(wrong)), 403, "{wrong}");
        }
    }

    #[test]
    fn none_or_another_scheme_asks_for_basic() {
        let refusal = access().check(&HeaderMap::new()).unwrap_err();
        assert_eq!(refusal, Refusal::no_credentials());
        assert_eq!(
            refusal.into_response().headers()["www-authenticate"].to_str().unwrap()[..12],
            *"Basic realm="
        );
        assert_eq!(status("Digest username=x"), 401);
        assert_eq!(status("Bearer"), 401);

        let mut twice = HeaderMap::new();
        for value in ["Bearer dapi0123", "Bearer other"] {
            twice.append(AUTHORIZATION, HeaderValue::from_static(value));
        }
        assert_eq!(access().check(&twice).unwrap_err().status(), 401);
    }

    #[test]
    fn no_secret_is_shown_and_none_is_guessed() {
        let shown = format!("{:?}", access());
        assert!(!shown.contains("dapi") && !shown.contains("p:ä"), "{shown}");
        let token = random_token();
        assert!(
            token.len() == 36 && token.starts_with("dapi") && token != random_token(),
            "{token}"
        );
        assert!(!same("", ""));
    }
}
