//! Help and version.

use super::*;
use dbx12_tests::dbx12;

fn said(arguments: &[&str]) -> String {
    let home = tempfile::tempdir().unwrap();
    let finished = finish(dbx12(home.path(), arguments));
    assert_eq!((finished.code, &*finished.stderr), (Some(0), ""));
    finished.stdout
}

#[test]
fn help_tells_all_there_is() {
    assert_said("help-run", &said(&["run", "--help"]));
    assert_said("help-run-short", &said(&["run", "-h"]));
    for arguments in [&["--help"][..], &["run", "--help"], &["run", "-h"]] {
        let help = said(arguments);
        for words in [
            "Exit codes:",
            "  6    the outcome is unknown",
            "  124  the time given by --timeout",
        ] {
            assert!(help.contains(words), "{arguments:?} does not say {words:?}: {help}");
        }
    }
}

#[test]
fn the_version_tells_of_the_build() {
    let version = said(&["--version"]);
    let (first, facts) = version.split_once('\n').unwrap();
    assert_eq!(first, format!("dbx12 {}", env!("CARGO_PKG_VERSION")));
    assert!(facts.contains("rustc ") && facts.contains("-linux-"), "{version}");
    assert_eq!(said(&["-V"]), format!("{first}\n"));
}
