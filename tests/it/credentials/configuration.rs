//! What comes of arguments, environment and file together, as the official tools have it.

use super::*;
use dbx12_exec::http::{Config, Explanation, Setting, config::Origin, config::Verdict};

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

#[test]
fn the_profile_is_the_one_asked_for_then_the_one_in_the_settings_then_default() {
    let home = Home::with(PROFILES);
    assert_eq!(home.client(Config::new(), &[]).unwrap(), "team.example oauth-m2m");
    assert_eq!(
        home.client(Config::new().profile("me"), &[]).unwrap(),
        "me.example basic"
    );
    let variable = ("DATABRICKS_CONFIG_PROFILE", "DEFAULT");
    assert_eq!(home.client(Config::new(), &[variable]).unwrap(), "default.example pat");
    assert_eq!(
        home.client(Config::new().profile("me"), &[variable]).unwrap(),
        "me.example basic"
    );

    let only_default = Home::with("[DEFAULT]\nhost = d.example\ntoken = t\n");
    assert_eq!(only_default.client(Config::new(), &[]).unwrap(), "d.example pat");
    let elsewhere = ("DATABRICKS_CONFIG_FILE", home.file());
    let empty = Home::with("");
    let named = [(elsewhere.0, elsewhere.1.as_str())];
    assert_eq!(empty.client(Config::new(), &named).unwrap(), "team.example oauth-m2m");
    let in_home = [("DATABRICKS_CONFIG_FILE", "~/.databrickscfg")];
    assert_eq!(home.client(Config::new(), &in_home).unwrap(), "team.example oauth-m2m");
}

#[test]
fn default_is_not_merged_into_others_and_comments_need_a_space() {
    let home = Home::with(PROFILES);
    let config = home.resolve(Config::new(), &[]).unwrap();
    assert_eq!(config.value(Setting::ClusterId), None);
    assert_eq!(config.value(Setting::Host), Some("team.example/?o=77"));
    assert_eq!(config.value(Setting::ClientSecret), None, "it is a secret");
    let me = home.resolve(Config::new().profile("me"), &[]).unwrap();
    assert_eq!(me.value(Setting::Username), Some("me"));
}

#[test]
fn a_missing_default_is_silent_and_a_missing_name_is_an_error() {
    let home = Home::with("[other]\nhost = x\n");
    assert_eq!(
        home.client(Config::new(), &[]).unwrap_err(),
        "no workspace is named; set DATABRICKS_HOST, or pass its address (https://adb-….azuredatabricks.net)"
    );
    let error = home.client(Config::new().profile("absent"), &[("DATABRICKS_HOST", "h.example")]);
    assert_eq!(
        error.unwrap_err(),
        format!(
            "{} has no absent profile configured. Config: host=https://h.example, profile=absent. Env: DATABRICKS_HOST",
            home.file()
        )
    );
    let settings = Home::with("[__settings__]\ndefault_profile = gone\n[DEFAULT]\nhost = x\n");
    assert!(
        settings
            .client(Config::new(), &[])
            .unwrap_err()
            .contains("has no gone profile configured")
    );
    let reserved = home.client(Config::new().profile("__settings__"), &[]).unwrap_err();
    assert!(
        reserved.contains("__settings__ is a reserved section name"),
        "{reserved}"
    );
    let broken = Home::with("[DEFAULT]\nhost = x\nnonsense CANARY\n");
    let error = broken.client(Config::new(), &[]).unwrap_err();
    assert!(
        error.contains("/.databrickscfg cannot be used: line 3: it is neither"),
        "{error}"
    );
}

#[test]
fn the_file_is_skipped_when_a_host_or_credentials_are_set_and_no_profile_was_asked_for() {
    let home = Home::with(PROFILES);
    let host = ("DATABRICKS_HOST", "env.example");
    for variables in [
        &[host][..],
        &[host, ("DATABRICKS_TOKEN", "t")],
        &[("DATABRICKS_TOKEN", "t")],
        &[("DATABRICKS_AZURE_RESOURCE_ID", "/s")],
        &[("ARM_CLIENT_ID", "x")],
    ] {
        let config = home.resolve(Config::new(), variables).unwrap();
        assert_eq!(config.value(Setting::ClientId), None, "{variables:?}");
        assert!(config.explain().notes[0].contains("was not read"));
    }
    // What says nothing of host or credentials does not skip it.
    let config = home.resolve(Config::new(), &[("DATABRICKS_CLUSTER_ID", "c")]).unwrap();
    assert_eq!(config.value(Setting::ClientId), Some("me"));
    let config = home.resolve(Config::new().profile("me"), &[host]).unwrap();
    assert_eq!(config.value(Setting::Username), Some("me"));
    assert_eq!(
        config.value(Setting::Host),
        Some("env.example"),
        "the environment wins over the file"
    );
}

#[test]
fn a_profile_that_wins_beats_the_environments_host_and_credentials() {
    let home = Home::with(PROFILES);
    let variables = [
        ("DATABRICKS_HOST", "env.example"),
        ("DATABRICKS_TOKEN", "t"),
        ("DATABRICKS_CLUSTER_ID", "c"),
    ];
    let both = home.client(Config::new().profile("me"), &variables).unwrap_err();
    assert!(
        both.starts_with("more than one authorization method configured: basic and pat"),
        "{both}"
    );
    let wins = Config::new().profile("me").profile_wins(true);
    assert_eq!(home.client(wins.clone(), &variables).unwrap(), "me.example basic");
    let config = home.resolve(wins, &variables).unwrap();
    assert_eq!(config.value(Setting::ClusterId), Some("c"));
}

#[test]
fn auth_type_limits_to_one_family() {
    let home = Home::with("");
    let host = ("DATABRICKS_HOST", "h.example");
    let (token, user, password) = (
        ("DATABRICKS_TOKEN", "t"),
        ("DATABRICKS_USERNAME", "me"),
        ("DATABRICKS_PASSWORD", "p"),
    );
    let all = [host, token, user, password];
    assert_eq!(
        home.client(Config::new().auth_type("basic"), &all).unwrap(),
        "h.example basic"
    );
    assert_eq!(
        home.client(Config::new().auth_type("pat"), &all).unwrap(),
        "h.example pat"
    );
    let refused = |name: &str| home.client(Config::new().auth_type(name), &all).unwrap_err();
    assert_eq!(
        refused("oauth-m2m"),
        "auth_type \"oauth-m2m\" cannot be used: client_id is not set; set DATABRICKS_CLIENT_ID"
    );
    assert!(refused("nonsense").contains("there is none of that name; there are pat, basic, oauth-m2m, env-oidc"));
    assert!(refused("external-browser").contains("the official tools know it, dbx12 does not"));
    assert!(refused("azure-msi").contains("azure_use_msi is not set; set ARM_USE_MSI"));
    assert!(refused("netrc").contains(".netrc does not exist"));
    private(home.0.path(), ".netrc", "machine h.example login a password b\n");
    assert_eq!(
        home.client(Config::new().auth_type("netrc"), &all).unwrap(),
        "h.example netrc"
    );

    // `.netrc` comes last, and can be switched off.
    assert_eq!(home.client(Config::new(), &[host, token]).unwrap(), "h.example pat");
    assert_eq!(home.client(Config::new(), &[host]).unwrap(), "h.example netrc");
    let off = home.client(Config::new().use_netrc(false), &[host]).unwrap_err();
    assert!(
        off.starts_with(
            "default auth: cannot configure default credentials, please check https://docs.databricks.com/en/dev-tools/\
             auth.html#databricks-client-unified-authentication to configure credentials for your preferred \
             authentication method. Config: host=https://h.example, use_netrc=false. Env: DATABRICKS_HOST. That is, \
             there are no credentials for h.example; set DATABRICKS_TOKEN"
        ),
        "{off}"
    );
}

#[test]
fn azure_is_told_by_the_host_and_named_in_the_errors() {
    let home = Home::with("");
    let id = ("ARM_CLIENT_ID", "i");
    let secret = ("ARM_CLIENT_SECRET", "s");
    let azure = ("DATABRICKS_HOST", "adb-1.2.azuredatabricks.net");
    let host = ("DATABRICKS_HOST", "h.example");
    let kind = |variables: &[(&str, &str)]| home.client(Config::new(), variables);
    assert_eq!(
        kind(&[azure, id, secret]).unwrap(),
        "adb-1.2.azuredatabricks.net azure-client-secret"
    );
    assert_eq!(
        kind(&[host, id, secret, ("DATABRICKS_CLOUD", "azure")]).unwrap(),
        "h.example azure-client-secret"
    );
    assert_eq!(
        kind(&[azure, id, ("ARM_USE_MSI", "true")]).unwrap(),
        "adb-1.2.azuredatabricks.net azure-msi"
    );
    assert!(
        kind(&[host, id, secret])
            .unwrap_err()
            .contains("there are no credentials")
    );
    let both = kind(&[azure, id, secret, ("DATABRICKS_CLIENT_ID", "x")]).unwrap_err();
    assert!(
        both.contains(
            "configured: azure and oauth. Config: host=https://adb-1.2.azuredatabricks.net, \
                       azure_client_secret=***, azure_client_id=i, client_id=x. Env: DATABRICKS_HOST, ARM_CLIENT_SECRET"
        ),
        "{both}"
    );
}

#[test]
fn values_that_make_no_sense_name_where_they_come_from() {
    let home = Home::with("[DEFAULT]\nhost = x\ntoken = t\nskip_verify = TRUE\n[n]\nhost = x\nrate_limit = fast\n");
    let error = home.client(Config::new(), &[]).unwrap_err();
    assert!(
        error.starts_with("skip_verify asks not to check the server's certificate"),
        "{error}"
    );
    let error = home.client(Config::new().profile("n"), &[]).unwrap_err();
    let expected = format!("rate_limit (file {}, profile n) is not a whole number", home.file());
    assert_eq!(error, expected);
    let maybe = [("DATABRICKS_HOST", "x.azuredatabricks.net"), ("ARM_USE_MSI", "maybe")];
    let error = home.client(Config::new(), &maybe).unwrap_err();
    assert_eq!(
        error,
        "azure_use_msi (environment ARM_USE_MSI) is neither `true` nor `false`"
    );
}

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

fn explained(explanation: &Explanation, setting: Setting) -> (Option<&str>, &Origin, usize) {
    let mut all = explanation.settings.iter();
    let found = all.find(|explained| explained.setting == setting).unwrap();
    (found.value.as_deref(), &found.origin, found.ignored.len())
}

#[test]
fn everything_is_explained() {
    let home = Home::with(PROFILES);
    let variables = [
        ("DATABRICKS_CONFIG_PROFILE", "me"),
        ("DATABRICKS_PASSWORD", "environment"),
        ("DATABRICKS_CLUSTER_ID", "c"),
    ];
    let config = home
        .resolve(Config::new().host("https://arg.example/?o=5"), &variables)
        .unwrap();
    let explanation = config.explain();
    assert_eq!(explanation.settings.len(), Setting::all().count());
    let value = |setting| explained(&explanation, setting);
    let profile = "me".to_owned();
    assert_eq!(
        value(Setting::Host),
        (Some("https://arg.example"), &Origin::Argument, 1)
    );
    let (shown, origin, ignored) = value(Setting::Password);
    assert_eq!(
        (shown, origin.to_string(), ignored),
        (Some("***"), "environment DATABRICKS_PASSWORD".to_owned(), 1)
    );
    let (shown, origin, _) = value(Setting::Username);
    assert_eq!(
        (shown, origin.to_string()),
        (Some("me"), format!("file {}, profile {profile}", home.file()))
    );
    assert_eq!(value(Setting::WorkspaceId), (Some("5"), &Origin::Address, 0));
    assert_eq!(value(Setting::Scopes), (Some("all-apis"), &Origin::Default, 0));
    assert_eq!(value(Setting::Token), (None, &Origin::Default, 0));
    assert_eq!(explanation.auth_type().unwrap().name(), "basic");
    assert_eq!(explanation.problem, None);
    let text = explanation.to_string();
    for line in [
        format!(
            "  password = ***  (environment DATABRICKS_PASSWORD; ignored: file {}, profile me)\n",
            home.file()
        ),
        "  pat: not used: token is not set\n".to_owned(),
        "  basic: used\n".to_owned(),
        "  oauth-m2m: not used: basic comes first\n".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} is missing in {text}");
    }
}

#[test]
fn an_explanation_tells_what_netrc_gives_and_what_is_wrong() {
    let home = Home::with("");
    let netrc = private(home.0.path(), ".netrc", "machine h.example login me password CANARY\n");
    let host = ("DATABRICKS_HOST", "h.example");
    let explanation = home.resolve(Config::new(), &[host]).unwrap().explain();
    let (value, origin, _) = explained(&explanation, Setting::Username);
    assert_eq!((value, origin.to_string()), (Some("me"), format!("netrc {netrc}")));
    assert_eq!(explained(&explanation, Setting::Password).0, Some("***"));
    assert_eq!(explanation.auth_type().unwrap().name(), "netrc");
    let last = explanation.auth_types.last().unwrap();
    assert_eq!((last.auth_type.name(), last.verdict), ("netrc", Verdict::Used));

    let both = [host, ("DATABRICKS_TOKEN", "t"), ("DATABRICKS_CLIENT_ID", "c")];
    let explanation = home.resolve(Config::new(), &both).unwrap().explain();
    assert!(explanation.problem.unwrap().contains("configured: oauth and pat"));
    let explanation = home.resolve(Config::new().use_netrc(false), &[host]).unwrap().explain();
    assert!(explanation.problem.unwrap().contains("there are no credentials"));
}

#[test]
fn a_file_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::with(PROFILES);
    std::fs::set_permissions(home.file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let traced = dbx12_tests::Traced::start();
    let explanation = home.resolve(Config::new(), &[]).unwrap().explain();
    let remedy = format!("can be read by others; run: chmod 600 {}", home.file());
    assert!(explanation.to_string().contains(&remedy), "{explanation}");
    assert!(traced.text().contains("WARN") && traced.text().contains(&remedy));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_takes_a_profile() {
    let peer = Peer::start(|_| Reaction::json("[]")).await;
    let home = Home::with(&format!("[P]\nhost = {}\ntoken = dapi-CANARY\n", peer.host()));
    let run = |arguments: &[&str]| {
        let mut command = dbx12_tests::dbx12(home.0.path(), arguments);
        command
            .env("DATABRICKS_HOST", "http://127.0.0.1:9")
            .env("DATABRICKS_USERNAME", "me");
        dbx12_tests::finish(command)
    };
    let finished = tokio::task::block_in_place(|| run(&["clusters", "list", "-p", "P"]));
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""));
    assert_eq!(peer.requests()[0].header("authorization"), Some("Bearer dapi-CANARY"));
    let finished = run(&["--profile", "Q", "clusters", "list"]);
    assert_eq!(finished.code, Some(3), "{}", finished.stderr);
    assert!(
        finished.stderr.contains("has no Q profile configured"),
        "{}",
        finished.stderr
    );
}
