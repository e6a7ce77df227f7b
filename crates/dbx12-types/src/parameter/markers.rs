//! Where an SQL text has markers `:name`.
//!
//! It must not take the inside of a string for code: a literal put there would end the string. So the text is cut into
//! tokens as Spark's lexer does (`SqlBaseLexer.g4` of Spark 3.0 to 4), and where versions of it differ, or a token is
//! not closed, the text is refused.

use super::ParameterError;

/// A marker in an SQL text.
#[derive(Debug, PartialEq)]
pub(super) struct Marker<'a> {
    /// Where its colon is.
    pub(super) start: usize,
    /// Its name, without the colon.
    pub(super) name: &'a str,
}

impl Marker<'_> {
    pub(super) fn end(&self) -> usize {
        self.start + 1 + self.name.len()
    }
}

/// The markers of an SQL text, first to last.
pub(super) fn find(sql: &str) -> Result<Vec<Marker<'_>>, ParameterError> {
    let mut lexer = Lexer { sql, at: 0 };
    let mut markers = Vec::new();
    while let Some(token) = lexer.next()? {
        markers.extend(token);
    }
    Ok(markers)
}

/// The line, from 1, that a byte of the text is in.
pub(super) fn line_at(sql: &str, at: usize) -> usize {
    sql.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

struct Lexer<'a> {
    sql: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    /// Steps over one token: `Some(Some(marker))` when it is a marker, `None` at the end.
    fn next(&mut self) -> Result<Option<Option<Marker<'a>>>, ParameterError> {
        let rest = &self.sql[self.at..];
        let Some(first) = rest.chars().next() else {
            return Ok(None);
        };
        let length = match first {
            '\'' | '"' => self.quoted(rest, first)?,
            '`' => closing(rest, first, 1, false).ok_or_else(|| self.ambiguous("a quoted identifier"))?,
            'r' | 'R' if rest[1..].starts_with(['\'', '"']) => self.raw(rest)?,
            '-' if rest.starts_with("--") => self.line_comment(rest)?,
            // A hint `/*+ … */` is code.
            '/' if rest.starts_with("/*") && !rest.starts_with("/*+") => self.block_comment(rest)?,
            '$' => self.dollar(rest)?,
            ':' => return Ok(Some(self.colon(rest))),
            _ if is_word(first) => self.word(rest)?,
            _ => first.len_utf8(),
        };
        self.at += length;
        Ok(Some(None))
    }

    /// `'…'` or `"…"`. A backslash always takes the next character with it, also where `escapedStringLiterals` says that
    /// it means nothing: that only counts when the string is read.
    fn quoted(&self, rest: &str, quote: char) -> Result<usize, ParameterError> {
        closing(rest, quote, 1, true).ok_or_else(|| self.ambiguous("a string"))
    }

    /// `r'…'`, in which a backslash is nothing special, since Spark 3.4; before it was a name and a string.
    fn raw(&self, rest: &str) -> Result<usize, ParameterError> {
        let quote = if rest[1..].starts_with('"') { '"' } else { '\'' };
        let (raw, escaped) = (closing(rest, quote, 2, false), closing(rest, quote, 2, true));
        raw.filter(|_| raw == escaped)
            .ok_or_else(|| self.ambiguous("a raw string"))
    }

    /// Older versions of Spark end it with the line even after a backslash, newer ones do not.
    fn line_comment(&self, rest: &str) -> Result<usize, ParameterError> {
        let line = rest.split(['\n', '\r']).next().unwrap_or_default();
        if line.ends_with('\\') {
            return Err(self.ambiguous("a comment that ends in a backslash"));
        }
        Ok(line.len())
    }

    /// Comments lie in each other since Spark 3.0.
    fn block_comment(&self, rest: &str) -> Result<usize, ParameterError> {
        let (mut at, mut depth) = (2, 1);
        while depth > 0 {
            let next = rest[at..].find(['*', '/']).ok_or_else(|| self.ambiguous("a comment"))?;
            at += next;
            let (step, change) = match &rest.as_bytes()[at..] {
                [b'*', b'/', ..] => (2, -1),
                [b'/', b'*', b'+', ..] => return Err(self.ambiguous("a hint in a comment")),
                [b'/', b'*', ..] => (2, 1),
                _ => (1, 0),
            };
            at += step;
            depth += change;
        }
        Ok(at)
    }

    /// `$$…$$` and `$name$…$name$` are strings since Spark 4.
    fn dollar(&self, rest: &str) -> Result<usize, ParameterError> {
        let tag = rest[1..].trim_start_matches(is_word);
        if tag.starts_with('$') {
            return Err(self.ambiguous("a dollar-quoted string"));
        }
        Ok(1)
    }

    /// A name, keyword or number; since Spark 3.5 also a URI, in which `--` begins no comment.
    fn word(&self, rest: &str) -> Result<usize, ParameterError> {
        let length = length_while(rest, is_word);
        let Some(path) = rest[length..].strip_prefix("://") else {
            return Ok(length);
        };
        let path = &path[..length_while(path, |c| is_word(c) || "/-.?=&#%".contains(c))];
        if path.contains("--") {
            return Err(self.ambiguous("a URI with two dashes"));
        }
        Ok(length + "://".len() + path.len())
    }

    /// A marker, or another use of the colon: `a:b`, `a[0]:b`, `a::int`, `STRUCT<a: INT>`.
    fn colon(&mut self, rest: &'a str) -> Option<Marker<'a>> {
        let start = self.at;
        if rest.starts_with("::") {
            self.at += 2;
            return None;
        }
        let after_expression = |c: char| is_word(c) || ")]`'\"".contains(c);
        let follows_expression = self.sql[..start].ends_with(after_expression);
        let name = &rest[1..][..length_while(&rest[1..], |c| c.is_ascii_alphanumeric() || c == '_')];
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let ends_there = !rest[1 + name.len()..].starts_with(is_word);
        self.at += 1;
        if follows_expression || !is_name || !ends_there {
            return None;
        }
        self.at += name.len();
        Some(Marker { start, name })
    }

    fn ambiguous(&self, what: &'static str) -> ParameterError {
        ParameterError::Ambiguous {
            what,
            line: line_at(self.sql, self.at),
        }
    }
}

/// Behind the next such quote; `None` when there is none. A doubled quote makes two tokens of one: the end is the same.
fn closing(text: &str, quote: char, from: usize, with_escapes: bool) -> Option<usize> {
    let mut characters = text.char_indices().skip_while(|(at, _)| *at < from);
    while let Some((at, character)) = characters.next() {
        if character == quote {
            return Some(at + quote.len_utf8());
        }
        if character == '\\' && with_escapes {
            characters.next();
        }
    }
    None
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn length_while(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_part(c)).unwrap_or(text.len())
}
