//! Every example of the API document, with the real `curl` and `--netrc`, against `dbx12 local serve --tls`.
//!
//! The arguments are the document's own, with our ids in the place of its ids. Where it creates a `sql` or a `scala`
//! context, a workspace without Spark refuses; the test says so, and goes on with `python`.

use dbx12_tests::{Finished, Served, finish};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const JSON: &str = "Content-Type: application/json";

struct Document {
    served: Served,
}

impl Document {
    fn start() -> Self {
        Self {
            served: Served::start(&["--tls", "--without-spark"]),
        }
    }

    fn cluster(&self) -> String {
        self.served.ready().cluster_id.to_string()
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/1.2/{path}", self.served.ready().host)
    }

    /// Runs `curl --netrc …` as the document writes it, and reads the answer as JSON.
    fn curl(&self, arguments: &[&str]) -> Value {
        let finished = self.curl_raw(arguments);
        assert_eq!(finished.code, Some(0), "{arguments:?}: {}", finished.stderr);
        serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {}", finished.stdout))
    }

    fn curl_raw(&self, arguments: &[&str]) -> Finished {
        finish(self.served.curl(&[&["--netrc"], arguments].concat()))
    }

    fn post(&self, path: &str, data: &[&str]) -> Value {
        let url = self.url(path);
        let mut arguments = vec!["--request", "POST", &url];
        for item in data {
            arguments.extend(["--data", item]);
        }
        self.curl(&arguments)
    }

    fn get(&self, path: &str, data: &[&str]) -> Value {
        let url = self.url(path);
        let mut arguments = vec!["--get", &url];
        for item in data {
            arguments.extend(["--data", item]);
        }
        self.curl(&arguments)
    }

    /// A `python` context in state `Running`.
    async fn context(&self) -> String {
        let cluster = format!("clusterId={}", self.cluster());
        let created = self.post("contexts/create", &[&cluster, "language=python"]);
        let id = id_of(&created);
        let data = format!("clusterId={}&contextId={id}", self.cluster());
        self.eventually(
            || self.get("contexts/status", &[&data]),
            |answer| answer["status"] == "Running",
        )
        .await;
        id
    }

    async fn result(&self, context: &str, command: &str) -> Value {
        let data = format!("clusterId={}&contextId={context}&commandId={command}", self.cluster());
        self.eventually(
            || self.get("commands/status", &[&data]),
            |answer| answer["status"] == "Finished",
        )
        .await
    }

    async fn eventually(&self, ask: impl Fn() -> Value, enough: impl Fn(&Value) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let answer = ask();
            if enough(&answer) {
                return answer;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "{answer}");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

fn id_of(answer: &Value) -> String {
    match answer.as_object() {
        Some(object) if object.len() == 1 => object["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned(),
        _ => panic!("not the documented {{\"id\": …}}: {answer}"),
    }
}

#[tokio::test]
async fn clusters() {
    let document = Document::start();
    let id = document.cluster();
    let info = json!({
        "id": id, "name": "local", "status": "Running", "driverIp": "127.0.0.1", "jdbcPort": 10000, "numWorkers": 0
    });

    let url = document.url("clusters/list");
    let list = document.curl(&["--request", "GET", &url]);
    assert_eq!(keys(&list[0]), keys(&info));
    assert_eq!(list[0]["id"], *id);

    let one = document.get("clusters/status", &[&format!("clusterId={id}")]);
    assert_eq!(one, list[0]);
    assert_eq!(one["status"], "Running");

    assert_eq!(
        id_of(&document.post("clusters/restart", &[&format!("clusterId={id}")])),
        id
    );
    let status = || document.get("clusters/status", &[&format!("clusterId={id}")]);
    document
        .eventually(status, |answer| answer["status"] == "Running")
        .await;
}

fn keys(object: &Value) -> Vec<&String> {
    let mut keys: Vec<_> = object
        .as_object()
        .unwrap_or_else(|| panic!("{object}"))
        .keys()
        .collect();
    keys.sort();
    keys
}

#[tokio::test]
async fn contexts() {
    let document = Document::start();
    let cluster = document.cluster();

    let id = document.context().await;
    assert!(id.len() == 19 && id.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
    let url = format!("{}?clusterId={cluster}&contextId={id}", document.url("contexts/status"));
    assert_eq!(document.curl(&[&url]), json!({"id": id, "status": "Running"}));
    let ids = [format!("clusterId={cluster}"), format!("contextId={id}")];
    assert_eq!(id_of(&document.post("contexts/destroy", &[&ids[0], &ids[1]])), id);

    // The additional examples: JSON bodies.
    let body = format!(r#"{{ "language": "python", "clusterId": "{cluster}" }}"#);
    let url = document.url("contexts/create");
    let id = id_of(&document.curl(&["--request", "POST", &url, "--header", JSON, "--data", &body]));
    let body = format!(r#"{{ "contextId": "{id}", "clusterId": "{cluster}" }}"#);
    let url = document.url("contexts/destroy");
    assert_eq!(
        id_of(&document.curl(&["--request", "POST", &url, "--header", JSON, "--data", &body])),
        id
    );
}

#[tokio::test]
async fn contexts_of_languages_that_are_refused() {
    let document = Document::start();
    let cluster = format!("clusterId={}", document.cluster());
    for language in ["sql", "scala"] {
        let answer = document.post("contexts/create", &[&cluster, &format!("language={language}")]);
        let error = answer["error"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert!(
            error.contains("Exception: ") && error.contains(language) && error.contains("python"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_command_from_a_json_file() {
    let document = Document::start();
    let context = document.context().await;
    let body = json!({
        "clusterId": document.cluster(), "contextId": context, "language": "python", "command": "print('Hello, World!')"
    });
    std::fs::write(document.served.home().join("execute-command.json"), body.to_string()).unwrap();
    let url = document.url("commands/execute");
    let command = id_of(&document.curl(&[
        "--request",
        "POST",
        &url,
        "--header",
        JSON,
        "--data",
        "@execute-command.json",
    ]));
    assert_eq!(
        command.split('-').map(str::len).collect::<Vec<_>>(),
        [8, 4, 4, 4, 12],
        "{command}"
    );
    assert_eq!(
        document.result(&context, &command).await,
        json!({"id": command, "status": "Finished", "results": {"resultType": "text", "data": "Hello, World!"}})
    );
}

#[tokio::test]
async fn a_command_from_a_form() {
    let document = Document::start();
    let context = document.context().await;
    let data = format!(
        "language=python&clusterId={}&contextId={context}&command=print(sum(range(10)),None)",
        document.cluster()
    );
    let command = id_of(&document.post("commands/execute", &[&data]));
    assert_eq!(document.result(&context, &command).await["results"]["data"], "45 None");
}

#[tokio::test]
async fn a_command_from_a_file_as_multipart() {
    let document = Document::start();
    let context = document.context().await;
    std::fs::write(
        document.served.home().join("myfile.py"),
        "total = 0\nfor i in range(4):\n    total += i\ntotal\n",
    )
    .unwrap();
    let url = document.url("commands/execute");
    // The document's own header has no boundary; curl then writes its boundary into that header.
    let command = id_of(&document.curl(&[
        "--request",
        "POST",
        &url,
        "--header",
        "Content-Type: multipart/form-data",
        "--form",
        "language=python",
        "--form",
        &format!("clusterId={}", document.cluster()),
        "--form",
        &format!("contextId={context}"),
        "--form",
        "command=@myfile.py",
    ]));
    assert_eq!(document.result(&context, &command).await["results"]["data"], "6");
}

#[tokio::test]
async fn a_command_is_cancelled() {
    let document = Document::start();
    let context = document.context().await;
    let ids = format!("clusterId={}&contextId={context}", document.cluster());
    let data = format!("{ids}&language=python&command=import time; time.sleep(600)");
    let command = id_of(&document.post("commands/execute", &[&data]));
    let data = format!("{ids}&commandId={command}");
    document
        .eventually(
            || document.get("commands/status", &[&data]),
            |answer| answer["status"] == "Running",
        )
        .await;

    assert_eq!(id_of(&document.post("commands/cancel", &[&data])), command);
    let answer = document.result(&context, &command).await;
    assert_eq!(answer["results"]["resultType"], "error");
    let cause = answer["results"]["cause"].as_str().unwrap_or_default();
    assert!(cause.contains("CommandCancelledException"), "{answer}");
}

#[tokio::test]
async fn libraries() {
    let document = Document::start();
    let cluster = format!("clusterId={}", document.cluster());
    assert_eq!(document.get("libraries/list", &[&cluster]), json!([]));

    let missing = "uri=file:/nowhere/at_all-1.0-py3-none-any.whl";
    let answer = document.post(
        "libraries/upload",
        &[&cluster, "name=at_all", "language=python", missing],
    );
    assert_eq!(
        answer,
        json!({"language": "python", "uri": "file:/nowhere/at_all-1.0-py3-none-any.whl"})
    );
    let listed = document
        .eventually(
            || document.get("libraries/list", &[&cluster]),
            |answer| answer[0]["status"] != "LibraryPending",
        )
        .await;
    assert_eq!(listed[0]["name"], "at_all");
    assert_eq!(listed[0]["status"], "LibraryError");
    // Beside what the document names, the reason.
    assert!(listed[0]["messages"].to_string().contains("No such file"), "{listed}");
}

#[tokio::test]
async fn without_credentials_nothing_is_answered() {
    let document = Document::start();
    let url = document.url("clusters/list");
    let finished = finish(document.served.curl(&["--include", &url]));
    assert!(finished.stdout.starts_with("HTTP/1.1 401"), "{}", finished.stdout);
    assert!(
        finished.stdout.to_ascii_lowercase().contains("www-authenticate: basic"),
        "{}",
        finished.stdout
    );
}
