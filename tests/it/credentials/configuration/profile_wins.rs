//! A profile that was asked for by name, as with `--profile` of the official command line.

use super::*;
use dbx12_exec::http::config::Origin;

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
fn what_says_where_to_go_and_how_to_ask_never_comes_from_the_environment() {
    let steering = [
        (Setting::WorkspaceId, "DATABRICKS_WORKSPACE_ID"),
        (Setting::AccountId, "DATABRICKS_ACCOUNT_ID"),
        (Setting::AuthType, "DATABRICKS_AUTH_TYPE"),
        (Setting::DiscoveryUrl, "DATABRICKS_DISCOVERY_URL"),
        (Setting::TokenAudience, "DATABRICKS_TOKEN_AUDIENCE"),
        (Setting::Cloud, "DATABRICKS_CLOUD"),
    ];
    let home = Home::with("[P]\nhost = p.example\ntoken = t\n[Q]\nhost = q.example\ntoken = t\naudience = mine\n");
    let variables = steering.map(|(_, name)| (name, "https://env.example/CANARY"));
    let explain = |profile: &str| {
        let config = Config::new().profile(profile).profile_wins(true);
        home.resolve(config, &variables).unwrap().explain()
    };
    let explained = explain("P");
    assert_eq!(explained.problem, None);
    for (setting, name) in steering {
        let mut all = explained.settings.iter();
        let found = all.find(|explained| explained.setting == setting).unwrap();
        assert_eq!(
            (&found.value, &found.ignored[..]),
            (&None, &[Origin::Environment(name.to_owned())][..])
        );
        let line = format!("  {setting} is not set  (ignored: environment {name})\n");
        assert!(
            explained.to_string().contains(&line),
            "{line} is missing in {explained}"
        );
    }
    let line = "; ignored: environment DATABRICKS_TOKEN_AUDIENCE)\n";
    assert!(explain("Q").to_string().contains(line));
    // Without a profile that wins, the environment does.
    let config = home.resolve(Config::new().profile("Q"), &variables).unwrap();
    assert_eq!(config.value(Setting::TokenAudience), Some("https://env.example/CANARY"));
}

#[test]
fn the_environment_gives_what_the_profile_leaves_out_but_no_second_family() {
    let home = Home::with(
        "[empty]\ncluster_id = of-file\n[half]\nhost = half.example\nusername = me\n[full]\nhost = f\ntoken = t\n",
    );
    let environment = [
        ("DATABRICKS_HOST", "env.example"),
        ("DATABRICKS_USERNAME", "env-user"),
        ("DATABRICKS_PASSWORD", "p"),
        ("DATABRICKS_CLUSTER_ID", "of-environment"),
    ];
    let wins = |profile: &str| Config::new().profile(profile).profile_wins(true);
    assert_eq!(home.client(wins("empty"), &environment).unwrap(), "env.example basic");
    assert_eq!(home.client(wins("half"), &environment).unwrap(), "half.example basic");
    assert_eq!(home.client(wins("full"), &environment).unwrap(), "f pat");
    let half = home.resolve(wins("half"), &environment).unwrap();
    assert_eq!(half.value(Setting::Username), Some("me"));
    // What says nothing of credentials is the environment's to say, as with the official command line.
    let empty = home.resolve(wins("empty"), &environment).unwrap();
    assert_eq!(empty.value(Setting::ClusterId), Some("of-environment"));

    // Two families of the environment are two, where the profile has none.
    let both = [&environment[..], &[("DATABRICKS_TOKEN", "t")]].concat();
    let error = home.client(wins("empty"), &both).unwrap_err();
    assert!(error.contains("configured: basic and pat"), "{error}");

    // A token of another issuer is exchanged by a service principal, and is nobody's business else.
    let token = [("DATABRICKS_OIDC_TOKEN", "CANARY")];
    let principal = Home::with(
        "[P]\nhost = p.example\nclient_id = me\n[A]\nhost = a.azuredatabricks.net\nazure_client_id = me\nazure_client_secret = s\n",
    );
    assert_eq!(principal.client(wins("P"), &token).unwrap(), "p.example env-oidc");
    let azure = principal.client(wins("A"), &token).unwrap();
    assert_eq!(azure, "a.azuredatabricks.net azure-client-secret");
}
