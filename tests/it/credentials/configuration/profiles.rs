//! Which profile of the file is read, and when.

use super::*;

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
