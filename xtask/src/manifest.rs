//! The few facts of a `Cargo.toml` that `cargo metadata` does not tell: what is inherited from the workspace.
//!
//! A line reader, not a TOML parser: our manifests are formatted plainly, and a form it does not understand counts as
//! missing, so that the check fails rather than passes.

/// Whether `section` (as `lints`; empty for the top level) says `key = true`.
///
/// `says_true(text, "package", "version.workspace")` is true for `version.workspace = true` under `[package]`.
pub(crate) fn says_true(manifest: &str, section: &str, key: &str) -> bool {
    let mut current = "";
    manifest.lines().map(without_comment).any(|line| {
        if let Some(header) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            current = header.trim();
            return false;
        }
        current == section
            && line
                .split_once('=')
                .is_some_and(|(name, value)| name.trim() == key && value.trim() == "true")
    })
}

fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str =
        "[package]\nversion.workspace = true # lockstep\nedition = \"2024\"\n\n[lints]\nworkspace = true\n";

    #[test]
    fn finds_a_key_in_its_section_only() {
        assert!(says_true(MANIFEST, "package", "version.workspace"));
        assert!(says_true(MANIFEST, "lints", "workspace"));
        assert!(!says_true(MANIFEST, "package", "edition.workspace"));
        assert!(!says_true(MANIFEST, "dependencies", "workspace"));
        assert!(!says_true(
            "[package]\n# version.workspace = true\n",
            "package",
            "version.workspace"
        ));
        assert!(!says_true("[lints]\nworkspace = false\n", "lints", "workspace"));
    }
}
