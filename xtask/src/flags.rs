//! The command line, as a grammar. `cargo xtask --help` prints it.
#![allow(
    unreachable_pub,
    reason = "the macro generates `pub` items, and a binary has nobody to show them to"
)]

use std::ffi::OsString;

xflags::xflags! {
    /// The chores of the dbx12 workspace.
    cmd xtask {
        /// Run everything that must hold before a change goes in, the cheapest check first; stop at the first failure.
        cmd ci {}

        /// Run what is too slow for `ci`: every feature's tests, fuzzing, packaging, licences.
        cmd nightly {}

        /// Format the sources.
        cmd fmt {
            /// Change nothing; fail if something would change.
            optional --check
        }

        /// Run clippy with warnings denied, crate by crate, with default, without and with all features.
        cmd lint {}

        /// Build the documentation with warnings denied.
        cmd doc {}

        /// Check which crate knows what: arrows between crates, external crates, manifests, names in the sources.
        cmd layers {}

        /// Write the OpenAPI document, `crates/dbx12-types/openapi.json`, from the types.
        cmd openapi {
            /// Change nothing; fail if the document is not what the types say.
            optional --check
        }

        /// Write the table of `crates/dbx12-http/src/faults.md` from what a peer counts. The tests check it.
        cmd faults {}

        /// Check what no compiler checks: module docs, ignored tests, leftovers, long files, the top level.
        cmd tidy {}

        /// Run all tests: unit, integration, documentation. Installs what they need where it can.
        cmd test {
            /// Only the tests whose name contains one of these.
            repeated filter: OsString
            /// Leave the documentation's examples out.
            optional --no-doc
        }

        /// Feed the parsers whatever a server might send, for a while. Installs cargo-fuzz below the target directory.
        cmd fuzz {
            /// Only this target; see tests/fuzz.
            optional target: String
            /// How long each target runs; 60 when not said.
            optional --seconds seconds: u32
        }

        /// Measure what things cost, as ratios against peers in the same run.
        cmd bench {
            /// Only the tasks whose name contains this, such as `tables/open`.
            optional name: String
            /// Write the numbers to this file too, as JSON.
            optional --json json: OsString
            /// Write the numbers to `tests/BENCHMARKS.md` too, with the machine, the versions and the day.
            optional --save
        }

        /// Print what waiting costs, on our schedule and on those of others. The same numbers in every run.
        cmd simulate {
            /// Run a thousand commands on a local workspace instead, and compare; fail if it is off by more than a fifth.
            optional --confirm
        }

        /// Sessions among faults, cancels, drops, restarts and killed clients, and then a count of what went wrong.
        cmd soak {
            /// For how many minutes; 10 when not said.
            optional --minutes minutes: f64
            /// Where chance begins; 1 when not said.
            optional --seed seed: u64
        }

        /// A served workspace among cancels, destroys, restarts, killed workers and garbage, and then a count of what is wrong.
        cmd chaos {
            /// For how many minutes; 5 when not said.
            optional --minutes minutes: f64
            /// Where chance begins; 1 when not said.
            optional --seed seed: u64
        }

        /// Make the packages that would be published, and build each one from its package alone.
        cmd package {
            /// Make the packages only; do not build them.
            optional --no-verify
        }

        /// Build the published crates with each feature alone, with the oldest dependencies, with the oldest compiler.
        cmd compatibility {}

        /// Release all crates, after everything was checked and rehearsed in a copy of the tree. Without `--execute` nothing
        /// else is done.
        cmd release {
            /// major, minor or patch.
            required level: String
            /// Commit, tag and publish. Nothing is pushed.
            optional --execute
        }

        /// Build the `dbx12` program as people download it: an archive with completions, man pages, licences and a list of
        /// what is in it.
        cmd dist {
            /// For this platform; else for the one this runs on.
            optional --target target: String
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> xflags::Result<XtaskCmd> {
        Xtask::from_vec(args.iter().map(OsString::from).collect()).map(|xtask| xtask.subcommand)
    }

    #[test]
    fn everything_after_two_dashes_is_a_filter() {
        let Ok(XtaskCmd::Test(test)) = parse(&["test", "--no-doc", "--", "retry", "--exact"]) else {
            panic!("`test` is a verb");
        };
        assert!(test.no_doc);
        assert_eq!(test.filter, ["retry", "--exact"]);
    }

    #[test]
    fn a_bounded_run_of_one_target() {
        let Ok(XtaskCmd::Fuzz(fuzz)) = parse(&["fuzz", "results", "--seconds", "5"]) else {
            panic!("`fuzz` is a verb");
        };
        assert_eq!((fuzz.target.as_deref(), fuzz.seconds), (Some("results"), Some(5)));
        assert!(parse(&["fuzz", "--seconds", "soon"]).is_err());
    }

    #[test]
    fn an_unknown_verb_is_refused() {
        assert!(parse(&["tets"]).is_err());
        assert!(parse(&[]).is_err());
    }
}
