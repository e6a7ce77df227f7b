//! What the public API of a crate names, read from rustdoc's JSON.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::layers::table::NOT_IN_PUBLIC;
use crate::violation::Violation;
use crate::workspace;

/// Has rustdoc list the public API of every published library, and looks for types that must not be in it.
///
/// # Errors
/// When a crate cannot be documented.
pub(crate) fn check(sh: &Shell) -> Result<Vec<Violation>> {
    let built = workspace::target_directory(sh)?;
    // Only rustdoc may take unstable flags. Were the variable set for all, build scripts that look at it would have half of
    // the dependencies compiled again.
    let rustdoc = built.join("rustdoc-json");
    sh.write_file(&rustdoc, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n")?;
    cmd!(sh, "chmod +x {rustdoc}").quiet().run()?;
    let _rustdoc = sh.push_env("RUSTDOC", &rustdoc);

    let mut violations = Vec::new();
    for package in workspace::load(sh)?.iter().filter(|package| package.published) {
        let name = &package.name;
        let library = name.replace('-', "_");
        if !package.directory.join("src/lib.rs").exists() {
            continue;
        }
        let json = ["-Zunstable-options", "--output-format", "json"];
        cmd!(
            sh,
            "cargo rustdoc --quiet --package {name} --lib --all-features -- {json...}"
        )
        .run()?;
        let text = sh.read_file(built.join("doc").join(format!("{library}.json")))?;
        let crates = named(&serde_json::from_str(&text)?).with_context(|| format!("rustdoc's JSON of {name}"))?;
        violations.extend(violations_of(name, &crates));
    }
    Ok(violations)
}

fn violations_of(package: &str, crates: &BTreeSet<String>) -> impl Iterator<Item = Violation> {
    let forbidden = crates.iter().filter(|name| NOT_IN_PUBLIC.contains(&name.as_str()));
    forbidden.map(move |name| Violation {
        place: package.to_owned(),
        what: format!("has a type of `{name}` in its public API"),
        why: "a caller who names it is bound to its version, and we could not replace it",
        fix: format!("wrap it in a type of our own; `target/doc` has the JSON: look for `{name}::`"),
    })
}

/// The crates whose types the documented items name.
fn named(documentation: &Value) -> Result<BTreeSet<String>> {
    let mut ids = BTreeSet::new();
    collect_types(&documentation["index"], &mut ids);
    let paths = documentation["paths"].as_object().context("there are no paths")?;
    let crates = documentation["external_crates"]
        .as_object()
        .context("there are no crates")?;
    let name = |id: &String| {
        let number = paths.get(id)?["crate_id"].as_u64()?;
        Some(crates.get(&number.to_string())?["name"].as_str()?.to_owned())
    };
    Ok(ids.iter().filter_map(name).collect())
}

/// The ids of all types below `value`.
fn collect_types(value: &Value, ids: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect_types(value, ids)),
        Value::Object(fields) => {
            if let Some(id) = fields.get("resolved_path").and_then(|path| path["id"].as_u64()) {
                ids.insert(id.to_string());
            }
            fields.values().for_each(|value| collect_types(value, ids));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_type_of_another_crate_is_found_however_deep_it_is() -> Result<()> {
        let documentation = json!({
            "index": {"1": {"inner": {"function": {"sig": {"output": {"resolved_path": {"path": "Option", "id": 2,
                "args": {"angle_bracketed": {"args": [{"type": {"resolved_path": {"path": "Uri", "id": 3}}}]}}}}}}}}},
            "paths": {"2": {"crate_id": 1}, "3": {"crate_id": 20}, "4": {"crate_id": 30}},
            "external_crates": {"1": {"name": "core"}, "20": {"name": "hyper"}, "30": {"name": "rustls"}},
        });
        let crates = named(&documentation)?;
        assert_eq!(crates, BTreeSet::from(["core".to_owned(), "hyper".to_owned()]));
        let places: Vec<_> = violations_of("dbx12-http", &crates).map(|it| it.what).collect();
        assert_eq!(places, ["has a type of `hyper` in its public API"]);
        Ok(())
    }

    #[test]
    fn what_is_not_rustdocs_json_is_an_error() {
        assert!(named(&json!({})).is_err());
    }
}
