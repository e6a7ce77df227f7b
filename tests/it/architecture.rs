//! What ARCHITECTURE.md says of functions is so: a guide that names what is not there leads nowhere.

use dbx12_exec::types::endpoint;
use std::collections::BTreeSet;
use std::path::Path;

const GUIDE: &str = include_str!("../../ARCHITECTURE.md");

/// The text of a section, up to the next heading.
fn section(heading: &str) -> &'static str {
    let (_, rest) = GUIDE.split_once(&format!("\n## {heading}\n")).expect(heading);
    rest.split("\n## ").next().unwrap()
}

/// What stands between backticks.
fn named(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split('`').skip(1).step_by(2)
}

/// Every source file below `crates`: the name of its module, and its text.
fn sources() -> Vec<(String, String)> {
    let mut sources = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let module = path.file_stem().unwrap().to_string_lossy().into_owned();
                sources.push((module, std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    sources
}

/// Whether a file has the function, in its module or beside an `impl` of its type.
fn is_there(sources: &[(String, String)], of: Option<&str>, function: &str) -> bool {
    sources.iter().any(|(module, text)| {
        let is_home = of.is_none_or(|of| module == of || text.lines().any(|line| is_impl(line, of)));
        let begins = [format!("fn {function}("), format!("fn {function}<")];
        is_home && begins.iter().any(|begin| text.contains(begin))
    })
}

fn is_impl(line: &str, of: &str) -> bool {
    let mut words = line.split(|char: char| !char.is_alphanumeric() && char != '_');
    line.starts_with("impl") && words.any(|word| word == of)
}

#[test]
fn the_functions_of_the_guide_are_there() {
    let sources = sources();
    let guide = named(section("One `run`, from the shell to the wire and back"));
    let table = named(section("Every operation, layer by layer"));
    let mut seen = 0;
    for name in guide.chain(table) {
        let (of, function) = name
            .rsplit_once("::")
            .map_or((None, name), |(of, name)| (Some(of), name));
        let is_function = function.chars().all(|char| char.is_lowercase() || char == '_');
        if is_function && (of.is_some() || function.contains('_')) {
            assert!(is_there(&sources, of, function), "there is no function `{name}`");
            seen += 1;
        }
    }
    assert!(seen > 45, "{seen}");
}

#[test]
fn the_table_of_operations_has_all_of_them() {
    let rows = section("Every operation, layer by layer").lines();
    let paths: BTreeSet<_> = rows
        .filter_map(|row| row.strip_prefix("| `")?.split('`').next())
        .collect();
    let operations = endpoint::all();
    let expected: BTreeSet<_> = operations
        .iter()
        .map(|operation| operation.path.trim_start_matches("/api/1.2/"))
        .collect();
    assert_eq!(paths, expected);
}
