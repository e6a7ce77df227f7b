//! The programs that the tests run, looked for before anything is compiled, and installed where that is easy.

use anyhow::{Result, bail};
use xshell::{Shell, cmd};

/// The oldest Python that the local workspace runs code with.
const PYTHON: (u32, u32) = (3, 9);

/// A program the tests need.
struct Tool {
    /// Its name, and that of its Debian package.
    name: &'static str,
    /// What the tests do with it.
    purpose: &'static str,
    /// What is wrong with it here, if anything.
    problem: fn(&Shell) -> Option<String>,
}

const TOOLS: [Tool; 3] = [
    Tool {
        name: "python3",
        purpose: "the local workspace executes Python with it",
        problem: python_problem,
    },
    Tool {
        name: "python3-venv",
        purpose: "what is not ours is installed for the tests into Python environments of its own",
        problem: venv_problem,
    },
    Tool {
        name: "curl",
        purpose: "the API document's examples are run with it, over TLS",
        problem: curl_problem,
    },
];

/// Sees to it that every tool is there.
///
/// # Errors
/// When one is missing or too old and cannot be installed from here.
pub(crate) fn ensure(sh: &Shell) -> Result<()> {
    TOOLS.iter().try_for_each(|tool| ensure_tool(sh, tool))
}

fn ensure_tool(sh: &Shell, Tool { name, purpose, problem }: &Tool) -> Result<()> {
    let Some(found) = problem(sh) else { return Ok(()) };
    if !is_root_on_debian(sh) {
        bail!("{found}; {purpose}. Install it and try again, for instance with `sudo apt-get install {name}`");
    }
    eprintln!("{found}; installing it");
    cmd!(sh, "apt-get update --quiet").run()?;
    cmd!(sh, "apt-get install --quiet --yes {name}")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .run()?;
    match problem(sh) {
        Some(still) => bail!("{still}, even after installing it; {purpose}"),
        None => Ok(()),
    }
}

fn is_root_on_debian(sh: &Shell) -> bool {
    let is_root = cmd!(sh, "id -u").quiet().read().is_ok_and(|id| id == "0");
    is_root && cmd!(sh, "apt-get --version").quiet().ignore_stdout().run().is_ok()
}

fn python_problem(sh: &Shell) -> Option<String> {
    let Ok(version) = cmd!(sh, "python3 --version").quiet().ignore_stderr().read() else {
        return Some("python3 is not there".to_owned());
    };
    let (major, minor) = PYTHON;
    match python_version(&version) {
        Some(found) if found >= PYTHON => None,
        _ => Some(format!(
            "python3 must be {major}.{minor} or newer, but it says `{version}`"
        )),
    }
}

/// The version in what `python3 --version` prints.
fn python_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix("Python ")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn venv_problem(sh: &Shell) -> Option<String> {
    let modules = cmd!(sh, "python3 -c 'import ensurepip, venv'");
    let is_there = modules.quiet().ignore_stderr().run().is_ok();
    (!is_there).then(|| "python3 cannot make environments".to_owned())
}

fn curl_problem(sh: &Shell) -> Option<String> {
    let Ok(version) = cmd!(sh, "curl --version").quiet().ignore_stderr().read() else {
        return Some("curl is not there".to_owned());
    };
    (!speaks_https(&version)).then(|| "curl was built without TLS".to_owned())
}

/// Whether what `curl --version` prints lists https.
fn speaks_https(version: &str) -> bool {
    let protocols = version.lines().find_map(|line| line.strip_prefix("Protocols:"));
    protocols.is_some_and(|protocols| protocols.split_whitespace().any(|it| it == "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_of_python() {
        assert_eq!(python_version("Python 3.11.7"), Some((3, 11)));
        assert_eq!(python_version("Python 3.9"), Some((3, 9)));
        assert_eq!(python_version("Python 2.7.18"), Some((2, 7)));
        assert_eq!(python_version("3.11"), None);
        assert_eq!(python_version(""), None);
        assert!(Some((3, 8)) < Some(PYTHON) && Some((3, 10)) > Some(PYTHON));
    }

    #[test]
    fn knows_a_curl_without_tls() {
        assert!(speaks_https(
            "curl 7.88.1\nProtocols: dict http https imap\nFeatures: SSL"
        ));
        assert!(!speaks_https("curl 7.88.1\nProtocols: dict http imap\nFeatures: https"));
        assert!(!speaks_https(""));
    }

    #[test]
    fn a_missing_tool_that_cannot_be_installed_is_named_with_its_purpose() -> Result<()> {
        let sh = Shell::new()?;
        sh.set_var("PATH", "");
        let tool = Tool {
            name: "curl",
            purpose: "examples",
            problem: |_| Some("curl is not there".to_owned()),
        };
        let message = ensure_tool(&sh, &tool).map_err(|error| error.to_string());
        assert_eq!(
            message,
            Err(
                "curl is not there; examples. Install it and try again, for instance with `sudo apt-get install curl`"
                    .to_owned()
            )
        );
        Ok(())
    }
}
