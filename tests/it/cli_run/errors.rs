//! What is said when something is wrong, and with which exit code.

use super::*;
use dbx12_tests::{Peer, Reaction, dbx12};
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn an_exception_is_told_with_the_line_in_ones_own_file() {
    let served = Served::start(&[]);
    write(
        &served,
        "total.py",
        "def total(row):\n    return row['price']\n\n\ntotal({})\n",
    );
    assert_said("exception-file", &transcript(&run(&served, &["total.py"])));

    let notebook = "# Databricks notebook source\ndef total(row):\n    return row['price']\n\n\
        # COMMAND ----------\n\nx = 1\ntotal({})\n# COMMAND ----------\nprint('never')\n# COMMAND ----------\n2\n";
    write(&served, "etl.py", notebook);
    assert_said("exception-notebook", &transcript(&run(&served, &["etl.py"])));
    assert_said(
        "exception-annotated",
        &transcript(&run(&served, &["etl.py", "--annotations", "github"])),
    );
    assert_said("exception-json", &transcript(&run(&served, &["total.py", "--json"])));
    assert_said(
        "exception-markdown",
        &transcript(&run(&served, &["total.py", "-o", "markdown"])),
    );
    assert_said(
        "exception-syntax",
        &transcript(&run(&served, &["-c", "x = 1\ndef f(:\n    pass"])),
    );
}

#[test]
fn a_cluster_that_is_not_there_is_told_with_those_near_it() {
    let served = Served::start(&["--cluster", "etl-nightly", "--cluster", "shared"]);
    let unknown = run(&served, &["--cluster", "etl-nigthly", "-c", "1"]);
    assert_eq!((unknown.code, &*unknown.stdout), (Some(4), ""));
    let said = &unknown.stderr;
    assert!(
        said.starts_with("Error: there is no cluster with the id or the name etl-nigthly; near it are:\n"),
        "{said}"
    );
    assert!(
        said.contains("  etl-nightly (Running)\n") && !said.contains("shared"),
        "{said}"
    );

    let far = run(&served, &["--cluster", "zz", "-c", "1"]);
    assert!(far.stderr.contains("dbx12 clusters list"), "{}", far.stderr);
}

#[test]
fn what_cannot_be_written_is_said_before_anything_runs() {
    let served = Served::start(&[]);
    write(&served, "plain", "");
    std::fs::create_dir(served.home().join("folder")).unwrap();
    let code = "open('ran', 'w')";
    for arguments in [
        &["--out", "none/a.csv"][..],
        &["--out", "folder"],
        &["--out", "plain/a.csv"],
        &["--images", "plain"],
        &["--show-images"],
    ] {
        let finished = run(&served, &[&["-c", code], arguments].concat());
        assert_eq!((finished.code, &*finished.stdout), (Some(2), ""), "{arguments:?}");
        assert!(finished.stderr.starts_with("Error: "), "{}", finished.stderr);
    }
    assert_said(
        "unwritable",
        &transcript(&run(&served, &["-c", code, "--out", "none/a.csv"])),
    );
    assert!(!served.home().join("ran").exists());
}

#[test]
fn no_table_is_an_error_where_one_is_asked_for() {
    let served = Served::start(&[]);
    assert_said(
        "no-table",
        &transcript(&run(&served, &["-c", "print('text')", "-o", "csv"])),
    );
    let two = "# Databricks notebook source\ndisplay([{'a': 1}])\n# COMMAND ----------\ndisplay([{'b': 2}])\n";
    write(&served, "two.py", two);
    assert_said("two-tables", &transcript(&run(&served, &["two.py", "-o", "csv"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_says_which_cell_it_was() {
    let cancelled = AtomicBool::new(false);
    let peer = Peer::start(move |asked| match asked.operation.as_str() {
        "contexts/status" => Reaction::json(r#"{"id":"1","status":"Running"}"#),
        "commands/cancel" => {
            cancelled.store(true, Ordering::SeqCst);
            Reaction::json(r#"{"id":"1"}"#)
        }
        "commands/status" if asked.time == 1 => {
            Reaction::json(r#"{"id":"1","status":"Finished","results":{"resultType":"text","data":"1"}}"#)
        }
        "commands/status" if cancelled.load(Ordering::SeqCst) => Reaction::json(r#"{"id":"1","status":"Cancelled"}"#),
        "commands/status" => Reaction::json(r#"{"id":"1","status":"Running"}"#),
        _ => Reaction::json(r#"{"id":"1"}"#),
    })
    .await;
    let home = tempfile::tempdir().unwrap();
    let notebook = "# Databricks notebook source\n1\n# COMMAND ----------\n2\n# COMMAND ----------\n3\n";
    std::fs::write(home.path().join("slow.py"), notebook).unwrap();
    let arguments = ["run", "slow.py", "--timeout", "5s", "--annotations", "github"];
    let mut command = dbx12(home.path(), &arguments);
    command
        .env("DATABRICKS_HOST", peer.host())
        .env("DATABRICKS_TOKEN", "t")
        .env("DATABRICKS_CLUSTER_ID", "c");
    assert_said("timeout-notebook", &transcript(&finish(command)));
    assert_eq!((peer.count("commands/execute"), peer.count("contexts/destroy")), (2, 1));
}
