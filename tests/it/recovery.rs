//! A client is killed at every step; the next one finds what it left, and nothing runs twice.

use dbx12_exec::api;
use dbx12_exec::types::{GetContext, Results};
use dbx12_exec::{Closing, Journal, Outcome};
use dbx12_tests::{Road, Way};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_killed_at_any_step_is_recovered_from() {
    let home = tempfile::tempdir().unwrap();
    let builder = dbx12_local::Workspace::builder().env("DBX12_TEST_HOME", home.path());
    let road = Road::to(builder.start().await.unwrap(), Way::Http).await;
    let mut met = BTreeSet::new();
    for step in 0..40 {
        let (journal, ran) = (
            home.path().join(format!("{step}")),
            home.path().join(format!("{step}.ran")),
        );
        let survived = victim(&road, &journal, &ran, step).await;
        let found = recover(&road, &journal, &ran, survived).await;
        met.insert(found);
        if survived {
            let expected = ["collected", "destroyed", "maybe opened", "nothing", "unknown"];
            assert!(met.iter().all(|found| expected.contains(found)), "{met:?}");
            assert!(met.contains("collected") && met.contains("destroyed"), "{met:?}");
            assert!(step > 8, "it died {step} times only");
            return road.workspace().shutdown().await;
        }
    }
    panic!("it never came to its end");
}

/// Runs a client that writes a line to a file by way of its context; whether it came to its end.
async fn victim(road: &Road, journal: &Path, ran: &Path, step: u32) -> bool {
    let code = format!("open({:?}, 'a').write('ran\\n')\n'result'", ran.display().to_string());
    let mut command = Command::new(env!("CARGO_BIN_EXE_victim"));
    command.arg(journal);
    command.args([road.client().host().to_string(), road.workspace().token().to_owned()]);
    command.args([road.workspace().cluster_id().to_string(), code, step.to_string()]);
    let ended = tokio::task::spawn_blocking(move || command.status().unwrap());
    let status = ended.await.unwrap();
    assert!(status.success() || status.code().is_none(), "{status}");
    status.success()
}

/// Recovers, and says what was found.
async fn recover(road: &Road, path: &Path, ran: &Path, survived: bool) -> &'static str {
    let journal = Journal::open(path).await.unwrap();
    let contexts = contexts_in(path);
    let workspace = api::Workspace::new(road.client());
    let recovery = journal.recover(&workspace, &Closing::new()).await.unwrap();
    assert!(recovery.left.is_empty(), "{recovery:?}");
    let mut found = match (recovery.destroyed.is_empty(), recovery.maybe_opened.is_empty()) {
        (false, _) => "destroyed",
        (true, false) => "maybe opened",
        (true, true) => "nothing",
    };
    for recovered in recovery.recovered {
        found = "unknown";
        for waiter in recovered.waiters {
            let outcome = waiter.await.unwrap();
            // Its context may have been destroyed just before the client died.
            if let Outcome::Finished(Results::Text(text)) = &outcome {
                assert_eq!((text.as_str(), times(ran)), ("'result'", 1));
            } else {
                panic!("{outcome:?}");
            }
            found = "collected";
        }
        recovered.session.close().await.unwrap();
    }
    assert!(times(ran) <= 1, "it ran {} times", times(ran));
    assert!(!survived || times(ran) == 1);
    for context in contexts {
        let request = GetContext::new(road.workspace().cluster_id(), context.as_str());
        let looked = road.client().send(&request).await;
        assert!(
            looked.is_err_and(|error| error.is_context_not_found()),
            "{context} is left"
        );
    }
    if found == "maybe opened" {
        // The one thing that nobody can find by the API: a context whose id was never heard of.
        workspace
            .cluster(road.workspace().cluster_id())
            .restart()
            .await
            .unwrap();
        road.workspace().ready().await.unwrap();
    }
    found
}

fn contexts_in(journal: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(journal).unwrap();
    let lines = text
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    lines
        .filter_map(|line| Some(line["context"].as_str()?.to_owned()))
        .collect()
}

fn times(ran: &Path) -> usize {
    std::fs::read_to_string(ran).unwrap_or_default().lines().count()
}
