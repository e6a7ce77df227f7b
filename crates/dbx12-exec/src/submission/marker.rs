//! Where a text of Python can carry a mark that changes nothing.

/// How a mark begins; `python/context.py` looks for it.
const BEGINNING: &str = "# dbx12:";

/// A comment that tells one submission from all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marker(String);

impl Marker {
    pub(super) fn new(generation: &str, number: u64) -> Self {
        Self(format!("{BEGINNING}{generation}:{number}"))
    }

    /// The code with the mark: a comment at the end of its last line. So no line has another number, a last expression
    /// is still the last, and what is no Python fails at the same place with the same words.
    ///
    /// `None` where a comment might be taken for something else: in what only IPython or a notebook understands, and behind a
    /// backslash.
    pub(super) fn put_on(&self, code: &str) -> Option<String> {
        // Not all that is space elsewhere is space to Python.
        let text = code.trim_end_matches([' ', '\t', '\x0c', '\r', '\n']);
        if text.is_empty() || text.ends_with(['\\', '?']) || text.contains('\0') {
            return None;
        }
        let mut lines = text.lines().map(str::trim_start);
        if lines.any(|line| line.starts_with(['%', '!'])) || is_magic(last_statement(text)) {
            return None;
        }
        let (_, space) = code.split_at(text.len());
        Some(format!("{text}  {}{space}", self.0))
    }

    /// A text of the server without the mark, as it would be had the code not had it.
    pub(crate) fn take_off(&self, text: &str) -> String {
        let behind_space = format!("  {}", self.0);
        let mut lines: Vec<String> = Vec::new();
        let mut end_of_code = None;
        for line in text.split('\n') {
            let clean = line.replace(&behind_space, "").replace(&self.0, "");
            lines.push(match end_of_code {
                Some(end) => caret_within(clean.clone(), end, behind_space.len()),
                None => clean.clone(),
            });
            end_of_code = (clean.len() != line.len()).then(|| width(&clean));
        }
        lines.join("\n")
    }
}

/// Python points behind the mark when it finds fault with the end of the line: there the code had its end.
fn caret_within(line: String, end: usize, mark: usize) -> String {
    let spaces = line.len() - line.trim_start_matches(' ').len();
    if line.trim() == "^" && spaces > end {
        line[mark.min(spaces - end)..].to_owned()
    } else {
        line
    }
}

/// How many characters of a line are seen: its colours are not.
fn width(line: &str) -> usize {
    let mut is_colour = false;
    line.chars()
        .filter(|character| {
            is_colour |= *character == '\x1b';
            let is_seen = !is_colour;
            is_colour &= *character != 'm';
            is_seen
        })
        .count()
}

/// The last line, with those before it that a backslash ties to it.
fn last_statement(text: &str) -> &str {
    let mut start = text.len();
    loop {
        let before = &text[..start];
        start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let is_tied = text[..start].trim_end_matches(['\r', '\n']).ends_with('\\');
        if start == 0 || !is_tied {
            return &text[start..];
        }
        start -= 1;
    }
}

/// Whether it may be one of IPython's calls (`,f a b`, `?f`) or assignments (`files = !ls`, `line = %pwd`).
fn is_magic(statement: &str) -> bool {
    let assigns = |(at, _): (usize, &str)| statement[at + 1..].trim_start().starts_with(['!', '%']);
    statement.trim_start().starts_with(['?', ',', ';', '/']) || statement.match_indices('=').any(assigns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(code: &str) -> Option<String> {
        Marker::new("g", 7).put_on(code)
    }

    #[test]
    fn the_mark_is_a_comment_on_the_last_line_and_comes_off_again() {
        for (code, expected) in [
            ("1 + 1", "1 + 1  # dbx12:g:7"),
            ("1 + 1;\n\n", "1 + 1;  # dbx12:g:7\n\n"),
            ("if x:\n    y\n  ", "if x:\n    y  # dbx12:g:7\n  "),
            ("x = '''\n", "x = '''  # dbx12:g:7\n"),
            ("# only a remark", "# only a remark  # dbx12:g:7"),
            ("a != b", "a != b  # dbx12:g:7"),
            ("a %= b", "a %= b  # dbx12:g:7"),
            ("\tx = 'ä'\r\n", "\tx = 'ä'  # dbx12:g:7\r\n"),
            ("x = 1\u{a0}\n", "x = 1\u{a0}  # dbx12:g:7\n"),
            ("sql(\"\"\"a\n , b\n\"\"\")", "sql(\"\"\"a\n , b\n\"\"\")  # dbx12:g:7"),
            ("x = 1 + \\\n 2", "x = 1 + \\\n 2  # dbx12:g:7"),
        ] {
            assert_eq!(marked(code).as_deref(), Some(expected), "{code}");
            assert_eq!(Marker::new("g", 7).take_off(expected), code);
        }
    }

    #[test]
    fn a_caret_behind_the_mark_points_to_the_end_of_the_code() {
        let marker = Marker::new("g", 7);
        let shown =
            |code: &str, spaces: usize| format!("\x1b[0;31m{code}\x1b[0m\n{}^\nSyntaxError", " ".repeat(spaces));
        let marked = shown("    if x:  # dbx12:g:7", 22);
        assert_eq!(marker.take_off(&marked), shown("    if x:", 9));
        let within = shown("    if x:  # dbx12:g:7", 6);
        assert_eq!(marker.take_off(&within), shown("    if x:", 6));
    }

    #[test]
    fn what_a_comment_might_change_is_not_marked() {
        for code in [
            "",
            " \n ",
            "%sh\nls",
            "  %pip install x\nimport x",
            "%%time\nf()",
            "x = 1\n%time f()",
            "!ls",
            "files = !ls",
            "line =  %pwd",
            "f?",
            "?f",
            ",f a b",
            "x = 1 + \\",
            "x = 1\n,f a \\\n  b",
            "x = 1\nfiles = !ls \\\r\n  b",
            "x\0",
        ] {
            assert_eq!(marked(code), None, "{code}");
        }
    }
}
