//! What every manifest must say: one version, one edition, one set of lints.

use crate::manifest;
use crate::violation::Violation;
use crate::workspace::Package;

/// Section, key, and why it must be inherited.
const INHERITED: [(&str, &str, &str); 5] = [
    (
        "lints",
        "workspace",
        "`unsafe` is forbidden and documentation demanded in the whole workspace, not crate by crate",
    ),
    (
        "package",
        "version.workspace",
        "all crates have one version, because a type of another version is another type",
    ),
    (
        "package",
        "edition.workspace",
        "the same line must mean the same in every crate",
    ),
    (
        "package",
        "rust-version.workspace",
        "a layer that needs a newer compiler takes the ones above it along",
    ),
    (
        "package",
        "license.workspace",
        "who may use one crate may use the others",
    ),
];

/// Checks what each package inherits, and how it asks for our own crates.
pub(crate) fn check(packages: &[Package]) -> Vec<Violation> {
    packages
        .iter()
        .flat_map(|package| inherited(package).chain(pinned(package)))
        .collect()
}

fn inherited(package: &Package) -> impl Iterator<Item = Violation> {
    INHERITED
        .into_iter()
        .filter(|(section, key, _)| !manifest::says_true(&package.manifest, section, key))
        .map(|(section, key, why)| Violation {
            place: package.name.clone(),
            what: format!("`{key} = true` is missing under `[{section}]`"),
            why,
            fix: format!("write it into {}", package.directory.join("Cargo.toml").display()),
        })
}

fn pinned(package: &Package) -> impl Iterator<Item = Violation> {
    let exact = format!("={}", package.version);
    package
        .dependencies
        .iter()
        .filter(move |it| it.ours && it.requirement != exact)
        .map(|dependency| Violation {
            place: package.name.clone(),
            what: format!("asks for `{}` in version `{}`", dependency.name, dependency.requirement),
            why: "our crates are released together and fit only their own version of each other",
            fix: format!(
                "write `{}.workspace = true`; the root pins it to `={}`",
                dependency.name, package.version
            ),
        })
}
