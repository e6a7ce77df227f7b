//! What each kind sends, to whom, and that it is let in.

use super::*;
use dbx12_exec::http::Host;
use dbx12_exec::http::credentials::{AccessToken, Azure, Command, IdToken, OAuthM2m, TokenFederation};

/// The clusters are seen; the token was asked for once, with this in its form.
async fn is_let_in(peer: &Peer, credentials: Credentials, endpoint: &str, form: &[&str]) {
    let kind = credentials.auth_type().to_owned();
    let client = client(peer, credentials);
    for _ in 0..3 {
        list(&client).await.unwrap_or_else(|error| panic!("{kind}: {error}"));
    }
    let requests = peer.requests();
    let tokens: Vec<_> = requests.iter().filter(|asked| asked.operation == endpoint).collect();
    assert_eq!(tokens.len(), usize::from(endpoint != NOBODY), "{kind}");
    for part in form {
        assert!(
            tokens[0].body.contains(part),
            "{kind}: {part} is missing in {}",
            tokens[0].body
        );
    }
    let agent = requests.last().unwrap().header("user-agent").unwrap();
    assert!(agent.ends_with(&format!("auth/{kind}")), "{agent}");
}

const TOKEN: &str = "/oidc/v1/token";

/// No server is asked for a token.
const NOBODY: &str = "nobody";

#[tokio::test]
async fn oauth_machine_to_machine_finds_the_endpoint_and_asks_for_its_scopes() {
    let peer = issuer().await;
    let form = ["grant_type=client_credentials", "scope=all-apis"];
    is_let_in(&peer, Credentials::oauth_m2m("me", CLIENT_SECRET), TOKEN, &form).await;

    let peer = issuer().await;
    let principal = OAuthM2m::new("me", CLIENT_SECRET).scopes(["clusters", "command-execution"]);
    let form = ["scope=clusters+command-execution"];
    is_let_in(&peer, Credentials::from_tokens(principal), TOKEN, &form).await;

    // Endpoints that another server describes.
    let (peer, other) = (issuer().await, issuer().await);
    let url = format!("{}/oidc/.well-known/oauth-authorization-server", other.host());
    let principal = OAuthM2m::new("me", CLIENT_SECRET).discovery_url(url);
    list(&client(&peer, Credentials::from_tokens(principal))).await.unwrap();
    assert_eq!((peer.count(TOKEN), other.count(TOKEN)), (0, 1));
}

#[tokio::test]
async fn tokens_of_other_issuers_are_exchanged() {
    let exchange = [
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange",
        "subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt",
        "subject_token=eyJ-CANARY-id",
        "scope=all-apis",
    ];
    let peer = issuer().await;
    let token = TokenFederation::new(IdToken::value(ID_TOKEN));
    is_let_in(&peer, Credentials::from_tokens(token), TOKEN, &exchange).await;
    assert!(!peer.requests()[1].body.contains("client_id"));

    let folder = tempfile::tempdir().unwrap();
    let path = private(folder.path(), "token", &format!("{ID_TOKEN}\n"));
    let peer = issuer().await;
    let token = TokenFederation::new(IdToken::file(path)).client_id("principal");
    is_let_in(&peer, Credentials::from_tokens(token), TOKEN, &exchange).await;
    assert!(peer.requests()[1].body.contains("client_id=principal"));

    let peer = issuer().await;
    let github = || IdToken::github(format!("{}/github?v=1", peer.host()), "github-CANARY-request");
    let token = TokenFederation::new(github()).client_id("principal");
    is_let_in(&peer, Credentials::from_tokens(token), TOKEN, &exchange).await;
    let asked = peer
        .requests()
        .into_iter()
        .find(|asked| asked.operation == "/github")
        .unwrap();
    let audience: String = form_of(&format!("{}{TOKEN}", peer.host()));
    assert_eq!(asked.query()["audience"], audience);

    let token = TokenFederation::new(github()).audience("https://github.com/me");
    list(&client(&peer, Credentials::from_tokens(token))).await.unwrap();
    let asked = peer
        .requests()
        .into_iter()
        .rfind(|asked| asked.operation == "/github")
        .unwrap();
    assert_eq!(asked.query()["audience"], form_of("https://github.com/me"));
}

fn form_of(text: &str) -> String {
    text.replace(':', "%3A").replace('/', "%2F")
}

#[tokio::test]
async fn azure_principals_prove_themselves_by_secret_or_by_github() {
    let resource = "resource=2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";
    let endpoint = "/tenant/oauth2/token";
    let peer = issuer().await;
    let azure = Azure::client_secret("tenant", "me", CLIENT_SECRET).login_url(peer.host());
    let form = ["grant_type=client_credentials", "client_id=me", resource];
    is_let_in(&peer, azure.credentials(), endpoint, &form).await;
    assert!(!peer.requests()[1].head.to_lowercase().contains("x-databricks-azure"));

    let peer = issuer().await;
    let github = IdToken::github(format!("{}/github", peer.host()), "github-CANARY-request");
    let azure = Azure::github_oidc("tenant", "me", github).login_url(peer.host());
    let assertion = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    is_let_in(&peer, azure.credentials(), endpoint, &[resource, assertion]).await;
    let asked = peer
        .requests()
        .into_iter()
        .find(|asked| asked.operation == "/github")
        .unwrap();
    assert_eq!(asked.query()["audience"], form_of("api://AzureADTokenExchange"));
}

#[tokio::test]
async fn a_resource_id_brings_a_token_for_the_management_along() {
    let peer = issuer().await;
    let id = "/subscriptions/1/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w";
    let azure = Azure::client_secret("tenant", "me", CLIENT_SECRET).login_url(peer.host());
    let client = client(&peer, azure.workspace_resource_id(id).credentials());
    list(&client).await.unwrap();
    let requests = peer.requests();
    assert!(
        requests[1]
            .body
            .contains("resource=https%3A%2F%2Fmanagement.core.windows.net%2F")
    );
    let asked = requests.last().unwrap();
    assert_eq!(asked.header("x-databricks-azure-sp-management-token"), Some(ISSUED));
    assert_eq!(asked.header("x-databricks-azure-workspace-resource-id"), Some(id));
}

#[tokio::test]
async fn a_managed_identity_asks_the_metadata_service() {
    let peer = issuer().await;
    let metadata = format!("{}/metadata/", peer.host());
    let azure = Azure::managed_identity()
        .metadata_url(metadata)
        .managed_client_id("mine");
    is_let_in(&peer, azure.credentials(), "/metadata/identity/oauth2/token", &[]).await;
    let requests = peer.requests();
    let query = requests[0].query();
    assert_eq!(query["api-version"], "2018-02-01");
    assert_eq!(query["resource"], "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d");
    assert_eq!(query["client_id"], "mine");
}

#[tokio::test]
async fn other_programs_print_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let logs = format!("echo \"$@\" >> {}", log.display());
    let logged = || std::fs::read_to_string(&log).unwrap();
    let json = format!(r#"{{"accessToken":"{ISSUED}","expires_on":4102444800}}"#);
    // A login that knows no tenant fails with one.
    let az = script(
        folder.path(),
        "az",
        &format!("{logs}\ncase \"$*\" in *--tenant*) exit 1;; esac\necho '{json}'"),
    );
    let peer = issuer().await;
    let azure = || Azure::command_line(None).program(az.display().to_string());
    is_let_in(&peer, azure().credentials(), NOBODY, &[]).await;
    let asked = "account get-access-token --resource 2ff814a6-3304-4ab8-85cb-cd0e6f879c1d --output json";
    assert_eq!(logged(), format!("{asked}\n"));
    let tenant = Azure::command_line(Some("t".to_owned())).program(az.display().to_string());
    list(&client(&peer, tenant.credentials())).await.unwrap();
    assert!(
        logged().ends_with(&format!("{asked} --tenant t\n{asked}\n")),
        "{}",
        logged()
    );

    let host = Host::parse(&peer.host()).unwrap();
    let json = format!(r#"{{"access_token":"{ISSUED}","token_type":"Bearer","expiry":"2100-01-01T00:00:00+02:00"}}"#);
    let databricks = script(folder.path(), "databricks", &format!("{logs}\necho '{json}'"));
    let credentials = Credentials::from_tokens(Command::databricks(databricks, &host));
    is_let_in(&peer, credentials, NOBODY, &[]).await;
    assert!(
        logged().ends_with(&format!("auth token --host {host}\n")),
        "{}",
        logged()
    );

    let any = script(folder.path(), "any", &format!("echo {ISSUED}"));
    is_let_in(&peer, Credentials::from_tokens(Command::new(any)), NOBODY, &[]).await;
}

#[tokio::test]
async fn tokens_come_from_code() {
    let peer = issuer().await;
    let credentials = Credentials::from_fn("vault", async || Ok(AccessToken::new(ISSUED)));
    is_let_in(&peer, credentials, NOBODY, &[]).await;
}

#[tokio::test]
async fn what_is_configured_is_used_and_of_what_is_found_the_first_that_works() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let peer = issuer().await;
    let github = format!("{}/github", peer.host());
    let host = ("DATABRICKS_HOST", peer.host());
    let kind_of = async |variables: &[(&str, &str)]| {
        let all = [
            &[(host.0, host.1.as_str()), ("PATH", &path), ("HOME", &path)],
            variables,
        ]
        .concat();
        let client = Config::new()
            .resolve(environment(&all))
            .unwrap()
            .into_builder()
            .unwrap()
            .build()
            .unwrap();
        let worked = list(&client).await.map_err(|error| error.to_string());
        let debug = format!("{client:?}");
        let kind = debug
            .split("Credentials(")
            .nth(1)
            .unwrap()
            .split(')')
            .next()
            .unwrap()
            .to_owned();
        worked.map(|()| kind)
    };
    let (id, secret) = (
        ("DATABRICKS_CLIENT_ID", "me"),
        ("DATABRICKS_CLIENT_SECRET", CLIENT_SECRET),
    );
    assert_eq!(kind_of(&[("DATABRICKS_TOKEN", ISSUED)]).await.unwrap(), "pat");
    assert_eq!(kind_of(&[id, secret]).await.unwrap(), "oauth-m2m");
    assert_eq!(
        kind_of(&[("DATABRICKS_OIDC_TOKEN", ID_TOKEN)]).await.unwrap(),
        "env-oidc"
    );
    let named = [("DATABRICKS_OIDC_TOKEN_ENV", "MINE"), ("MINE", ID_TOKEN)];
    assert_eq!(kind_of(&named).await.unwrap(), "env-oidc");
    let file = private(folder.path(), "id-token", ID_TOKEN);
    assert_eq!(
        kind_of(&[("DATABRICKS_OIDC_TOKEN_FILE", &file)]).await.unwrap(),
        "file-oidc"
    );
    let job = [
        ("ACTIONS_ID_TOKEN_REQUEST_URL", github.as_str()),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "github-CANARY-request"),
    ];
    assert_eq!(kind_of(&job).await.unwrap(), "github-oidc");

    // What is found on the machine comes after what is configured, and gives way to what works.
    script(folder.path(), "databricks", "echo 'no login here' >&2; exit 1");
    private(
        folder.path(),
        ".netrc",
        "machine 127.0.0.1 login me password CANARY-netrc\n",
    );
    assert_eq!(kind_of(&[id, secret]).await.unwrap(), "oauth-m2m");
    assert_eq!(kind_of(&job).await.unwrap(), "github-oidc");
    let netrc = kind_of(&[]).await.unwrap_err();
    assert!(netrc.contains("403 Forbidden"), "the peer knows no Basic: {netrc}");
    script(
        folder.path(),
        "databricks",
        &format!("echo '{{\"access_token\":\"{ISSUED}\"}}'"),
    );
    assert_eq!(kind_of(&[]).await.unwrap(), "databricks-cli");
    let none = kind_of(&[("DATABRICKS_AUTH_TYPE", "netrc")]).await.unwrap_err();
    assert!(none.contains("403 Forbidden"), "{none}");

    // When nothing works, all is told.
    script(folder.path(), "databricks", "echo 'no login here' >&2; exit 1");
    let broken = [
        job[0],
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "wrong-CANARY"),
        ("DBX12_USE_NETRC", "false"),
    ];
    let error = kind_of(&broken).await.unwrap_err();
    for part in [
        "none of the configured kinds works",
        "github-oidc: ",
        "/github gave no token: 403",
        "databricks-cli: `databricks auth token` failed with exit code 1: no login here",
    ] {
        assert!(error.contains(part) && !error.contains(CANARY), "{part}: {error}");
    }
}
