//! What a cluster of a workspace is to be like.

use std::fmt;
use std::str::FromStr;

/// A cluster of a workspace, before it is made. As text: `NAME[:WORKERS][:terminated]`.
///
/// ```
/// use dbx12_local::ClusterSpec;
///
/// let spec: ClusterSpec = "etl:4:terminated".parse()?;
/// assert_eq!(spec, ClusterSpec::new("etl").workers(4).terminated(true));
/// # Ok::<(), dbx12_local::ClusterSpecError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterSpec {
    pub(crate) name: String,
    pub(crate) workers: u32,
    pub(crate) terminated: bool,
}

/// A text is no [`ClusterSpec`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no cluster: write NAME, NAME:WORKERS or NAME:WORKERS:terminated")]
#[non_exhaustive]
pub struct ClusterSpecError {
    /// What was given.
    pub text: String,
}

impl ClusterSpec {
    /// A cluster of this name, without workers, that runs.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            workers: 0,
            terminated: false,
        }
    }

    /// How many workers the cluster says to have. Python runs on the driver whatever their number.
    #[must_use]
    pub fn workers(mut self, workers: u32) -> Self {
        self.workers = workers;
        self
    }

    /// Whether it is `Terminated` and has to be started (`POST /api/2.1/clusters/start`) before it takes commands.
    #[must_use]
    pub fn terminated(mut self, terminated: bool) -> Self {
        self.terminated = terminated;
        self
    }
}

impl FromStr for ClusterSpec {
    type Err = ClusterSpecError;

    fn from_str(text: &str) -> Result<Self, ClusterSpecError> {
        let wrong = || ClusterSpecError { text: text.to_owned() };
        let mut parts = text.split(':');
        let name = parts.next().filter(|name| !name.trim().is_empty()).ok_or_else(wrong)?;
        let mut spec = Self::new(name);
        let mut rest = parts.collect::<Vec<_>>();
        if rest.last() == Some(&"terminated") {
            rest.pop();
            spec.terminated = true;
        }
        match rest[..] {
            [] => Ok(spec),
            [workers] => Ok(spec.workers(workers.parse().map_err(|_| wrong())?)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for ClusterSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.terminated { ":terminated" } else { "" };
        write!(f, "{}:{}{end}", self.name, self.workers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let spec = ClusterSpec::new("etl");
        for (text, expected) in [
            ("etl", spec.clone()),
            ("etl:2", spec.clone().workers(2)),
            ("etl:terminated", spec.clone().terminated(true)),
            ("etl:2:terminated", spec.workers(2).terminated(true)),
        ] {
            assert_eq!(text.parse(), Ok(expected.clone()));
            assert_eq!(expected.to_string().parse(), Ok(expected));
        }
        for text in ["", ":2", "etl:", "etl:x", "etl:-1", "etl:1:2", "etl:terminated:1"] {
            assert!(text.parse::<ClusterSpec>().is_err(), "{text}");
        }
    }
}
