//! Invariant 6 for all kinds of credentials: a server and a program that repeat every secret, and no secret is shown.

use super::*;
use dbx12_exec::http::Host;
use dbx12_exec::http::credentials::{Azure, Command, IdToken, MetadataService, OAuthM2m, TokenFederation};
use dbx12_exec::types::ExecuteCommand;
use dbx12_tests::Traced;
use std::fmt::Debug;

fn assert_discreet(text: &str) {
    // The encodings of what Basic carries, too.
    for secret in [CANARY, "Q0FOQVJZ", "NBTkFSW", "DQU5BUlk"] {
        assert!(!text.contains(secret), "{secret} is in: {text}");
    }
}

fn assert_debug_discreet(what: &dyn Debug) {
    assert_discreet(&format!("{what:?}"));
    assert_discreet(&format!("{what:#?}"));
}

fn assert_error_discreet(error: &(dyn std::error::Error + 'static)) {
    let mut cause = Some(error);
    while let Some(error) = cause {
        assert_discreet(&error.to_string());
        assert_debug_discreet(&error);
        cause = error.source();
    }
}

/// Says back all that it was told: the request line, the headers, the body and what is encoded in it.
fn echo(asked: &Asked) -> String {
    let decoded = match asked.header("authorization") {
        Some("Basic bWU6ZG9zZS1DQU5BUlktc2VjcmV0") => "me:dose-CANARY-secret",
        Some(basic) if basic.starts_with("Basic ") => "me:CANARY-password",
        _ => "",
    };
    let said = format!("{} {} {decoded}", asked.head, asked.body);
    said.replace(['"', '\\'], " ").replace("\r\n", " ")
}

/// What a server might do to a request that carries secrets.
fn unkind(asked: &Asked, what: usize) -> Reaction {
    let echo = echo(asked);
    match what {
        0 => Reaction::http("400 Bad Request", "", format!(r#"{{"error":"x: {echo}"}}"#)),
        1 => Reaction::http(
            "401 Unauthorized",
            "",
            format!(r#"{{"error":"invalid_client","error_description":"{echo}"}}"#),
        ),
        2 => Reaction::http(
            "403 Forbidden",
            &format!("x-request-id: {echo}\r\n"),
            format!(r#"{{"error_code":"403","message":"Invalid access token. {echo}"}}"#),
        ),
        3 => Reaction::http(
            "500 Internal Server Error",
            "",
            format!("<html><title>{echo}</title><pre>{echo}</pre>"),
        ),
        4 => Reaction::http(
            "200 OK",
            "Content-Type: text/html\r\n",
            format!("<title>Sign in {echo}</title>"),
        ),
        5 => Reaction::http("302 Found", &format!("Location: /{}\r\n", echo.replace(' ', "/")), ""),
        6 => Reaction::json(format!(r#"{{"{echo}": "{echo}"}}"#)),
        _ => Reaction::Reset(Vec::new()),
    }
}

const UNKIND: usize = 8;

/// Credentials of every kind, all with the canary.
fn all_kinds(peer: &Peer, folder: &Path) -> Vec<Credentials> {
    let host = peer.host();
    let github = || IdToken::github(format!("{host}/github"), "github-CANARY-request");
    let file = private(folder, "id-token", ID_TOKEN);
    let program = |name: &str, text: &str| Command::new(script(folder, name, text));
    let az = script(folder, "az", &format!("echo '{{\"accessToken\":\"{ISSUED}\"}}'"));
    let gcloud = script(folder, "gcloud", &format!("echo {ISSUED}"));
    let databricks = script(folder, "databricks", "echo '{\"access_token\":7,\"x\":\"CANARY-5\"}'");
    let netrc = private(folder, "netrc", "default login me password CANARY-password\n");
    let workspace = Host::parse(&host).unwrap();
    let devops = IdToken::azure_devops(|name| match name {
        "SYSTEM_ACCESSTOKEN" => Some("devops-CANARY-token".to_owned()),
        "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI" => Some(format!("{host}/devops")),
        "SYSTEM_HOSTTYPE" => Some("build".to_owned()),
        _ => Some(
            name["SYSTEM_".len()..]
                .trim_end_matches("ID")
                .trim_start_matches("TEAM")
                .to_lowercase(),
        ),
    });
    let devops = devops.unwrap();
    let resource = "/subscriptions/1/workspaces/w";
    vec![
        Credentials::basic("me", "CANARY-password"),
        Credentials::bearer("dapi-CANARY-0"),
        Credentials::oauth_m2m("me", CLIENT_SECRET),
        Credentials::from_tokens(
            OAuthM2m::new("me", CLIENT_SECRET).discovery_url(format!("{host}/elsewhere?a=CANARY-key")),
        ),
        Credentials::from_tokens(TokenFederation::new(IdToken::value(ID_TOKEN))),
        Credentials::from_tokens(TokenFederation::new(IdToken::file(file)).client_id("me")),
        Credentials::from_tokens(TokenFederation::new(github())),
        Azure::client_secret("me", CLIENT_SECRET)
            .tenant_id("tenant")
            .login_url(&host)
            .workspace_resource_id(resource)
            .credentials(),
        Azure::client_secret("me", CLIENT_SECRET).login_url(&host).credentials(),
        Azure::github_oidc("me", github())
            .tenant_id("tenant")
            .login_url(&host)
            .credentials(),
        Credentials::from_tokens(TokenFederation::new(devops)),
        Credentials::from_tokens(MetadataService::new(format!("{host}/service-CANARY-path?a=CANARY-key")).unwrap()),
        Credentials::from_tokens(Command::gcloud(gcloud, "me@project", &workspace)),
        Credentials::from_tokens(Command::databricks(databricks, &workspace)),
        Credentials::from_netrc_file(netrc, &workspace).unwrap(),
        Credentials::none(),
        Azure::managed_identity()
            .metadata_url(format!("{host}/metadata"))
            .credentials(),
        Azure::command_line()
            .program(az.display().to_string())
            .workspace_resource_id(resource)
            .credentials(),
        Credentials::from_tokens(program("prints", &format!("echo {ISSUED}"))),
        Credentials::from_tokens(program(
            "fails",
            "echo dapi-CANARY-1 token=CANARY-2 >&2; echo CANARY-3; exit 3",
        )),
        Credentials::from_tokens(program("chats", "echo here is CANARY-4")),
        Credentials::from_fn("closure", async || {
            Ok(dbx12_exec::http::credentials::AccessToken::new(ISSUED.to_owned()))
        }),
    ]
}

#[tokio::test]
async fn invariant_6_no_kind_of_credentials_shows_its_secret_whatever_the_server_does() {
    let traced = Traced::start();
    let folder = tempfile::tempdir().unwrap();
    let mut refused_by_endpoint = 0;
    for what in 0..UNKIND {
        // Everybody is unkind; or the issuers are kind and the workspace is not.
        for issuers_too in [true, false] {
            let peer = Peer::start(move |asked| {
                let is_api = asked.head.contains(" /api/1.2/");
                if is_api || issuers_too {
                    unkind(asked, what)
                } else {
                    issue(asked)
                }
            })
            .await;
            for credentials in all_kinds(&peer, folder.path()) {
                assert_debug_discreet(&credentials);
                let builder = Client::builder(peer.host())
                    .credentials(credentials)
                    .retry(RetryPolicy::default().max_attempts(2).base(Duration::from_millis(1)));
                assert_debug_discreet(&builder);
                let client = builder.build().unwrap();
                let error = client.send(&ExecuteCommand::new("c", "1", "1")).await.unwrap_err();
                assert_error_discreet(&error);
                assert_debug_discreet(&error.body());
                assert_debug_discreet(&client);
                refused_by_endpoint += usize::from(error.to_string().contains("gave no token"));
            }
        }
    }
    assert!(refused_by_endpoint > 20, "{refused_by_endpoint}");
    let text = traced.text();
    assert!(
        text.contains("dbx12.call") && text.contains("no new token"),
        "nothing was traced"
    );
    assert_discreet(&text);
}

#[test]
fn invariant_6_a_configuration_explains_itself_without_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let secrets: Vec<_> = dbx12_exec::http::Setting::all()
        .filter(|setting| setting.is_secret())
        .collect();
    assert!(secrets.len() >= 7, "{secrets:?}");
    let mut config = Config::new().host("https://example.com");
    let lines: String = secrets
        .iter()
        .filter_map(|setting| Some(format!("{} = CANARY-file\n", setting.keys().first()?)))
        .collect();
    private(folder.path(), ".databrickscfg", &format!("[P]\n{lines}"));
    for setting in secrets {
        config = config.set(setting, "CANARY-argument");
    }
    let home = folder.path().display().to_string();
    let everywhere = |name: &str| match name {
        "HOME" => Some(home.clone()),
        "DATABRICKS_CONFIG_FILE" | "NETRC" => None,
        "DATABRICKS_HOST" => Some("https://me:CANARY@example.com".to_owned()),
        "DATABRICKS_CONFIG_PROFILE" => Some("P".to_owned()),
        name if name.contains("CLIENT_ID") || name.contains("USER") => Some("me".to_owned()),
        "DBX12_USE_NETRC" | "ARM_USE_MSI" => Some("false".to_owned()),
        name if name.contains("RATE") || name.contains("DEBUG") || name.contains("PATH") => None,
        "DATABRICKS_AUTH_TYPE" | "DATABRICKS_OIDC_TOKEN_ENV" => None,
        _ => Some("CANARY-environment".to_owned()).filter(|_| {
            let mut all = dbx12_exec::http::Setting::all().filter(|setting| setting.is_secret());
            all.any(|setting| setting.environment().contains(&name))
        }),
    };
    let configs = [config.clone(), Config::new(), Config::new().host("https://me:CANARY@x")];
    for config in configs {
        let config = config.resolve(everywhere).unwrap();
        assert_debug_discreet(&config);
        let explained = config.explain();
        assert_discreet(&explained.to_string());
        assert_debug_discreet(&explained);
        assert!(explained.to_string().contains("***"), "{explained}");
        assert_error_discreet(&config.into_builder().unwrap_err());
    }
}

#[test]
fn invariant_6_broken_files_are_told_of_without_their_words() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().display().to_string();
    for text in [
        "token = CANARY\n",
        "[DEFAULT]\nCANARY\n",
        "[DEFAULT]\nskip_verify = CANARY\nhost = x\ntoken = CANARY\n",
    ] {
        private(folder.path(), ".databrickscfg", text);
        let resolved = Config::new().resolve(environment(&[("HOME", &home)]));
        assert_error_discreet(&resolved.and_then(Config::into_builder).unwrap_err());
    }
    private(folder.path(), ".netrc", "machine example.com login me CANARY\n");
    let config = Config::new().host("example.com");
    let config = config.resolve(environment(&[("HOME", &home)])).unwrap();
    assert_discreet(&config.explain().to_string());
    assert_error_discreet(&config.into_builder().unwrap_err());
}
