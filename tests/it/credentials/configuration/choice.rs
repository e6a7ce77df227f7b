//! Which kind of credentials is used, and what is refused.

use super::*;

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
    assert!(
        refused("nonsense").contains("there is none of that name; there are pat, basic, metadata-service, oauth-m2m")
    );
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

#[test]
fn a_kind_that_is_configured_and_not_supported_is_not_passed_over_for_another_login() {
    let home = Home::with("");
    private(home.0.path(), ".netrc", "default login a password b\n");
    let key = ("GOOGLE_CREDENTIALS", "CANARY");
    let kind = |host: &str| home.client(Config::new().host(host), &[key]);
    let error = kind("1.2.gcp.databricks.com").unwrap_err();
    let remedy = "google-credentials: the official tools know it, dbx12 does not; give the key to `gcloud`";
    assert!(error.contains(remedy) && !error.contains(CANARY), "{error}");
    // Elsewhere the variable is meant for others.
    assert_eq!(kind("h.example").unwrap(), "h.example netrc");
    for auth_type in dbx12_exec::http::AuthType::all().filter(|auth_type| !auth_type.is_supported()) {
        let error = home.client(Config::new().host("h.example").auth_type(auth_type.name()), &[]);
        let error = error.unwrap_err();
        assert!(
            error.contains("dbx12 does not; ") && error.contains(auth_type.about()),
            "{error}"
        );
    }
}
