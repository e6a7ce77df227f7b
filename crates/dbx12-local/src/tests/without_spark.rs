//! A Spark that cannot be had: the reason is told, and Python goes on.

use super::*;
use crate::{SparkStatus, WorkspaceBuilder};

/// What a command of SQL answers where there is no Spark.
async fn answer_of(builder: WorkspaceBuilder) -> (Workspace, String) {
    let workspace = builder.start().await.unwrap();
    let cluster = workspace.cluster_id().clone();
    let create = CreateContext::new(&cluster, Language::Sql);
    let context = send(&workspace, create).await.unwrap().id;
    let command = send(&workspace, ExecuteCommand::new(&cluster, &context, "select 1")).await;
    let status = until(async || {
        let status = send(&workspace, GetContext::new(&cluster, &context))
            .await
            .unwrap()
            .status;
        Some(status).filter(|status| *status != ContextStatus::Pending)
    })
    .await;
    assert_eq!(status, ContextStatus::Error);
    assert!(
        matches!(workspace.spark(), SparkStatus::Failed(_)),
        "{:?}",
        workspace.spark()
    );
    let told = match command {
        Ok(command) => {
            let command = GetCommand::new(&cluster, &context, command.id);
            format!("{:?}", send(&workspace, command).await.unwrap().results)
        }
        // It was known before.
        Err(refused) => format!("{refused:?}"),
    };
    let python = Context::create(&workspace).await;
    python.run("assert 1 + 1 == 2").await;
    (workspace, told)
}

/// A port of the loopback interface that nobody listens on, as long as the socket lives.
fn closed_port() -> (tokio::net::TcpSocket, u16) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

#[tokio::test]
async fn an_index_that_cannot_be_reached_is_told_and_python_goes_on() {
    let (_socket, port) = closed_port();
    let cache = tempfile::tempdir().unwrap();
    let builder = Workspace::builder()
        .cache(cache.path())
        .env("PIP_INDEX_URL", format!("http://127.0.0.1:{port}/simple"))
        .env("PIP_CONFIG_FILE", "/dev/null");
    let (workspace, told) = answer_of(builder).await;
    assert!(
        told.contains("could not be installed: `python3 -m pip install` exited with code 1: ")
            && told.contains("Connection refused")
            && told.contains("It needs a network and pip, once"),
        "{told}"
    );
    workspace.shutdown().await;
}

#[tokio::test]
async fn a_master_that_is_not_there_is_told_at_once() {
    let (_socket, port) = closed_port();
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("jars")).unwrap();
    let master = format!("spark://127.0.0.1:{port}");
    let builder = Workspace::builder()
        .spark_home(home.path())
        .spark_master(master.parse().unwrap());
    let (workspace, told) = answer_of(builder).await;
    assert!(
        told.contains(&format!("there is no Spark master at {master}: ")),
        "{told}"
    );
    workspace.shutdown().await;
}
