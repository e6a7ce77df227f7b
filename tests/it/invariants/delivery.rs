//! Invariant 3: An operation that is not idempotent is delivered twice only if it surely was not processed the first
//! time.

use super::*;
use dbx12_exec::http::{BoxFuture, Error};
use dbx12_exec::types::{
    CancelCommand, CreateContext, DestroyContext, Endpoint, ExecuteCommand, GetCluster, GetCommand, GetContext,
    Idempotency, ListClusters, ListLibraries, RestartCluster, UploadLibrary, endpoint,
};
use std::path::Path;

/// An operation that can be asked for again and again.
struct Operation {
    name: &'static str,
    idempotency: Idempotency,
    ask: Box<dyn Fn(Client) -> BoxFuture<'static, Result<(), Error>> + Send + Sync>,
}

impl Operation {
    fn new<E: Endpoint + Clone + 'static>(request: E) -> Self {
        let ask = move |client: Client| {
            let request = request.clone();
            Box::pin(async move { client.send(&request).await.map(drop) }) as BoxFuture<'static, _>
        };
        Self {
            name: E::PATH.trim_start_matches("/api/1.2/"),
            idempotency: E::IDEMPOTENCY,
            ask: Box::new(ask),
        }
    }

    fn all() -> [Self; 11] {
        [
            Self::new(ListClusters::new()),
            Self::new(GetCluster::new("c")),
            Self::new(RestartCluster::new("c")),
            Self::new(CreateContext::new("c", Language::Python)),
            Self::new(GetContext::new("c", "1")),
            Self::new(DestroyContext::new("c", "1")),
            Self::new(ExecuteCommand::new("c", "1", "print(1)")),
            Self::new(GetCommand::new("c", "1", "2")),
            Self::new(CancelCommand::new("c", "1", "2")),
            Self::new(ListLibraries::new("c")),
            Self::new(UploadLibrary::new("c", "l", Language::Python, "file:/l.whl")),
        ]
    }
}

/// What a peer's reaction says of a request that it has read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Says {
    /// It was refused before it was processed.
    Refused,
    /// Nothing: it may have been processed.
    Nothing,
    /// It was turned down for good.
    TurnedDown,
}

fn reactions() -> Vec<(Reaction, Says)> {
    let http = |status: &str, headers: &str, body: &str| Reaction::http(status, headers, body);
    let backend = |error: &str| http("500 Internal Server Error", "", &format!(r#"{{"error":"{error}"}}"#));
    vec![
        (Reaction::Reset(Vec::new()), Says::Nothing),
        (Reaction::Close(Vec::new()), Says::Nothing),
        (
            Reaction::Close(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\"".to_vec()),
            Says::Nothing,
        ),
        (Reaction::Silence, Says::Nothing),
        (http("502 Bad Gateway", "", ""), Says::Nothing),
        (http("503 Service Unavailable", "", ""), Says::Nothing),
        (http("504 Gateway Timeout", "", "<html></html>"), Says::Nothing),
        (http("408 Request Timeout", "", ""), Says::Nothing),
        (backend("RuntimeException: Timed out after 10 s"), Says::Nothing),
        (http("429 Too Many Requests", "", ""), Says::Refused),
        (http("429 Too Many Requests", "Retry-After: 0\r\n", ""), Says::Refused),
        (http("503 Service Unavailable", "Retry-After: 0\r\n", ""), Says::Refused),
        (
            backend("ClusterNotReadyException: Cluster c not currently ready for driver client"),
            Says::Refused,
        ),
        (backend("IllegalArgumentException: no"), Says::TurnedDown),
        (http("400 Bad Request", "", ""), Says::TurnedDown),
        (http("403 Forbidden", "", ""), Says::TurnedDown),
        (http("302 Found", "Location: /login.html\r\n", ""), Says::TurnedDown),
    ]
}

#[tokio::test]
async fn invariant_3_every_operation_reaches_a_peer_as_often_as_it_may() {
    let operations = Operation::all();
    assert_eq!(
        operations.each_ref().map(|operation| operation.idempotency),
        endpoint::all().map(|operation| operation.idempotency)
    );
    for (reaction, says) in reactions() {
        let reacts = reaction.clone();
        let peer = Peer::start(move |_| reacts.clone()).await;
        let calls = operations.each_ref().map(|operation| {
            // Each has a client of its own: clients share a budget of attempts.
            let client = Client::builder(peer.host())
                .credentials(Credentials::none())
                .retry(quick());
            let client = client.attempt_timeout(Duration::from_millis(200)).build().unwrap();
            tokio::spawn((operation.ask)(client))
        });
        for (operation, call) in operations.iter().zip(calls) {
            let error = call.await.unwrap().unwrap_err();
            let may_be_repeated = match says {
                Says::Nothing => operation.idempotency == Idempotency::Idempotent,
                Says::Refused => true,
                Says::TurnedDown => false,
            };
            let context = format!("{} {reaction:?}: {error}", operation.name);
            assert_eq!(
                peer.count(operation.name),
                if may_be_repeated { 4 } else { 1 },
                "{context}"
            );
            assert_eq!(error.attempts() as usize, peer.count(operation.name), "{context}");
            assert_eq!(error.maybe_delivered(), says == Says::Nothing, "{context}");
        }
    }
}

/// A program of which one can see how often it ran.
fn counting(file: &Path) -> (String, impl Fn() -> usize + use<>) {
    let file = file.to_owned();
    let code = format!(
        "with open({:?}, 'a') as runs: print('ran', file=runs)",
        file.display().to_string()
    );
    (code, move || {
        std::fs::read_to_string(&file).unwrap_or_default().lines().count()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_3_code_runs_once_whatever_happens_to_its_request() {
    // What happens to the request of each program: one after another, in one context.
    const PROGRAMS: [(&[Fate], usize); 5] = [
        (&[Fate::Arrive], 1),
        (&[Fate::LoseAnswer], 1),
        (&[Fate::LoseRequest], 0),
        (&[Fate::Refuse(429), Fate::Refuse(503), Fate::Arrive], 1),
        (&[Fate::Refuse(429), Fate::LoseAnswer], 1),
    ];
    let workspace = Workspace::start().await.unwrap();
    let witness = Witness::interfering(&workspace, |operation, time| match operation {
        "commands/execute" => PROGRAMS
            .iter()
            .flat_map(|(fates, _)| *fates)
            .nth(time - 1)
            .copied()
            .unwrap_or(Fate::Arrive),
        _ => Fate::Arrive,
    });
    // What is found out by asking is in `at_most_once.rs`.
    let session = Session::builder(&cluster_behind(&witness, &workspace), Language::Python).at_most_once(false);
    let session = session.open().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut counters = Vec::new();
    for (number, (fates, ran)) in PROGRAMS.into_iter().enumerate() {
        let sent_before = witness.count("commands/execute");
        let (code, runs) = counting(&folder.path().join(number.to_string()));
        let ended = session.run(code).await;
        counters.push((fates, ran, runs));
        assert_eq!(
            witness.count("commands/execute") - sent_before,
            fates.len(),
            "{fates:?}"
        );
        match (fates.last(), &ended) {
            (Some(Fate::Arrive), Ok(Outcome::Finished(_))) => {}
            (_, Err(ExecError::SubmissionUnknown { context, source, .. })) => {
                assert!(context == session.context().id() && source.maybe_delivered());
            }
            _ => panic!("{fates:?}: {ended:?}"),
        }
    }
    // Commands of a context run one after another: when this one has run, so have those before it.
    session.run("1").await.unwrap().ok().unwrap();
    for (fates, ran, runs) in counters {
        assert_eq!(runs(), ran, "{fates:?}");
    }
    session.close().await.unwrap();
    workspace.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_3_a_context_is_made_once_and_a_cluster_restarted_once() {
    let workspace = Workspace::start().await.unwrap();
    let lose = |lost: &'static str| {
        Witness::interfering(&workspace, move |operation, time| match time {
            1 if operation == lost => Fate::LoseAnswer,
            _ => Fate::Arrive,
        })
    };
    let witness = lose("contexts/create");
    let error = Session::open(&cluster_behind(&witness, &workspace), Language::Python)
        .await
        .unwrap_err();
    let ExecError::Call(call) = &error else {
        panic!("{error:?}")
    };
    assert!(
        call.maybe_delivered() && call.to_string().contains("may have been carried out"),
        "{call}"
    );
    assert_eq!((witness.count("contexts/create"), witness.created().len()), (1, 1));

    let witness = lose("clusters/restart");
    let error = cluster_behind(&witness, &workspace).restart().await.unwrap_err();
    assert!(error.maybe_delivered() && witness.count("clusters/restart") == 1);

    // What may be repeated is, until it is known.
    let witness = lose("contexts/destroy");
    workspace.ready().await.unwrap();
    let session = open(&cluster_behind(&witness, &workspace)).await;
    session
        .close()
        .await
        .expect("the second answer, that there is no such context, is one");
    assert_eq!(witness.count("contexts/destroy"), 2);
    workspace.shutdown().await;
}
