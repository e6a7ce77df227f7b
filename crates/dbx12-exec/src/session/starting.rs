//! A cluster that does not run is told to start.

use dbx12_api::Cluster;
use dbx12_api::http::{Error, RawRequest};

/// API 1.2 can only restart a cluster, and services refuse that for one that does not run: then the call that starts it
/// is one of API 2.1. Each is sent once.
///
/// # Errors
/// The failure of the last call; that of the first, where the service has no API 2.1.
pub(super) async fn start(cluster: &Cluster) -> Result<(), Error> {
    let refused = match cluster.restart().await {
        Ok(_) => return Ok(()),
        Err(error) if error.status().is_none() || error.maybe_delivered() => return Err(error),
        Err(error) => error,
    };
    let body = serde_json::json!({ "cluster_id": cluster.id() }).to_string();
    let request = RawRequest::post("/api/2.1/clusters/start").body("application/json", body);
    match cluster.client().raw(request).await {
        Ok(_) => Ok(()),
        Err(error) if error.status().is_some_and(|status| status.as_u16() == 404) => Err(refused),
        Err(error) => Err(error),
    }
}
