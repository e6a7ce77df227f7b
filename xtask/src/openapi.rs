//! `cargo xtask openapi`: the OpenAPI document of the API, made from the types; and the environment of its validator.
//!
//! The document is made by an example of `dbx12-types`, because this crate depends on none of ours.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

use crate::workspace;

/// Where the document is kept.
const DOCUMENT: &str = "crates/dbx12-types/openapi.json";

/// The validator, a package of PyPI. 0.7 is the last line that runs on every Python that the workspace supports.
const VALIDATOR: (&str, &str) = ("openapi-spec-validator", "0.7.2");

/// Writes the document, or only checks that it is what the types say.
///
/// # Errors
/// When the types cannot be described, or when `check` is set and the document says something else.
pub(crate) fn run(sh: &Shell, check: bool) -> Result<()> {
    let made = cmd!(
        sh,
        "cargo run --quiet --package dbx12-types --features schema --example openapi"
    )
    .read()?;
    let made = made + "\n";
    if !check {
        return Ok(sh.write_file(DOCUMENT, made)?);
    }
    let kept = sh.read_file(DOCUMENT).unwrap_or_default();
    if let Some(line) = first_difference(&kept, &made) {
        bail!(
            "{DOCUMENT}:{line} is not what the types say. Run `cargo xtask openapi`, see that the difference is what you \
             mean to change on the wire, and commit it with the types"
        );
    }
    eprintln!("openapi: ok");
    Ok(())
}

/// The number of the first line that differs.
fn first_difference(kept: &str, made: &str) -> Option<usize> {
    if kept == made {
        return None;
    }
    let same = kept.lines().zip(made.lines()).take_while(|(kept, made)| kept == made);
    Some(same.count() + 1)
}

/// The Python that has the validator, in an environment of its own under the target directory. Installed once.
///
/// # Errors
/// When it is not there yet and cannot be installed, for instance without a network.
pub(crate) fn validator(sh: &Shell) -> Result<PathBuf> {
    let (name, version) = VALIDATOR;
    let environment = workspace::target_directory(sh)?.join(name);
    let python = environment.join("bin").join("python");
    if installed(sh, &python).as_deref() == Some(version) {
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
    .with_context(|| {
        format!(
            "pip cannot install {name} {version}, which the test of the OpenAPI document needs. It takes a network, once"
        )
    })?;
    match installed(sh, &python) {
        Some(found) if found == version => Ok(python),
        found => bail!(
            "pip installed {name} {version}, but {} finds {found:?}",
            python.display()
        ),
    }
}

/// The version of the validator that `python` finds, if any.
fn installed(sh: &Shell, python: &Path) -> Option<String> {
    let (name, _) = VALIDATOR;
    let program = format!("from importlib.metadata import version; print(version('{name}'))");
    cmd!(sh, "{python} -I -c {program}").quiet().ignore_stderr().read().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_first_line_that_differs() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
        assert_eq!(first_difference("a\nb\n", "a\nb"), Some(3));
        assert_eq!(first_difference("", "a\n"), Some(1));
    }

    #[test]
    fn a_python_that_is_not_there_has_no_validator() -> Result<()> {
        assert_eq!(installed(&Shell::new()?, Path::new("/nonexistent/python")), None);
        Ok(())
    }
}
