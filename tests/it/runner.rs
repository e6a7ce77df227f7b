//! Many jobs on real workspaces: several of them at once, followed, and in a journal.

use dbx12_exec::api::{self, Cluster};
use dbx12_exec::http::{Client, Credentials};
use dbx12_exec::types::{Language, Parameters, Results};
use dbx12_exec::{Closing, Job, JobEnd, JobEvent, Journal, Outcome, Runner};
use dbx12_local::Workspace;
use dbx12_tests::Witness;
use std::collections::HashMap;

async fn workspace() -> Workspace {
    Workspace::builder().without_spark().start().await.unwrap()
}

fn cluster(workspace: &Workspace) -> Cluster {
    api::Workspace::new(workspace.client()).cluster(workspace.cluster_id())
}

fn text(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Finished(Results::Text(text)) => text.as_str(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_script_runs_on_several_workspaces_with_many_parameters() {
    let workspaces = [workspace().await, workspace().await];
    let witnesses = workspaces.each_ref().map(Witness::new);
    let clusters: Vec<_> = std::iter::zip(&workspaces, &witnesses)
        .enumerate()
        .map(|(number, (workspace, witness))| {
            let client = Client::builder(format!("http://localhost:{}", 8000 + number))
                .credentials(Credentials::bearer(workspace.token()))
                .transport(witness.clone());
            api::Workspace::new(client.build().unwrap()).cluster(workspace.cluster_id())
        })
        .collect();
    let parameters = (0..12).map(|number| Parameters::default().with("n", number));
    let summary = Runner::new()
        .per_cluster(2)
        .map(&clusters, &Language::Python, "n * n", parameters)
        .summary()
        .await;
    assert!(summary.left.is_empty(), "{:?}", summary.left);
    for (index, report) in summary.reports.iter().enumerate() {
        assert!(report.end.is_success(), "{report:?}");
        assert_eq!(text(&report.steps[0]), (index * index).to_string());
    }
    for witness in witnesses {
        let made = witness.created().len();
        assert!((1..=2).contains(&made), "{made} contexts of at most 2");
        assert_eq!(witness.count("contexts/destroy"), made);
    }
    for workspace in workspaces {
        workspace.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_jobs_print_is_told_in_order_and_their_journal_is_empty_at_the_end() {
    let (workspace, folder) = (workspace().await, tempfile::tempdir().unwrap());
    let journal = Journal::open(folder.path().join("journal")).await.unwrap();
    let jobs = (0..3).map(|number| {
        Job::new(number.to_string(), &cluster(&workspace), Language::Python)
            .step(format!("print('begin {number}')"))
            .step(format!("print('end {number}')\n_ = {number} / {number}"))
    });
    let runner = Runner::new().per_cluster(3).follow(true).journal(&journal);
    let mut running = runner.run(jobs);
    let mut printed: HashMap<usize, String> = HashMap::new();
    while let Some(event) = running.next().await {
        if let JobEvent::Output { job, chunk, .. } = event {
            printed.entry(job).or_default().push_str(&chunk.text);
        }
    }
    for number in 0..3 {
        assert_eq!(printed[&number], format!("begin {number}\nend {number}\n"));
    }
    let summary = running.summary().await;
    assert!(
        matches!(summary.reports[0].end, JobEnd::Failed),
        "0 / 0: {:?}",
        summary.reports[0]
    );
    assert_eq!((summary.succeeded(), summary.failed()), (2, 1));
    assert!(summary.left.is_empty());

    let lines = std::fs::read_to_string(journal.path()).unwrap();
    assert!(lines.contains("submitted") && !lines.contains("print"), "{lines}");
    journal.compact().await.unwrap();
    assert_eq!(std::fs::read_to_string(journal.path()).unwrap(), "");
    workspace.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_a_dead_process_are_found_again_by_their_journal() {
    let (workspace, folder) = (workspace().await, tempfile::tempdir().unwrap());
    let path = folder.path().join("journal");
    let journal = Journal::open(&path).await.unwrap();
    let job = Job::new("long", &cluster(&workspace), Language::Python).step("import time; time.sleep(3600)");
    let mut running = Runner::new().journal(&journal).run([job]);
    let Some(JobEvent::Started { ids: Some(ids), .. }) = running.next().await else {
        panic!("it was not started")
    };
    // What a process that was killed leaves: its lines, under the name of somebody who is no more.
    let lines = std::fs::read_to_string(&path).unwrap();
    let dead = folder.path().join("dead");
    std::fs::write(&dead, lines.replace("\"owner\":\"", "\"owner\":\"dead-")).unwrap();
    let later = Journal::open(&dead).await.unwrap();
    let found = later
        .recover(&api::Workspace::new(workspace.client()), &Closing::new())
        .await
        .unwrap();
    let [recovered] = &found.recovered[..] else {
        panic!("{found:?}")
    };
    assert_eq!(*recovered.session.context().id(), ids.context);
    assert_eq!(*recovered.waiters[0].command().id(), ids.command);
    running.control().abort();
    assert_eq!(running.summary().await.failed(), 1);
    workspace.shutdown().await;
}
