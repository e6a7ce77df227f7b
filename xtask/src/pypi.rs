//! Packages of PyPI that tests need, each in a Python environment of its own under the target directory.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

use crate::workspace;

/// A package of PyPI in one version.
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its version.
    pub(crate) version: &'static str,
    /// What the tests do with it.
    pub(crate) purpose: &'static str,
}

/// 0.7 is the last line that runs on every Python that the workspace supports.
pub(crate) const VALIDATOR: Package = Package {
    name: "openapi-spec-validator",
    version: "0.7.2",
    purpose: "the OpenAPI document is validated with it",
};

/// Apache Spark, and the Scala it is written in.
pub(crate) const SPARK: Package = Package {
    name: "pyspark",
    version: "3.5.9",
    purpose: "SQL and Scala literals are read with it",
};

/// The Python that has the package. Installed once.
///
/// # Errors
/// When it is not there yet and cannot be installed, for instance without a network.
pub(crate) fn python_with(sh: &Shell, package: &Package) -> Result<PathBuf> {
    let Package { name, version, purpose } = package;
    let environment = workspace::target_directory(sh)?.join(name);
    let python = environment.join("bin").join("python");
    if installed(sh, &python, name).as_deref() == Some(version) {
        return Ok(python);
    }
    eprintln!(
        "{name} {version} is not there; installing it under {}",
        environment.display()
    );
    cmd!(sh, "python3 -m venv --clear {environment}").run()?;
    cmd!(
        sh,
        "{python} -m pip install --quiet --disable-pip-version-check {name}=={version}"
    )
    .run()
    .with_context(|| format!("pip cannot install {name} {version}; {purpose}. It takes a network, once"))?;
    match installed(sh, &python, name) {
        Some(found) if found == *version => Ok(python),
        found => bail!(
            "pip installed {name} {version}, but {} finds {found:?}",
            python.display()
        ),
    }
}

/// The version of the package `name` that `python` finds, if any.
fn installed(sh: &Shell, python: &Path, name: &str) -> Option<String> {
    let program = format!("from importlib.metadata import version; print(version('{name}'))");
    cmd!(sh, "{python} -I -c {program}").quiet().ignore_stderr().read().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_that_is_not_there_has_no_package() -> Result<()> {
        let found = installed(&Shell::new()?, Path::new("/nonexistent/python"), VALIDATOR.name);
        assert_eq!(found, None);
        Ok(())
    }
}
