//! Commands: queueing, results, cancelling, and what a dead process leaves.

use super::*;

use dbx12_types::{CommandOptions, CommandStatus, Results};

#[tokio::test]
async fn a_command_runs_and_its_results_stay() {
    let workspace = Workspace::start().await.unwrap();
    let context = Context::create(&workspace).await;
    assert!(context.id.as_str().len() == 19 && context.id.as_str().bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!(context.status().await, ContextStatus::Pending);

    let early = context.submit("x = 6 * 7\nprint(x)").await;
    assert_eq!(
        context.command(&early).await.status,
        CommandStatus::Queued,
        "it waits for the process"
    );
    assert!(uuid::Uuid::parse_str(early.as_str()).is_ok());
    assert_eq!(context.end(&early).await, Results::text("42"));
    assert_eq!(context.status().await, ContextStatus::Running);

    assert_eq!(context.text("x + 1").await, "43", "variables stay");
    assert_eq!(context.text("").await, "");
    let failed = context.submit("print('before')\n1/0").await;
    let error = context.error(&failed).await;
    assert_eq!(error.plain(), "ZeroDivisionError: division by zero");
    assert!(
        error.traceback().contains("<command-4>") && !error.is_cancelled(),
        "{}",
        error.traceback()
    );
    assert_eq!(context.end(&early).await, Results::text("42"), "as often as one asks");
}

#[tokio::test]
async fn tables_end_where_the_command_or_the_workspace_says() {
    let workspace = Workspace::builder().row_limit(3).start().await.unwrap();
    let context = Context::create(&workspace).await;
    let code = "display([{'n': n, 's': str(n)} for n in range(9)])";
    let rows = async |options: Option<&str>| {
        let mut execution = context.execution(code);
        execution.options = options.map(|options| options.parse::<CommandOptions>().unwrap());
        let id = send(&workspace, execution).await.unwrap().id;
        let Results::Table(table) = context.end(&id).await else {
            panic!("a table")
        };
        assert_eq!(table.columns().unwrap()[0].type_name(), "long");
        (table.rows::<(u64, String)>().unwrap().count(), table.truncated())
    };
    assert_eq!(rows(None).await, (3, true));
    assert_eq!(rows(Some(r#"{"displayRowLimit": 5}"#)).await, (5, true));
    assert_eq!(rows(Some(r#"{"displayRowLimit": "100"}"#)).await, (9, false));
    assert_eq!(rows(Some(r#"{"displayRowLimit": null, "other": 1}"#)).await, (3, true));

    let mut execution = context.execution(code);
    execution.options = Some(r#"{"displayRowLimit": "all"}"#.parse().unwrap());
    let said = refusal(&workspace, execution).await;
    assert!(
        said.starts_with("500 IllegalArgumentException: ") && said.contains("is not a number of rows"),
        "{said}"
    );
}

#[tokio::test]
async fn commands_of_a_context_run_one_by_one_and_contexts_beside_each_other() {
    let workspace = Workspace::start().await.unwrap();
    let (one, other) = (Context::create(&workspace).await, Context::create(&workspace).await);
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate");
    let waits = format!("import os, time\nwhile not os.path.exists({gate:?}): time.sleep(0.005)\nprint('through')");
    let first = one.submit(&waits).await;
    let second = one.submit("print('second')").await;
    until(async || (one.command(&first).await.status == CommandStatus::Running).then_some(())).await;

    assert_eq!(other.text("print('beside')").await, "beside");
    assert_eq!(one.command(&second).await.status, CommandStatus::Queued);
    other.run(&format!("open({gate:?}, 'w').close()")).await;
    assert_eq!(one.end(&second).await, Results::text("second"));
    assert_eq!(one.end(&first).await, Results::text("through"));
}

#[tokio::test]
async fn cancel_interrupts_what_runs_and_ends_what_waits() {
    let workspace = Workspace::start().await.unwrap();
    let context = Context::create(&workspace).await;
    context.run("kept = 1").await;
    let running = context.submit("import time\ntime.sleep(60)").await;
    let waiting = context.submit("kept = 2").await;
    until(async || (context.command(&running).await.status == CommandStatus::Running).then_some(())).await;

    context.cancel(&waiting).await;
    let info = context.command(&waiting).await;
    assert_eq!(info.status, CommandStatus::Finished, "at once");
    assert!(context.error(&waiting).await.is_cancelled());

    context.cancel(&running).await;
    context.cancel(&running).await;
    let error = context.error(&running).await;
    assert!(error.is_cancelled() && error.summary.is_none(), "{error:?}");
    let cause = error.cause.clone().unwrap();
    assert!(
        cause.starts_with("com.databricks.backend.common.rpc.CommandCancelledException\n\tat "),
        "{cause}"
    );

    assert_eq!(
        context.text("kept").await,
        "1",
        "the process lives, and what was cancelled never ran"
    );
    let ended = context.submit("kept").await;
    context.end(&ended).await;
    context.cancel(&ended).await;
    assert_eq!(
        context.end(&ended).await,
        Results::text("1"),
        "cancelling what has ended changes nothing"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_cancel_is_lost_however_early_it_comes() {
    let workspace = Workspace::start().await.unwrap();
    let context = Context::create(&workspace).await;
    context.run("import time; done = []").await;
    for number in 0..60 {
        let id = context.submit(&format!("time.sleep(30); done.append({number})")).await;
        for _ in 0..(number % 6) {
            tokio::task::yield_now().await;
        }
        context.cancel(&id).await;
        assert!(context.error(&id).await.is_cancelled(), "{number}");
    }
    assert_eq!(context.text("done").await, "[]");
}

#[tokio::test]
async fn what_cannot_be_interrupted_is_killed_and_that_is_told() {
    let workspace = Workspace::builder()
        .grace(Duration::from_millis(100))
        .start()
        .await
        .unwrap();
    let context = Context::create(&workspace).await;
    let pid = context.pid().await;
    let deaf = context
        .submit("import time\nwhile True:\n  try: time.sleep(60)\n  except KeyboardInterrupt: pass")
        .await;
    let behind = context.submit("1").await;
    until(async || (context.command(&deaf).await.status == CommandStatus::Running).then_some(())).await;
    context.cancel(&deaf).await;

    let error = context.error(&deaf).await;
    assert!(
        error.is_cancelled() && error.traceback().contains("Its variables are gone"),
        "{error:?}"
    );
    assert_eq!(context.status().await, ContextStatus::Error);
    let error = context.error(&behind).await;
    assert!(
        error.plain().contains("had not begun") && !error.is_cancelled(),
        "{error:?}"
    );
    let said = refusal(&workspace, context.execution("1")).await;
    assert!(
        said.starts_with("500 ContextNotRunning: ") && said.contains("was killed because"),
        "{said}"
    );
    assert!(!running(pid));
    context.destroy().await.unwrap();
}

#[tokio::test]
async fn the_death_of_a_process_is_told() {
    let workspace = Workspace::start().await.unwrap();
    let context = Context::create(&workspace).await;
    let dies = context
        .submit("import os\nprint('so long')\nos.kill(os.getpid(), 9)")
        .await;
    let behind = context.submit("1").await;
    let error = context.error(&dies).await;
    assert!(error.plain().contains("was killed by signal 9"), "{error:?}");
    assert!(
        error.traceback().contains("so long") && !error.is_cancelled(),
        "{error:?}"
    );
    assert_eq!(
        context.status().await,
        ContextStatus::Error,
        "as soon as the command has ended"
    );
    assert!(context.error(&behind).await.plain().contains("had not begun"));

    let other = Context::create(&workspace).await;
    other
        .run("import os, threading\nthreading.Timer(0.05, os._exit, [3]).start()")
        .await;
    until(async || (other.status().await == ContextStatus::Error).then_some(())).await;
    let said = refusal(&workspace, other.execution("1")).await;
    assert!(said.contains("exited with code 3"), "{said}");
}

#[tokio::test]
async fn code_comes_from_a_file_of_the_server_only_where_that_was_allowed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("job.py"), "print('from a file')").unwrap();
    let workspace = Workspace::builder().command_files(folder.path()).start().await.unwrap();
    let context = Context::create(&workspace).await;
    let execution = |path: &str| {
        let mut execution = context.execution("");
        execution.command = None;
        execution.command_file = Some(path.to_owned());
        execution
    };
    let id = send(&workspace, execution("/job.py")).await.unwrap().id;
    assert_eq!(context.end(&id).await, Results::text("from a file"));
    assert!(
        refusal(&workspace, execution("none.py"))
            .await
            .starts_with("500 FileNotFoundException: ")
    );
    assert!(
        refusal(&workspace, execution("../job.py"))
            .await
            .contains("leads out of the allowed folder")
    );

    let other = Workspace::start().await.unwrap();
    let context = Context::create(&other).await;
    let mut execution = context.execution("");
    (execution.command, execution.command_file) = (None, Some("/etc/hostname".to_owned()));
    assert!(
        refusal(&other, execution)
            .await
            .starts_with("500 UnsupportedOperationException: commandFile is refused")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_command_is_lost_or_swapped() {
    let workspace = Workspace::start().await.unwrap();
    let mut contexts = tokio::task::JoinSet::new();
    for name in 0..6 {
        let workspace = workspace.clone();
        contexts.spawn(async move {
            let context = Context::create(&workspace).await;
            let mut ids = Vec::new();
            for number in 0..25 {
                ids.push(context.submit(&format!("print('{name}.{number}')")).await);
            }
            for (number, id) in ids.iter().enumerate() {
                assert_eq!(context.end(id).await, Results::text(format!("{name}.{number}")));
            }
        });
    }
    while let Some(ended) = contexts.join_next().await {
        ended.unwrap();
    }
}

#[tokio::test]
async fn a_large_picture_is_served_until_its_context_ends() {
    const SIZE: usize = 2 << 20;
    let workspace = Workspace::builder().without_spark().start().await.unwrap();
    let context = Context::create(&workspace).await;
    let show = async |size: usize| {
        let png = format!("class Picture: _repr_png_ = lambda self: b'\\x89PNG' + b'x' * {size}\ndisplay(Picture())");
        let Results::Image(image) = context.end(&context.submit(&png).await).await else {
            panic!("an image")
        };
        image.file_name.unwrap()
    };
    assert!(show(10).await.starts_with("data:image/png;base64,iVBOR"));
    let path = show(SIZE).await;
    assert!(path.starts_with("/plots/") && path.ends_with(".png"), "{path}");

    let load = async |folder: &str, token: &str| {
        let request = Request::get(format!("{folder}{path}"));
        let request = request.header("authorization", format!("Bearer {token}"));
        workspace.call(request.body(Bytes::new()).unwrap()).await
    };
    for folder in ["", "/files", "/FileStore"] {
        let response = load(folder, workspace.token()).await;
        assert_eq!(
            (response.status().as_u16(), response.body().len()),
            (200, SIZE + 4),
            "{folder}"
        );
        assert_eq!(response.headers()["content-type"], "image/png");
    }
    assert_eq!(load("", "dapi0").await.status(), 403);
    let destroy = dbx12_types::DestroyContext::new(workspace.cluster_id(), &context.id);
    send(&workspace, destroy).await.unwrap();
    assert_eq!(load("", workspace.token()).await.status(), 404);
}

#[tokio::test]
async fn the_first_look_waits_a_moment_for_what_is_short_and_no_longer() {
    let workspace = Workspace::builder().without_spark().start().await.unwrap();
    let context = Context::create(&workspace).await;
    assert_eq!(context.text("1").await, "1");
    let mut tries = 0;
    // On a busy machine the moment may pass without the process having had a turn; without it, not one would succeed.
    while context.command(&context.submit("1").await).await.status != CommandStatus::Finished {
        tries += 1;
        assert!(tries < 1_000);
    }
    let long = context.submit("import time; time.sleep(600)").await;
    until(async || (context.command(&long).await.status == CommandStatus::Running).then_some(())).await;
}
