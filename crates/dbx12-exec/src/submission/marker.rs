//! Marks on code, and how they are taken off what a server says of the code.

/// A text that tells one submission from all others, in the code that it was put on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marker(String);

impl Marker {
    /// The text may begin with spaces that part it from the code.
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// A text of the server without the mark, as it would be had the code not had it.
    pub(crate) fn take_off(&self, text: &str) -> String {
        let spellings = [
            self.0.clone(),
            self.0.trim_start().to_owned(),
            self.0.replace('"', "&quot;"),
        ];
        let mut lines: Vec<String> = Vec::new();
        let mut column_above = None;
        for line in text.split('\n') {
            let at = spellings.iter().filter_map(|mark| line.find(mark.as_str())).min();
            let clean = spellings
                .iter()
                .fold(line.to_owned(), |line, mark| line.replace(mark, ""));
            lines.push(match column_above {
                Some(column) => caret_without(clean, column, self.0.len()),
                None => clean,
            });
            column_above = at.map(|at| width(&line[..at]));
        }
        lines.join("\n")
    }

    /// Whether [`take_off`](Self::take_off) would find anything.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        text.contains(self.0.trim_start()) || text.contains(&self.0.replace('"', "&quot;"))
    }
}

/// A line below one with a mark: one that points to what is behind the mark points to where that is without it.
fn caret_without(line: String, column: usize, mark: usize) -> String {
    let spaces = line.len() - line.trim_start_matches(' ').len();
    if line.trim() == "^" && spaces > column {
        line[mark.min(spaces - column)..].to_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_behind_the_mark_points_to_the_end_of_the_code() {
        let marker = Marker::new("  # dbx12:g:7".to_owned());
        let shown =
            |code: &str, spaces: usize| format!("\x1b[0;31m{code}\x1b[0m\n{}^\nSyntaxError", " ".repeat(spaces));
        let marked = shown("    if x:  # dbx12:g:7", 22);
        assert_eq!(marker.take_off(&marked), shown("    if x:", 9));
        let within = shown("    if x:  # dbx12:g:7", 6);
        assert_eq!(marker.take_off(&within), shown("    if x:", 6));
        assert_eq!(marker.take_off("x # dbx12:g:7"), "x ", "with one space");
    }

    #[test]
    fn a_caret_below_code_behind_its_mark_points_to_the_code() {
        let marker = Marker::new("{\"mark\"}; ".to_owned());
        let shown =
            |mark: &str, spaces: usize| format!("<console>:1: {mark}bad\n{mark}1 + bad\n{}^\n", " ".repeat(spaces));
        assert_eq!(marker.take_off(&shown("{\"mark\"}; ", 14)), shown("", 4));
        assert_eq!(marker.take_off("{&quot;mark&quot;}; bad"), "bad");
        assert!(marker.is_in("a {&quot;mark&quot;}; ") && !marker.is_in("{mark}"));
    }
}
