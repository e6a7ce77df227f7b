//! Names that belong to a few files. No manifest can say this: a crate that may use hyper may use it in any file.

use std::collections::BTreeSet;

use crate::files::SourceFile;
use crate::layers::table::NameRule;
use crate::source::{self, Path, Token};
use crate::violation::Violation;

/// Checks `files` (whose paths start with `crates/`) against `rules`.
pub(crate) fn check(files: &[SourceFile], rules: &[NameRule]) -> Vec<Violation> {
    files.iter().flat_map(|file| check_file(file, rules)).collect()
}

fn check_file(file: &SourceFile, rules: &[NameRule]) -> Vec<Violation> {
    let Some((package, path)) = file.path.strip_prefix("crates/").and_then(|path| path.split_once('/')) else {
        return Vec::new();
    };
    let rules: Vec<_> = rules.iter().filter(|rule| !may_use(rule, package, path)).collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let tokens = source::tokens(&file.text);
    let paths = source::paths(&tokens);
    let own = own_names(&tokens, &paths);
    let mut violations = Vec::new();
    for path in paths.iter().filter(|path| path.qualified && !path.is_own()) {
        if own.contains(path.segments[0].as_str()) {
            continue;
        }
        let broken = rules
            .iter()
            .filter(|rule| rule.names.iter().any(|name| names(path, name)));
        violations.extend(broken.map(|rule| Violation {
            place: format!("{}:{}", file.path, path.line),
            what: format!("names {}: `{}`", rule.what, path.segments.join("::")),
            why: rule.why,
            fix: rule.fix.to_owned(),
        }));
    }
    violations
}

/// Whether `rule` lets this file use its names.
fn may_use(rule: &NameRule, package: &str, path: &str) -> bool {
    let is_home = |home: &str| path.strip_prefix("src/").is_some_and(|path| path.starts_with(home));
    rule.free.contains(&package)
        || rule
            .homes
            .iter()
            .any(|(home, beginnings)| *home == package && beginnings.iter().any(|it| is_home(it)))
}

/// Whether `path` uses `name`: begins with it, or, after `…`, has it anywhere.
fn names(path: &Path, name: &str) -> bool {
    let anywhere = name.strip_prefix('…');
    let wanted: Vec<_> = anywhere.unwrap_or(name).split("::").collect();
    match anywhere {
        Some(_) => path.segments.windows(wanted.len()).any(|window| window == wanted),
        None => path.segments.len() >= wanted.len() && path.segments[..wanted.len()] == wanted[..],
    }
}

/// First words of paths that mean something of this crate, even where a crate of the same name exists: modules declared here
/// and names imported from `crate`, `self` or `super`.
fn own_names<'a>(tokens: &'a [Token], paths: &'a [Path]) -> BTreeSet<&'a str> {
    let declared = tokens
        .windows(2)
        .filter(|pair| pair[0].text == "mod")
        .map(|pair| pair[1].text.as_str());
    let imported = paths
        .iter()
        .filter(|path| path.is_own())
        .filter_map(|path| path.segments.last());
    declared.chain(imported.map(String::as_str)).collect()
}
