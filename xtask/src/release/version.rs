//! Versions of releases, and the one place where they are written.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Error, Result, bail};

/// What a release may change. Before 1.0, Cargo reads the second number as the first: [`Level::Minor`] may break callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Major,
    Minor,
    Patch,
}

impl FromStr for Level {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "major" => Ok(Self::Major),
            "minor" => Ok(Self::Minor),
            "patch" => Ok(Self::Patch),
            _ => bail!("a release is `major`, `minor` or `patch`, not `{text}`"),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Major => "major",
            Self::Minor => "minor",
            Self::Patch => "patch",
        })
    }
}

/// A version without pre-release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version([u64; 3]);

impl Version {
    /// The one that a release of `level` has after this one.
    pub(crate) fn next(self, level: Level) -> Self {
        let Self([major, minor, patch]) = self;
        Self(match level {
            Level::Major => [major + 1, 0, 0],
            Level::Minor => [major, minor + 1, 0],
            Level::Patch => [major, minor, patch + 1],
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([major, minor, patch]) = self;
        write!(f, "{major}.{minor}.{patch}")
    }
}

impl FromStr for Version {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts: Result<Vec<u64>, _> = text.split('.').map(str::parse).collect();
        let parts = parts.with_context(|| format!("`{text}` is not a version of three numbers"))?;
        match parts.try_into() {
            Ok(parts) => Ok(Self(parts)),
            Err(_) => bail!("`{text}` is not a version of three numbers"),
        }
    }
}

/// The version that all members inherit, from the text of the workspace's manifest.
pub(crate) fn current(manifest: &str) -> Result<Version> {
    let line = manifest.lines().find_map(|line| line.strip_prefix("version = \""));
    line.and_then(|rest| rest.strip_suffix('"'))
        .context("the workspace's manifest has no line `version = \"…\"`")?
        .parse()
}

/// The workspace's manifest with another version: that of the members, and the exact one in which they ask for each other.
pub(crate) fn raise(manifest: &str, next: Version) -> Result<String> {
    let now = current(manifest)?;
    let members = manifest.replacen(&format!("\nversion = \"{now}\""), &format!("\nversion = \"{next}\""), 1);
    Ok(members.replace(&format!("version = \"={now}\""), &format!("version = \"={next}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "\
[workspace.package]
version = \"0.1.9\"
edition = \"2024\"

[workspace.dependencies]
dbx12-types = { path = \"crates/dbx12-types\", version = \"=0.1.9\" }
other = \"0.1.9\"
another = { version = \"0.1.9\" }
";

    #[test]
    fn each_level_raises_its_number_and_clears_those_behind() -> Result<()> {
        let version: Version = "1.2.3".parse()?;
        let raised = |level| version.next(level).to_string();
        assert_eq!(raised(Level::Major), "2.0.0");
        assert_eq!(raised(Level::Minor), "1.3.0");
        assert_eq!(raised(Level::Patch), "1.2.4");
        Ok(())
    }

    #[test]
    fn what_is_not_a_version_or_a_level_is_refused() {
        for text in ["", "1.2", "1.2.3.4", "1.2.x", "1.2.3-alpha"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
        assert!("huge".parse::<Level>().is_err());
    }

    #[test]
    fn members_and_their_pins_are_raised_and_nothing_of_others() -> Result<()> {
        let raised = raise(MANIFEST, "0.1.10".parse()?)?;
        let expected = MANIFEST
            .replacen("\nversion = \"0.1.9\"", "\nversion = \"0.1.10\"", 1)
            .replace("=0.1.9", "=0.1.10");
        assert_eq!(raised, expected);
        assert!(raised.contains("other = \"0.1.9\"") && raised.contains("{ version = \"0.1.9\" }"));
        Ok(())
    }
}
