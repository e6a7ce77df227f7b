//! Waiting for a cluster to come to a state.

use crate::poll::Ticker;
use crate::{ExecError, PollBudget, PollSchedule};
use dbx12_api::Cluster;
use dbx12_api::types::{ClusterInfo, ClusterStatus};
use std::time::Duration;
use tokio::time::Instant;

/// How long a cluster may be down, or broken, before nothing seems to be on its way: a start takes hold only after a while.
const NOTHING_ON_ITS_WAY: Duration = Duration::from_secs(60);
/// How long looks may fail in a way that may pass.
const PATIENCE: Duration = Duration::from_secs(300);

/// Waits until a cluster is in a state, and returns what the server says of it then. `seen` is told each status.
///
/// There is no hidden timeout: a cluster that is starting is waited for as long as it starts. Dropping the future stops the
/// waiting and does nothing to the cluster.
///
/// # Errors
/// [`ExecError::ClusterUnavailable`] when it has been `Terminated` or in `Error` for a minute, and something else is waited
/// for; a failure of a call, when the server could not be asked for five minutes, or at once when that will not get better.
pub async fn wait_for_cluster(
    cluster: &Cluster,
    status: &ClusterStatus,
    mut seen: impl FnMut(&ClusterStatus),
) -> Result<ClusterInfo, ExecError> {
    let mut ticker = Ticker::new(PollSchedule::default(), PollBudget::of(cluster.client()), None);
    let mut answered = Instant::now();
    let mut down_since = None;
    loop {
        ticker.tick(None).await;
        let looked = cluster.status().await;
        ticker.plan_next();
        let info = match looked {
            Ok(info) => info,
            Err(error) if error.is_transient() && answered.elapsed() < PATIENCE => continue,
            Err(error) => return Err(error.into()),
        };
        answered = Instant::now();
        seen(&info.status);
        if info.status == *status {
            return Ok(info);
        }
        if !matches!(info.status, ClusterStatus::Terminated | ClusterStatus::Error) {
            down_since = None;
        } else if down_since.get_or_insert(answered).elapsed() >= NOTHING_ON_ITS_WAY {
            return Err(ExecError::ClusterUnavailable {
                cluster: cluster.id().clone(),
                status: info.status,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::server::{Answer, Reply, cluster};

    const PENDING: Reply = Answer(200, r#"{"id":"c","status":"Pending"}"#);
    const RUNNING: Reply = Answer(200, r#"{"id":"c","status":"Running"}"#);
    const TERMINATED: Reply = Answer(200, r#"{"id":"c","status":"Terminated"}"#);

    #[tokio::test(start_paused = true)]
    async fn a_start_that_takes_hold_late_and_looks_that_fail_are_waited_for() {
        let (cluster, _) = cluster(|_, count| match count {
            1 => TERMINATED,
            2 => Answer(502, "{}"),
            3..20 => PENDING,
            _ => RUNNING,
        });
        let mut states = Vec::new();
        let info = wait_for_cluster(&cluster, &ClusterStatus::Running, |status| states.push(status.clone())).await;
        assert_eq!(info.unwrap().status, ClusterStatus::Running);
        states.dedup();
        assert_eq!(
            states,
            [
                ClusterStatus::Terminated,
                ClusterStatus::Pending,
                ClusterStatus::Running
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_stays_down_is_waited_for_a_minute_and_for_terminated_not_at_all() {
        let (cluster, _) = cluster(|_, _| TERMINATED);
        let begun = Instant::now();
        let error = wait_for_cluster(&cluster, &ClusterStatus::Running, |_| {}).await;
        assert!(matches!(error, Err(ExecError::ClusterUnavailable { .. })), "{error:?}");
        let waited = begun.elapsed();
        assert!(
            waited >= NOTHING_ON_ITS_WAY && waited < 2 * NOTHING_ON_ITS_WAY,
            "{waited:?}"
        );

        let info = wait_for_cluster(&cluster, &ClusterStatus::Terminated, |_| {}).await;
        assert_eq!(info.unwrap().status, ClusterStatus::Terminated);
    }
}
