//! `dbx12 clusters wait`.

use crate::arguments::{ClusterWait, Global};
use crate::connect;
use crate::failure::{Exit, Failure};
use crate::output::{Output, note};
use dbx12_exec::api::{Cluster, Workspace};
use dbx12_exec::types::ClusterStatus;
use dbx12_exec::wait_for_cluster;
use std::time::Duration;
use tokio::time::timeout;

pub(crate) async fn wait(arguments: ClusterWait, global: &Global, output: Output) -> Result<(), Failure> {
    let workspace = Workspace::new(connect::client(global)?);
    let limit = arguments.timeout.unwrap_or(Duration::MAX);
    let mut last = None;
    let waiting = async {
        let cluster = named(&workspace, &arguments.cluster).await?;
        let told = |status: &ClusterStatus| {
            if last.as_ref() != Some(status) {
                note(&format!("{} is {status}", arguments.cluster));
                last = Some(status.clone());
            }
        };
        Ok::<_, Failure>(wait_for_cluster(&cluster, &arguments.state, told).await?)
    };
    let Ok(waited) = timeout(limit, waiting).await else {
        let limit = humantime::format_duration(limit);
        let seen = last.map_or_else(|| "it was not seen".to_owned(), |status| format!("it is {status}"));
        let message = format!(
            "{} was not {} within {limit}; {seen}",
            arguments.cluster, arguments.state
        );
        return Err(Failure::new(Exit::Timeout, message));
    };
    output.answer(&waited?, |info| info.id.to_string())
}

/// By its id, else by its name.
async fn named(workspace: &Workspace, id_or_name: &str) -> Result<Cluster, Failure> {
    let clusters = workspace.clusters().await?;
    if clusters.iter().any(|info| info.id.as_str() == id_or_name) {
        return Ok(workspace.cluster(id_or_name));
    }
    let has_name = |name: &Option<String>| name.as_deref() == Some(id_or_name);
    let mut named = clusters.iter().filter(|info| has_name(&info.name));
    match (named.next(), named.next()) {
        (Some(only), None) => Ok(workspace.cluster(only.id.clone())),
        // The server says whether it knows the id: the list may be cut to what one may see.
        (None, _) => Ok(workspace.cluster(id_or_name)),
        (Some(_), Some(_)) => {
            let ids = clusters.iter().filter(|info| has_name(&info.name));
            let ids: Vec<_> = ids.map(|info| info.id.to_string()).collect();
            let message = format!("several clusters are named {id_or_name}; say which: {}", ids.join(", "));
            Err(Failure::usage(message))
        }
    }
}
