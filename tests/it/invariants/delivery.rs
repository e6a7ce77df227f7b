//! Invariant 3: An operation that is not idempotent is delivered twice only if it surely was not processed the first
//! time. What a peer sees under every fault is counted in `faults.rs`.

use super::*;
use std::path::Path;

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
