//! Python environments of the tests' own, under the target directory: what is in them is not ours, and no dependency of
//! what we publish.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

use crate::workspace;

/// The validator of the OpenAPI document. 0.7 is the last line that runs on every Python that the workspace supports.
pub(crate) const VALIDATOR: Environment = Environment {
    name: "openapi-spec-validator",
    purpose: "the OpenAPI document is validated",
    packages: &[("openapi-spec-validator", "0.7.2")],
    alone: &[],
};

/// Clients of other make. Of databrickslabs-jupyterlab its REST client is used, which needs `requests` alone; the whole of it
/// needs a Jupyter of its time. Of dbx it is what executes code, which needs the few packages after databricks-cli; the
/// whole of it needs half of MLflow.
pub(crate) const CLIENTS: Environment = Environment {
    name: "clients-of-other-make",
    purpose: "unmodified clients of others are tried on the local workspace",
    packages: &[
        ("databricks-sdk", "0.156.0"),
        ("pytest", "8.4.2"),
        ("databricks-cli", "0.17.8"),
        ("pydantic", "1.10.24"),
        ("rich", "12.6.0"),
        ("setuptools", "80.9.0"),
        ("tenacity", "8.5.0"),
        ("typer", "0.7.0"),
    ],
    alone: &[("databrickslabs-jupyterlab", "2.2.1"), ("dbx", "0.8.19")],
};

/// What people show in notebooks.
pub(crate) const FRAMES: Environment = Environment {
    name: "frames",
    purpose: "frames and figures are shown",
    packages: &[("pandas", "2.3.3"), ("polars", "1.34.0"), ("matplotlib", "3.10.7")],
    alone: &[],
};

/// Packages of PyPI in an environment of their own.
pub(crate) struct Environment {
    /// Its folder, and what it is called in messages.
    pub(crate) name: &'static str,
    /// What the tests do with it.
    pub(crate) purpose: &'static str,
    /// Packages with what they depend on.
    pub(crate) packages: &'static [(&'static str, &'static str)],
    /// Packages without what they say they depend on: of these a part is used that needs none of it.
    pub(crate) alone: &'static [(&'static str, &'static str)],
}

impl Environment {
    /// Its Python. Installed once, and again when a version changes.
    ///
    /// # Errors
    /// When it is not there yet and cannot be installed, for instance without a network.
    pub(crate) fn python(&self, sh: &Shell) -> Result<PathBuf> {
        let folder = workspace::target_directory(sh)?.join(self.name);
        let python = folder.join("bin").join("python");
        if self.missing(sh, &python).is_none() {
            return Ok(python);
        }
        eprintln!("{} is not there; installing it under {}", self.name, folder.display());
        cmd!(sh, "python3 -m venv --clear {folder}").run()?;
        self.install(sh, &python, self.packages, None)?;
        self.install(sh, &python, self.alone, Some("--no-deps"))?;
        match self.missing(sh, &python) {
            None => Ok(python),
            Some(package) => bail!(
                "pip installed {}, but {} does not find {package}",
                self.name,
                python.display()
            ),
        }
    }

    fn install(&self, sh: &Shell, python: &Path, packages: &[(&str, &str)], flag: Option<&str>) -> Result<()> {
        if packages.is_empty() {
            return Ok(());
        }
        let pins: Vec<_> = packages
            .iter()
            .map(|(name, version)| format!("{name}=={version}"))
            .collect();
        let arguments = pins.iter();
        cmd!(
            sh,
            "{python} -m pip install --quiet --disable-pip-version-check {flag...} {arguments...}"
        )
        .run()
        .with_context(|| {
            let (pins, purpose) = (pins.join(" "), self.purpose);
            format!("pip cannot install {pins}, by which {purpose}. It takes a network, once")
        })
    }

    /// The first package that is not there in its version.
    fn missing(&self, sh: &Shell, python: &Path) -> Option<String> {
        let packages = self.packages.iter().chain(self.alone);
        let pins: Vec<_> = packages.map(|(name, version)| format!("{name}=={version}")).collect();
        let program = "import sys\nfrom importlib.metadata import PackageNotFoundError, version\n\
                       def there(pin):\n    name, wanted = pin.split('==')\n    \
                       try: return version(name) == wanted\n    except PackageNotFoundError: return False\n\
                       print(next((pin for pin in sys.argv[1:] if not there(pin)), ''))";
        let found = cmd!(sh, "{python} -I -c {program} {pins...}")
            .quiet()
            .ignore_stderr()
            .read();
        found
            .map_or_else(|_| Some(self.name.to_owned()), Some)
            .filter(|missing| !missing.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_that_is_not_there_has_no_packages() -> Result<()> {
        let environment = Environment {
            name: "nothing",
            purpose: "nothing is tested",
            packages: &[],
            alone: &[],
        };
        let missing = environment.missing(&Shell::new()?, Path::new("/nonexistent/python"));
        assert_eq!(missing.as_deref(), Some("nothing"));
        Ok(())
    }
}
