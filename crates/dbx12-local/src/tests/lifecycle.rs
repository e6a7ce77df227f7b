//! Clusters and contexts from their start to their end.

use super::*;

use std::os::unix::fs::PermissionsExt as _;

use dbx12_types::{CommandStatus, ListClusters, RestartCluster};

#[tokio::test]
async fn the_cluster_is_as_the_document_describes_it() {
    let workspace = Workspace::start().await.unwrap();
    let clusters = send(&workspace, ListClusters::new()).await.unwrap();
    assert_eq!(
        serde_json::to_value(&clusters).unwrap(),
        serde_json::json!([{
            "id": "1234-567890-local1", "name": "local", "status": "Running",
            "driverIp": "127.0.0.1", "jdbcPort": 10000, "numWorkers": 0
        }])
    );
    assert_eq!(
        send(&workspace, GetCluster::new("1234-567890-local1")).await.unwrap(),
        clusters[0]
    );
}

#[tokio::test]
async fn a_cluster_is_pending_until_python_has_answered() {
    let workspace = Workspace::builder().wait_for_cluster(false).start().await.unwrap();
    assert_eq!(cluster_status(&workspace).await, ClusterStatus::Pending);
    let create = CreateContext::new(workspace.cluster_id(), Language::Python);
    assert_eq!(
        refusal(&workspace, create).await,
        "500 ClusterNotReadyException: Cluster 1234-567890-local1 not currently ready for driver client \
         (currently Pending)"
    );
    workspace.ready().await.unwrap();
    assert_eq!(cluster_status(&workspace).await, ClusterStatus::Running);
}

#[tokio::test]
async fn without_python_the_cluster_is_in_error_until_a_restart_finds_one() {
    let folder = tempfile::tempdir().unwrap();
    let python = folder.path().join("python");
    let workspace = Workspace::builder().python(&python).start().await.unwrap();
    let error = workspace.ready().await.unwrap_err();
    assert_eq!(error.status, ClusterStatus::Error);
    assert!(error.to_string().contains("no Python interpreter"), "{error}");
    assert_eq!(cluster_status(&workspace).await, ClusterStatus::Error);
    let said = refusal(&workspace, CreateContext::new(workspace.cluster_id(), Language::Python)).await;
    assert!(
        said.starts_with("500 ClusterNotRunning: ") && said.contains("no Python interpreter"),
        "{said}"
    );

    std::fs::write(&python, "#!/bin/sh\nexec python3 \"$@\"\n").unwrap();
    std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755)).unwrap();
    send(&workspace, RestartCluster::new(workspace.cluster_id()))
        .await
        .unwrap();
    workspace.ready().await.unwrap();
    assert_eq!(Context::create(&workspace).await.text("print('found')").await, "found");
}

#[tokio::test]
async fn a_restart_ends_contexts_and_their_processes() {
    let workspace = Workspace::start().await.unwrap();
    let (idle, busy) = (Context::create(&workspace).await, Context::create(&workspace).await);
    let pids = [idle.pid().await, busy.pid().await];
    let running_command = busy.submit("import time; time.sleep(60)").await;
    until(async || (busy.command(&running_command).await.status == CommandStatus::Running).then_some(())).await;

    let id = workspace.cluster_id();
    assert_eq!(
        send(&workspace, RestartCluster::new(id)).await.unwrap().id.as_ref(),
        Some(id)
    );
    assert_eq!(cluster_status(&workspace).await, ClusterStatus::Restarting);
    let said = refusal(&workspace, CreateContext::new(id, Language::Python)).await;
    assert!(
        said.contains("ClusterNotReadyException") && said.ends_with("(currently Restarting)"),
        "{said}"
    );
    send(&workspace, RestartCluster::new(id)).await.unwrap();

    workspace.ready().await.unwrap();
    assert!(pids.into_iter().all(|pid| !running(pid)), "gone before it runs again");
    assert!(
        busy.error(&running_command).await.is_cancelled(),
        "who waits for it is told"
    );
    let said = refusal(&workspace, idle.execution("1")).await;
    assert_eq!(
        said,
        format!(
            "500 ContextNotFound: Context {} not found on cluster {id}. The context ended when its cluster was restarted.",
            idle.id
        )
    );
    assert_eq!(Context::create(&workspace).await.text("print('again')").await, "again");
}

#[tokio::test]
async fn destroy_ends_the_process_and_what_ran_in_it() {
    let workspace = Workspace::start().await.unwrap();
    let context = Context::create(&workspace).await;
    let pid = context.pid().await;
    let ended = context.submit("1").await;
    context.end(&ended).await;
    let child = context
        .text("import subprocess; subprocess.Popen(['sleep', '60']).pid")
        .await
        .parse()
        .unwrap();
    let sleeps = context.submit("import time; time.sleep(60)").await;
    let behind = context.submit("1").await;
    until(async || (context.command(&sleeps).await.status == CommandStatus::Running).then_some(())).await;

    context.destroy().await.unwrap();
    assert!(
        !running(pid) && !running(child),
        "gone when the answer comes, with its children"
    );
    for id in [&sleeps, &behind] {
        let error = context.error(id).await;
        assert!(
            error.is_cancelled() && error.traceback().contains("The context was destroyed."),
            "{error:?}"
        );
    }
    let said = context.destroy().await.unwrap_err();
    assert!(
        said.starts_with("500 ContextNotFound: ") && said.contains("was destroyed"),
        "{said}"
    );
    let status = refusal(&workspace, GetCommand::new(workspace.cluster_id(), &context.id, &ended)).await;
    assert!(status.starts_with("500 ContextNotFound: "), "{status}");
    let status = refusal(&workspace, GetContext::new(workspace.cluster_id(), &context.id)).await;
    assert!(status.starts_with("500 ContextNotFound: "), "{status}");

    let pending = Context::create(&workspace).await;
    pending.destroy().await.unwrap();
}

#[tokio::test]
async fn the_context_that_was_idle_longest_makes_room() {
    let workspace = Workspace::builder().max_contexts(2).start().await.unwrap();
    let (busy, idle) = (Context::create(&workspace).await, Context::create(&workspace).await);
    let sleeps = busy.submit("import time; time.sleep(60)").await;
    assert_eq!(idle.settled().await, ContextStatus::Running);
    let third = Context::create(&workspace).await;
    let said = refusal(&workspace, idle.execution("1")).await;
    assert!(
        said.starts_with("500 ContextNotFound: ") && said.contains("idle for the longest time"),
        "{said}"
    );

    third.submit("import time; time.sleep(60)").await;
    let said = refusal(&workspace, CreateContext::new(workspace.cluster_id(), Language::Python)).await;
    assert!(
        said.contains("Too many execution contexts are open right now (the limit is 2)"),
        "{said}"
    );
    busy.cancel(&sleeps).await;
    busy.error(&sleeps).await;
    Context::create(&workspace).await;
}

#[tokio::test]
async fn shutdown_leaves_nothing() {
    let workspace = Workspace::start().await.unwrap();
    let (idle, busy) = (Context::create(&workspace).await, Context::create(&workspace).await);
    let pids = [idle.pid().await, busy.pid().await];
    busy.submit("import time; time.sleep(60)").await;
    let folder = workspace.inner().folder().to_owned();
    assert!(folder.is_dir());

    workspace.clone().shutdown().await;
    assert!(pids.into_iter().all(|pid| !running(pid)) && !folder.exists());
    assert_eq!(cluster_status(&workspace).await, ClusterStatus::Terminated);
    let said = refusal(&workspace, CreateContext::new(workspace.cluster_id(), Language::Python)).await;
    assert!(said.ends_with("(currently Terminated)"), "{said}");
    let said = refusal(&workspace, RestartCluster::new(workspace.cluster_id())).await;
    assert!(said.contains("its workspace was shut down"), "{said}");
    assert_eq!(workspace.ready().await.unwrap_err().status, ClusterStatus::Terminated);
    workspace.shutdown().await;
}

#[tokio::test]
async fn shutdown_does_not_wait_for_a_start() {
    let workspace = Workspace::builder().wait_for_cluster(false).start().await.unwrap();
    workspace.shutdown().await;
    assert_eq!(cluster_status(&workspace).await, ClusterStatus::Terminated);
}

#[tokio::test]
async fn dropping_the_last_handle_ends_the_processes() {
    let workspace = Workspace::start().await.unwrap();
    let (idle, busy) = (Context::create(&workspace).await, Context::create(&workspace).await);
    let pids = [idle.pid().await, busy.pid().await];
    busy.submit("import time; time.sleep(60)").await;
    let folder = workspace.inner().folder().to_owned();
    drop((idle, busy));
    drop(workspace);
    until(async || pids.iter().all(|pid| !running(*pid)).then_some(())).await;
    until(async || (!folder.exists()).then_some(())).await;
}

#[tokio::test]
async fn given_credentials_are_used_and_bad_ones_refused() {
    let start = async |token: &str, username: &str, password: &str| {
        let builder = Workspace::builder()
            .token(token)
            .login(username, password)
            .wait_for_cluster(false);
        assert!(!format!("{builder:?}").contains("secret"));
        builder.start().await.map_err(|error| error.to_string())
    };
    let workspace = start("dapi-secret", "me", "pass-secret").await.unwrap();
    assert_eq!(
        (workspace.token(), workspace.username(), workspace.password()),
        ("dapi-secret", "me", "pass-secret")
    );
    assert!(!format!("{workspace:?}").contains("secret"));
    assert!(
        start("", "me", "p")
            .await
            .unwrap_err()
            .contains("the token cannot be used: it is empty")
    );
    assert!(
        start("dapi\n", "me", "p")
            .await
            .unwrap_err()
            .contains("control character")
    );
    assert!(start("döpi", "me", "p").await.unwrap_err().contains("not plain ASCII"));
    assert!(
        start("dapi", "me:you", "p")
            .await
            .unwrap_err()
            .contains("the user name cannot be used")
    );
    assert!(start("dapi", "me", " ").await.unwrap_err().contains("the password"));
    let error = Workspace::builder()
        .command_files("/nowhere/at/all")
        .start()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all"));
}

#[cfg(feature = "client")]
#[tokio::test]
async fn a_client_needs_no_socket() {
    let workspace = Workspace::start().await.unwrap();
    let client = workspace.client();
    let created = client
        .send(&CreateContext::new(workspace.cluster_id(), Language::Python))
        .await
        .unwrap();
    let context = Context {
        workspace: &workspace,
        id: created.id,
    };
    let id = client.send(&context.execution("print(6*7)")).await.unwrap().id;
    assert_eq!(context.end(&id).await, Results::text("42"));
    let error = client.send(&GetCluster::new("other")).await.unwrap_err();
    assert!(error.to_string().contains("other"), "{error}");
}
