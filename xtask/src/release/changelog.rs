//! The changelog of a release: what was unreleased gets its version and date.

use anyhow::{Context, Result, bail};

use crate::release::version::Version;

const UNRELEASED: &str = "\n## Unreleased\n";

/// The changelog with its section `Unreleased` closed as that of `version`, and an empty one above.
///
/// # Errors
/// When there is no such section, or nothing in it: a release that changes nothing is a mistake.
pub(crate) fn close(text: &str, version: Version, date: &str) -> Result<String> {
    let (before, after) = text
        .split_once(UNRELEASED)
        .context("CHANGELOG.md has no section `## Unreleased`")?;
    let section = after.split("\n## ").next().unwrap_or_default();
    if section.trim().is_empty() {
        bail!("CHANGELOG.md says nothing under `## Unreleased`: what is in this release?");
    }
    Ok(format!("{before}{UNRELEASED}\n## {version} ({date})\n{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "2030-01-02";

    #[test]
    fn what_was_unreleased_belongs_to_the_version() -> Result<()> {
        let closed = close(
            "# Changelog\n\n## Unreleased\n\n* news\n\n## 0.1.0 (2029)\n\n* old\n",
            "0.2.0".parse()?,
            DATE,
        )?;
        let expected = "# Changelog\n\n## Unreleased\n\n## 0.2.0 (2030-01-02)\n\n* news\n\n## 0.1.0 (2029)\n\n* old\n";
        assert_eq!(closed, expected);
        Ok(())
    }

    #[test]
    fn a_release_without_news_is_refused() -> Result<()> {
        let version = "0.2.0".parse()?;
        for text in [
            "# Changelog\n",
            "# Changelog\n\n## Unreleased\n\n## 0.1.0 (2029)\n\n* old\n",
        ] {
            assert!(close(text, version, DATE).is_err(), "{text}");
        }
        Ok(())
    }
}
