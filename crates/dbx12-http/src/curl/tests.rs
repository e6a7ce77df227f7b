//! What is printed, and what a shell and curl make of it.

use crate::types::{ExecuteCommand, GetContext};
use crate::{Client, Credentials, RawRequest, transport};
use http::Response;

fn client(host: &str, credentials: Credentials) -> Client {
    Client::builder(host)
        .credentials(credentials)
        .transport(transport::from_fn(async |_| Ok(Response::default())))
        .seed(1)
        .build()
        .unwrap()
}

#[test]
fn a_request_is_printed_without_its_secret() {
    let client = client("https://example.com", Credentials::bearer("CANARY"));
    let user_agent = client.0.user_agent.to_str().unwrap().to_owned();
    let printed = client.curl(&GetContext::new("c 1", "2")).unwrap();
    assert_eq!(
        printed,
        format!(
            "curl 'https://example.com/api/1.2/contexts/status?clusterId=c+1&contextId=2' \\\n  \
             --header \"Authorization: Bearer $DATABRICKS_TOKEN\" \\\n  \
             --header 'accept: application/json' \\\n  \
             --header 'user-agent: {user_agent}' \\\n  \
             --header content-type:"
        )
    );
    let printed = client.curl(&ExecuteCommand::new("c", "1", "print('ü')\n")).unwrap();
    let body = r#"{"clusterId":"c","contextId":"1","command":"print('\''ü'\'')\n"}"#;
    assert!(
        printed.starts_with("curl \\\n  --request POST https://example.com/api/1.2/commands/execute \\\n"),
        "{printed}"
    );
    assert!(
        printed.ends_with(&format!(" \\\n  --data-binary '{body}'")),
        "{printed}"
    );
}

#[test]
fn each_kind_of_credentials_is_a_place_to_put_them() {
    for (credentials, login) in [
        (
            Credentials::bearer("CANARY"),
            "--header \"Authorization: Bearer $DATABRICKS_TOKEN\"",
        ),
        (
            Credentials::basic("me", "CANARY"),
            "--user \"$DATABRICKS_USERNAME:$DATABRICKS_PASSWORD\"",
        ),
    ] {
        let printed = client("https://example.com", credentials)
            .curl(&GetContext::new("c", "1"))
            .unwrap();
        assert!(printed.contains(login) && !printed.contains("CANARY"), "{printed}");
    }
    let printed = client("https://example.com", Credentials::none())
        .curl(&GetContext::new("c", "1"))
        .unwrap();
    assert!(
        !printed.contains("Authorization") && !printed.contains("--user "),
        "{printed}"
    );
}

#[test]
fn what_cannot_be_sent_cannot_be_printed() {
    let client = client("https://example.com", Credentials::none());
    let error = client.curl_raw(RawRequest::get("no/slash")).unwrap_err();
    assert!(
        error.to_string().contains("the path must begin with one slash"),
        "{error}"
    );
}
