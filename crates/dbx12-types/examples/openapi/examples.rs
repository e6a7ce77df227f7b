//! The examples of the API's own document, by operation. It has none for uploading a library.

use serde::Serialize;
use serde::de::{DeserializeOwned, Error};
use serde_json::{Map, Value, json};

/// How an example travels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// The query of a GET, as an object.
    Query,
    /// A JSON body.
    Json,
    /// A form, as an object.
    Form,
    /// A multipart body, as an object.
    Multipart,
    /// The answer.
    Response,
}

use Carrier::{Form, Json, Multipart, Query, Response};

/// One example: how it travels, what it shows, and its JSON.
type Example = (Carrier, &'static str, &'static str);

/// The examples of an operation that travel by `carrier`, as the `examples` of OpenAPI.
///
/// # Errors
/// When one of them is not read and written back by `T` as it is.
pub(crate) fn examples<T>(path: &str, carrier: Carrier) -> Result<Map<String, Value>, serde_json::Error>
where
    T: Serialize + DeserializeOwned,
{
    let mut examples = Map::new();
    for (_, name, json) in of(path).iter().filter(|(it, ..)| *it == carrier) {
        examples.insert((*name).to_owned(), json!({"value": checked::<T>(json)?}));
    }
    Ok(examples)
}

fn checked<T: Serialize + DeserializeOwned>(json: &str) -> Result<Value, serde_json::Error> {
    let example: Value = serde_json::from_str(json)?;
    let written = serde_json::to_value(serde_json::from_str::<T>(json)?)?;
    if written != example {
        return Err(Error::custom(format!("example {example} is written back as {written}")));
    }
    Ok(example)
}

fn of(path: &str) -> &'static [Example] {
    match path {
        "/api/1.2/clusters/list" => LIST_CLUSTERS,
        "/api/1.2/clusters/status" => GET_CLUSTER,
        "/api/1.2/clusters/restart" => RESTART_CLUSTER,
        "/api/1.2/contexts/create" => CREATE_CONTEXT,
        "/api/1.2/contexts/status" => GET_CONTEXT,
        "/api/1.2/contexts/destroy" => DESTROY_CONTEXT,
        "/api/1.2/commands/execute" => EXECUTE_COMMAND,
        "/api/1.2/commands/status" => GET_COMMAND,
        "/api/1.2/commands/cancel" => CANCEL_COMMAND,
        "/api/1.2/libraries/list" => LIST_LIBRARIES,
        _ => &[],
    }
}

const LIST_CLUSTERS: &[Example] = &[(
    Response,
    "one cluster",
    r#"[{
        "id": "1234-567890-span123",
        "name": "MyCluster",
        "status": "Terminated",
        "driverIp": "",
        "jdbcPort": 10000,
        "numWorkers": 0
    }]"#,
)];

const GET_CLUSTER: &[Example] = &[
    (Query, "cluster", r#"{"clusterId": "1234-567890-span123"}"#),
    (
        Response,
        "terminated",
        r#"{
            "id": "1234-567890-span123",
            "name": "MyCluster",
            "status": "Terminated",
            "driverIp": "",
            "jdbcPort": 10000,
            "numWorkers": 0
        }"#,
    ),
];

const RESTART_CLUSTER: &[Example] = &[
    (Form, "cluster", r#"{"clusterId": "1234-567890-span123"}"#),
    (Response, "cluster", r#"{"id": "1234-567890-span123"}"#),
];

const CREATE_CONTEXT: &[Example] = &[
    (
        Form,
        "sql",
        r#"{"clusterId": "1234-567890-span123", "language": "sql"}"#,
    ),
    (
        Form,
        "scala",
        r#"{"language": "scala", "clusterId": "1234-567890-span123"}"#,
    ),
    (
        Json,
        "scala",
        r#"{ "language": "scala", "clusterId": "1234-567890-span123" }"#,
    ),
    (Response, "context", r#"{"id": "1234567890123456789"}"#),
];

const GET_CONTEXT: &[Example] = &[
    (
        Query,
        "context",
        r#"{"clusterId": "1234-567890-span123", "contextId": "1234567890123456789"}"#,
    ),
    (
        Response,
        "running",
        r#"{"id": "1234567890123456789", "status": "Running"}"#,
    ),
];

const DESTROY_CONTEXT: &[Example] = &[
    (
        Form,
        "context",
        r#"{"clusterId": "1234-567890-span123", "contextId": "1234567890123456789"}"#,
    ),
    (
        Json,
        "context",
        r#"{ "contextId": "1234567890123456789", "clusterId": "1234-567890-span123" }"#,
    ),
    (Response, "context", r#"{"id": "1234567890123456789"}"#),
];

const EXECUTE_COMMAND: &[Example] = &[
    (
        Json,
        "python",
        r#"{
            "clusterId": "1234-567890-span123",
            "contextId": "1234567890123456789",
            "language": "python",
            "command": "print('Hello, World!')"
        }"#,
    ),
    (
        Json,
        "scala",
        r#"{
            "language": "scala",
            "clusterId": "1234-567890-span123",
            "contextId": "1234567890123456789",
            "command": "sc.parallelize(1 to 10).collect"
        }"#,
    ),
    (
        Form,
        "a command that uses a JAR",
        r#"{
            "language": "scala",
            "clusterId": "1234-567890-span123",
            "contextId": "1234567890123456789",
            "command": "println(com.databricks.apps.logs.chapter1.LogAnalyzer.processLogFile(sc,null,\"dbfs:/somefile.log\"))"
        }"#,
    ),
    // The document sends a file, `command=@myfile.py`, and does not show it; here it holds the code of the first example.
    (
        Multipart,
        "a file",
        r#"{
            "language": "python",
            "clusterId": "1234-567890-span123",
            "contextId": "1234567890123456789",
            "command": "print('Hello, World!')"
        }"#,
    ),
    (Response, "command", r#"{"id": "1234ab56-7890-1cde-234f-5abcdef67890"}"#),
];

const GET_COMMAND: &[Example] = &[
    (
        Query,
        "command",
        r#"{
            "clusterId": "1234-567890-span123",
            "contextId": "1234567890123456789",
            "commandId": "1234ab56-7890-1cde-234f-5abcdef67890"
        }"#,
    ),
    (
        Response,
        "text",
        r#"{
            "id": "1234ab56-7890-1cde-234f-5abcdef67890",
            "status": "Finished",
            "results": {"resultType": "text", "data": "Hello, World!"}
        }"#,
    ),
    (
        Response,
        "text of a JAR",
        r#"{
            "id": "1234ab56-7890-1cde-234f-5abcdef67890",
            "results": {"data": "Content Size Avg: 1234, Min: 1234, Max: 1234", "resultType": "text"},
            "status": "Finished"
        }"#,
    ),
];

const CANCEL_COMMAND: &[Example] = &[
    (
        Form,
        "command",
        r#"{
            "clusterId": "1234-567890-span123",
            "contextId": "1234567890123456789",
            "commandId": "1234ab56-7890-1cde-234f-5abcdef67890"
        }"#,
    ),
    (Response, "command", r#"{"id": "1234ab56-7890-1cde-234f-5abcdef67890"}"#),
];

const LIST_LIBRARIES: &[Example] = &[(Query, "cluster", r#"{"clusterId": "1234-567890-span123"}"#)];
