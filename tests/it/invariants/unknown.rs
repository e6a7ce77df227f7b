//! Invariant 5: Decoding never fails for what this version does not know, and drops none of it.

use super::*;
use dbx12_exec::Progress;
use dbx12_exec::types::{
    ClusterStatus, CommandStatus, ContextStatus, Endpoint, ExecuteCommand, GetCluster, GetCommand, GetContext,
    LibraryStatus, ListClusters, ListLibraries, Results,
};
use dbx12_tests::{dbx12, finish};
use serde_json::Value;

/// A number that no type of Rust holds.
const HUGE: &str = "123456789012345678901234567890";

const CLUSTER: &str = r#"{"id":"c","name":null,"status":"Hibernating","driverIp":17,"jdbcPort":"many","numWorkers":-1,
    "tariff":{"price":[1.50,null]},"serial":123456789012345678901234567890}"#;
const CONTEXT: &str = r#"{"id":"1","status":"Dreaming","depth":123456789012345678901234567890}"#;
const COMMAND: &str = r#"{"id":"2","status":"Paused","results":null,"position":123456789012345678901234567890}"#;
const HOLOGRAM: &str = r#"{"results":{"beams":[{"x":123456789012345678901234567890}],
    "data":"light","resultType":"hologram"},
    "id":"2","status":"Finished","cost":0.10}"#;
const TABLE: &str = r#"{"id":"2","status":"Finished","results":{
    "schema":[{"name":"a","type":"\"quaternion\"","unit":"i"}],
    "data":[[123456789012345678901234567890,{"re":1e400}]],"resultType":"table","collation":"none"}}"#;
const LIBRARIES: &str = r#"[{"name":"l","status":"LibraryMissing","since":123456789012345678901234567890}]"#;

/// A peer that gives these answers, whatever it is asked.
async fn answering(body: &'static str) -> (Peer, Client) {
    let peer = Peer::start(move |_| Reaction::json(body)).await;
    let client = client_of(&peer);
    (peer, client)
}

/// Sends a request to a peer that gives this answer; what was read must be written as it came.
async fn round_trip<E: Endpoint>(request: E, body: &'static str) -> E::Response {
    let (_peer, client) = answering(body).await;
    let answer = client
        .send(&request)
        .await
        .unwrap_or_else(|error| panic!("{error}: {body}"));
    let written = serde_json::to_string(&answer).unwrap();
    assert_eq!(written.matches(HUGE).count(), body.matches(HUGE).count(), "{written}");
    let without_huge = |text: &str| text.replace(HUGE, "0").replace("1e400", "0");
    let value = |text: &str| serde_json::from_str::<Value>(&without_huge(text)).unwrap();
    assert_eq!(value(&written), value(body));
    answer
}

#[tokio::test]
async fn invariant_5_what_came_in_goes_out_again() {
    let cluster = round_trip(GetCluster::new("c"), CLUSTER).await;
    assert!(!ClusterStatus::KNOWN.contains(&cluster.status.as_str()) && !cluster.status.takes_commands());
    let context = round_trip(GetContext::new("c", "1"), CONTEXT).await;
    assert!(!ContextStatus::KNOWN.contains(&context.status.as_str()));
    let command = round_trip(GetCommand::new("c", "1", "2"), COMMAND).await;
    assert!(!CommandStatus::KNOWN.contains(&command.status.as_str()) && !command.status.is_terminal());
    let libraries = round_trip(ListLibraries::new("c"), LIBRARIES).await;
    assert!(!LibraryStatus::KNOWN.contains(&libraries[0].status.as_str()));

    let command = round_trip(GetCommand::new("c", "1", "2"), HOLOGRAM).await;
    let Some(Results::Unrecognized(fields)) = command.results else {
        panic!("{:?}", command.results)
    };
    assert_eq!(fields.read("data"), Some("light".to_owned()));
    let command = round_trip(GetCommand::new("c", "1", "2"), TABLE).await;
    let Some(Results::Table(table)) = command.results else {
        panic!("{:?}", command.results)
    };
    assert_eq!(table.columns().unwrap()[0].type_name(), "quaternion");

    round_trip(ListClusters::new(), "[]").await;
    round_trip(ListClusters::new(), r#"[{"id":"c"},{"id":"d","status":""}]"#).await;
    round_trip(
        ExecuteCommand::new("c", "1", "x"),
        r#"{"id":"2","queue":{"position":3}}"#,
    )
    .await;
}

#[tokio::test]
async fn invariant_5_an_unknown_state_is_waited_through_and_an_unknown_result_handed_on() {
    let peer = Peer::start(|asked| {
        Reaction::json(match (asked.operation.as_str(), asked.time) {
            ("contexts/create", _) => r#"{"id":"1","flavour":"new"}"#,
            ("contexts/status", 1 | 2) => CONTEXT,
            ("contexts/status", _) => r#"{"id":"1","status":"Running"}"#,
            ("commands/execute", _) => r#"{"id":"2"}"#,
            ("commands/status", 1 | 2) => COMMAND,
            ("commands/status", _) => HOLOGRAM,
            _ => "",
        })
    })
    .await;
    let session = open(&api::Workspace::new(client_of(&peer)).cluster("c")).await;
    let mut waiter = session.submit("x").await.unwrap();
    match waiter.next().await.unwrap() {
        Progress::Waiting {
            status: Some(status), ..
        } => assert_eq!(status.as_str(), "Paused"),
        other => panic!("{other:?}"),
    }
    let Outcome::Finished(Results::Unrecognized(fields)) = waiter.await.unwrap() else {
        panic!("not finished")
    };
    assert_eq!(fields.read("resultType"), Some("hologram".to_owned()));
    assert_eq!((peer.count("contexts/status"), peer.count("commands/status")), (3, 3));
    session.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_5_the_command_line_shows_what_it_does_not_know() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, body) in [
        (&["clusters", "status"][..], CLUSTER),
        (&["contexts", "status", "--context", "1"], CONTEXT),
        (&["commands", "status", "--context", "1", "--command-id", "2"], COMMAND),
        (&["commands", "status", "--context", "1", "--command-id", "2"], HOLOGRAM),
        (&["libraries", "list"], LIBRARIES),
    ] {
        let (peer, _) = answering(body).await;
        let run = |format: &str| {
            let mut command = dbx12(home.path(), arguments);
            command
                .env("DATABRICKS_HOST", peer.host())
                .env("DATABRICKS_TOKEN", "dapi0");
            command.env("DATABRICKS_CLUSTER_ID", "c").args(["-o", format]);
            let finished = finish(command);
            assert_eq!(finished.code, Some(0), "{arguments:?}: {}", finished.stderr);
            finished.stdout
        };
        let json = run("json");
        assert!(json.contains(HUGE), "{json}");
        let value = |text: &str| serde_json::from_str::<Value>(&text.replace(HUGE, "0")).unwrap();
        assert_eq!(value(&json), value(body));
        run("text");
    }
}
