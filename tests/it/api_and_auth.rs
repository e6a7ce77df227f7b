//! `dbx12 api`, `auth` and `clusters wait`, against a served workspace.

use dbx12_tests::{Finished, Served, finish};
use serde_json::{Value, json};
use std::fs;

/// A workspace, and a program's run against it.
fn run(served: &Served, arguments: &[&str]) -> Finished {
    finish(served.dbx12(arguments))
}

#[test]
fn any_path_is_got_and_posted_to_and_the_body_printed_as_it_came() {
    let served = Served::start(&[]);
    let cluster = served.ready().cluster_id.to_string();
    let path = format!("/api/1.2/clusters/status?clusterId={cluster}");
    let pasted = run(&served, &["api", "get", &path]);
    assert_eq!((pasted.code, &*pasted.stderr), (Some(0), ""));
    let host = &served.ready().host;
    let body = finish(served.curl(&["--netrc", &format!("{host}{path}")])).stdout;
    assert_eq!(pasted.stdout, body, "byte for byte");

    let query = format!("clusterId={cluster}");
    let apart = run(&served, &["api", "get", "/api/1.2/clusters/status", "--query", &query]);
    assert_eq!(apart.stdout, body);

    let create = json!({ "clusterId": cluster, "language": "python" }).to_string();
    let file = served.home().join("create.json");
    fs::write(&file, &create).unwrap();
    let at_file = format!("@{}", file.display());
    let mut from_stdin = served.dbx12(&["api", "post", "/api/1.2/contexts/create", "-d", "-"]);
    from_stdin.stdin(fs::File::open(&file).unwrap());
    let given = |data: &str| run(&served, &["api", "post", "/api/1.2/contexts/create", "-d", data]);
    for created in [given(&create), given(&at_file), finish(from_stdin)] {
        let answer: Value = serde_json::from_str(&created.stdout).unwrap();
        assert!(answer["id"].is_string(), "{created:?}");
    }
}

#[test]
fn what_cannot_be_sent_or_is_refused_is_told() {
    let served = Served::start(&[]);
    let create = "/api/1.2/contexts/create";
    let cases: &[(&[&str], i32, &str)] = &[
        (
            &["get", "clusters/list"],
            2,
            "the path clusters/list does not begin with a slash",
        ),
        (&["post", create, "-d", "{clusterId: 1}"], 2, "the body is no JSON"),
        (&["post", create, "-d", "@none.json"], 2, "cannot read none.json"),
        (&["get", create, "--query", "x"], 2, "NAME=VALUE"),
        (&["get", "/api/1.2/none"], 5, "Bad Target"),
    ];
    for (arguments, code, said) in cases {
        let finished = run(&served, &[&["api"], *arguments].concat());
        assert_eq!(finished.code, Some(*code), "{arguments:?}: {}", finished.stderr);
        assert!(finished.stderr.contains(said), "{arguments:?}: {}", finished.stderr);
        assert_eq!(finished.stdout, "");
    }
}

#[test]
fn a_post_whose_answer_is_lost_is_delivered_once_and_said_to_be_unknown() {
    let home = tempfile::tempdir().unwrap();
    let rules = home.path().join("faults.json");
    let cut = json!({ "rules": [{ "endpoint": "contexts/create", "fault": { "kind": "lost_answer" } }] });
    fs::write(&rules, cut.to_string()).unwrap();
    let served = Served::start(&["--faults", &rules.display().to_string()]);
    let create = json!({ "clusterId": served.ready().cluster_id.to_string(), "language": "python" }).to_string();
    let lost = run(&served, &["api", "post", "/api/1.2/contexts/create", "-d", &create]);
    assert_eq!(lost.code, Some(6), "{}", lost.stderr);
    assert!(lost.stderr.contains("Hint: it was not sent again"), "{}", lost.stderr);
}

#[test]
fn credentials_are_described_without_a_secret_and_without_a_call() {
    let served = Served::start(&[]);
    let profile = "[DEFAULT]\nhost = https://other.example\ntoken = dapi-canary-of-the-file\n";
    fs::write(served.home().join(".databrickscfg"), profile).unwrap();
    let mut command = served.dbx12(&["auth", "describe"]);
    command.env("DATABRICKS_HOST", "https://adb-1.example");
    command.env("DATABRICKS_TOKEN", "dapi-canary-of-the-environment");
    let described = finish(command);
    assert_eq!((described.code, &*described.stderr), (Some(0), ""));
    let lines: Vec<_> = described.stdout.lines().collect();
    for line in [
        "Settings:",
        "  host = https://adb-1.example  (environment DATABRICKS_HOST)",
        "  token = ***  (environment DATABRICKS_TOKEN)",
        "Credentials:",
        "  pat: used",
        "  basic: not used: pat comes first",
    ] {
        assert!(lines.contains(&line), "{line} is not in\n{}", described.stdout);
    }
    assert!(!described.stdout.contains("canary"), "{}", described.stdout);

    // A profile by name wins, and what it wins over is said.
    let mut command = served.dbx12(&["auth", "describe", "-p", "DEFAULT", "-o", "json"]);
    command.env("DATABRICKS_TOKEN", "dapi-canary-of-the-environment");
    let described = finish(command);
    assert!(!described.stdout.contains("canary"), "{}", described.stdout);
    let described: Value = serde_json::from_str(&described.stdout).unwrap();
    let settings = described["settings"].as_array().unwrap();
    let token = settings.iter().find(|setting| setting["name"] == "token").unwrap();
    assert_eq!(token["value"], "***");
    assert!(token["from"].as_str().unwrap().contains(".databrickscfg"), "{token}");
    assert_eq!(token["ignored"], json!(["environment DATABRICKS_TOKEN"]));
    let used = described["auth_types"].as_array().unwrap().iter();
    let used: Vec<_> = used.filter(|auth_type| auth_type["verdict"] == "used").collect();
    assert_eq!(used[0]["name"], "pat");
}

#[test]
fn nothing_configured_is_described_and_exits_3() {
    let home = tempfile::tempdir().unwrap();
    let described = finish(dbx12_tests::dbx12(home.path(), &["auth", "describe"]));
    assert_eq!((described.code, &*described.stderr), (Some(3), ""));
    let problem = described.stdout.lines().last().unwrap();
    assert!(problem.starts_with("Problem: "), "{}", described.stdout);
}

#[test]
fn a_check_makes_one_call_and_a_refusal_exits_3() {
    let served = Served::start(&[]);
    let host = &served.ready().host;
    let checked = run(&served, &["auth", "check"]);
    let said = format!("{host} accepts the credentials (pat); clusters to be seen: 1\n");
    assert_eq!((checked.code, checked.stdout), (Some(0), said), "{}", checked.stderr);
    let checked = run(&served, &["auth", "check", "-o", "json"]);
    let checked: Value = serde_json::from_str(&checked.stdout).unwrap();
    assert_eq!(checked, json!({ "host": host, "auth_type": "pat", "clusters": 1 }));

    let mut refused = served.dbx12(&["auth", "check"]);
    refused.env("DATABRICKS_TOKEN", "dapi-canary");
    let refused = finish(refused);
    assert_eq!((refused.code, &*refused.stdout), (Some(3), ""), "{}", refused.stderr);
    assert!(!refused.stderr.contains("canary"), "{}", refused.stderr);
}

#[test]
fn a_cluster_is_waited_for_by_its_name_and_a_deadline_says_what_it_is() {
    let served = Served::start(&["--cluster", "day", "--cluster", "night:0:terminated"]);
    let clusters: Value = serde_json::from_str(&run(&served, &["clusters", "list", "-o", "json"]).stdout).unwrap();
    let id = |name: &str| {
        let mut clusters = clusters.as_array().unwrap().iter();
        let cluster = clusters.find(|cluster| cluster["name"] == name).unwrap();
        cluster["id"].as_str().unwrap().to_owned()
    };
    let day = run(&served, &["clusters", "wait", "day"]);
    assert_eq!(
        (day.code, day.stdout, &*day.stderr),
        (Some(0), id("day") + "\n", "day is Running\n")
    );
    let night = run(
        &served,
        &["clusters", "wait", &id("night"), "--state", "Terminated", "-o", "json"],
    );
    let answer: Value = serde_json::from_str(&night.stdout).unwrap();
    assert_eq!((night.code, &answer["status"]), (Some(0), &json!("Terminated")));

    let late = run(&served, &["clusters", "wait", "night", "--timeout", "2s"]);
    assert_eq!(late.code, Some(124), "{}", late.stderr);
    let said = "Error: night was not Running within 2s; it is Terminated\n";
    assert!(late.stderr.ends_with(said), "{}", late.stderr);
    let unknown = run(&served, &["clusters", "wait", "dusk"]);
    assert_eq!(unknown.code, Some(4), "{}", unknown.stderr);
}
