//! Parameters that are missing, misspelt, unknown, or too many.

use super::*;

#[tokio::test]
async fn a_missing_parameter_is_named() {
    let workspace = workspace().await;
    for (operation, names) in PARAMETERS {
        for missing in names {
            let mut parameters = complete(names);
            parameters.retain(|(name, _)| name != missing);
            let expected = illegal(&format!("missing {missing}"));
            assert_eq!(ask(&workspace, operation, &parameters).await, expected, "{operation}");
        }
        // Of several the first is named, and that before anything is looked up.
        if let Some(first) = names.first() {
            assert_eq!(
                ask(&workspace, operation, &[]).await,
                illegal(&format!("missing {first}")),
                "{operation}"
            );
        }
    }
}

#[tokio::test]
async fn a_misspelt_parameter_is_shown_beside_the_right_one() {
    let workspace = workspace().await;
    for (operation, names) in PARAMETERS {
        for right in names {
            let snake_case = right.replace("Id", "_id");
            for wrong in [
                right.replace("Id", "ID"),
                snake_case,
                right.to_uppercase(),
                format!("{right}x"),
            ] {
                if wrong == *right {
                    continue;
                }
                let mut parameters: Vec<(&str, &str)> = complete(names);
                for parameter in &mut parameters {
                    if parameter.0 == *right {
                        parameter.0 = &wrong;
                    }
                }
                let said = format!("missing {right} ({wrong:?} was sent: did you mean {right:?}?)");
                assert_eq!(
                    ask(&workspace, operation, &parameters).await,
                    illegal(&said),
                    "{operation}"
                );
            }
        }
    }
}

#[tokio::test]
async fn unknown_ids_are_named_with_what_is_known() {
    let workspace = Workspace::start().await.unwrap();
    let cluster = workspace.cluster_id().as_str();
    let no_cluster = backend(format!(
        "ClusterNotFound: Cluster x not found. The clusters of this workspace: {cluster}"
    ));
    let no_context = format!("ContextNotFound: Context x not found on cluster {cluster}.");
    let (status, created) = ask(
        &workspace,
        "contexts/create",
        &[("clusterId", cluster), ("language", "python")],
    )
    .await;
    assert_eq!(status, 200);
    let context = created["id"].as_str().unwrap();
    let no_command = format!("CommandNotFound: Command x not found in context {context}.");

    for (operation, names) in PARAMETERS {
        if !names.contains(&"clusterId") {
            continue;
        }
        let mut parameters: Vec<(&str, &str)> = complete(names);
        // An upload looks at its URI first: it would be refused on every cluster.
        if let Some(uri) = parameters.iter_mut().find(|(name, _)| *name == "uri") {
            uri.1 = "file:/x.whl";
        }
        assert_eq!(ask(&workspace, operation, &parameters).await, no_cluster, "{operation}");
        for (unknown, known, expected) in [("contextId", cluster, &no_context), ("commandId", context, &no_command)] {
            if let Some(index) = names.iter().position(|name| *name == unknown) {
                parameters[index - 1].1 = known;
                let (status, body) = ask(&workspace, operation, &parameters).await;
                let error = body["error"].as_str().unwrap_or_default();
                assert!(
                    status == 500 && error.starts_with(expected),
                    "{operation}: {status} {body}"
                );
                assert_eq!(body.as_object().map(Map::len), Some(1), "{body}");
            }
        }
    }

    // Of a context that has ended it is told how.
    let ids = [("clusterId", cluster), ("contextId", context)];
    assert_eq!(
        ask(&workspace, "contexts/destroy", &ids).await,
        (200, json!({ "id": context }))
    );
    let gone = format!("ContextNotFound: Context {context} not found on cluster {cluster}. The context was destroyed.");
    assert_eq!(ask(&workspace, "contexts/destroy", &ids).await, backend(&gone));
    assert_eq!(ask(&workspace, "contexts/status", &ids).await, backend(&gone));
    workspace.shutdown().await;
}

#[tokio::test]
async fn a_command_is_in_one_place_and_in_one_language() {
    let workspace = workspace().await;
    let ids = [("clusterId", "x"), ("contextId", "y")];
    let execute = async |more: &[(&str, &str)]| ask(&workspace, "commands/execute", &[&ids, more].concat()).await;
    assert_eq!(
        execute(&[("command", "1"), ("commandFile", "/a.py")]).await,
        illegal("specify either command or commandFile, not both")
    );
    assert_eq!(execute(&[]).await, illegal("missing command"));
    assert_eq!(execute(&[("comandFile", "/a.py")]).await, illegal("missing command"));
    assert_eq!(
        execute(&[("command", "1"), ("language", "cobol")]).await,
        illegal("the language \"cobol\" is none of python, scala, sql, r")
    );
    for language in ["scala", "sql", "r", "Scala"] {
        let command = [
            ("clusterId", workspace.cluster_id().as_str()),
            ("contextId", "y"),
            ("command", "1"),
            ("language", language),
        ];
        let (status, body) = ask(&workspace, "commands/execute", &command).await;
        let error = body["error"].as_str().unwrap_or_default();
        let said = format!(" only, not {}", language.to_lowercase());
        assert!(
            status == 500 && error.starts_with("UnsupportedOperationException: ") && error.ends_with(&said),
            "{body}"
        );
    }
    let (status, body) = execute(&[("command", "1"), ("options", r#"{"displayRowLimit": "many"}"#)]).await;
    assert!(
        status == 500 && body["error"].as_str().unwrap().contains("displayRowLimit \"many\""),
        "{body}"
    );
}

#[tokio::test]
async fn a_command_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("latin.py"), b"print('\xe9')").unwrap();
    let workspace = Workspace::builder().command_files(folder.path()).start().await.unwrap();
    let cluster = workspace.cluster_id().as_str();
    let (_, created) = ask(
        &workspace,
        "contexts/create",
        &[("clusterId", cluster), ("language", "python")],
    )
    .await;
    let context = created["id"].as_str().unwrap();
    for (file, exception, said) in [
        (
            "/none.py",
            "FileNotFoundException: ",
            "\"/none.py\" cannot be read: No such file",
        ),
        (
            "/latin.py",
            "IllegalArgumentException: ",
            "\"/latin.py\" is not UTF-8 text at byte 7",
        ),
        (
            "/../none.py",
            "IllegalArgumentException: ",
            "\"/../none.py\" leads out of the allowed folder",
        ),
        ("/", "IllegalArgumentException: ", "\"/\" is not a file"),
    ] {
        let parameters = [("clusterId", cluster), ("contextId", context), ("commandFile", file)];
        let (status, body) = ask(&workspace, "commands/execute", &parameters).await;
        let error = body["error"].as_str().unwrap_or_default();
        assert!(
            status == 500 && error.starts_with(exception) && error.contains(said),
            "{body}"
        );
    }
    workspace.shutdown().await;
}
