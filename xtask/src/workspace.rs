//! The workspace as Cargo sees it: `cargo metadata`, reduced to what the checks ask.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;
use xshell::{Shell, cmd};

/// A member of the workspace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Where it is.
    pub(crate) directory: PathBuf,
    /// The text of its `Cargo.toml`.
    pub(crate) manifest: String,
    /// Whether it may go to a registry.
    pub(crate) published: bool,
    /// What it declares under `[dependencies]` and its siblings.
    pub(crate) dependencies: Vec<Dependency>,
    /// Its features and what each turns on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
}

/// A declared dependency.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dependency {
    /// The package it names.
    pub(crate) name: String,
    /// Whether only tests, benches and examples see it.
    pub(crate) dev: bool,
    /// Whether a feature must turn it on.
    pub(crate) optional: bool,
    /// The version requirement, as `=0.1.0`.
    pub(crate) requirement: String,
    /// Whether it is a member of this workspace.
    pub(crate) ours: bool,
}

impl Package {
    /// Whether something is on by default that could be off.
    pub(crate) fn has_default_features(&self) -> bool {
        self.features
            .get("default")
            .is_some_and(|features| !features.is_empty())
    }
}

/// Packages that are workspaces of their own, so that an ordinary build does not compile them: their directories.
pub(crate) const APART: [&str; 2] = ["tests/bench", "tests/fuzz"];

/// Where Cargo puts what it builds.
///
/// # Errors
/// When Cargo cannot read the workspace or says something unexpected.
pub(crate) fn target_directory(sh: &Shell) -> Result<PathBuf> {
    let text = cmd!(sh, "cargo metadata --format-version 1 --no-deps").quiet().read()?;
    Ok(self::text(&serde_json::from_str(&text)?, "target_directory")?.into())
}

/// All members, sorted by name.
///
/// # Errors
/// When Cargo cannot read the workspace or says something unexpected.
pub(crate) fn load(sh: &Shell) -> Result<Vec<Package>> {
    // Without the dependencies' own packages: those of other platforms would have to be downloaded first.
    let text = cmd!(sh, "cargo metadata --format-version 1 --no-deps").quiet().read()?;
    let mut packages = parse(&serde_json::from_str(&text)?)?;
    for package in &mut packages {
        package.manifest = sh.read_file(package.directory.join("Cargo.toml"))?;
    }
    Ok(packages)
}

/// All members, sorted by name, without the text of their manifests.
fn parse(metadata: &Value) -> Result<Vec<Package>> {
    let mut packages = list(metadata, "packages")?
        .iter()
        .map(package)
        .collect::<Result<Vec<_>>>()?;
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(packages)
}

fn package(value: &Value) -> Result<Package> {
    Ok(Package {
        name: text(value, "name")?,
        version: text(value, "version")?,
        directory: Path::new(&text(value, "manifest_path")?)
            .parent()
            .map(Path::to_path_buf)
            .unwrap_or_default(),
        manifest: String::new(),
        // `null` is "anywhere", `[]` is `publish = false`.
        published: value["publish"]
            .as_array()
            .is_none_or(|registries| !registries.is_empty()),
        dependencies: list(value, "dependencies")?
            .iter()
            .map(dependency)
            .collect::<Result<_>>()?,
        features: features(value),
    })
}

fn dependency(value: &Value) -> Result<Dependency> {
    Ok(Dependency {
        name: text(value, "name")?,
        dev: value["kind"] == "dev",
        optional: value["optional"] == true,
        requirement: text(value, "req")?,
        ours: value["path"].is_string(),
    })
}

fn features(package: &Value) -> BTreeMap<String, Vec<String>> {
    let strings = |values: &Value| {
        values
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    package["features"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, turns_on)| (name.clone(), strings(turns_on)))
        .collect()
}

fn text(value: &Value, key: &str) -> Result<String> {
    let text = value[key]
        .as_str()
        .with_context(|| format!("`cargo metadata`: `{key}` is not a string"))?;
    Ok(text.to_owned())
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    value[key]
        .as_array()
        .with_context(|| format!("`cargo metadata`: `{key}` is not a list"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_what_cargo_says() -> Result<()> {
        let packages = parse(&json!({"packages": [{
            "name": "dbx12-local",
            "version": "0.1.0",
            "manifest_path": "/somewhere/crates/dbx12-local/Cargo.toml",
            "publish": null,
            "features": {"default": ["client"], "client": ["dep:dbx12-http"]},
            "dependencies": [
                {"name": "dbx12-http", "req": "=0.1.0", "kind": null, "optional": true, "path": "/somewhere/else"},
                {"name": "tokio", "req": "^1.48", "kind": "dev", "optional": false},
            ],
        }]}))?;
        let [local] = packages.as_slice() else {
            panic!("one package went in")
        };
        assert_eq!(local.directory, Path::new("/somewhere/crates/dbx12-local"));
        assert!(local.published && local.has_default_features());
        assert_eq!(local.features["client"], ["dep:dbx12-http"]);
        let [http, tokio] = local.dependencies.as_slice() else {
            panic!("two dependencies went in")
        };
        assert!(http.ours && http.optional && !http.dev);
        assert!(!tokio.ours && !tokio.optional && tokio.dev);
        Ok(())
    }

    #[test]
    fn an_unpublished_package_is_known_by_its_empty_list() -> Result<()> {
        let packages = parse(&json!({"packages": [{
            "name": "xtask", "version": "0.1.0", "manifest_path": "/x/Cargo.toml", "publish": [],
            "features": {}, "dependencies": [],
        }]}))?;
        assert!(!packages[0].published && !packages[0].has_default_features());
        Ok(())
    }

    #[test]
    fn an_unexpected_answer_is_an_error() {
        assert!(parse(&json!({})).is_err());
        assert!(parse(&json!({"packages": [{"name": 1}]})).is_err());
    }
}
