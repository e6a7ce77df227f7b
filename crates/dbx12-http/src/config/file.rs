//! The file with profiles, `~/.databrickscfg`, by the rules of Python's `configparser`.
//!
//! What differs: `#` and `;` begin a comment after a space, as in sdk-go; `[DEFAULT]` is a profile like any other, as in
//! all official tools; and a byte order mark is skipped.

/// The profiles of a file, in its order. `Debug` shows their names only.
///
/// ```
/// use dbx12_http::ConfigFile;
///
/// let file = ConfigFile::parse("[DEFAULT]\nhost = https://example.com  # mine\ntoken: dapi#1\n")?;
/// let profile = file.profile("DEFAULT").unwrap();
/// assert_eq!(profile.value("host"), Some("https://example.com"));
/// assert_eq!(profile.value("token"), Some("dapi#1"));
/// # Ok::<_, dbx12_http::ConfigFileError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ConfigFile {
    profiles: Vec<Profile>,
}

/// One section of a file.
#[derive(Clone, Default)]
pub struct Profile {
    name: String,
    values: Vec<(String, String)>,
}

/// What is wrong in which line. It never repeats a word of the file, which may be a secret in the wrong place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ConfigFileError {
    line: usize,
    problem: &'static str,
}

/// What the official tools keep for themselves.
pub(super) const SETTINGS: &str = "__settings__";

impl ConfigFile {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// When `configparser` would refuse it: a line that is neither a section, `key = value` nor the continuation of a
    /// value, a value before the first section, or something twice.
    pub fn parse(text: &str) -> Result<Self, ConfigFileError> {
        Parser::default().parse(text)
    }

    /// The profile with this name. Names are compared letter by letter.
    pub fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.name == name)
    }

    /// The names of all profiles.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.profiles.iter().map(|profile| profile.name.as_str());
        names.filter(|name| *name != SETTINGS)
    }

    /// The profile that `[__settings__] default_profile` names.
    pub fn default_profile(&self) -> Option<&str> {
        self.profile(SETTINGS)?
            .value("default_profile")
            .filter(|name| !name.is_empty())
    }
}

impl Profile {
    /// The value of a key, which is compared in lower case.
    pub fn value(&self, key: &str) -> Option<&str> {
        let found = self.values.iter().find(|(known, _)| *known == key.to_lowercase());
        found.map(|(_, value)| value.as_str())
    }

    /// All keys, in lower case.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|(key, _)| key.as_str())
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Profile({:?})", self.name)
    }
}

#[derive(Default)]
struct Parser {
    file: ConfigFile,
    section: Option<usize>,
    /// The value that the next line may continue.
    open: Option<OpenValue>,
}

struct OpenValue {
    /// How far the line of its key is indented.
    indent: usize,
    lines: Vec<String>,
}

impl Parser {
    fn parse(mut self, text: &str) -> Result<ConfigFile, ConfigFileError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        for (index, line) in text.split('\n').enumerate() {
            let line_number = index + 1;
            self.line(line).map_err(|problem| ConfigFileError {
                line: line_number,
                problem,
            })?;
        }
        self.close();
        Ok(self.file)
    }

    fn line(&mut self, line: &str) -> Result<(), &'static str> {
        let (content, is_comment) = without_comment(line);
        let content = content.trim_matches(is_space);
        if content.is_empty() {
            // An empty line may be part of a value; one with a comment is nothing.
            if let (Some(open), false) = (&mut self.open, is_comment) {
                open.lines.push(String::new());
            }
            return Ok(());
        }
        let indent = line.chars().take_while(|c| is_space(*c)).count();
        if let Some(open) = &mut self.open
            && indent > open.indent
        {
            open.lines.push(content.to_owned());
            return Ok(());
        }
        self.close();
        if let Some(name) = section_name(content) {
            return self.begin_section(name);
        }
        let section = self.section.ok_or("there is no [section] before it")?;
        let delimiter = content
            .find(['=', ':'])
            .ok_or("it is neither [section] nor key = value")?;
        let key = content[..delimiter].trim_end_matches(is_space).to_lowercase();
        if key.is_empty() {
            return Err("there is no key before the value");
        }
        let values = &mut self.file.profiles[section].values;
        if values.iter().any(|(known, _)| *known == key) {
            return Err("the key is there twice");
        }
        let first = content[delimiter + 1..].trim_matches(is_space).to_owned();
        values.push((key, String::new()));
        self.open = Some(OpenValue {
            indent,
            lines: vec![first],
        });
        Ok(())
    }

    fn begin_section(&mut self, name: &str) -> Result<(), &'static str> {
        // Only [DEFAULT] may come twice.
        let known = self.file.profiles.iter().position(|profile| profile.name == name);
        self.section = match known {
            Some(index) if name == "DEFAULT" => Some(index),
            Some(_) => return Err("the section is there twice"),
            None => {
                self.file.profiles.push(Profile {
                    name: name.to_owned(),
                    values: Vec::new(),
                });
                Some(self.file.profiles.len() - 1)
            }
        };
        Ok(())
    }

    /// Puts the lines of a value together.
    fn close(&mut self) {
        let (Some(open), Some(section)) = (self.open.take(), self.section) else {
            return;
        };
        if let Some((_, value)) = self.file.profiles[section].values.last_mut() {
            open.lines.join("\n").trim_end_matches(is_space).clone_into(value);
        }
    }
}

/// `[name]` at the beginning; what follows the last bracket is nothing.
fn section_name(content: &str) -> Option<&str> {
    let rest = content.strip_prefix('[')?;
    rest.rfind(']').map(|end| &rest[..end]).filter(|name| !name.is_empty())
}

/// The line up to a comment, and whether there is one.
fn without_comment(line: &str) -> (&str, bool) {
    let trimmed = line.trim_start_matches(is_space);
    if trimmed.starts_with(['#', ';']) {
        return ("", true);
    }
    let mut before = ' ';
    for (index, character) in line.char_indices() {
        if matches!(character, '#' | ';') && is_space(before) {
            return (&line[..index], true);
        }
        before = character;
    }
    (line, false)
}

/// What Python's `str.isspace` and `str.strip` take for white space: Unicode's, and four separators of ASCII.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

#[cfg(test)]
mod tests;
