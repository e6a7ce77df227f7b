//! Opening sessions on real clusters: one that is terminated, one whose libraries are being installed, with code that
//! sets the session up.

use crate::road::libraries::wheel;
use dbx12_exec::api;
use dbx12_exec::types::{ClusterStatus, Language, Results};
use dbx12_exec::{Closing, Code, ExecError, Outcome, Session};
use dbx12_local::{ClusterSpec, Workspace};

fn cluster(workspace: &Workspace) -> api::Cluster {
    api::Workspace::new(workspace.client()).cluster(workspace.cluster_id())
}

fn text(outcome: Outcome) -> String {
    match outcome {
        Outcome::Finished(Results::Text(text)) => text.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminated_cluster_is_started_when_asked_and_not_otherwise() {
    let specs = [ClusterSpec::new("etl").terminated(true)];
    let workspace = Workspace::builder()
        .clusters(specs)
        .without_spark()
        .start()
        .await
        .unwrap();
    let cluster = cluster(&workspace);
    let error = Session::open(&cluster, Language::Python).await.unwrap_err();
    assert!(
        matches!(
            error,
            ExecError::ClusterUnavailable {
                status: ClusterStatus::Terminated,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(cluster.status().await.unwrap().status, ClusterStatus::Terminated);

    let builder = Session::builder(&cluster, Language::Python).start_cluster(true);
    let session = builder.open().await.unwrap();
    assert_eq!(text(session.run("6 * 7").await.unwrap()), "42");
    session.close().await.unwrap();
    workspace.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn libraries_that_are_being_installed_are_there_when_a_session_opens() {
    let workspace = Workspace::builder().without_spark().start().await.unwrap();
    let cluster = cluster(&workspace);
    let folder = tempfile::tempdir().unwrap();
    let uri = format!("file:{}", wheel(folder.path()).display());
    cluster
        .upload_library("greetings", Language::Python, &uri)
        .await
        .unwrap();
    let session = Session::builder(&cluster, Language::Python)
        .wait_for_libraries(true)
        .set_up("import dbx12_greetings")
        .open()
        .await
        .unwrap();
    assert_eq!(
        text(session.run("dbx12_greetings.hello('you')").await.unwrap()),
        "'hello you'"
    );
    session.close().await.unwrap();
    workspace.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_cannot_be_installed_fails_the_opening_and_leaves_nothing() {
    let workspace = Workspace::builder().without_spark().start().await.unwrap();
    let cluster = cluster(&workspace);
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken-1.0-py3-none-any.whl");
    std::fs::write(&broken, "this is no archive").unwrap();
    let uri = format!("file:{}", broken.display());
    cluster.upload_library("broken", Language::Python, &uri).await.unwrap();
    let closing = Closing::new();
    let builder = Session::builder(&cluster, Language::Python).closing(&closing);
    let error = builder.wait_for_libraries(true).open().await.unwrap_err();
    assert!(
        matches!(&error, ExecError::LibrariesFailed { libraries, .. } if *libraries == ["broken"]),
        "{error}"
    );
    assert!(closing.finished().await.is_empty());
    workspace.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn set_up_code_runs_once_in_order_and_fails_the_opening_when_it_fails() {
    let workspace = Workspace::builder().without_spark().start().await.unwrap();
    let cluster = cluster(&workspace);
    let session = Session::builder(&cluster, Language::Python)
        .set_up("steps = ['one']")
        .set_up(Code::new("steps.append('two')").language(Language::Python))
        .open()
        .await
        .unwrap();
    assert_eq!(text(session.run("steps").await.unwrap()), "['one', 'two']");
    session.close().await.unwrap();

    let closing = Closing::new();
    let builder = Session::builder(&cluster, Language::Python).closing(&closing);
    let error = builder.set_up("1 / 0").open().await.unwrap_err();
    let ExecError::SetUpFailed { outcome } = &error else {
        panic!("{error}")
    };
    assert!(
        matches!(&**outcome, Outcome::Failed(error) if error.plain().contains("ZeroDivisionError")),
        "{outcome}"
    );
    assert!(closing.finished().await.is_empty());
    workspace.shutdown().await;
}
