//! How the client introduces itself.

use std::fmt;

/// The application on whose behalf requests are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    pub(crate) name: String,
    pub(crate) version: String,
}

/// The value of `User-Agent`: the pairs that the official tools send, without claiming to be one of them.
#[derive(Debug)]
pub(crate) struct UserAgent<'a> {
    pub(crate) product: Option<&'a Product>,
    pub(crate) auth_type: &'a str,
}

impl fmt::Display for UserAgent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Product { name, version }) = self.product {
            write!(f, "{}/{} ", token(name), token(version))?;
        }
        write!(
            f,
            "dbx12-http/{} rust/{} os/{} auth/{}",
            env!("CARGO_PKG_VERSION"),
            env!("CARGO_PKG_RUST_VERSION"),
            std::env::consts::OS,
            token(self.auth_type),
        )
    }
}

/// The characters that the official tools allow; any other becomes a hyphen.
fn token(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.+-".contains(c);
    text.chars().map(|c| if allowed(c) { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_of_pairs_and_claims_to_be_no_official_tool() {
        let product = Product {
            name: "my tool/x".to_owned(),
            version: "1.2.0\r\nX: y".to_owned(),
        };
        let text = UserAgent {
            product: Some(&product),
            auth_type: "basic",
        }
        .to_string();
        let os = std::env::consts::OS;
        let version = env!("CARGO_PKG_VERSION");
        assert!(
            text.starts_with(&format!("my-tool-x/1.2.0--X--y dbx12-http/{version} rust/1.")),
            "{text}"
        );
        assert!(text.ends_with(&format!(" os/{os} auth/basic")), "{text}");
        assert!(!text.contains("databricks-sdk"));
        assert!(http::HeaderValue::try_from(text).is_ok());
    }
}
