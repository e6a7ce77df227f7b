//! Each of the eleven operations, in each encoding of its body, by each road: the answers are the same.

use super::*;
use dbx12_exec::http::{BodyEncoding, CallOptions, Client};
use dbx12_exec::types::{
    CancelCommand, CommandInfo, CommandOptions, CreateContext, DestroyContext, Endpoint, ExecuteCommand, GetCluster,
    GetCommand, GetContext, ListClusters, ListLibraries, RestartCluster, UploadLibrary,
};
use serde_json::{Value, json};

const ENCODINGS: [BodyEncoding; 3] = [BodyEncoding::Json, BodyEncoding::Form, BodyEncoding::Multipart];

/// Code with all that an encoding could spoil.
const CODE: &str = "text = 'a+b & c=d; 100% \"q\" \\\\ é 世界'\r\ndisplay([(text,), ('--x',), ('\\r\\n',)])\n\n";

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_in_every_encoding_in_memory() {
    in_every_encoding(Way::Memory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_in_every_encoding_over_http() {
    in_every_encoding(Way::Http).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_in_every_encoding_over_https() {
    in_every_encoding(Way::Https).await;
}

async fn in_every_encoding(way: Way) {
    let road = Road::open(way).await;
    for encoding in ENCODINGS {
        every_operation(&road, encoding).await;
    }
    road.workspace().shutdown().await;
}

/// A client that sends in one encoding.
struct Sender {
    client: Client,
    options: CallOptions,
}

impl Sender {
    /// The answer, as the JSON that it is.
    async fn send<E: Endpoint>(&self, request: E) -> Value {
        let answer = self.client.send_with(&request, &self.options).await;
        serde_json::to_value(answer.unwrap_or_else(|error| panic!("{:?}: {error}", self.options))).unwrap()
    }

    async fn until<E: Endpoint + Clone>(&self, request: E, status: &str) -> Value {
        let started = Instant::now();
        loop {
            let answer = self.send(request.clone()).await;
            if answer["status"] == status {
                return answer;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "{answer}");
            sleep(Duration::from_millis(10)).await;
        }
    }
}

fn id_of(answer: &Value) -> &str {
    assert_eq!(answer.as_object().map(|fields| fields.len()), Some(1), "{answer}");
    answer["id"].as_str().unwrap()
}

/// Asks for all of them, and compares with what every road and every encoding must answer.
async fn every_operation(road: &Road, encoding: BodyEncoding) {
    let on = &Sender {
        client: road.client(),
        options: CallOptions::new().encoding(encoding),
    };
    let cluster = road.workspace().cluster_id().clone();
    let info = json!({
        "id": cluster, "name": "local", "status": "Running", "driverIp": "127.0.0.1", "jdbcPort": 10000, "numWorkers": 0
    });
    assert_eq!(on.send(ListClusters::new()).await, json!([info]));
    assert_eq!(on.send(GetCluster::new(&cluster)).await, info);

    let created = on.send(CreateContext::new(&cluster, Language::Python)).await;
    let context = id_of(&created);
    let running = on.until(GetContext::new(&cluster, context), "Running").await;
    assert_eq!(running, json!({"id": context, "status": "Running"}));

    let mut execute = ExecuteCommand::new(&cluster, context, CODE);
    execute.language = Some(Language::Python);
    execute.options = Some(CommandOptions::default().with("displayRowLimit", 2).unwrap());
    let submitted = on.send(execute).await;
    let command = id_of(&submitted);
    let finished = on.until(GetCommand::new(&cluster, context, command), "Finished").await;
    let text = "a+b & c=d; 100% \"q\" \\ é 世界";
    assert_eq!(
        (&finished["id"], &finished["results"]["resultType"]),
        (&json!(command), &json!("table")),
        "{finished}"
    );
    assert_eq!(finished["results"]["data"], json!([[text], ["--x"]]));
    assert_eq!(finished["results"]["truncated"], json!(true));

    let submitted = on
        .send(ExecuteCommand::new(&cluster, context, "import time\ntime.sleep(600)"))
        .await;
    let sleeping = id_of(&submitted);
    on.until(GetCommand::new(&cluster, context, sleeping), "Running").await;
    assert_eq!(
        on.send(CancelCommand::new(&cluster, context, sleeping)).await,
        json!({"id": sleeping})
    );
    let cancelled = on.until(GetCommand::new(&cluster, context, sleeping), "Finished").await;
    let cancelled: CommandInfo = serde_json::from_value(cancelled).unwrap();
    assert!(matches!(cancelled.results, Some(Results::Error(error)) if error.is_cancelled()));

    assert_eq!(
        on.send(DestroyContext::new(&cluster, context)).await,
        json!({"id": context})
    );
    let error = on
        .client
        .send_with(&GetContext::new(&cluster, context), &on.options)
        .await
        .unwrap_err();
    assert!(error.is_context_not_found(), "{error}");

    let (name, uri) = (
        format!("ä & {encoding:?}"),
        "file:/no/such place/ä-1.0-py3-none-any.whl",
    );
    let upload = UploadLibrary::new(&cluster, &name, Language::Python, uri);
    assert_eq!(on.send(upload).await, json!({"language": "python", "uri": uri}));
    let libraries = on.send(ListLibraries::new(&cluster)).await;
    assert_eq!(
        libraries
            .as_array()
            .and_then(|libraries| libraries.last())
            .map(|last| &last["name"]),
        Some(&json!(name))
    );

    assert_eq!(on.send(RestartCluster::new(&cluster)).await, json!({"id": cluster}));
    assert_eq!(on.until(GetCluster::new(&cluster), "Running").await, info);
}
