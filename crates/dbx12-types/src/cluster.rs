//! Clusters: list, look at, restart.

use crate::ClusterId;

open_enum! {
    /// What a cluster is doing.
    pub enum ClusterStatus {
        /// It could not be started, or broke.
        Error = "Error",
        /// It is starting.
        Pending = "Pending",
        /// Its size is changing; it takes commands meanwhile.
        Reconfiguring = "Reconfiguring",
        /// It is restarting.
        Restarting = "Restarting",
        /// It takes commands.
        Running = "Running",
        /// It is stopped and can be started again.
        Terminated = "Terminated",
        /// It is stopping.
        Terminating = "Terminating",
        /// The server itself does not know.
        Unknown = "Unknown",
    }
}

impl ClusterStatus {
    /// Whether contexts can be created: `Running`, and `Reconfiguring` (the official clients run on a cluster that is
    /// being resized).
    pub fn takes_commands(&self) -> bool {
        matches!(self, Self::Running | Self::Reconfiguring)
    }
}

message! {
    /// A cluster, as `clusters/list` and `clusters/status` describe it.
    pub struct ClusterInfo {
        /// Its id.
        id: ClusterId = "id",
        /// Its name, as people gave it. Not unique.
        name: Option<String> = "name",
        /// What it is doing.
        status: ClusterStatus = "status",
        /// The driver's IP address; empty while there is no driver.
        driver_ip: Option<String> = "driverIp",
        /// The port of JDBC on the driver. Some servers send it as text.
        ///
        /// Text is in `extra`.
        jdbc_port: Option<u16> = "jdbcPort",
        /// How many workers it has, the driver not counted.
        num_workers: Option<u32> = "numWorkers",
    }
}

impl ClusterInfo {
    /// A cluster with the fields that say the most; set the others as needed.
    pub fn new(id: impl Into<ClusterId>, name: impl Into<String>, status: ClusterStatus) -> Self {
        Self {
            id: id.into(),
            name: Some(name.into()),
            status,
            driver_ip: None,
            jdbc_port: None,
            num_workers: None,
            extra: crate::Fields::default(),
        }
    }
}

message! {
    /// `GET /api/1.2/clusters/list`: all clusters of the workspace.
    #[derive(Default)]
    pub struct ListClusters {}
}

impl ListClusters {
    /// The request. It has no parameters.
    pub fn new() -> Self {
        Self::default()
    }
}

message! {
    /// `GET /api/1.2/clusters/status`: one cluster.
    pub struct GetCluster {
        /// Which cluster.
        cluster_id: ClusterId = "clusterId",
    }
}

impl GetCluster {
    /// Asks for one cluster.
    pub fn new(cluster_id: impl Into<ClusterId>) -> Self {
        Self {
            cluster_id: cluster_id.into(),
            extra: crate::Fields::default(),
        }
    }
}

message! {
    /// `POST /api/1.2/clusters/restart`: restarts a cluster. Its contexts end.
    pub struct RestartCluster {
        /// Which cluster.
        cluster_id: ClusterId = "clusterId",
    }
}

impl RestartCluster {
    /// Asks for a restart.
    pub fn new(cluster_id: impl Into<ClusterId>) -> Self {
        Self {
            cluster_id: cluster_id.into(),
            extra: crate::Fields::default(),
        }
    }
}

message! {
    /// The answer to [`RestartCluster`].
    #[derive(Default)]
    pub struct RestartedCluster {
        /// The cluster, where the server names it.
        id: Option<ClusterId> = "id",
    }
}

impl RestartedCluster {
    /// The answer that names the cluster.
    pub fn new(id: impl Into<ClusterId>) -> Self {
        Self {
            id: Some(id.into()),
            extra: crate::Fields::default(),
        }
    }
}
