//! Real processes that print tokens: stand-ins for `az`, `gcloud` and `databricks` that answer in their forms.

use super::kinds::{NOBODY, is_let_in};
use super::*;
use dbx12_exec::http::Host;
use dbx12_exec::http::credentials::{Azure, Command};

/// A folder of programs that write down what they were asked.
struct Programs(tempfile::TempDir);

impl Programs {
    fn none() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn install(&self, name: &str, text: &str) -> PathBuf {
        let log = self.path().join("log");
        script(self.path(), name, &format!("echo \"$@\" >> {}\n{text}", log.display()))
    }

    /// What they were asked since the last time.
    fn asked(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.path().join("log")).unwrap_or_default();
        let _ = std::fs::remove_file(self.path().join("log"));
        log.lines().map(str::to_owned).collect()
    }
}

/// What `az account get-access-token` prints.
fn token_of_az() -> String {
    format!(
        r#"{{"accessToken": "{ISSUED}", "expiresOn": "2100-01-01 00:00:00.000000", "expires_on": 4102444800,
        "subscription": "1", "tenant": "tenant", "tokenType": "Bearer"}}"#
    )
}

const AZ: &str = "account get-access-token --resource 2ff814a6-3304-4ab8-85cb-cd0e6f879c1d --output json";

#[tokio::test]
async fn az_is_asked_for_the_tenant_of_the_workspace_and_else_for_any() {
    let programs = Programs::none();
    let peer = issuer().await;
    let az = programs
        .install("az", &format!("echo '{}'", token_of_az()))
        .display()
        .to_string();
    let azure = || Azure::command_line().program(&az);
    is_let_in(&peer, azure().credentials(), NOBODY, &[]).await;
    assert_eq!(programs.asked(), [format!("{AZ} --tenant tenant")]);
    let named = azure().tenant_id("mine").credentials();
    list(&client(&peer, named)).await.unwrap();
    assert_eq!(programs.asked(), [format!("{AZ} --tenant mine")]);

    // A login that knows no tenant fails with one.
    let text = format!("case \"$*\" in *--tenant*) exit 1;; esac\necho '{}'", token_of_az());
    programs.install("az", &text);
    list(&client(&peer, azure().credentials())).await.unwrap();
    assert_eq!(programs.asked(), [format!("{AZ} --tenant tenant"), AZ.to_owned()]);
}

#[tokio::test]
async fn az_is_found_by_path_for_a_workspace_of_azure() {
    let (programs, peer) = (Programs::none(), issuer().await);
    let azure = [("DATABRICKS_CLOUD", "azure")];
    programs.install("az", &format!("echo '{}'", token_of_az()));
    assert_eq!(kind_of(&peer, programs.path(), &azure).await.unwrap(), "azure-cli");
    let none = kind_of(&peer, programs.path(), &[]).await.unwrap_err();
    assert!(none.contains("there are no credentials"), "{none}");

    programs.install(
        "az",
        "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1",
    );
    let error = kind_of(&peer, programs.path(), &azure).await.unwrap_err();
    let said = "`az account get-access-token` failed with exit code 1: ERROR: Please run 'az login' to setup account.";
    assert!(error.contains(said), "{error}");
}

#[tokio::test]
async fn the_login_of_databricks_is_asked_for_the_host() {
    let (programs, peer) = (Programs::none(), issuer().await);
    let host = Host::parse(&peer.host()).unwrap();
    let json = format!(
        r#"{{"access_token": "{ISSUED}", "token_type": "Bearer", "expiry": "2100-01-01T00:00:00.123456+02:00"}}"#
    );
    let program = programs.install("databricks", &format!("echo '{json}'"));
    let asked = [format!("auth token --host {host}")];
    is_let_in(
        &peer,
        Credentials::from_tokens(Command::databricks(program, &host)),
        NOBODY,
        &[],
    )
    .await;
    assert_eq!(programs.asked(), asked);
    assert_eq!(kind_of(&peer, programs.path(), &[]).await.unwrap(), "databricks-cli");
    assert_eq!(programs.asked(), asked);

    // One elsewhere.
    let elsewhere = programs
        .install("other", &format!("echo '{json}'"))
        .display()
        .to_string();
    std::fs::remove_file(programs.path().join("databricks")).unwrap();
    let path = [("DATABRICKS_CLI_PATH", elsewhere.as_str())];
    assert_eq!(kind_of(&peer, programs.path(), &path).await.unwrap(), "databricks-cli");
}

#[tokio::test]
async fn gcloud_prints_an_id_token_for_the_workspace() {
    // {"alg":"RS256"} and {"exp":4102444800}
    const JWT: &str = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjQxMDI0NDQ4MDB9.CANARY";
    let peer = Peer::start(|asked| match asked.header("authorization") {
        Some(bearer) if bearer == format!("Bearer {JWT}") => Reaction::json("[]"),
        _ => Reaction::http(
            "403 Forbidden",
            "",
            r#"{"error_code":"403","message":"Invalid access token."}"#,
        ),
    })
    .await;
    let programs = Programs::none();
    let account = [(
        "DATABRICKS_GOOGLE_SERVICE_ACCOUNT",
        "me@project.iam.gserviceaccount.com",
    )];
    let error = kind_of(&peer, programs.path(), &account).await.unwrap_err();
    assert!(error.contains("google-id: `gcloud` is not installed"), "{error}");

    programs.install("gcloud", &format!("echo 'WARNING: impersonated' >&2; echo {JWT}"));
    assert_eq!(kind_of(&peer, programs.path(), &account).await.unwrap(), "google-id");
    let asked = format!(
        "auth print-identity-token --impersonate-service-account={} --audiences={} --include-email",
        account[0].1,
        peer.host()
    );
    assert_eq!(programs.asked(), [asked]);

    programs.install("gcloud", "echo 'ERROR: not logged in, CANARY-token' >&2; exit 1");
    let error = kind_of(&peer, programs.path(), &account).await.unwrap_err();
    let said = "`gcloud auth print-identity-token` failed with exit code 1: ERROR: not logged in, ***";
    assert!(error.contains(said), "{error}");
}

#[tokio::test]
async fn any_program_prints_a_token() {
    let (programs, peer) = (Programs::none(), issuer().await);
    let any = programs.install("any", &format!("echo {ISSUED}"));
    is_let_in(&peer, Credentials::from_tokens(Command::new(any)), NOBODY, &[]).await;
}
