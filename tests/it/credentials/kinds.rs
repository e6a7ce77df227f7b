//! What each kind sends, to whom, and that it is let in.

use super::*;
use dbx12_exec::http::credentials::{AccessToken, Azure, IdToken, MetadataService, OAuthM2m, TokenFederation};

/// The clusters are seen; the token was asked for once, with this in its form.
pub(super) async fn is_let_in(peer: &Peer, credentials: Credentials, endpoint: &str, form: &[&str]) {
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
pub(super) const NOBODY: &str = "nobody";

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
    let azure = Azure::client_secret("me", CLIENT_SECRET)
        .tenant_id("tenant")
        .login_url(peer.host());
    let form = ["grant_type=client_credentials", "client_id=me", resource];
    is_let_in(&peer, azure.credentials(), endpoint, &form).await;
    assert!(!peer.requests()[1].head.to_lowercase().contains("x-databricks-azure"));

    let peer = issuer().await;
    let github = IdToken::github(format!("{}/github", peer.host()), "github-CANARY-request");
    let azure = Azure::github_oidc("me", github)
        .tenant_id("tenant")
        .login_url(peer.host());
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
    let azure = Azure::client_secret("me", CLIENT_SECRET)
        .tenant_id("tenant")
        .login_url(peer.host());
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
async fn tokens_come_from_code() {
    let peer = issuer().await;
    let credentials = Credentials::from_fn("vault", async || Ok(AccessToken::new(ISSUED)));
    is_let_in(&peer, credentials, NOBODY, &[]).await;
}

#[tokio::test]
async fn the_tenant_is_the_one_to_which_the_workspace_sends_its_users() {
    let peer = issuer().await;
    let azure = Azure::client_secret("me", CLIENT_SECRET).login_url(peer.host());
    is_let_in(&peer, azure.credentials(), "/tenant/oauth2/token", &["client_id=me"]).await;
    assert_eq!(peer.requests()[0].operation, "/aad/auth");

    // A workspace that sends nobody anywhere.
    let silent = Peer::start(|_| Reaction::json("{}")).await;
    let azure = Azure::client_secret("me", CLIENT_SECRET).login_url(silent.host());
    let error = list(&client(&silent, azure.credentials())).await.unwrap_err();
    let remedy = "the workspace does not tell its Azure tenant; set azure_tenant_id (ARM_TENANT_ID)";
    assert!(error.to_string().contains(remedy), "{error}");
    assert_eq!(silent.requests().len(), 1);
}

#[tokio::test]
async fn a_service_on_this_machine_is_told_the_workspace() {
    let peer = issuer().await;
    let service = format!("{}/service-CANARY-path?x=1", peer.host());
    let credentials = Credentials::from_tokens(MetadataService::new(service).unwrap());
    is_let_in(&peer, credentials, "/service-CANARY-path", &[""]).await;
    let asked = &peer.requests()[0];
    assert_eq!((asked.method.as_str(), asked.header("authorization")), ("GET", None));
    assert_eq!(asked.header("x-databricks-metadata-version"), Some("1"));
    assert_eq!(asked.header("x-databricks-host"), Some(peer.host().as_str()));

    for url in [
        "http://192.0.2.1/CANARY",
        "https://CANARY@localhost/",
        "localhost:1/CANARY",
        "CANARY",
    ] {
        let error = MetadataService::new(url).unwrap_err().to_string();
        assert!(
            error.contains("must be one on this machine") && !error.contains(CANARY),
            "{error}"
        );
    }
}

/// What a job of Azure DevOps has.
fn job(peer: &Peer) -> [(&'static str, String); 6] {
    [
        ("SYSTEM_ACCESSTOKEN", "devops-CANARY-token".to_owned()),
        ("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", format!("{}/devops/", peer.host())),
        ("SYSTEM_TEAMPROJECTID", "project".to_owned()),
        ("SYSTEM_PLANID", "plan".to_owned()),
        ("SYSTEM_JOBID", "job".to_owned()),
        ("SYSTEM_HOSTTYPE", "build".to_owned()),
    ]
}

#[tokio::test]
async fn a_job_of_azure_devops_exchanges_its_token() {
    let peer = issuer().await;
    let job = job(&peer);
    let lookup = |name: &str| {
        let found = job.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.clone())
    };
    let id_token = IdToken::azure_devops(lookup).unwrap();
    let credentials = TokenFederation::new(id_token).client_id("me");
    let form = ["subject_token=eyJ-CANARY-id", "client_id=me"];
    is_let_in(&peer, Credentials::from_tokens(credentials), TOKEN, &form).await;
    let requests = peer.requests();
    let asked = requests.iter().find(|asked| asked.operation == DEVOPS).unwrap();
    assert_eq!(asked.query()["api-version"], "7.2-preview.1");

    for missing in job.iter().map(|(name, _)| *name) {
        let error = IdToken::azure_devops(|name| lookup(name).filter(|_| name != missing)).unwrap_err();
        assert!(error.to_string().contains(missing), "{error}");
    }
}
