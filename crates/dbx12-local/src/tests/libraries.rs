//! Libraries that are really installed.

use super::*;

use dbx12_types::{LibraryInfo, LibraryStatus, ListLibraries, UploadLibrary};

/// Makes a wheel with a module `greetings`, as pip wants it.
const WHEEL: &str = r#"
import zipfile
def wheel(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("greetings.py", "def hello():\n    return 'hello from a wheel'\n")
        info = "greetings-1.0.dist-info/"
        archive.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: greetings\nVersion: 1.0\n")
        archive.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(info + "RECORD", "")
"#;

async fn installed(workspace: &Workspace, name: &str) -> LibraryInfo {
    until(async || {
        let libraries = send(workspace, ListLibraries::new(workspace.cluster_id()))
            .await
            .unwrap();
        let library = libraries
            .into_iter()
            .find(|library| library.name.as_deref() == Some(name))?;
        Some(library).filter(|library| library.status != LibraryStatus::LibraryPending)
    })
    .await
}

#[tokio::test]
async fn a_library_is_really_installed() {
    let workspace = Workspace::start().await.unwrap();
    let context = Context::create(&workspace).await;
    let folder = tempfile::tempdir().unwrap();
    let wheel = folder.path().join("greetings-1.0-py3-none-any.whl");
    context.run(&format!("{WHEEL}\nwheel({wheel:?})")).await;
    let uri = format!("file://{}", wheel.display());
    let upload = |name: &str, uri: &str| UploadLibrary::new(workspace.cluster_id(), name, Language::Python, uri);

    let answer = send(&workspace, upload("greetings", &uri)).await.unwrap();
    assert_eq!(
        (answer.language, answer.uri.as_deref()),
        (Language::Python, Some(&*uri))
    );
    let listed = send(&workspace, ListLibraries::new(workspace.cluster_id()))
        .await
        .unwrap();
    assert_eq!(listed, [LibraryInfo::new("greetings", LibraryStatus::LibraryPending)]);
    let said = refusal(&workspace, upload("greetings", &uri)).await;
    assert_eq!(
        said,
        "500 NameConflictException: Node named \"greetings\" already exists"
    );
    let missing = send(&workspace, upload("missing", "file:///nowhere/it-1.0-py3-none-any.whl")).await;
    assert!(missing.is_ok(), "what cannot be installed is found out later");

    assert_eq!(
        installed(&workspace, "greetings").await.status,
        LibraryStatus::LibraryLoaded
    );
    assert_eq!(
        context.text("import greetings; greetings.hello()").await,
        "'hello from a wheel'"
    );
    let failed = installed(&workspace, "missing").await;
    assert_eq!(failed.status, LibraryStatus::LibraryError);
    let messages: Vec<String> = failed.extra.read("messages").unwrap();
    assert!(messages[0].contains("nowhere"), "{messages:?}");
    send(&workspace, upload("missing", &uri)).await.unwrap();
}

#[tokio::test]
async fn libraries_of_other_kinds_are_refused() {
    let workspace = Workspace::start().await.unwrap();
    let upload = |language, uri: &str| UploadLibrary::new(workspace.cluster_id(), "l", language, uri);
    let said = refusal(&workspace, upload(Language::Scala, "file:/a.jar")).await;
    assert!(said.contains("libraries are for python only, not for scala"), "{said}");
    for uri in ["a.whl", "--index-url=http://x", "s3://bucket/a.whl", "greetings"] {
        let said = refusal(&workspace, upload(Language::Python, uri)).await;
        assert!(
            said.ends_with("uri must begin with file:, http: or https:"),
            "{uri}: {said}"
        );
    }
    let said = refusal(&workspace, upload(Language::default(), "file:/a.whl")).await;
    assert!(said.contains("missing language"), "{said}");
    assert_eq!(
        send(&workspace, ListLibraries::new(workspace.cluster_id()))
            .await
            .unwrap(),
        []
    );
}
