//! `cargo xtask openapi`: the OpenAPI document of the API, made from the types; and the environment of its validator.
//!
//! The document is made by an example of `dbx12-types`, because this crate depends on none of ours.

use anyhow::{Result, bail};
use xshell::{Shell, cmd};

use crate::environment::Environment;

/// Where the document is kept.
const DOCUMENT: &str = "crates/dbx12-types/openapi.json";

/// The validator, a package of PyPI. 0.7 is the last line that runs on every Python that the workspace supports.
pub(crate) const VALIDATOR: Environment = Environment {
    name: "openapi-spec-validator",
    purpose: "the OpenAPI document is validated",
    packages: &[("openapi-spec-validator", "0.7.2")],
    alone: &[],
};

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
}
