//! Which cloud a workspace is in.

use super::*;

fn environment(host: &str, name: Option<&str>) -> (String, &'static str) {
    let environment = Environment::of(&Host::parse(host).unwrap(), name);
    (environment.login, environment.management)
}

#[test]
fn the_host_says_which_cloud_it_is_in_and_else_the_name() {
    let public = "https://login.microsoftonline.com/";
    let government = "https://login.microsoftonline.us/";
    let china = "https://login.chinacloudapi.cn/";
    for (host, name, login) in [
        ("adb-1.2.azuredatabricks.net", None, public),
        ("adb-1.2.databricks.azure.us", None, government),
        ("adb-1.2.databricks.azure.cn", None, china),
        ("example.com", None, public),
        ("example.com", Some("PUBLIC"), public),
        ("example.com", Some("AzureUSGovernmentCloud"), government),
        ("example.com", Some("china"), china),
    ] {
        assert_eq!(environment(host, name).0, login, "{host} {name:?}");
    }
    assert!(
        environment("x.databricks.azure.cn", None)
            .1
            .contains("chinacloudapi.cn")
    );
}

#[test]
fn debug_shows_no_secret() {
    let azure = Azure::client_secret("client", "CANARY").workspace_resource_id("/subscriptions/1");
    assert!(!format!("{azure:?} {:?}", azure.clone().credentials()).contains("CANARY"));
    assert_eq!(azure.credentials().auth_type(), "azure-client-secret");
    assert_eq!(Azure::managed_identity().credentials().auth_type(), "azure-msi");
    let github = Azure::github_oidc("c", IdToken::github("https://CANARY", "CANARY"));
    assert!(!format!("{github:?}").contains("CANARY"));
    assert_eq!(github.credentials().auth_type(), "github-oidc-azure");
}
