//! Every rule is seen failing, on a workspace made up for it.

use super::table::{LAYERS, NAMES};
use super::{arrows, manifests, names, trees};
use crate::files::SourceFile;
use crate::violation::Violation;
use crate::workspace::{Dependency, Package};

fn package(name: &str, dependencies: Vec<Dependency>) -> Package {
    Package {
        name: name.to_owned(),
        version: "0.1.0".to_owned(),
        dependencies,
        ..Package::default()
    }
}

fn ours(name: &str) -> Dependency {
    Dependency {
        name: name.to_owned(),
        ours: true,
        requirement: "=0.1.0".to_owned(),
        ..Dependency::default()
    }
}

fn other(name: &str) -> Dependency {
    Dependency {
        name: name.to_owned(),
        requirement: "^1".to_owned(),
        ..Dependency::default()
    }
}

fn in_tests(dependency: Dependency) -> Dependency {
    Dependency {
        dev: true,
        ..dependency
    }
}

fn optional(dependency: Dependency) -> Dependency {
    Dependency {
        optional: true,
        ..dependency
    }
}

fn whats(violations: Vec<Violation>) -> Vec<String> {
    violations
        .into_iter()
        .map(|it| format!("{}: {}", it.place, it.what))
        .collect()
}

fn arrows_of(name: &str, dependency: Dependency) -> Vec<String> {
    whats(arrows::check(&[package(name, vec![dependency])], LAYERS))
}

#[test]
fn the_arrows_of_the_architecture_are_allowed() {
    for (from, to) in [
        ("dbx12-http", "dbx12-types"),
        ("dbx12-api", "dbx12-http"),
        ("dbx12-exec", "dbx12-api"),
        ("dbx12-local", "dbx12-types"),
        ("dbx12-cli", "dbx12-exec"),
        ("dbx12-cli", "dbx12-local"),
        ("dbx12-tests", "dbx12-exec"),
        ("dbx12-tests", "dbx12-local"),
    ] {
        assert!(arrows_of(from, ours(to)).is_empty(), "{from} → {to}");
    }
}

#[test]
fn no_arrow_points_up_sideways_or_past_a_layer() {
    for (from, to) in [
        ("dbx12-types", "dbx12-http"),
        ("dbx12-http", "dbx12-api"),
        ("dbx12-http", "dbx12-local"),
        ("dbx12-api", "dbx12-types"),
        ("dbx12-api", "dbx12-exec"),
        ("dbx12-exec", "dbx12-http"),
        ("dbx12-exec", "dbx12-local"),
        ("dbx12-local", "dbx12-exec"),
        ("dbx12-cli", "dbx12-api"),
        ("xtask", "dbx12-types"),
    ] {
        let found = arrows_of(from, ours(to));
        assert_eq!(found.len(), 1, "{from} → {to}: {found:?}");
        assert!(found[0].starts_with(&format!("{from}: depends on `{to}`")), "{found:?}");
    }
}

#[test]
fn tests_of_a_layer_may_look_down_as_far_as_they_like_but_not_up() {
    assert!(arrows_of("dbx12-exec", in_tests(ours("dbx12-types"))).is_empty());
    assert!(arrows_of("dbx12-local", in_tests(ours("dbx12-http"))).is_empty());
    for (from, to) in [
        ("dbx12-types", "dbx12-http"),
        ("dbx12-http", "dbx12-local"),
        ("dbx12-api", "dbx12-local"),
        ("dbx12-exec", "dbx12-local"),
        ("dbx12-local", "dbx12-exec"),
        ("xtask", "dbx12-types"),
    ] {
        let found = arrows_of(from, in_tests(ours(to)));
        assert_eq!(found.len(), 1, "{from} → {to}: {found:?}");
        assert!(found[0].contains(&format!("its tests depend on `{to}`")), "{found:?}");
    }
}

#[test]
fn the_local_workspace_knows_the_client_by_its_feature_only() {
    let always = arrows_of("dbx12-local", ours("dbx12-http"));
    assert_eq!(always, ["dbx12-local: always depends on `dbx12-http`"]);

    let mut local = package("dbx12-local", vec![optional(ours("dbx12-http"))]);
    local.features.insert("default".to_owned(), vec!["client".to_owned()]);
    local
        .features
        .insert("client".to_owned(), vec!["dep:dbx12-http".to_owned()]);
    local
        .features
        .insert("tls".to_owned(), vec!["dbx12-http?/hyper".to_owned()]);
    assert!(arrows::check(&[local.clone()], LAYERS).is_empty());

    for entry in ["dep:dbx12-http", "dbx12-http/hyper"] {
        local.features.insert("tls".to_owned(), vec![entry.to_owned()]);
        let found = whats(arrows::check(&[local.clone()], LAYERS));
        assert_eq!(found, ["dbx12-local: its feature `tls` turns on `dbx12-http`"]);
    }
}

#[test]
fn the_models_know_arrow_by_its_feature_only() {
    let always = arrows_of("dbx12-types", other("arrow-array"));
    assert_eq!(always, ["dbx12-types: always depends on `arrow-array`"]);
    let in_tests = arrows_of("dbx12-types", in_tests(other("arrow-array")));
    assert_eq!(in_tests.len(), 1, "{in_tests:?}");

    let mut types = package("dbx12-types", vec![optional(other("arrow-array"))]);
    types
        .features
        .insert("arrow".to_owned(), vec!["dep:arrow-array".to_owned()]);
    assert!(arrows::check(&[types.clone()], LAYERS).is_empty());
    types
        .features
        .insert("default".to_owned(), vec!["dep:arrow-array".to_owned()]);
    let found = whats(arrows::check(&[types], LAYERS));
    assert_eq!(found, ["dbx12-types: its feature `default` turns on `arrow-array`"]);

    let serde = "dbx12-types v0.1.0 (/x)\nserde v1.0.229\nserde_json v1.0.154\nitoa v1.0.19";
    assert!(trees::check_types_by_default(serde).is_empty());
    let found = whats(trees::check_types_by_default(&format!("{serde}\narrow-buffer v60.1.0")));
    assert_eq!(found, ["dbx12-types: reaches `arrow-buffer` by default"]);
}

#[test]
fn the_models_know_schemas_by_their_feature_only() {
    let always = arrows_of("dbx12-types", other("schemars"));
    assert_eq!(always, ["dbx12-types: always depends on `schemars`"]);
    assert_eq!(
        whats(trees::check_types_by_default(
            "dbx12-types v0.1.0 (/x)\nschemars v1.2.3"
        )),
        ["dbx12-types: reaches `schemars` by default"]
    );
}

#[test]
fn a_crate_without_a_row_is_refused() {
    assert_eq!(
        whats(arrows::check(&[package("dbx12-new", vec![])], LAYERS)),
        ["dbx12-new: is in no layer"]
    );
}

#[test]
fn a_layer_knows_only_the_crates_of_its_row() {
    assert!(arrows_of("dbx12-types", other("serde")).is_empty());
    assert!(arrows_of("dbx12-types", in_tests(other("proptest"))).is_empty());
    assert!(arrows_of("dbx12-tests", other("anything")).is_empty());
    assert_eq!(
        arrows_of("dbx12-types", other("tokio")),
        ["dbx12-types: depends on `tokio`, which this layer may not know"]
    );
    assert_eq!(
        arrows_of("dbx12-types", other("proptest")),
        ["dbx12-types: depends on `proptest`, which this layer may not know"]
    );
    assert_eq!(
        arrows_of("dbx12-api", in_tests(other("wiremock"))),
        ["dbx12-api: its tests depend on `wiremock`, which this layer may not know"]
    );
    assert_eq!(
        arrows_of("xtask", other("clap")),
        ["xtask: depends on `clap`, which this layer may not know"]
    );
}

#[test]
fn the_models_reach_no_runtime() {
    let clean =
        "dbx12-types v0.1.0 (/x)\nserde v1.0.229\nserde_core v1.0.229\nserde_json v1.0.154\nserde_core v1.0.229 (*)";
    assert!(trees::check_types(clean).is_empty());
    for name in [
        "tokio",
        "tokio-util",
        "hyper",
        "http",
        "http-body",
        "async-trait",
        "futures-core",
        "socket2",
    ] {
        let tree = format!("{clean}\n{name} v1.0.0\n{name} v1.0.0 (*)");
        assert_eq!(
            whats(trees::check_types(&tree)),
            [format!("dbx12-types: reaches `{name}`")]
        );
    }
}

#[test]
fn the_transport_crate_reaches_no_network_without_its_feature() {
    let clean = "dbx12-http v0.1.0 (/x)\nhttp v1.5.0\ntokio v1.54.1\nhttpdate v1.0.3";
    assert!(trees::check_http(clean).is_empty());
    for name in [
        "hyper",
        "hyper-util",
        "rustls",
        "rustls-pki-types",
        "ring",
        "mio",
        "socket2",
    ] {
        let found = whats(trees::check_http(&format!("{clean}\n{name} v1.0.0")));
        assert_eq!(
            found,
            [format!("dbx12-http: reaches `{name}` without its feature `hyper`")]
        );
    }
}

const MANIFEST: &str = "[package]\nversion.workspace = true\nedition.workspace = true\nrust-version.workspace = true\n\
                        license.workspace = true\n[lints]\nworkspace = true\n";

#[test]
fn every_manifest_inherits_from_the_workspace() {
    let with = |manifest: String| Package {
        manifest,
        ..package("dbx12-types", vec![])
    };
    assert!(manifests::check(&[with(MANIFEST.to_owned())]).is_empty());
    for line in MANIFEST.lines().filter(|line| !line.starts_with('[')) {
        let without: Vec<_> = MANIFEST.lines().filter(|it| *it != line).collect();
        let found = whats(manifests::check(&[with(without.join("\n"))]));
        assert_eq!(found.len(), 1, "{line}: {found:?}");
        assert!(found[0].contains(line), "{line}: {found:?}");
    }
}

#[test]
fn our_own_crates_are_pinned_to_one_version() {
    for (requirement, broken) in [("=0.1.0", 0), ("^0.1.0", 1), ("=0.2.0", 1), ("*", 1)] {
        let dependency = Dependency {
            requirement: requirement.to_owned(),
            ..ours("dbx12-types")
        };
        let mut http = package("dbx12-http", vec![dependency, other("serde")]);
        http.manifest = MANIFEST.to_owned();
        assert_eq!(manifests::check(&[http]).len(), broken, "{requirement}");
    }
}

fn names_in(path: &str, text: &str) -> Vec<String> {
    whats(names::check(
        &[SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        }],
        NAMES,
    ))
}

#[test]
fn hyper_and_rustls_stay_in_their_files() {
    let text = "use std::fmt;\nuse hyper::Request;\n";
    for path in [
        "crates/dbx12-http/src/hyper_transport.rs",
        "crates/dbx12-http/src/hyper_transport/connect.rs",
        "crates/dbx12-http/src/tls.rs",
        "crates/dbx12-http/src/proxy.rs",
        "crates/dbx12-local/src/server.rs",
    ] {
        assert!(names_in(path, text).is_empty(), "{path}");
    }
    for path in [
        "crates/dbx12-http/src/client.rs",
        "crates/dbx12-local/src/router.rs",
        "crates/dbx12-cli/src/server.rs",
        "crates/dbx12-exec/src/hyper.rs",
    ] {
        assert_eq!(
            names_in(path, text),
            [format!("{path}:2: names hyper or rustls: `hyper::Request`")]
        );
    }
}

#[test]
fn a_name_is_found_however_it_is_written_and_only_where_it_is_code() {
    let path = "crates/dbx12-http/src/client.rs";
    for found in [
        "fn f(_: hyper_util::rt::TokioExecutor) {}",
        "use {rustls::ClientConfig};",
        "use hyper as h;",
        "use tokio::{net::TcpStream};",
        "fn f() { ::rustls::version() }",
        "fn f(_: std::net::TcpStream) {}",
    ] {
        assert_eq!(names_in(path, found).len(), 1, "{found}");
    }
    for clean in [
        "//! hyper::Request\n#[cfg(feature = \"hyper\")]\nmod hyper;\nuse crate::hyper::HyperTransport;",
        "mod hyper; fn f() { hyper::connect() }",
        "use crate::{error::Error, hyper}; fn f() { hyper::connect() }",
        "use super::hyper::X; fn f(hyper: u8) { \"hyper::X\"; hyper + 1 }",
        "use std::net::IpAddr;",
    ] {
        assert_eq!(names_in(path, clean), [""; 0], "{clean}");
    }
}

#[test]
fn only_two_client_crates_have_timers() {
    for text in [
        "async fn f() { tokio::time::sleep(D).await }",
        "use tokio::time::{Duration, sleep};",
        "use tokio::time; async fn f() { time::sleep_until(at).await }",
        "use tokio::time::interval as every;",
    ] {
        for package in ["dbx12-api", "dbx12-cli", "dbx12-types"] {
            assert_eq!(
                names_in(&format!("crates/{package}/src/lib.rs"), text).len(),
                1,
                "{package}: {text}"
            );
        }
        for package in ["dbx12-http", "dbx12-exec", "dbx12-local"] {
            assert!(
                names_in(&format!("crates/{package}/src/lib.rs"), text).is_empty(),
                "{package}: {text}"
            );
        }
    }
    assert!(names_in("crates/dbx12-cli/src/run.rs", "use tokio::time::{timeout, Instant};").is_empty());
}
