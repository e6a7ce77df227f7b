//! `dbx12 clusters wait`.

use crate::arguments::{ClusterWait, Global};
use crate::connect;
use crate::failure::{Exit, Failure};
use crate::output::{Output, note};
use dbx12_exec::types::ClusterStatus;
use dbx12_exec::wait_for_cluster;
use std::time::Duration;
use tokio::time::timeout;

pub(crate) async fn wait(arguments: ClusterWait, global: &Global, output: Output) -> Result<(), Failure> {
    let client = connect::client(global)?;
    let limit = arguments.timeout.unwrap_or(Duration::MAX);
    let mut last = None;
    let waiting = async {
        let cluster = connect::cluster(&arguments.cluster, client).await?;
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
