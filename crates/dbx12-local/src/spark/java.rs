//! Finding a Java that Spark runs on.

use std::path::{Path, PathBuf};

use tracing::debug;

use super::SparkConfig;
use super::tool;

/// The versions that Spark runs on.
const VERSIONS: [u32; 2] = [17, 21];

/// The `java` of `JAVA_HOME`, or that of `PATH`, if Spark runs on it; `None` when there is none.
pub(super) async fn find(config: &SparkConfig) -> Option<PathBuf> {
    let variable = |name: &str| {
        let given = config.env.iter().find(|(given, _)| given == name);
        given.map(|(_, value)| value.clone()).or_else(|| std::env::var_os(name))
    };
    let of_home = variable("JAVA_HOME").map(|home| PathBuf::from(home).join("bin/java"));
    for java in of_home.into_iter().chain([PathBuf::from("java")]) {
        match version(config, &java).await {
            Ok(version) if VERSIONS.contains(&version) => return Some(java),
            Ok(version) => debug!(java = %java.display(), version, "Spark does not run on this Java"),
            Err(reason) => debug!(java = %java.display(), reason, "no Java"),
        }
    }
    None
}

async fn version(config: &SparkConfig, java: &Path) -> Result<u32, String> {
    let mut command = tool::command(config, java);
    command.arg("-version");
    let printed = tool::run(command).await?;
    major(&printed).ok_or_else(|| format!("no version in {printed:?}"))
}

/// The version in what `java -version` prints: `openjdk version "17.0.15" 2025-04-15`, `java version "1.8.0_402"`.
fn major(printed: &str) -> Option<u32> {
    let version = printed.split("version \"").nth(1)?;
    let mut numbers = version.split(|character: char| !character.is_ascii_digit());
    match numbers.next()?.parse().ok()? {
        1 => numbers.next()?.parse().ok(),
        major => Some(major),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_all_times_are_understood() {
        assert_eq!(
            major("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime"),
            Some(17)
        );
        assert_eq!(major("openjdk version \"21\" 2023-09-19"), Some(21));
        assert_eq!(major("java version \"1.8.0_402\""), Some(8));
        assert_eq!(major("openjdk version \"26-ea\""), Some(26));
        assert_eq!(major("command not found"), None);
    }
}
