//! A broken rule, told so that the reader knows what to do about it.

use std::fmt;

use anyhow::{Result, bail};

/// One broken rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The crate or `file:line` that breaks it.
    pub(crate) place: String,
    /// What is there that must not be, or the reverse.
    pub(crate) what: String,
    /// Why the rule exists.
    pub(crate) why: &'static str,
    /// How to get rid of it.
    pub(crate) fix: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.place, self.what)?;
        writeln!(f, "    why: {}", self.why)?;
        write!(f, "    fix: {}", self.fix)
    }
}

/// Prints all of them and fails if there is one.
///
/// # Errors
/// When `violations` is not empty.
pub(crate) fn report(verb: &str, violations: &[Violation]) -> Result<()> {
    for violation in violations {
        eprintln!("{violation}");
    }
    match violations.len() {
        0 => {
            eprintln!("{verb}: ok");
            Ok(())
        }
        1 => bail!("{verb}: one rule is broken"),
        count => bail!("{verb}: rules are broken in {count} places"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_says_where_what_why_and_how_to_fix_it() {
        let violation = Violation {
            place: "dbx12-types".to_owned(),
            what: "depends on `tokio`".to_owned(),
            why: "it does no I/O",
            fix: "move the code up".to_owned(),
        };
        assert_eq!(
            violation.to_string(),
            "dbx12-types: depends on `tokio`\n    why: it does no I/O\n    fix: move the code up"
        );
        assert!(report("layers", &[violation]).is_err());
        assert!(report("layers", &[]).is_ok());
    }
}
