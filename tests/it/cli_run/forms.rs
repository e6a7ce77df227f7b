//! Forms of output, and where it goes.

use super::*;

const PROGRAM: &str = "\
# Databricks notebook source
print('two people')

# COMMAND ----------

display([{'name': 'Ann', 'age': 31, 'note': 'a|b, \"c\"'}, {'name': 'Ben', 'age': None, 'note': ''}])

# COMMAND ----------

x = 1
";

#[test]
fn every_form_of_output() {
    let served = Served::start(&[]);
    write(&served, "people.py", PROGRAM);
    for form in ["text", "table", "json", "jsonl", "csv", "markdown"] {
        let finished = run(&served, &["people.py", "-o", form]);
        assert_said(&format!("form-{form}"), &transcript(&finished));
    }
    let by_flag = run(&served, &["people.py", "--json"]);
    assert_eq!(by_flag.stdout, run(&served, &["people.py", "-o", "JSON"]).stdout);

    let mut by_environment = served.dbx12(&["run", "people.py"]);
    by_environment.env("DATABRICKS_OUTPUT_FORMAT", "JSON");
    assert_eq!(finish(by_environment).stdout, by_flag.stdout);
    let mut nonsense = served.dbx12(&["run", "people.py"]);
    nonsense.env("DATABRICKS_OUTPUT_FORMAT", "yaml");
    assert!(finish(nonsense).stdout.starts_with("two people\n"));
}

#[test]
fn a_file_is_written_as_a_whole_in_the_form_of_its_ending() {
    use std::os::unix::fs::PermissionsExt;
    let served = Served::start(&[]);
    write(&served, "people.py", PROGRAM);
    for (file, begins) in [
        ("a.csv", "name,age,note\r\n"),
        ("a.jsonl", "{\"name\":\"Ann\""),
        ("a.md", "```text\ntwo people"),
        ("a.json", "{\"resultType\":\"text\""),
        ("a.txt", "two people\n name"),
    ] {
        let finished = run(&served, &["people.py", "--out", file]);
        assert_eq!((finished.code, &*finished.stdout), (Some(0), ""), "{}", finished.stderr);
        assert!(read(&served, file).starts_with(begins), "{}", read(&served, file));
    }
    let written = std::fs::metadata(served.home().join("a.csv")).unwrap();
    assert_ne!(written.permissions().mode() & 0o400, 0);

    run(&served, &["people.py", "--out", "a.arrow"]);
    let arrow = std::fs::read(served.home().join("a.arrow")).unwrap();
    assert!(arrow.starts_with(b"ARROW1") && arrow.ends_with(b"ARROW1"));

    // A link stays one, and what stood there before is gone at once.
    std::os::unix::fs::symlink("a.csv", served.home().join("link.csv")).unwrap();
    write(&served, "a.csv", &"long\n".repeat(1000));
    assert_eq!(run(&served, &["people.py", "--out", "link.csv"]).code, Some(0));
    assert!(served.home().join("link.csv").is_symlink());
    assert_eq!(read(&served, "a.csv").lines().count(), 3);

    let device = run(&served, &["people.py", "-o", "csv", "--out", "/dev/null"]);
    assert_eq!((device.code, &*device.stdout), (Some(0), ""), "{}", device.stderr);
}

#[test]
fn a_program_that_fails_leaves_the_file_as_it_was() {
    let served = Served::start(&[]);
    write(&served, "report.txt", "yesterday's");
    write(
        &served,
        "a.py",
        "# Databricks notebook source\nprint('begun')\n# COMMAND ----------\n1/0\n",
    );
    let finished = run(&served, &["a.py", "--out", "report.txt"]);
    assert_eq!(
        (finished.code, &*finished.stdout),
        (Some(1), "begun\n"),
        "{}",
        finished.stderr
    );
    assert_eq!(read(&served, "report.txt"), "yesterday's");
    let finished = run(&served, &["a.py", "--out", "report.csv"]);
    assert_eq!(finished.code, Some(1));
    let left = std::fs::read_dir(served.home()).unwrap().flatten();
    let left: Vec<_> = left
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| name.starts_with("report.csv") || name.starts_with(".dbx12-")),
        "{left:?}"
    );
}

#[test]
fn a_table_that_was_cut_is_told_loudly() {
    let served = Served::start(&[]);
    let finished = run(
        &served,
        &["-c", "display([{'i': i} for i in range(10001)])", "--out", "a.csv"],
    );
    assert_said("cut-table", &transcript(&finished));
    assert_eq!(read(&served, "a.csv").lines().count(), 10001);
}

#[test]
fn output_is_shown_while_it_comes_and_only_once() {
    let served = Served::start(&[]);
    let code = "import sys, time\nfor i in range(3):\n    print(i)\n    time.sleep(.3)\nprint('aside', file=sys.stderr)\n'end'";
    let followed = run(&served, &["--follow", "-c", code]);
    assert_eq!(followed.code, Some(0), "{}", followed.stderr);
    assert!(followed.stdout.starts_with("0\n1\n2\n"), "{followed:?}");
    assert_eq!(followed.stdout.matches("end").count(), 1, "{followed:?}");
    assert_eq!(
        (followed.stdout.clone() + &followed.stderr).matches("aside").count(),
        1,
        "{followed:?}"
    );

    // What was printed before an exception is not lost, and the exception begins on a line of its own.
    let failed = run(&served, &["-f", "-c", "print('seen', end='')\n1/0"]);
    assert_eq!((failed.code, &*failed.stdout), (Some(1), "seen\n"), "{}", failed.stderr);

    // Where stdout is for data, it is shown beside it.
    let data = run(
        &served,
        &["-f", "-o", "csv", "-c", "print('seen')\ndisplay([{'a': 1}])"],
    );
    assert_eq!((data.code, &*data.stdout), (Some(0), "a\r\n1\r\n"), "{}", data.stderr);
    assert!(data.stderr.contains("seen"), "{}", data.stderr);
}
