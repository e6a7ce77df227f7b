//! `cargo xtask tidy`: what no compiler checks.
//!
//! Rules for one file of Rust are functions in [`RULES`]; the top level has its own.

#[cfg(test)]
mod tests;

use anyhow::Result;
use xshell::Shell;

use crate::files::{self, SourceFile};
use crate::source;
use crate::violation::{self, Violation};

/// The most lines a file may have before its tests.
const LONGEST: usize = 400;

/// Files that may be longer, with the reason.
const LONG: &[(&str, &str)] = &[];

/// What may lie at the top level, besides dot files, `LICENSE-*` and `*.toml`.
const TOP_LEVEL: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "README.md",
    "SECURITY.md",
    "crates",
    "target",
    "tests",
    "xtask",
];

/// Words that say "not finished". Split, so that this file does not contain them.
const LEFTOVERS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Token sequences that have no place in finished code, each with the reason and the way out.
const FORBIDDEN: [(&[&str], &str, &str); 4] = [
    (
        &["#", "[", "ignore"],
        "a test that does not run protects nothing and rots unseen",
        "make it quick or reliable enough to run, or delete it",
    ),
    (
        &["#", "[", "should_panic"],
        "it passes on any panic, also on the wrong one",
        "return a `Result` and match on the error",
    ),
    (
        &["todo", "!"],
        "what is called must work",
        "write it, or refuse with an error that says what to do",
    ),
    (
        &["unimplemented", "!"],
        "what is called must work",
        "write it, or refuse with an error that says what to do",
    ),
];

/// Rules for one file of Rust.
const RULES: [fn(&SourceFile) -> Vec<Violation>; 6] = [
    module_doc,
    forbidden_tokens,
    leftovers,
    ignored_examples,
    no_mod_rs,
    not_too_long,
];

/// Checks every file and the top level.
///
/// # Errors
/// When a rule is broken, or a file cannot be read.
pub(crate) fn run(sh: &Shell) -> Result<()> {
    let mut violations = top_level(&names_at_the_top(sh)?);
    for file in files::read_all(sh, "", &["rs", "toml", "md", "yml", "yaml", "py", "sh"])? {
        violations.extend(check(&file));
    }
    violation::report("tidy", &violations)
}

fn check(file: &SourceFile) -> Vec<Violation> {
    let mut violations = trailing_whitespace(file);
    if file.path.ends_with(".rs") {
        violations.extend(RULES.iter().flat_map(|rule| rule(file)));
    }
    violations
}

fn names_at_the_top(sh: &Shell) -> Result<Vec<String>> {
    let paths = sh.read_dir(sh.current_dir())?;
    Ok(paths
        .iter()
        .filter_map(|path| path.file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect())
}

fn top_level(names: &[String]) -> Vec<Violation> {
    let belongs = |name: &str| {
        name.starts_with('.') || name.starts_with("LICENSE-") || name.ends_with(".toml") || TOP_LEVEL.contains(&name)
    };
    names
        .iter()
        .filter(|name| !belongs(name))
        .map(|name| Violation {
            place: name.clone(),
            what: "does not belong at the top level".to_owned(),
            why: "the top level is what a newcomer sees first",
            fix: "move it under `crates`, `tests` or `xtask`, or name it in xtask/src/tidy.rs".to_owned(),
        })
        .collect()
}

fn module_doc(file: &SourceFile) -> Vec<Violation> {
    let says_nothing =
        |line: &&str| line.is_empty() || (!is_doc(line) && (line.starts_with("#!") || line.starts_with("//")));
    let first = file.text.lines().map(str::trim).find(|line| !says_nothing(line));
    if first.is_some_and(is_doc) {
        return Vec::new();
    }
    vec![Violation {
        place: file.path.clone(),
        what: "starts without a `//!` line".to_owned(),
        why: "whoever opens a file must learn from its first lines what it is for",
        fix: "say what the module is for, and what it leaves to others".to_owned(),
    }]
}

fn is_doc(line: &str) -> bool {
    line.starts_with("//!") || line.starts_with("#![doc")
}

fn forbidden_tokens(file: &SourceFile) -> Vec<Violation> {
    let tokens = source::tokens(&file.text);
    let mut violations = Vec::new();
    for (wanted, why, fix) in FORBIDDEN {
        let found = tokens
            .windows(wanted.len())
            .filter(|window| window.iter().map(|it| it.text.as_str()).eq(wanted.iter().copied()));
        violations.extend(found.map(|window| Violation {
            place: format!("{}:{}", file.path, window[0].line),
            what: format!("has `{}`", wanted.concat()),
            why,
            fix: fix.to_owned(),
        }));
    }
    violations
}

fn leftovers(file: &SourceFile) -> Vec<Violation> {
    let is_leftover = |word: &str| LEFTOVERS.contains(&word);
    lines(file, |line| {
        line.split(|it: char| !it.is_alphanumeric() && it != '_')
            .any(is_leftover)
    })
    .map(|place| Violation {
        place,
        what: "has a note to do something later".to_owned(),
        why: "notes in code are read by nobody who could act on them",
        fix: "do it now, or file an issue and say in prose what the code does not do".to_owned(),
    })
    .collect()
}

fn ignored_examples(file: &SourceFile) -> Vec<Violation> {
    let is_ignored = |line: &str| {
        let doc = line.trim_start();
        let text = doc
            .strip_prefix("///")
            .or_else(|| doc.strip_prefix("//!"))
            .unwrap_or_default();
        let language = text.trim_start().strip_prefix("```").unwrap_or_default();
        language.split(',').any(|word| word.trim() == "ignore")
    };
    lines(file, is_ignored)
        .map(|place| Violation {
            place,
            what: "has an example that is not compiled".to_owned(),
            why: "examples that nobody compiles stop being true",
            fix: "make it compile (`no_run` if it must not run), or mark it `text`".to_owned(),
        })
        .collect()
}

fn no_mod_rs(file: &SourceFile) -> Vec<Violation> {
    if !file.path.ends_with("/mod.rs") {
        return Vec::new();
    }
    vec![Violation {
        place: file.path.clone(),
        what: "is named `mod.rs`".to_owned(),
        why: "ten open tabs named mod.rs tell nothing",
        fix: "name it after its module, beside the module's directory: `foo.rs` and `foo/`".to_owned(),
    }]
}

fn not_too_long(file: &SourceFile) -> Vec<Violation> {
    let is_test = ["/tests.rs", "_tests.rs"].iter().any(|end| file.path.ends_with(end))
        || ["/tests/", "/it/"].iter().any(|part| file.path.contains(part));
    let lines = lines_before_tests(&file.text);
    if is_test || lines <= LONGEST || LONG.iter().any(|(path, _)| *path == file.path) {
        return Vec::new();
    }
    vec![Violation {
        place: file.path.clone(),
        what: format!("has {lines} lines before its tests; {LONGEST} is the limit"),
        why: "a file has one subject, and the eye must be able to hold it",
        fix: "split it by subject, or name it in xtask/src/tidy.rs with the reason why it is one".to_owned(),
    }]
}

/// The lines of `text` up to its test module.
fn lines_before_tests(text: &str) -> usize {
    let lines: Vec<_> = text.lines().collect();
    let is_start = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{');
    lines.windows(2).position(is_start).unwrap_or(lines.len())
}

fn trailing_whitespace(file: &SourceFile) -> Vec<Violation> {
    lines(file, |line| line.ends_with([' ', '\t']))
        .map(|place| Violation {
            place,
            what: "ends in white space".to_owned(),
            why: "it shows up in other people's diffs",
            fix: "remove it".to_owned(),
        })
        .collect()
}

/// The places (`path:line`) of the lines that match.
fn lines(file: &SourceFile, matches: impl Fn(&str) -> bool) -> impl Iterator<Item = String> {
    let numbered = file.text.lines().zip(1..).filter(move |(line, _)| matches(line));
    numbered.map(|(_, number)| format!("{}:{number}", file.path))
}
