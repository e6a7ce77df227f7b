//! The licences of what is compiled into the program: they ask to go where it goes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;
use xshell::{Shell, cmd};

/// Every package below the program, with what its licence is called and the texts that lie in it.
///
/// # Errors
/// When Cargo cannot tell, or a text is not UTF-8.
pub(crate) fn of_everything(sh: &Shell, target: &str) -> Result<String> {
    let mut text = "What is compiled into dbx12 beside its own code, and the licences it comes under.\n".to_owned();
    for package in packages(sh, target)? {
        let name = package["name"].as_str().context("a package without a name")?;
        let version = package["version"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or("see below");
        let _ = write!(text, "\n{:=<80}\n{name} {version}: {licence}\n", "");
        let manifest = package["manifest_path"]
            .as_str()
            .context("a package without a manifest")?;
        for file in texts_in(sh, Path::new(manifest).parent().unwrap_or(Path::new(".")))? {
            let _ = write!(text, "\n{}\n", sh.read_file(file)?.trim_end());
        }
    }
    Ok(text)
}

/// The packages of others that the program reaches, sorted.
fn packages(sh: &Shell, target: &str) -> Result<Vec<Value>> {
    let tree = [
        "--edges", "normal", "--prefix", "none", "--format", "{p}", "--target", target,
    ];
    let tree = cmd!(sh, "cargo tree --locked --package dbx12-cli {tree...}")
        .quiet()
        .read()?;
    let reached: BTreeSet<_> = tree.lines().filter_map(name_and_version).collect();
    let metadata = cmd!(
        sh,
        "cargo metadata --format-version 1 --locked --filter-platform {target}"
    );
    let mut metadata: Value = serde_json::from_str(&metadata.quiet().read()?)?;
    let packages = metadata["packages"].as_array_mut().context("Cargo names no packages")?;
    packages.retain(|package| {
        let name = package["name"].as_str().unwrap_or_default();
        let version = package["version"].as_str().unwrap_or_default();
        !package["source"].is_null() && reached.contains(&(name, version))
    });
    Ok(std::mem::take(packages))
}

/// From a line of `cargo tree`: `memchr v2.7.6`.
fn name_and_version(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split(' ');
    Some((words.next()?, words.next()?.strip_prefix('v')?))
}

fn texts_in(sh: &Shell, directory: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut files = sh.read_dir(directory)?;
    files.retain(|file| {
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .to_ascii_uppercase();
        file.is_file()
            && ["LICENSE", "LICENCE", "COPYING", "NOTICE", "COPYRIGHT"]
                .iter()
                .any(|it| name.starts_with(it))
    });
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_tree_names_a_package() {
        assert_eq!(name_and_version("memchr v2.7.6"), Some(("memchr", "2.7.6")));
        assert_eq!(name_and_version("ring v0.17.14 (*)"), Some(("ring", "0.17.14")));
        assert_eq!(name_and_version(""), None);
    }
}
