//! Clusters, libraries and the caller, as API 2.x tells of them: as much as clients need before they come to API 1.2.

use std::sync::Arc;

use bytes::Bytes;
use dbx12_types::{ClusterId, ClusterStatus, LibraryStatus};
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Gateway, json};
use crate::answer::Refusal;
use crate::cluster::Cluster;

/// The one parameter of all these calls.
#[derive(Deserialize)]
pub(super) struct OfCluster {
    cluster_id: Option<ClusterId>,
}

impl Gateway {
    /// `GET /api/2.0/preview/scim/v2/Me`.
    pub(super) fn me(&self) -> Response<Bytes> {
        let name = &self.access.username;
        json(json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "id": "1",
            "userName": name,
            "displayName": name,
            "active": true,
        }))
    }

    pub(super) fn list_clusters(&self) -> Response<Bytes> {
        let clusters: Vec<_> = self.registry.clusters.iter().map(|cluster| details(cluster)).collect();
        json(json!({ "clusters": clusters }))
    }

    pub(super) fn get_cluster(&self, asked: &OfCluster) -> Result<Response<Bytes>, Refusal> {
        Ok(json(details(self.cluster(asked)?)))
    }

    pub(super) fn start_cluster(&self, asked: &OfCluster) -> Result<Response<Bytes>, Refusal> {
        let cluster = self.cluster(asked)?;
        cluster.power_on().map_err(|status| unexpected(cluster, &status))?;
        Ok(json(json!({})))
    }

    pub(super) fn restart_cluster(&self, asked: &OfCluster) -> Result<Response<Bytes>, Refusal> {
        let cluster = self.cluster(asked)?;
        let is_off = matches!(
            cluster.info().status,
            ClusterStatus::Terminated | ClusterStatus::Terminating
        );
        if is_off || cluster.restart().is_err() {
            return Err(unexpected(cluster, &cluster.info().status));
        }
        Ok(json(json!({})))
    }

    /// `POST /api/2.1/clusters/delete`, which terminates the cluster and keeps it.
    pub(super) fn terminate_cluster(&self, asked: &OfCluster) -> Result<Response<Bytes>, Refusal> {
        self.cluster(asked)?.power_off();
        Ok(json(json!({})))
    }

    /// `GET /api/2.0/libraries/cluster-status`.
    pub(super) fn library_statuses(&self, asked: &OfCluster) -> Result<Response<Bytes>, Refusal> {
        let cluster = self.cluster(asked)?;
        let statuses: Vec<_> = cluster
            .libraries()
            .all()
            .into_iter()
            .map(|library| {
                json!({
                    "library": {"whl": library.uri},
                    "status": match library.status {
                        LibraryStatus::LibraryLoaded => "INSTALLED",
                        LibraryStatus::LibraryPending => "INSTALLING",
                        _ => "FAILED",
                    },
                    "messages": library.message.into_iter().collect::<Vec<_>>(),
                    "is_library_for_all_clusters": false,
                })
            })
            .collect();
        Ok(json(json!({"cluster_id": cluster.id(), "library_statuses": statuses})))
    }

    fn cluster(&self, asked: &OfCluster) -> Result<&Arc<Cluster>, Refusal> {
        let Some(id) = &asked.cluster_id else {
            return Err(invalid("Missing required field: cluster_id"));
        };
        // The words by which the official SDKs know a cluster that is not there.
        self.registry
            .find(id)
            .ok_or_else(|| invalid(&format!("Cluster {id} does not exist")))
    }
}

fn details(cluster: &Cluster) -> Value {
    let (info, standing) = (cluster.info(), cluster.standing().borrow().clone());
    json!({
        "cluster_id": info.id,
        "cluster_name": info.name,
        "state": state(&info.status),
        "state_message": standing.reason.unwrap_or_default(),
        "num_workers": info.num_workers,
        "spark_version": spark_version(cluster),
        "node_type_id": "local",
        "driver_node_type_id": "local",
        "cluster_source": "API",
        "data_security_mode": "NONE",
        "jdbc_port": info.jdbc_port,
    })
}

/// A version of the real runtime would be a lie, and more so without Spark.
fn spark_version(cluster: &Cluster) -> &'static str {
    if cluster.spark().is_sail() {
        concat!("custom:dbx12-local-", env!("CARGO_PKG_VERSION"), "-sail-not-spark")
    } else {
        concat!("custom:dbx12-local-", env!("CARGO_PKG_VERSION"))
    }
}

/// A status in the words of API 2.x.
fn state(status: &ClusterStatus) -> &'static str {
    match status {
        ClusterStatus::Running => "RUNNING",
        ClusterStatus::Pending => "PENDING",
        ClusterStatus::Restarting => "RESTARTING",
        ClusterStatus::Reconfiguring => "RESIZING",
        ClusterStatus::Terminating => "TERMINATING",
        ClusterStatus::Terminated => "TERMINATED",
        ClusterStatus::Error => "ERROR",
        _ => "UNKNOWN",
    }
}

fn unexpected(cluster: &Cluster, status: &ClusterStatus) -> Refusal {
    let message = format!("Cluster {} is in unexpected state {status}.", cluster.id());
    Refusal::gateway(StatusCode::BAD_REQUEST, "INVALID_STATE", message)
}

fn invalid(message: &str) -> Refusal {
    Refusal::gateway(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", message)
}
