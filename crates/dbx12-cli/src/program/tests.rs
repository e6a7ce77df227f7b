//! What becomes of files.

use super::*;
use crate::arguments::{Arguments, Command};
use clap::Parser;
use std::path::Path;

/// Reads the program of a command line, with files in a folder.
fn read(folder: &Path, arguments: &[&str]) -> Result<Program, String> {
    let arguments = arguments.iter().map(|argument| match argument.strip_prefix("./") {
        Some(file) => folder.join(file).display().to_string(),
        None => (*argument).to_owned(),
    });
    let parsed = Arguments::parse_from(["dbx12".to_owned(), "run".to_owned()].into_iter().chain(arguments));
    let Command::Run(run) = parsed.command else {
        panic!("run")
    };
    Program::read(&run).map_err(|failure| failure.to_string())
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Language, code, cell and first line; without the two last for code that we add.
fn shown(program: &Program) -> Vec<String> {
    let shown = program.cells.iter().map(|cell| {
        let place = cell.origin.as_ref().map(|origin| match origin.number {
            Some(number) => format!(" {number}@{}", origin.first_line),
            None => format!(" @{}", origin.first_line),
        });
        format!("{}{}: {}", cell.language, place.unwrap_or_default(), cell.code)
    });
    shown.collect()
}

const NOTEBOOK: &str = "\
# Databricks notebook source
# MAGIC %md
# MAGIC # Title

# COMMAND ----------

# DBTITLE 1,Numbers
x = 1
# MAGIC %pip install nothing

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT 1
# MAGIC
# MAGIC FROM t

# COMMAND ----------

# MAGIC %scala val y = 2

# COMMAND ----------
# MAGIC %sh ls

# COMMAND ----------

";

#[test]
fn a_notebook_in_source_format_is_its_cells_with_their_lines() {
    let folder = folder(&[("etl.py", NOTEBOOK)]);
    assert_eq!(
        shown(&read(folder.path(), &["./etl.py"]).unwrap()),
        [
            "python 2@8: x = 1\n%pip install nothing",
            "sql 3@14: SELECT 1\n\nFROM t",
            "scala 4@20: val y = 2",
            "python 5@23: %sh ls",
        ]
    );
}

#[test]
fn sql_and_scala_notebooks_have_comments_of_their_own() {
    let sql =
        "-- Databricks notebook source\nSELECT 1\n\n-- COMMAND ----------\n\n-- MAGIC %python\n-- MAGIC print(1)\n";
    let scala = "// Databricks notebook source\nval x = 1\n// COMMAND ----------\n// MAGIC %r\n// MAGIC 1\n";
    let folder = folder(&[("a.sql", sql), ("b.scala", scala), ("c.sql", "-- a comment\nSELECT 2")]);
    assert_eq!(
        shown(&read(folder.path(), &["./a.sql", "./b.scala", "./c.sql"]).unwrap()),
        [
            "sql 1@2: SELECT 1",
            "python 2@7: print(1)",
            "scala 1@2: val x = 1",
            "r 2@5: 1",
            "sql @1: -- a comment\nSELECT 2",
        ]
    );
}

#[test]
fn the_code_cells_of_a_jupyter_notebook_run() {
    let notebook = r##"{"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"language": "scala"}}, "cells": [
        {"cell_type": "markdown", "source": "# Title"},
        {"cell_type": "code", "source": ["val x = 1\n", "x"]},
        {"cell_type": "code", "source": "%%sql\nSELECT 1"},
        {"cell_type": "code", "source": "  "},
        {"cell_type": "raw", "source": "raw"}]}"##;
    let folder = folder(&[
        ("a.ipynb", notebook),
        ("old.ipynb", r#"{"nbformat": 3, "worksheets": []}"#),
        ("none.ipynb", "[1]"),
    ]);
    assert_eq!(
        shown(&read(folder.path(), &["./a.ipynb"]).unwrap()),
        ["scala 2@1: val x = 1\nx", "sql 3@2: SELECT 1"]
    );
    for (file, said) in [("./old.ipynb", "format 3"), ("./none.ipynb", "it is no notebook")] {
        let failure = read(folder.path(), &[file]).unwrap_err();
        assert!(failure.contains(said), "{failure}");
    }
}

#[test]
fn run_takes_in_a_notebook_beside_this_one() {
    let main = "# Databricks notebook source\n# MAGIC %run ./helper\n# COMMAND ----------\nf()\n";
    let helper = "# Databricks notebook source\ndef f(): pass\n";
    let endless = "# Databricks notebook source\n# MAGIC %run ./endless\n";
    let missing = "# Databricks notebook source\n# MAGIC %run /Users/me/x\n";
    let files = [
        ("main.py", main),
        ("helper.py", helper),
        ("endless.py", endless),
        ("missing.py", missing),
    ];
    let folder = folder(&files);
    assert_eq!(
        shown(&read(folder.path(), &["./main.py"]).unwrap()),
        ["python 1@2: def f(): pass", "python 2@4: f()"]
    );
    for (file, said) in [("./endless.py", "without end"), ("./missing.py", "cell 1 of")] {
        let failure = read(folder.path(), &[file]).unwrap_err();
        assert!(failure.contains(said), "{failure}");
    }
}

#[test]
fn values_are_given_in_code_of_our_own_and_as_literals_in_sql() {
    let notebook = "# Databricks notebook source\nprint(1)\n# COMMAND ----------\n# MAGIC %sql SELECT :city\n\
        # COMMAND ----------\n# MAGIC %scala city\n# COMMAND ----------\n2\n";
    let folder = folder(&[("a.py", notebook)]);
    let program = read(
        folder.path(),
        &["./a.py", "--param", "city=O'Brien", "--env", "A=b'c", "--", "-x"],
    )
    .unwrap();
    let name = folder.path().join("a.py").display().to_string();
    assert_eq!(
        shown(&program),
        [
            format!(
                "python: city = 'O\\'Brien'\n__import__('sys').argv = ['{name}', '-x']\n\
                 __import__('os').environ.update({{'A': 'b\\'c'}})\n"
            ),
            "python 1@2: print(1)".to_owned(),
            "sql 2@4: SELECT CAST(X'4F27427269656E' AS STRING)".to_owned(),
            "scala: val city = \"O'Brien\"\nval args = Array[String](\"-x\")\n".to_owned(),
            "scala 3@6: city".to_owned(),
            "python 4@8: 2".to_owned(),
        ]
    );
}

#[test]
fn parameters_have_types() {
    let given =
        |text: &str| read(Path::new(""), &["-c", "1", "--param", text]).map(|program| shown(&program)[0].clone());
    for (text, code) in [
        ("a=1", "a = '1'"),
        ("a:int=-1", "a = (-1)"),
        ("a:bool=true", "a = True"),
        ("a:float=1.5", "a = 1.5"),
        ("a:json={\"b\": [1, null]}", "a = {'b': [1, None]}"),
        ("a:string=x=y:z", "a = 'x=y:z'"),
    ] {
        assert_eq!(given(text).unwrap(), format!("python: {code}\n"), "{text}");
    }
    for (text, said) in [
        ("a", "there is no value"),
        ("a:int=secret", "no whole number"),
        ("a:colour=red", "there is no type colour"),
        ("a:json={secret", "no JSON"),
        ("class=1", "cannot be the name"),
    ] {
        let failure = given(text).unwrap_err();
        assert!(failure.contains(said) && !failure.contains("secret"), "{failure}");
    }
}

#[test]
fn a_program_that_reads_its_arguments_has_them_even_if_there_are_none() {
    let folder = folder(&[("a.py", "import argparse\n"), ("b.py", "1\n")]);
    assert_eq!(shown(&read(folder.path(), &["./a.py", "./b.py"]).unwrap()).len(), 3);
}

#[test]
fn what_would_arrive_nowhere_is_refused() {
    for (arguments, said) in [
        (
            &["-l", "sql", "-c", "SELECT 1", "--", "x"][..],
            "python and scala take arguments",
        ),
        (&["-l", "scala", "-c", "1", "--env", "A=b"], "no python"),
        (&["-l", "r", "-c", "1", "--param", "a=b"], "cannot be given to -c"),
        (&["-l", "sql", "-c", "SELECT :b", "--param", "a=b"], "no value for :b"),
        (&["-c", "1", "--param", "a=b", "--param", "a=c"], "given twice"),
        (&["-c", "1", "--env", "DBX12_NOT_THERE"], "--env DBX12_NOT_THERE"),
        (&["-c", "1", "--notebook-out", "-"], "exactly one"),
    ] {
        let failure = read(Path::new(""), arguments).unwrap_err();
        assert!(failure.contains(said), "{failure}");
    }
    let folder = folder(&[("a.py", "# Databricks notebook source\n# MAGIC %md\n# MAGIC text\n")]);
    assert!(read(folder.path(), &["./a.py"]).unwrap_err().contains("no code"));
}
