//! Every way to prove who asks, by every road.

use super::*;
use dbx12_exec::http::{ClientBuilder, Credentials, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const WAYS: [Way; 3] = [Way::Memory, Way::Http, Way::Https];

async fn is_let_in(builder: ClientBuilder) -> Result<(), ErrorKind> {
    let workspace = api::Workspace::new(builder.build().unwrap());
    workspace.clusters().await.map(drop).map_err(|error| error.kind())
}

fn write_netrc(path: &Path, text: &str) {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new();
    let mut file = file
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_passwords_and_netrc_open_every_road() {
    let workspace = dbx12_local::Workspace::builder()
        .login("me@example.com", "it's \"söcret\": 1%")
        .start();
    let workspace = workspace.await.unwrap();
    let (token, user, password) = (workspace.token(), workspace.username(), workspace.password());
    let home = tempfile::tempdir().unwrap();
    let netrc = home.path().join("netrc");

    for way in WAYS {
        let road = Road::to(workspace.clone(), way).await;
        for right in [
            Credentials::bearer(token),
            Credentials::bearer(format!("{token}\n")),
            Credentials::basic("token", token),
            Credentials::basic(user, password),
        ] {
            assert_eq!(is_let_in(road.builder().credentials(right)).await, Ok(()), "{way:?}");
        }
        for wrong in [
            Credentials::bearer(format!("{token}0")),
            Credentials::basic(user, token),
            Credentials::basic(user, format!("{password} ")),
            Credentials::none(),
        ] {
            let answer = is_let_in(road.builder().credentials(wrong)).await;
            assert_eq!(answer, Err(ErrorKind::Unauthorized), "{way:?}");
        }

        let quoted = password.replace('"', "\\\"");
        let client = road.client();
        let (name, port) = (client.host().name(), client.host().port());
        for (entries, expected) in [
            (format!("machine {name} login {user} password \"{quoted}\"\n"), Ok(())),
            (format!("machine {name} login token password {token}\n"), Ok(())),
            (
                format!("machine elsewhere login a password b\ndefault login token password {token}\n"),
                Ok(()),
            ),
            (
                format!("machine {name} login a password b\nmachine {name}:{port} login token password {token}\n"),
                Ok(()),
            ),
            (
                format!("machine {name} login {user} password nonsense\n"),
                Err(ErrorKind::Unauthorized),
            ),
        ] {
            write_netrc(&netrc, &entries);
            assert_eq!(
                is_let_in(road.builder().netrc_file(&netrc)).await,
                expected,
                "{way:?}: {entries}"
            );
        }
    }
    workspace.shutdown().await;
}
