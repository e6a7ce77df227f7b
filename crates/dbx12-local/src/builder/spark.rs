//! Which Spark a workspace has.

use std::path::PathBuf;

use super::WorkspaceBuilder;
use crate::spark::{Source, SparkConnectAddress, SparkMaster};

impl WorkspaceBuilder {
    /// Runs `sql`, `scala` and Python's `spark` on a Spark 4 that is there: the folder with `jars` in it, which is that of the
    /// package `pyspark` or a `SPARK_HOME`. Default: `pyspark` is installed from PyPI when a context first needs it, into a
    /// folder of its own below [`cache`](Self::cache), and a Java too where neither `JAVA_HOME` nor `PATH` has 17 or 21.
    #[must_use]
    pub fn spark_home(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spark = Source::Home(folder.into());
        self
    }

    /// Does without Spark: `sql` and `scala` are refused.
    #[must_use]
    pub fn without_spark(mut self) -> Self {
        self.spark = Source::Off;
        self
    }

    /// Runs jobs on another Spark cluster, a standalone one of the same version. The driver stays here, with all that SQL,
    /// Scala and Python need; it listens on the interface that leads to the master, and that cluster must reach it there.
    /// **Unless you set `spark.authenticate` and its secret** by [`spark_property`](Self::spark_property), who reaches it
    /// can run code as you. Tables are files in `spark.sql.warehouse.dir`, which is a folder of this machine unless you name one
    /// that all machines have. Default: all cores of this machine.
    #[must_use]
    pub fn spark_master(mut self, master: SparkMaster) -> Self {
        self.spark_master = master;
        self
    }

    /// A property of Spark, over those that the workspace sets. One that is not started here has its own.
    #[must_use]
    pub fn spark_property(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.spark_properties.push((name.into(), value.into()));
        self
    }

    /// Runs `sql` and Python's `spark` on a Spark 4 somewhere else, over Spark Connect; its client is installed from PyPI on
    /// first need. `scala` is refused: it runs inside of Spark's process, which this one is not. The code of a context can read
    /// a token that is in the address.
    #[must_use]
    pub fn spark_remote(mut self, address: SparkConnectAddress) -> Self {
        self.spark = Source::Remote(address);
        self
    }

    /// Runs `sql` and Python's `spark` on Sail, a light engine that needs no Java and is up in a second. **It is not Spark**:
    /// it lacks statements, words errors otherwise, and a table is its context's own. It is installed from PyPI on first need, and
    /// listens on the loopback interface without a password: other users of this machine can run code in it as you.
    #[must_use]
    pub fn sail(mut self) -> Self {
        self.spark = Source::Sail;
        self
    }

    /// Most bytes of the heap of Spark; its process needs about twice of it. Default: 1 GiB.
    #[must_use]
    pub fn spark_memory(mut self, bytes: u64) -> Self {
        self.spark_memory = bytes;
        self
    }
}
