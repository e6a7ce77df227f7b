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
    /// Pairs for the end.
    pub(crate) extra: &'a [(String, String)],
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
        )?;
        for (key, value) in self.extra {
            write!(f, " {}/{}", token(key), token(value))?;
        }
        Ok(())
    }
}

/// The pairs that the official tools make of the environment, in their order.
pub(crate) fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
    let mut pairs = Vec::new();
    let mut add = |key: &str, value: Option<String>| pairs.extend(value.map(|value| (key.to_owned(), value)));
    // Half of this pair says nothing.
    if let (Some(upstream), Some(version)) = (set("DATABRICKS_SDK_UPSTREAM"), set("DATABRICKS_SDK_UPSTREAM_VERSION")) {
        add("upstream", Some(upstream));
        add("upstream-version", Some(version));
    }
    add("runtime", set("DATABRICKS_RUNTIME_VERSION"));
    let provider = CICD_PROVIDERS.iter().find(|(_, variables)| {
        variables
            .iter()
            .all(|(name, value)| set(name).is_some_and(|is| value.is_none_or(|value| is == value)))
    });
    add("cicd", provider.map(|(name, _)| (*name).to_owned()));
    pairs
}

/// A variable of the environment, and its value if it must have a certain one.
type Variable = (&'static str, Option<&'static str>);

/// How each provider of continuous integration is known: variables that are set, some of them to a certain value. In the
/// order of the official tools (databricks-sdk-py: `useragent.py`), the first that fits.
const CICD_PROVIDERS: &[(&str, &[Variable])] = &[
    ("aws-code-build", &[("CODEBUILD_BUILD_ARN", None)]),
    ("azure-devops", &[("TF_BUILD", Some("True"))]),
    ("bitbucket", &[("BITBUCKET_BUILD_NUMBER", None)]),
    ("circle", &[("CIRCLECI", Some("true"))]),
    ("github", &[("GITHUB_ACTIONS", Some("true"))]),
    ("gitlab", &[("GITLAB_CI", Some("true"))]),
    (
        "google-cloud-build",
        &[
            ("PROJECT_ID", None),
            ("BUILD_ID", None),
            ("PROJECT_NUMBER", None),
            ("LOCATION", None),
        ],
    ),
    ("jenkins", &[("JENKINS_URL", None)]),
    ("tf-cloud", &[("TFC_RUN_ID", None)]),
    ("travis", &[("TRAVIS", Some("true"))]),
];

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
            extra: &[("cmd".to_owned(), "run it".to_owned())],
        }
        .to_string();
        let os = std::env::consts::OS;
        let version = env!("CARGO_PKG_VERSION");
        assert!(
            text.starts_with(&format!("my-tool-x/1.2.0--X--y dbx12-http/{version} rust/1.")),
            "{text}"
        );
        assert!(text.ends_with(&format!(" os/{os} auth/basic cmd/run-it")), "{text}");
        assert!(!text.contains("databricks-sdk"));
        assert!(http::HeaderValue::try_from(text).is_ok());
    }

    #[test]
    fn the_surroundings_are_named_as_the_official_tools_name_them() {
        let pairs = |environment: &[(&str, &str)]| {
            let pairs = from_environment(|name| {
                let (_, value) = environment.iter().find(|(key, _)| *key == name)?;
                Some((*value).to_owned())
            });
            let pairs = pairs.into_iter().map(|(key, value)| format!("{key}/{value}"));
            pairs.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(pairs(&[]), "");
        assert_eq!(
            pairs(&[("GITHUB_ACTIONS", "true"), ("JENKINS_URL", "x")]),
            "cicd/github"
        );
        assert_eq!(pairs(&[("GITHUB_ACTIONS", "false")]), "");
        assert_eq!(pairs(&[("PROJECT_ID", "1"), ("BUILD_ID", "2")]), "");
        assert_eq!(pairs(&[("DATABRICKS_SDK_UPSTREAM", "x")]), "");
        let all = [
            ("TF_BUILD", "True"),
            ("DATABRICKS_RUNTIME_VERSION", "15.4"),
            ("DATABRICKS_SDK_UPSTREAM", "airflow"),
            ("DATABRICKS_SDK_UPSTREAM_VERSION", "2.1"),
        ];
        assert_eq!(
            pairs(&all),
            "upstream/airflow upstream-version/2.1 runtime/15.4 cicd/azure-devops"
        );
    }
}
