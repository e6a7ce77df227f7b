//! Every kind of credentials, against a peer on a real socket that is workspace, token endpoint and metadata service in
//! one; configuration as people write it; and no secret anywhere.

mod canary;
mod configuration;
mod documentation;
mod found;
mod kinds;
mod oracle;
mod programs;
mod renewal;

use dbx12_exec::http::{Client, Config, Credentials, Error, RetryPolicy};
use dbx12_exec::types::ListClusters;
use dbx12_tests::{Asked, Peer, Reaction};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Stands for every secret. It must not be seen anywhere but in headers and forms.
const CANARY: &str = "CANARY";

const CLIENT_SECRET: &str = "dose-CANARY-secret";
const ID_TOKEN: &str = "eyJ-CANARY-id";

/// The token that the peer gives: the client never shows it either.
const ISSUED: &str = "issued-CANARY-token";

/// Plays the workspace and whoever issues tokens; answers clusters to whoever comes with [`ISSUED`].
async fn issuer() -> Peer {
    Peer::start(issue).await
}

fn issue(asked: &Asked) -> Reaction {
    let token = Reaction::json(format!(
        r#"{{"access_token":"{ISSUED}","token_type":"Bearer","expires_in":3600}}"#
    ));
    let bearer = |secret: &str| asked.header("authorization") == Some(&format!("Bearer {secret}"));
    match asked.operation.as_str() {
        "/oidc/.well-known/oauth-authorization-server" => {
            let host = asked.header("host").unwrap();
            Reaction::json(format!(r#"{{"token_endpoint":"http://{host}/oidc/v1/token"}}"#))
        }
        "/oidc/v1/token" if may_have_token(asked) => token,
        "/tenant/oauth2/token" if asked.body.contains("client_secret=dose-CANARY-secret") => token,
        "/tenant/oauth2/token" if asked.body.contains(&format!("client_assertion={ID_TOKEN}")) => token,
        "/metadata/identity/oauth2/token" if asked.header("metadata") == Some("true") => token,
        "/service-CANARY-path" if asked.header("x-databricks-metadata-version") == Some("1") => Reaction::json(
            format!(r#"{{"access_token":"{ISSUED}","token_type":"Bearer","expires_on":4102444800}}"#),
        ),
        DEVOPS
            if asked.method == "POST"
                && asked.header("content-length") == Some("0")
                && bearer("devops-CANARY-token") =>
        {
            Reaction::json(format!(r#"{{"oidcToken":"{ID_TOKEN}"}}"#))
        }
        "/github" if bearer("github-CANARY-request") => Reaction::json(format!(r#"{{"value":"{ID_TOKEN}"}}"#)),
        "/aad/auth" => Reaction::http(
            "302 Found",
            "Location: https://login.example/tenant/oauth2/authorize?x=y\r\n",
            "",
        ),
        "clusters/list" if bearer(ISSUED) => Reaction::json("[]"),
        _ => Reaction::http(
            "403 Forbidden",
            "",
            r#"{"error_code":"403","message":"Invalid access token."}"#,
        ),
    }
}

/// `me:dose-CANARY-secret` as HTTP Basic, or a token to exchange.
fn may_have_token(asked: &Asked) -> bool {
    let exchange = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange";
    asked.header("authorization") == Some("Basic bWU6ZG9zZS1DQU5BUlktc2VjcmV0")
        || asked.body.contains(exchange) && asked.body.contains(&format!("subject_token={ID_TOKEN}"))
}

/// Where a job of Azure DevOps gets its token.
const DEVOPS: &str = "/devops/project/_apis/distributedtask/hubs/build/plans/plan/jobs/job/oidctoken";

/// The kind of credentials that is found for the peer with these variables in this home, which is also the `PATH`; or why
/// its clusters cannot be listed.
async fn kind_of(peer: &Peer, home: &Path, variables: &[(&str, &str)]) -> Result<String, String> {
    let (host, home) = (peer.host(), home.display().to_string());
    let surroundings = [("DATABRICKS_HOST", host.as_str()), ("HOME", &home), ("PATH", &home)];
    let config = Config::new().resolve(environment(&[&surroundings, variables].concat()));
    let builder = config
        .and_then(Config::into_builder)
        .map_err(|error| error.to_string())?;
    let client = builder.build().map_err(|error| error.to_string())?;
    list(&client).await.map_err(|error| error.to_string())?;
    let debug = format!("{client:?}");
    let kind = debug
        .split("Credentials(")
        .nth(1)
        .and_then(|rest| rest.split(')').next());
    Ok(kind.unwrap().to_owned())
}

fn client(peer: &Peer, credentials: Credentials) -> Client {
    let quick = RetryPolicy::default()
        .base(Duration::from_millis(1))
        .cap(Duration::from_millis(2));
    let builder = Client::builder(peer.host()).credentials(credentials).retry(quick);
    builder.build().unwrap()
}

async fn list(client: &Client) -> Result<(), Error> {
    client.send(&ListClusters::new()).await.map(drop)
}

/// An environment of these variables.
fn environment(variables: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> + use<> {
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    move |name| {
        let found = variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    }
}

/// A program in a folder.
fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    path
}

/// A file that only its owner can read.
fn private(folder: &Path, name: &str, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}
