//! What is configured, and what is only found on the machine.

use super::*;

#[tokio::test]
async fn what_is_configured_is_used_and_of_what_is_found_the_first_that_works() {
    let folder = tempfile::tempdir().unwrap();
    let peer = issuer().await;
    let github = format!("{}/github", peer.host());
    let kind_of = async |variables: &[(&str, &str)]| kind_of(&peer, folder.path(), variables).await;
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

#[tokio::test]
async fn a_netrc_file_that_cannot_be_used_matters_only_when_nothing_else_works() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let peer = issuer().await;
    let kind_of = async |variables: &[(&str, &str)]| kind_of(&peer, folder.path(), variables).await;
    let login = format!("echo '{{\"access_token\":\"{ISSUED}\"}}'");
    let open = || {
        let netrc = private(folder.path(), ".netrc", "machine 127.0.0.1 login me password CANARY\n");
        std::fs::set_permissions(netrc, std::fs::Permissions::from_mode(0o644)).unwrap();
    };
    let broken = || drop(private(folder.path(), ".netrc", "machine 127.0.0.1 login me CANARY\n"));
    for (spoil, said) in [
        (&open as &dyn Fn(), "can be read by others; run: chmod 600"),
        (&broken, "line 1: expected `login`, `password` or `account`"),
    ] {
        spoil();
        assert_eq!(kind_of(&[("DATABRICKS_TOKEN", ISSUED)]).await.unwrap(), "pat");
        script(folder.path(), "databricks", &login);
        assert_eq!(kind_of(&[]).await.unwrap(), "databricks-cli");
        script(folder.path(), "databricks", "echo 'no login here' >&2; exit 1");
        let error = kind_of(&[]).await.unwrap_err();
        for part in ["failed with exit code 1: no login here; netrc: ", said] {
            assert!(error.contains(part) && !error.contains(CANARY), "{part}: {error}");
        }
        std::fs::remove_file(folder.path().join("databricks")).unwrap();
        for variables in [&[][..], &[("DATABRICKS_AUTH_TYPE", "netrc")]] {
            let error = kind_of(variables).await.unwrap_err();
            assert!(error.contains(said) && !error.contains(CANARY), "{error}");
        }
    }
}

#[tokio::test]
async fn a_service_and_a_job_are_found_by_their_variables() {
    let folder = tempfile::tempdir().unwrap();
    let peer = issuer().await;
    let kind_of = async |variables: &[(&str, &str)]| kind_of(&peer, folder.path(), variables).await;
    let url = format!("{}/service-CANARY-path", peer.host());
    let service = ("DATABRICKS_METADATA_SERVICE_URL", url.as_str());
    assert_eq!(kind_of(&[service]).await.unwrap(), "metadata-service");
    let error = kind_of(&[(service.0, "http://192.0.2.1/CANARY")]).await.unwrap_err();
    assert_eq!(
        error,
        "metadata_service_url (environment DATABRICKS_METADATA_SERVICE_URL) is no URL of this machine"
    );
    let error = kind_of(&[service, ("DATABRICKS_CLIENT_ID", "x")]).await.unwrap_err();
    assert!(error.contains("configured: metadata-service and oauth"), "{error}");

    let collection = format!("{}/devops/", peer.host());
    let mut job = vec![
        ("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", collection.as_str()),
        ("SYSTEM_TEAMPROJECTID", "project"),
        ("SYSTEM_PLANID", "plan"),
        ("SYSTEM_JOBID", "job"),
        ("SYSTEM_HOSTTYPE", "build"),
    ];
    let error = kind_of(&[&job[..], &[("DATABRICKS_AUTH_TYPE", "azure-devops-oidc")]].concat()).await;
    let error = error.unwrap_err();
    assert!(
        error.contains("system_accesstoken is not set; set SYSTEM_ACCESSTOKEN"),
        "{error}"
    );
    job.push(("SYSTEM_ACCESSTOKEN", "devops-CANARY-token"));
    assert_eq!(kind_of(&job).await.unwrap(), "azure-devops-oidc");
}
