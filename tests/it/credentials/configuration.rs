//! What comes of arguments, environment and file together, as the official tools have it.

mod choice;
mod explained;
mod profile_wins;
mod profiles;

use super::*;
use dbx12_exec::http::{Config, Setting};

/// A home with this file of profiles.
struct Home(tempfile::TempDir);

impl Home {
    fn with(profiles: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        private(home.path(), ".databrickscfg", profiles);
        Self(home)
    }

    fn path(&self) -> String {
        self.0.path().display().to_string()
    }

    fn file(&self) -> String {
        format!("{}/.databrickscfg", self.path())
    }

    fn resolve(&self, config: Config, variables: &[(&str, &str)]) -> Result<Config, String> {
        let home = self.path();
        let all = [&[("HOME", home.as_str())], variables].concat();
        config.resolve(environment(&all)).map_err(|error| error.to_string())
    }

    /// The host and the kind of credentials.
    fn client(&self, config: Config, variables: &[(&str, &str)]) -> Result<String, String> {
        let builder = self.resolve(config, variables)?.into_builder();
        let client = builder.and_then(|builder| builder.build());
        let client = client.map_err(|error| error.to_string())?;
        let debug = format!("{client:?}");
        let kind = debug.split("Credentials(").nth(1).unwrap().split(')').next().unwrap();
        Ok(format!("{} {kind}", client.host().name()))
    }
}

const PROFILES: &str = "\
[__settings__]
default_profile = team

[DEFAULT]
host = https://default.example
token = dapi-default
cluster_id = of-default

[team]
host = team.example/?o=77   # pasted
client_id = me
client_secret = s3#cret;x
unknown_key = ignored

[me]
host : https://me.example
Username : me
password : pass#word
";

#[tokio::test]
async fn the_workspace_id_travels_with_each_call() {
    for (host, variables, expected) in [
        ("/?o=123#notebook/4", &[][..], Some("123")),
        ("/?w=abc-1&o=2", &[], Some("abc-1")),
        ("/x?workspace_id=5", &[], Some("5")),
        ("/?o=none&a=9", &[], None),
        ("", &[("DATABRICKS_WORKSPACE_ID", "7")], Some("7")),
        ("/?o=1", &[("DATABRICKS_WORKSPACE_ID", "7")], Some("7")),
        ("", &[("DATABRICKS_WORKSPACE_ID", "none")], None),
    ] {
        let peer = Peer::start(|_| Reaction::json("[]")).await;
        let config = Config::new().host(format!("{}{host}", peer.host())).token("t");
        let config = config.resolve(environment(variables)).unwrap();
        list(&config.into_builder().unwrap().build().unwrap()).await.unwrap();
        assert_eq!(
            peer.requests()[0].header("x-databricks-workspace-id"),
            expected,
            "{host}"
        );
    }
    let bad = Client::builder("x.example")
        .workspace_id("a\nb")
        .credentials(Credentials::none());
    assert!(bad.build().unwrap_err().to_string().contains("the workspace id"));
}
