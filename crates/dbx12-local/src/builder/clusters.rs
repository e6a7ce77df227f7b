//! The clusters of a workspace, from what was said of all of them.

use std::path::Path;
use std::sync::Arc;

use dbx12_types::ClusterId;

use super::WorkspaceBuilder;
use crate::cluster::{Cluster, ClusterConfig};
use crate::cluster_spec::ClusterSpec;
use crate::engine::PythonConfig;
use crate::faults::Journal;
use crate::plots::Plots;
use crate::spark::SparkConfig;

impl WorkspaceBuilder {
    /// Starts the clusters that were asked for, or the one that is there anyway. Their files are in `folder`, their commands
    /// in `journal`, their large pictures in `plots`.
    pub(super) fn clusters_in(&self, folder: &Path, journal: &Arc<Journal>, plots: &Arc<Plots>) -> Vec<Arc<Cluster>> {
        let the_one = [ClusterSpec::new(&self.cluster_name)];
        let specs = if self.clusters.is_empty() {
            &the_one[..]
        } else {
            &self.clusters
        };
        let other_ids = (2..).map(|number| ClusterId::from(format!("1234-567890-local{number}")));
        let ids = std::iter::once(self.cluster_id.clone()).chain(other_ids.filter(|id| *id != self.cluster_id));
        let configs = specs
            .iter()
            .zip(ids)
            .enumerate()
            .map(|(index, (spec, id))| ClusterConfig {
                id,
                name: spec.name.clone(),
                workers: spec.workers,
                terminated: spec.terminated,
                python: PythonConfig {
                    library_dir: Some(folder.join(format!("libraries-{index}"))),
                    scratch: Some(folder.to_owned()),
                    ..self.python.clone()
                },
                spark: SparkConfig {
                    source: self.spark.clone(),
                    python: self.python.interpreter.clone(),
                    env: self.python.env.clone(),
                    memory: self.spark_memory,
                    cache: self.cache.clone(),
                    master: self.spark_master.clone(),
                    properties: self.spark_properties.clone(),
                },
                max_contexts: self.max_contexts,
                row_limit: self.row_limit,
                journal: Arc::clone(journal),
                plots: Arc::clone(plots),
            });
        configs.map(Cluster::start).collect()
    }
}
