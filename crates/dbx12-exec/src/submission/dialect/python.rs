//! Python: the built-in `compile` remembers the comments at the ends of commands, see `python/context.py`.

use super::super::Marker;
use crate::errand::{called, with_module};

pub(super) fn install(generation: &str) -> String {
    with_module(&called(&format!("watch('{generation}')")))
}

pub(super) fn marker(generation: &str, number: u64) -> Marker {
    Marker::new(format!("  # dbx12:{generation}:{number}"))
}

/// The command that asks carries a mark too: so a server that does not show its commands to the watch gives no answer,
/// instead of a wrong one.
pub(super) fn question(token: &str, generation: &str, number: u64, own: u64) -> String {
    let call = called(&format!("settle('{token}', '{generation}', {number}, {own})"));
    format!("{call}{}", marker(generation, own).as_str())
}

/// By the library utilities, or with a magic: `%pip` does it on older runtimes.
pub(super) fn may_restart(code: &str) -> bool {
    ["restartPython", "restart_python", "%pip", "%conda"]
        .iter()
        .any(|cause| code.contains(cause))
}

/// A comment at the end of the last line: so no line has another number, a last expression is still the last, and what is
/// no Python fails at the same place with the same words.
///
/// `None` where a comment might be taken for something else: in what only IPython or a notebook understands, and behind a
/// backslash.
pub(super) fn put_on(marker: &Marker, code: &str) -> Option<String> {
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
    Some(format!("{text}{}{space}", marker.as_str()))
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
        put_on(&marker("g", 7), code)
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
            assert_eq!(marker("g", 7).take_off(expected), code);
        }
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
