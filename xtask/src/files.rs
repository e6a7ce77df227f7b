//! The workspace's files, found by walking: a source archive without git must pass the same checks.

use std::path::{Path, PathBuf};

use anyhow::Result;
use xshell::Shell;

/// Directories that hold what tools made, not what people wrote.
const SKIPPED: [&str; 3] = ["target", ".git", "__pycache__"];

/// A text file of the workspace.
#[derive(Debug)]
pub(crate) struct SourceFile {
    /// Where it is, from the workspace's root, with `/` between the parts on every system.
    pub(crate) path: String,
    /// What it holds.
    pub(crate) text: String,
}

/// Every file under `directory` (from the root; empty for all) whose name ends in one of `extensions`, sorted by path.
///
/// # Errors
/// When a directory cannot be listed or a file is not UTF-8.
pub(crate) fn read_all(sh: &Shell, directory: &str, extensions: &[&str]) -> Result<Vec<SourceFile>> {
    let root = sh.current_dir();
    let mut paths = Vec::new();
    walk(sh, &root.join(directory), &mut paths)?;
    paths.retain(|path| {
        path.extension()
            .is_some_and(|it| extensions.iter().any(|wanted| it == *wanted))
    });
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            Ok(SourceFile {
                text: sh.read_file(&path)?,
                path: relative(&root, &path),
            })
        })
        .collect()
}

fn walk(sh: &Shell, directory: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for path in sh.read_dir(directory)? {
        if path.is_symlink() {
            continue;
        }
        if !path.is_dir() {
            found.push(path);
        } else if !SKIPPED.iter().any(|name| path.ends_with(name)) {
            walk(sh, &path, found)?;
        }
    }
    Ok(())
}

fn relative(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    relative
        .iter()
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_text_and_skips_what_tools_made() -> Result<()> {
        let sh = Shell::new()?;
        let root = sh.create_temp_dir()?;
        sh.change_dir(root.path());
        for path in ["src/a.rs", "src/deep/b.rs", "src/c.bin", "target/d.rs", ".git/e.rs"] {
            sh.write_file(path, "text")?;
        }
        let found: Vec<_> = read_all(&sh, "", &["rs"])?.into_iter().map(|file| file.path).collect();
        assert_eq!(found, ["src/a.rs", "src/deep/b.rs"]);
        Ok(())
    }
}
