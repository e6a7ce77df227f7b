//! `.netrc` files, by the rules of Python's `netrc` module.
//!
//! What Python reads is read the same way. Python trips over some comments (`#two words`, or a comment after an empty
//! line); here a comment simply ends with its line.

use super::CredentialError;
use crate::Host;
use secrecy::{ExposeSecret as _, SecretString};
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::Chars;

/// A `.netrc` file: who to be on which machine, by the rules of Python's `netrc` module. `Debug` shows no password.
///
/// ```
/// use dbx12_http::Host;
/// use dbx12_http::credentials::Netrc;
///
/// let netrc = Netrc::parse("machine example.com login me password \"with space\"  # comment")?;
/// assert_eq!(netrc.find(&Host::parse("https://example.com")?).unwrap().login, "me");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Netrc {
    entries: Vec<(String, NetrcEntry)>,
}

/// Who to be on one machine. What a file does not say is empty.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct NetrcEntry {
    /// The user.
    pub login: String,
    pub(crate) password: SecretString,
}

impl NetrcEntry {
    /// The password: a secret. `Debug` does not show it.
    pub fn password(&self) -> &str {
        self.password.expose_secret()
    }
}

impl Netrc {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// When it is not well-formed. The error says where, and repeats nothing of the text.
    pub fn parse(text: &str) -> Result<Self, NetrcError> {
        parse(text)
    }

    /// Reads a file that nobody but its owner can read.
    ///
    /// # Errors
    /// When it cannot be read, when it is not well-formed, or when others can read it.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, CredentialError> {
        read(path.as_ref())
    }

    /// The entry for a host: `name:port`, else `name`, else `default`. Of two entries for one machine the last one counts.
    pub fn find(&self, host: &Host) -> Option<NetrcEntry> {
        let with_port = format!("{}:{}", host.name(), host.port());
        let entry = |machine: &str| {
            let same = |(name, _): &&(String, NetrcEntry)| name.eq_ignore_ascii_case(machine);
            self.entries.iter().rev().find(same).map(|(_, entry)| entry.clone())
        };
        entry(&with_port)
            .or_else(|| entry(host.name()))
            .or_else(|| entry("default"))
    }
}

/// Where the file is: where `NETRC` says, else `.netrc` in the home directory.
pub(crate) fn default_path(lookup: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
    if let Some(path) = set("NETRC") {
        return Some(PathBuf::from(path));
    }
    let home = set("HOME").or_else(|| set("USERPROFILE"))?;
    Some(Path::new(&home).join(".netrc"))
}

fn read(path: &Path) -> Result<Netrc, CredentialError> {
    let failed = |what: &str, error: std::io::Error| {
        CredentialError::new(format!("{} {what}: {error}", path.display())).with_source(error)
    };
    let mut file = File::open(path).map_err(|error| failed("cannot be opened", error))?;
    // Asked of the open file: the path may point elsewhere by the time it is read.
    let metadata = file.metadata().map_err(|error| failed("cannot be examined", error))?;
    if readable_by_others(&metadata) {
        let path = path.display();
        return Err(CredentialError::new(format!(
            "{path} holds passwords and can be read by others; run: chmod 600 {path}"
        )));
    }
    let mut text = String::new();
    file.read_to_string(&mut text)
        .map_err(|error| failed("cannot be read", error))?;
    parse(&text).map_err(|error| CredentialError::new(format!("{}, {error}", path.display())))
}

/// Whether anybody but its owner can read a file.
#[cfg(unix)]
pub(crate) fn readable_by_others(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.is_file() && metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
pub(crate) fn readable_by_others(_: &Metadata) -> bool {
    false
}

/// What is wrong in which line. It never repeats a word of the file, which may be a password in the wrong place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct NetrcError {
    line: usize,
    problem: &'static str,
}

fn parse(text: &str) -> Result<Netrc, NetrcError> {
    // What a text file's line break is, as Python sees it.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lexer = Lexer::new(&text);
    let mut netrc = Netrc::default();
    let mut word = lexer.word();
    while !word.is_empty() {
        word = match word.as_str() {
            "machine" => {
                let name = lexer.word();
                if name.is_empty() {
                    return Err(lexer.error("`machine` is not followed by a name"));
                }
                lexer.entry(&mut netrc, name)?
            }
            "default" => lexer.entry(&mut netrc, word)?,
            "macdef" => {
                if lexer.word().is_empty() {
                    return Err(lexer.error("`macdef` is not followed by a name"));
                }
                lexer.skip_macro()?;
                lexer.word()
            }
            comment if comment.starts_with('#') => {
                lexer.skip_comment();
                lexer.word()
            }
            _ => return Err(lexer.error("expected `machine`, `default` or `macdef`")),
        };
    }
    Ok(netrc)
}

struct Lexer<'a> {
    rest: Chars<'a>,
    line: usize,
    last: char,
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.strip_prefix('\u{feff}').unwrap_or(text).chars(),
            line: 1,
            last: '\n',
        }
    }

    /// Reads what follows `machine NAME` or `default`; returns the word that ends it.
    fn entry(&mut self, netrc: &mut Netrc, name: String) -> Result<String, NetrcError> {
        let mut entry = NetrcEntry::default();
        loop {
            let word = self.word();
            match word.as_str() {
                "login" | "user" => entry.login = self.word(),
                "password" => entry.password = SecretString::from(self.word()),
                "account" => drop(self.word()),
                "" | "machine" | "default" | "macdef" => {
                    netrc.entries.push((name, entry));
                    return Ok(word);
                }
                comment if comment.starts_with('#') => self.skip_comment(),
                _ => return Err(self.error("expected `login`, `password` or `account`")),
            }
        }
    }

    /// The next word, empty at the end. Quotes may stand around a word, and a backslash before any character.
    fn word(&mut self) -> String {
        let mut word = String::new();
        let first = loop {
            match self.next() {
                None => return word,
                Some(' ' | '\t' | '\n') => {}
                Some(first) => break first,
            }
        };
        let quoted = first == '"';
        let mut next = if quoted { self.next() } else { Some(first) };
        while let Some(character) = next {
            match character {
                '"' if quoted => break,
                ' ' | '\t' | '\n' if !quoted => break,
                '\\' => word.extend(self.next()),
                other => word.push(other),
            }
            next = self.next();
        }
        word
    }

    /// Skips the rest of the line in which the last word stands.
    fn skip_comment(&mut self) {
        if self.last != '\n' {
            self.read_line();
        }
    }

    /// A macro ends with an empty line.
    fn skip_macro(&mut self) -> Result<(), NetrcError> {
        loop {
            match self.read_line().as_str() {
                "\n" => return Ok(()),
                "" => return Err(self.error("the macro does not end with an empty line")),
                _ => {}
            }
        }
    }

    /// The rest of the line with its line break; empty at the end.
    fn read_line(&mut self) -> String {
        let mut line = String::new();
        while let Some(character) = self.next() {
            line.push(character);
            if character == '\n' {
                break;
            }
        }
        line
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.next()?;
        self.line += usize::from(next == '\n');
        self.last = next;
        Some(next)
    }

    fn error(&self, problem: &'static str) -> NetrcError {
        let line = self.line - usize::from(self.last == '\n' && self.line > 1);
        NetrcError { line, problem }
    }
}

#[cfg(test)]
mod tests;
