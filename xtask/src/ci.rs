//! The gate: which verbs make it, in which order. Cheap checks come first, so that a slip costs seconds, not minutes.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use xshell::Shell;

use crate::{compatibility, fuzz, layers, lint, openapi, package, test, tidy};

/// A named part of a gate.
struct Step {
    name: &'static str,
    run: fn(&Shell) -> Result<()>,
}

const CI: [Step; 9] = [
    Step {
        name: "fmt --check",
        run: |sh| lint::fmt(sh, true),
    },
    Step {
        name: "tidy",
        run: tidy::run,
    },
    Step {
        name: "layers",
        run: layers::run,
    },
    Step {
        name: "openapi --check",
        run: |sh| openapi::run(sh, true),
    },
    Step {
        name: "lint",
        run: lint::clippy,
    },
    Step {
        name: "doc",
        run: lint::doc,
    },
    Step {
        name: "test",
        run: |sh| test(sh, false),
    },
    Step {
        name: "test, models with all features",
        run: test::models_with_all_features,
    },
    Step {
        name: "package",
        run: |sh| package::run(sh, true),
    },
];

const NIGHTLY: [Step; 8] = [
    Step {
        name: "test, all features",
        run: |sh| test(sh, true),
    },
    Step {
        name: "test, no default features",
        run: test::without_default_features,
    },
    Step {
        name: "test, frames and figures",
        run: test::with_frames,
    },
    Step {
        name: "lint, what is apart",
        run: lint::clippy_apart,
    },
    Step {
        name: "chaos",
        run: |sh| test::chaos(sh, None, None),
    },
    Step {
        name: "fuzz",
        run: |sh| fuzz::run(sh, None, None),
    },
    Step {
        name: "compatibility",
        run: compatibility::run,
    },
    Step {
        name: "deny",
        run: lint::deny,
    },
];

/// Runs everything that must hold before a change goes in.
///
/// # Errors
/// At the first step that fails, with its name.
pub(crate) fn ci(sh: &Shell) -> Result<()> {
    run("ci", sh, &CI)
}

/// Runs what is too slow for every change.
///
/// # Errors
/// At the first step that fails, with its name.
pub(crate) fn nightly(sh: &Shell) -> Result<()> {
    run("nightly", sh, &NIGHTLY)
}

fn test(sh: &Shell, all_features: bool) -> Result<()> {
    test::run(
        sh,
        &test::Options {
            doc: true,
            all_features,
            keep_going: true,
            filters: Vec::new(),
        },
    )
}

fn run(gate: &str, sh: &Shell, steps: &[Step]) -> Result<()> {
    let mut times = Vec::new();
    for (number, step) in (1..).zip(steps) {
        eprintln!("\n=== {gate} {number}/{}: {}", steps.len(), step.name);
        let start = now();
        (step.run)(sh).with_context(|| format!("{gate}: step `{}` failed", step.name))?;
        times.push((step.name, start.elapsed()));
    }
    eprint!("\n{}", summary(gate, &times));
    Ok(())
}

/// A table of the steps and their seconds.
fn summary(gate: &str, times: &[(&str, Duration)]) -> String {
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    let line = |name: &str, time: Duration| format!("{:>8.1} s  {name}\n", time.as_secs_f64());
    let lines: String = times.iter().map(|(name, time)| line(name, *time)).collect();
    lines + &line(&format!("{gate}: everything holds"), total)
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch for people; nothing depends on it")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn the_summary_lists_every_step_and_the_sum() {
        let times = [("fmt", Duration::from_millis(340)), ("test", Duration::from_secs(61))];
        assert_eq!(
            summary("ci", &times),
            "     0.3 s  fmt\n    61.0 s  test\n    61.3 s  ci: everything holds\n"
        );
    }

    #[test]
    fn stops_at_the_first_failure_and_names_it() -> Result<()> {
        let sh = Shell::new()?;
        let steps = [
            Step {
                name: "good",
                run: |_| Ok(()),
            },
            Step {
                name: "bad",
                run: |_| bail!("no"),
            },
            Step {
                name: "never",
                run: |_| panic!("must not run"),
            },
        ];
        let error = run("ci", &sh, &steps).map_err(|error| format!("{error:#}"));
        assert_eq!(error, Err("ci: step `bad` failed: no".to_owned()));
        Ok(())
    }
}
