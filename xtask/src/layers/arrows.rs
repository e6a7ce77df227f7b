//! Direct dependencies: arrows between our crates, and crates of others per layer.

use std::collections::BTreeSet;

use crate::layers::table::{Layer, Others};
use crate::violation::Violation;
use crate::workspace::{Dependency, Package};

const ARROWS: &str =
    "knowledge flows one way: a layer that knows the one above it can be neither used nor replaced alone";
const FEW: &str = "every crate is compiled, audited and updated by everyone who takes this layer";

/// Checks every package against its row.
pub(crate) fn check(packages: &[Package], layers: &[Layer]) -> Vec<Violation> {
    packages
        .iter()
        .flat_map(|package| check_package(package, layers))
        .collect()
}

fn check_package(package: &Package, layers: &[Layer]) -> Vec<Violation> {
    let Some(layer) = layers.iter().find(|layer| layer.name == package.name) else {
        return vec![Violation {
            place: package.name.clone(),
            what: "is in no layer".to_owned(),
            why: ARROWS,
            fix: "give it a row in xtask/src/layers/table.rs".to_owned(),
        }];
    };
    package
        .dependencies
        .iter()
        .filter_map(|dependency| {
            if dependency.ours {
                ours(package, dependency, layer, layers)
            } else {
                others(package, dependency, layer)
            }
        })
        .collect()
}

fn ours(package: &Package, dependency: &Dependency, layer: &Layer, layers: &[Layer]) -> Option<Violation> {
    let name = dependency.name.as_str();
    let violation = |what: String, fix: String| {
        Some(Violation {
            place: layer.name.to_owned(),
            what,
            why: ARROWS,
            fix,
        })
    };
    if dependency.dev {
        let reachable = reachable(layer, layers);
        return if reachable.contains(name) {
            None
        } else {
            violation(
                format!("its tests depend on `{name}`; they may use {}", listed(reachable)),
                "move the test to the `tests` crate, which may know everything".to_owned(),
            )
        };
    }
    if layer.ours.contains(&name) {
        return None;
    }
    let Some(feature) = feature_for(name, layer) else {
        return violation(
            format!(
                "depends on `{name}`; it may depend on {}",
                listed(layer.ours.iter().copied())
            ),
            format!("move the code that needs `{name}` up, or what it needs from there down"),
        );
    };
    by_feature(package, dependency, feature, ARROWS)
}

/// The feature without which `layer` may not know the crate `name`.
fn feature_for(name: &str, layer: &Layer) -> Option<&'static str> {
    let (_, feature) = layer.by_feature.iter().find(|(by_feature, _)| *by_feature == name)?;
    Some(feature)
}

/// Checks that only `feature` turns the dependency on.
fn by_feature(package: &Package, dependency: &Dependency, feature: &str, why: &'static str) -> Option<Violation> {
    let name = dependency.name.as_str();
    let violation = |what: String, fix: String| {
        Some(Violation {
            place: package.name.clone(),
            what,
            why,
            fix,
        })
    };
    if !dependency.optional {
        return violation(
            format!("always depends on `{name}`"),
            format!("make the dependency optional and let the feature `{feature}` turn it on"),
        );
    }
    let other = package
        .features
        .iter()
        .find(|(by, turns_on)| *by != feature && turns_on.iter().any(|it| enables(it, name)))?;
    violation(
        format!("its feature `{}` turns on `{name}`", other.0),
        format!("let that feature turn on `{feature}`, the only one that may"),
    )
}

/// Whether `entry`, on the right side of a feature, turns the optional dependency `name` on. `name?/…` does not.
fn enables(entry: &str, name: &str) -> bool {
    entry.strip_prefix("dep:").unwrap_or(entry).split('/').next() == Some(name)
}

fn others(package: &Package, dependency: &Dependency, layer: &Layer) -> Option<Violation> {
    let Others::Only(allowed) = layer.others else {
        return None;
    };
    let name = dependency.name.as_str();
    if allowed.contains(&name) || (dependency.dev && layer.in_tests.contains(&name)) {
        return None;
    }
    if let (false, Some(feature)) = (dependency.dev, feature_for(name, layer)) {
        return by_feature(package, dependency, feature, FEW);
    }
    let who = if dependency.dev { "its tests depend" } else { "depends" };
    Some(Violation {
        place: layer.name.to_owned(),
        what: format!("{who} on `{name}`, which this layer may not know"),
        why: FEW,
        fix: "do without it, or move the code to a layer that knows it; if it is really needed here, allow it in \
              xtask/src/layers/table.rs and say why in the commit"
            .to_owned(),
    })
}

/// Every crate of ours that `layer` sees through its normal dependencies, near or far.
fn reachable(layer: &Layer, layers: &[Layer]) -> BTreeSet<&'static str> {
    let mut seen = BTreeSet::new();
    let mut next = vec![layer];
    while let Some(layer) = next.pop() {
        for name in layer
            .ours
            .iter()
            .copied()
            .chain(layer.by_feature.iter().map(|(name, _)| *name))
        {
            // Those of others have no row.
            if let Some(layer) = layers.iter().find(|layer| layer.name == name)
                && seen.insert(name)
            {
                next.push(layer);
            }
        }
    }
    seen
}

fn listed(names: impl IntoIterator<Item = &'static str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    if names.is_empty() {
        "none of ours".to_owned()
    } else {
        format!("only {}", names.join(", "))
    }
}
