//! The command line.
#![allow(
    missing_docs,
    unreachable_pub,
    reason = "the macro generates `pub` items without a word, and a binary has nobody to show them to"
)]

use std::path::PathBuf;

xflags::xflags! {
    /// Numbers as ratios against named peers.
    cmd bench {
        /// Measure the tasks and print how their ways compare.
        cmd run {
            /// Only the tasks whose name contains this.
            optional name: String
            /// Write the numbers to this file too, as JSON.
            optional --json json: PathBuf
            /// Write what is printed to this file too, as Markdown, with the machine, the versions and the day.
            optional --save save: PathBuf
        }

        /// Print what waiting costs, on our schedule and on those of others.
        cmd simulate {
            /// Compare it with a thousand commands that really run; fail if it is off by more than a fifth.
            optional --confirm
        }

        /// Play one scene of waiting and print what was seen. What `run` starts for each.
        cmd scene {
            /// Its name.
            required name: String
        }

        /// Do one task in one way, once, and print what it took. What `run` starts for every measurement.
        cmd measure {
            /// The task's name.
            required task: String
            /// The way's name.
            required way: String
            /// The file that it is done on.
            required input: PathBuf
        }

        /// Answer requests until the standard input ends. What measurements of clients start as their peer.
        cmd serve {}
    }
}
