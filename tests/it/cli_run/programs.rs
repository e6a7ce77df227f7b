//! What can be run, and what it is given.

use super::*;
use serde_json::Value;

#[test]
fn files_run_in_one_context_in_their_order() {
    let served = Served::start(&[]);
    write(&served, "a.py", "x = 20\n");
    write(
        &served,
        "b.py",
        "# Databricks notebook source\ny = x + 1\n# COMMAND ----------\n# MAGIC %sh echo shell\n",
    );
    let mut command = served.dbx12(&["run", "a.py", "b.py", "-"]);
    let code = write(&served, "stdin", "print(y * 2)");
    command.stdin(std::fs::File::open(code).unwrap());
    let finished = finish(command);
    assert_eq!(
        (finished.code, &*finished.stdout),
        (Some(0), "shell\n42\n"),
        "{}",
        finished.stderr
    );
}

#[test]
fn a_program_gets_arguments_parameters_and_variables() {
    let served = Served::start(&[]);
    write(
        &served,
        "a.py",
        "import os, sys\nprint(sys.argv, who, n + 1, os.environ['COLOUR'], os.environ['TOKEN'])\n",
    );
    let mut command = served.dbx12(&["run", "a.py", "--env", "COLOUR=red", "--env", "TOKEN"]);
    command
        .args(["--param", "who='); import os; print('broken out"])
        .args(["--param", "n:int=41", "--", "-v", "x y"])
        .env("TOKEN", "secret-canary");
    let finished = finish(command);
    assert_eq!(
        (finished.code, &*finished.stdout),
        (
            Some(0),
            "['a.py', '-v', 'x y'] '); import os; print('broken out 42 red secret-canary\n"
        ),
        "{}",
        finished.stderr
    );

    // What is given is in no word of ours.
    let mut command = served.dbx12(&[
        "run",
        "--debug",
        "-c",
        "1/0",
        "--env",
        "TOKEN",
        "--param",
        "p=secret-canary",
    ]);
    command.env("TOKEN", "secret-canary");
    let finished = finish(command);
    assert_eq!(finished.code, Some(1));
    assert!(!finished.stderr.contains("canary"), "{}", finished.stderr);
}

#[test]
fn a_context_that_is_named_is_used_and_stays() {
    let served = Served::start(&[]);
    let created = finish(served.dbx12(&["contexts", "create", "--language", "python"]));
    let context = created.stdout.trim();
    let first = run(&served, &["--context", context, "-c", "x = 6"]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let second = run(&served, &["--context", context, "-f", "-c", "print(x * 7)"]);
    assert_eq!((second.code, &*second.stdout), (Some(0), "42\n"), "{}", second.stderr);
    let status = finish(served.dbx12(&["contexts", "status", "--context", context]));
    assert_eq!(status.stdout, "Running\n");

    let gone = run(&served, &["--context", "17", "-c", "1"]);
    assert_eq!(gone.code, Some(4), "{}", gone.stderr);
    assert!(gone.stderr.contains("a context ends when"), "{}", gone.stderr);
}

const NOTEBOOK: &str = r##"{"nbformat": 4, "nbformat_minor": 5, "metadata": {"language_info": {"name": "python"}}, "cells": [
 {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Title"]},
 {"cell_type": "code", "id": "b", "metadata": {}, "execution_count": 7, "outputs": [], "source": ["print('a')\n", "40 + 2"]},
 {"cell_type": "code", "id": "c", "metadata": {}, "execution_count": null, "outputs": [], "source": "display([{'a': 1}])"},
 {"cell_type": "code", "id": "d", "metadata": {}, "execution_count": null, "outputs": [], "source": "b = 0\n1/b"},
 {"cell_type": "code", "id": "e", "metadata": {}, "execution_count": 9, "outputs": [{"output_type": "stream", "name": "stdout", "text": "old"}], "source": "b"}]}"##;

#[test]
fn a_notebook_is_written_with_its_outputs() {
    let served = Served::start(&[]);
    write(&served, "a.ipynb", NOTEBOOK);
    let finished = run(&served, &["a.ipynb", "--notebook-out", "b.ipynb"]);
    assert_said("notebook-failed", &transcript(&finished));
    assert_eq!(read(&served, "a.ipynb"), NOTEBOOK, "the notebook itself is as it was");

    let written: Value = serde_json::from_str(&read(&served, "b.ipynb")).unwrap();
    let cells = written["cells"].as_array().unwrap();
    let outputs: Vec<_> = cells.iter().map(|cell| &cell["outputs"][0]).collect();
    assert_eq!(outputs[1]["text"], serde_json::json!(["a\n", "42\n"]));
    assert!(outputs[2]["data"]["text/html"].is_array(), "{}", outputs[2]);
    assert_eq!(outputs[3]["ename"], "ZeroDivisionError");
    assert!(outputs[4].is_null(), "what did not run has no outputs: {}", outputs[4]);
    let counts: Vec<_> = cells.iter().map(|cell| cell["execution_count"].as_i64()).collect();
    assert_eq!(counts, [None, Some(1), Some(2), Some(3), None]);

    let in_place = run(&served, &["a.ipynb", "--notebook-out", "-"]);
    assert_eq!(in_place.code, Some(1));
    assert_eq!(read(&served, "a.ipynb"), read(&served, "b.ipynb"));
}

#[test]
fn a_cluster_is_found_by_its_name_and_started() {
    let served = Served::start(&["--cluster", "etl nightly", "--cluster", "spare:2:terminated"]);
    let by_name = run(&served, &["--cluster", "etl nightly", "-c", "print(1)"]);
    assert_eq!((by_name.code, &*by_name.stdout), (Some(0), "1\n"), "{}", by_name.stderr);

    let down = run(&served, &["--cluster", "spare", "-c", "print(1)"]);
    assert_eq!(down.code, Some(4), "{}", down.stderr);
    assert!(
        down.stderr.contains("is Terminated") && down.stderr.contains("--start"),
        "{}",
        down.stderr
    );
    let started = run(&served, &["--cluster", "spare", "--start", "-c", "print(1)"]);
    assert_eq!((started.code, &*started.stdout), (Some(0), "1\n"), "{}", started.stderr);
}
