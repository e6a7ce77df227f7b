//! A library is uploaded, installed, and imported by a command; one that is broken says so.

use super::*;
use dbx12_exec::types::{LibraryInfo, LibraryStatus};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Writes the smallest wheel that pip takes. Needs no network and no build tools.
const WRITE_WHEEL: &str = r#"
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr("dbx12_greetings.py", "def hello(name):\n    return f'hello {name}'\n")
    info = "dbx12_greetings-1.0.dist-info/"
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: dbx12-greetings\nVersion: 1.0\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(info + "RECORD", "")
"#;

pub(crate) fn wheel(folder: &Path) -> PathBuf {
    let path = folder.join("dbx12_greetings-1.0-py3-none-any.whl");
    let status = Command::new("python3")
        .args(["-c", WRITE_WHEEL])
        .arg(&path)
        .status()
        .unwrap();
    assert!(status.success());
    path
}

/// The library once its installation has ended, well or not.
async fn settled(cluster: &api::Cluster, name: &str) -> LibraryInfo {
    let started = Instant::now();
    loop {
        let libraries = cluster.libraries().await.unwrap();
        let library = libraries
            .into_iter()
            .find(|library| library.name.as_deref() == Some(name))
            .unwrap();
        if library.status != LibraryStatus::LibraryPending {
            return library;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{library:?}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_is_uploaded_and_imported() {
    let road = Road::open(Way::Https).await;
    let cluster = road.cluster();
    let session = Session::open(&cluster, Language::Python).await.unwrap();
    let Outcome::Failed(error) = session.run("import dbx12_greetings").await.unwrap() else {
        panic!("it is there")
    };
    assert!(error.plain().starts_with("ModuleNotFoundError"), "{}", error.plain());

    let folder = tempfile::tempdir().unwrap();
    let uri = format!("file:{}", wheel(folder.path()).display());
    let uploaded = cluster
        .upload_library("greetings", Language::Python, &uri)
        .await
        .unwrap();
    assert_eq!(
        (uploaded.language, uploaded.uri.as_deref()),
        (Language::Python, Some(uri.as_str()))
    );
    assert_eq!(
        settled(&cluster, "greetings").await.status,
        LibraryStatus::LibraryLoaded
    );

    // In the context that was there before, and in a new one.
    for session in [&session, &Session::open(&cluster, Language::Python).await.unwrap()] {
        assert_eq!(
            text(session, "import dbx12_greetings\ndbx12_greetings.hello('world')").await,
            "'hello world'"
        );
    }
    let error = cluster
        .upload_library("greetings", Language::Python, &uri)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("NameConflictException"), "{error}");
    session.close().await.unwrap();
    road.workspace().shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_is_broken_says_so() {
    let road = Road::open(Way::Http).await;
    let cluster = road.cluster();
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken-1.0-py3-none-any.whl");
    std::fs::write(&broken, "this is no archive").unwrap();

    let uri = format!("file://{}", broken.display());
    cluster.upload_library("broken", Language::Python, &uri).await.unwrap();
    let library = settled(&cluster, "broken").await;
    assert_eq!(library.status, LibraryStatus::LibraryError);
    let messages: Vec<String> = library.extra.read("messages").unwrap();
    assert!(messages[0].contains("broken-1.0"), "{messages:?}");

    for uri in ["s3://bucket/x.whl", "x.whl", "--index-url=http://x"] {
        let error = cluster
            .upload_library("other", Language::Python, uri)
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("uri must begin with file:, http: or https:"),
            "{error}"
        );
    }
    road.workspace().shutdown().await;
}
