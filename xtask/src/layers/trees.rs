//! What a crate reaches in the end, through whatever it depends on.

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::layers::table::{NOT_BELOW_TYPES, NOT_BELOW_TYPES_BY_DEFAULT, NOT_WITHOUT_HYPER};
use crate::violation::Violation;

/// Asks Cargo for the trees that are bounded, and checks them.
///
/// # Errors
/// When Cargo cannot resolve the dependencies.
pub(crate) fn check(sh: &Shell) -> Result<Vec<Violation>> {
    let types = cmd!(sh, "cargo tree -p dbx12-types --all-features -e normal --prefix none")
        .quiet()
        .read()?;
    let types_by_default = cmd!(sh, "cargo tree -p dbx12-types -e normal --prefix none")
        .quiet()
        .read()?;
    let http = cmd!(
        sh,
        "cargo tree -p dbx12-http --no-default-features --features tower -e normal --prefix none"
    )
    .quiet()
    .read()?;
    let mut violations = check_types(&types);
    violations.extend(check_types_by_default(&types_by_default));
    violations.extend(check_http(&http));
    Ok(violations)
}

/// `tree` is what `cargo tree --prefix none` prints for `dbx12-types`.
pub(crate) fn check_types(tree: &str) -> Vec<Violation> {
    reached(tree, NOT_BELOW_TYPES)
        .map(|name| Violation {
            place: "dbx12-types".to_owned(),
            what: format!("reaches `{name}`"),
            why: "the models do no I/O and know no HTTP or async crate, so that anything can be built on them",
            fix: format!(
                "`cargo tree -p dbx12-types --all-features -i {name}` shows through whom; drop that dependency"
            ),
        })
        .collect()
}

/// `tree` is what `cargo tree --prefix none` prints for `dbx12-types` with its default features.
pub(crate) fn check_types_by_default(tree: &str) -> Vec<Violation> {
    reached(tree, NOT_BELOW_TYPES_BY_DEFAULT)
        .map(|name| Violation {
            place: "dbx12-types".to_owned(),
            what: format!("reaches `{name}` by default"),
            why: "who takes only the models compiles serde alone",
            fix: format!(
                "`cargo tree -p dbx12-types -i {name}` shows through whom; make it optional and let a feature turn it on \
                 that is not on by default"
            ),
        })
        .collect()
}

/// `tree` is what `cargo tree --prefix none` prints for `dbx12-http` with no feature that may bring a transport of ours.
pub(crate) fn check_http(tree: &str) -> Vec<Violation> {
    reached(tree, NOT_WITHOUT_HYPER)
        .map(|name| Violation {
            place: "dbx12-http".to_owned(),
            what: format!("reaches `{name}` without its feature `hyper`"),
            why: "who brings a transport does not pay for ours",
            fix: format!(
                "`cargo tree -p dbx12-http --no-default-features --features tower -i {name}` shows through whom; make it optional and let the \
                 feature `hyper` turn it on"
            ),
        })
        .collect()
}

/// The packages of `tree` that match one of `patterns`, each once.
fn reached<'a>(tree: &'a str, patterns: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let mut names: Vec<_> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter(|name| patterns.iter().any(|pattern| matches(pattern, name)))
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern
        .strip_suffix('*')
        .map_or(pattern == name, |beginning| name.starts_with(beginning))
}
