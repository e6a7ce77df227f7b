//! Reading Rust sources just well enough to know what a file names: words without comments and literals, and paths with
//! the braces of `use` spelled out.

use std::iter::Peekable;
use std::str::Chars;

/// A token that is neither space, comment nor literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// The line it is on, from 1.
    pub(crate) line: usize,
    /// An identifier or keyword, `::`, or one character of punctuation.
    pub(crate) text: String,
}

/// A path as written, with the prefixes of enclosing `use` braces put before it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// The line its last part starts on, from 1.
    pub(crate) line: usize,
    /// `["tokio", "time", "sleep"]`.
    pub(crate) segments: Vec<String>,
    /// Whether it is more than a word alone: it has `::` or stands after `use`.
    pub(crate) qualified: bool,
}

impl Path {
    /// Whether it starts from this crate and not from another one.
    pub(crate) fn is_own(&self) -> bool {
        self.segments
            .first()
            .is_some_and(|first| ["crate", "self", "super"].contains(&first.as_str()))
    }
}

/// All paths of `tokens`, in order.
pub(crate) fn paths(tokens: &[Token]) -> Vec<Path> {
    let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.text == text);
    let mut paths = Vec::new();
    let mut prefixes: Vec<Vec<String>> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let start = at;
        match tokens[at].text.as_str() {
            "{" => prefixes.push(Vec::new()),
            "}" => drop(prefixes.pop()),
            word if is_word(word) => {
                let mut segments = prefixes.last().cloned().unwrap_or_default();
                segments.push(word.to_owned());
                while is(at + 1, "::") && tokens.get(at + 2).is_some_and(|token| is_word(&token.text)) {
                    at += 2;
                    segments.push(tokens[at].text.clone());
                }
                if is(at + 1, "::") && is(at + 2, "{") {
                    at += 2;
                    prefixes.push(segments);
                } else {
                    let qualified = segments.len() > 1 || is(at + 1, "::") || (start > 0 && is(start - 1, "use"));
                    paths.push(Path {
                        line: tokens[at].line,
                        segments,
                        qualified,
                    });
                }
            }
            _ => {}
        }
        at += 1;
    }
    paths
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first == '_' || first.is_alphabetic())
}

/// All tokens of `source`. Literals are dropped: a string is not code. Numbers too.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut reader = Reader {
        chars: source.chars().peekable(),
        line: 1,
    };
    std::iter::from_fn(|| reader.token()).collect()
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
    line: usize,
}

impl Reader<'_> {
    fn token(&mut self) -> Option<Token> {
        loop {
            let line = self.line;
            let first = self.next()?;
            let text = match first {
                '/' if self.eat('/') => {
                    self.skip_until(|next| next == '\n');
                    continue;
                }
                '/' if self.eat('*') => {
                    self.skip_block_comment();
                    continue;
                }
                '"' => {
                    self.skip_string();
                    continue;
                }
                '\'' => {
                    self.skip_char_or_lifetime();
                    continue;
                }
                ':' if self.eat(':') => "::".to_owned(),
                digit if digit.is_ascii_digit() => {
                    self.skip_until(|next| !is_word_part(next));
                    continue;
                }
                letter if is_word_part(letter) => match self.word(letter) {
                    Some(word) => word,
                    None => continue,
                },
                space if space.is_whitespace() => continue,
                other => other.to_string(),
            };
            return Some(Token { line, text });
        }
    }

    /// The word that starts with `first`, or nothing if it was the prefix of a literal (`b"…"`, `r#"…"#`).
    fn word(&mut self, first: char) -> Option<String> {
        let mut word = first.to_string();
        while let Some(part) = self.chars.next_if(|next| is_word_part(*next)) {
            word.push(part);
        }
        let raw = matches!(word.as_str(), "r" | "br" | "cr");
        match self.chars.peek() {
            Some('"') if raw => self.skip_raw_string(),
            Some('#') if raw => {
                if self.skip_raw_string_or_identifier_mark() {
                    return self.next().and_then(|first| self.word(first));
                }
            }
            Some('"') if matches!(word.as_str(), "b" | "c") => {
                self.next();
                self.skip_string();
            }
            Some('\'') if word == "b" => {
                self.next();
                self.skip_char_or_lifetime();
            }
            _ => return Some(word),
        }
        None
    }

    /// After `r`, before `#`: skips a raw string, or the mark of a raw identifier (`r#type`) and says so.
    fn skip_raw_string_or_identifier_mark(&mut self) -> bool {
        let mut ahead = self.chars.clone();
        ahead.next();
        let identifier = ahead.next().is_some_and(|next| next != '#' && next != '"');
        if identifier {
            self.next();
        } else {
            self.skip_raw_string();
        }
        identifier
    }

    /// From the `#`s or the quote on.
    fn skip_raw_string(&mut self) {
        let mut hashes = 0;
        while self.eat('#') {
            hashes += 1;
        }
        self.eat('"');
        loop {
            self.skip_until(|next| next == '"');
            if self.next().is_none() || (0..hashes).all(|_| self.eat('#')) {
                return;
            }
        }
    }

    /// After the opening quote.
    fn skip_string(&mut self) {
        while let Some(next) = self.next() {
            match next {
                '\\' => drop(self.next()),
                '"' => return,
                _ => {}
            }
        }
    }

    /// After the apostrophe: `'a'` and `'\n'` are literals, `'a` is a lifetime.
    fn skip_char_or_lifetime(&mut self) {
        match self.next() {
            Some('\\') => {
                self.next();
                self.skip_until(|next| next == '\'');
                self.next();
            }
            Some(first) if is_word_part(first) => {
                if !self.eat('\'') {
                    self.skip_until(|next| !is_word_part(next));
                }
            }
            _ => drop(self.eat('\'')),
        }
    }

    /// After the opening `/*`; these nest.
    fn skip_block_comment(&mut self) {
        let mut depth = 1;
        while depth > 0 {
            match self.next() {
                Some('/') if self.eat('*') => depth += 1,
                Some('*') if self.eat('/') => depth -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }

    fn skip_until(&mut self, stop: impl Fn(char) -> bool) {
        while self.chars.peek().is_some_and(|next| !stop(*next)) {
            self.next();
        }
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.chars.peek() == Some(&wanted);
        if found {
            self.next();
        }
        found
    }

    fn next(&mut self) -> Option<char> {
        let next = self.chars.next()?;
        if next == '\n' {
            self.line += 1;
        }
        Some(next)
    }
}

fn is_word_part(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        tokens(source).into_iter().map(|token| token.text).collect()
    }

    fn written(source: &str) -> Vec<String> {
        paths(&tokens(source))
            .into_iter()
            .filter(|path| path.qualified)
            .map(|path| path.segments.join("::"))
            .collect()
    }

    #[test]
    fn comments_and_literals_are_not_code() {
        let source = r##"
            a // hyper
            /* hyper /* nested */ hyper */ b
            "hyper \" hyper" c r#"hyper " hyper"# d b"hyper" e br"hyper" f 'h' '\'' b'h' '\u{1F600}' g 1_000u64
        "##;
        assert_eq!(words(source), ["a", "b", "c", "d", "e", "f", "g"]);
    }

    #[test]
    fn lifetimes_and_raw_identifiers_do_not_confuse_it() {
        assert_eq!(
            words("fn f<'a>(x: &'a str) { r#type }"),
            ["fn", "f", "<", ">", "(", "x", ":", "&", "str", ")", "{", "type", "}"]
        );
        assert_eq!(words("impl X<'_> r"), ["impl", "X", "<", ">", "r"]);
    }

    #[test]
    fn an_unfinished_literal_ends_with_the_file() {
        for source in ["\"", "r#\"", "'", "/*", "b'", "r#", "'\\"] {
            words(source);
        }
    }

    #[test]
    fn tokens_know_their_line() {
        let tokens = tokens("a\n\"two\nlines\" b\n// c\nd");
        let lines: Vec<_> = tokens.iter().map(|token| (token.text.as_str(), token.line)).collect();
        assert_eq!(lines, [("a", 1), ("b", 3), ("d", 5)]);
    }

    #[test]
    fn braces_of_use_are_spelled_out() {
        assert_eq!(
            written("use a::{b, c::{self, D}, e::F};"),
            ["a::b", "a::c::self", "a::c::D", "a::e::F"]
        );
        assert_eq!(written("use hyper; use hyper::*; x::<u8>();"), ["hyper", "hyper", "x"]);
    }

    #[test]
    fn braces_of_code_are_not() {
        assert_eq!(written("fn f() { if a { b::c() } } d::e"), ["b::c", "d::e"]);
        assert_eq!(written("use a::{b::C}; mod t { use d::E; }"), ["a::b::C", "d::E"]);
    }

    #[test]
    fn a_path_from_this_crate_is_its_own() {
        let paths = paths(&tokens("use crate::{hyper::X}; use super::Y; use hyper::Z;"));
        let own: Vec<_> = paths.iter().filter(|path| path.qualified).map(Path::is_own).collect();
        assert_eq!(own, [true, true, false]);
    }
}
