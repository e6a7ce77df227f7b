//! From the service's HTML and terminal colours to plain text.

/// The text without HTML tags and entities and without ANSI escape sequences.
///
/// The service writes an error's `summary` as HTML and its `cause` with terminal colours.
///
/// ```
/// use dbx12_types::results::plain_text;
/// assert_eq!(plain_text("<span class='ansi-red-fg'>KeyError</span>: &#39;foo&#39;"), "KeyError: 'foo'");
/// assert_eq!(plain_text("\u{1b}[0;31mValueError\u{1b}[0m: 1 < 2"), "ValueError: 1 < 2");
/// ```
pub fn plain_text(text: &str) -> String {
    let text = without_ansi(text);
    if has_markup(&text) {
        unescape(&without_tags(&text))
    } else {
        text
    }
}

/// The text without ANSI escape sequences.
pub(crate) fn without_ansi(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('\u{1b}') {
        plain.push_str(&rest[..start]);
        rest = after_escape(&rest[start + 1..]);
    }
    plain.push_str(rest);
    plain
}

/// What follows an escape sequence: `[` parameters up to a final byte, or one character.
fn after_escape(text: &str) -> &str {
    match text.strip_prefix('[') {
        Some(sequence) => match sequence.find(|c: char| ('\u{40}'..='\u{7e}').contains(&c)) {
            Some(end) => &sequence[end + 1..],
            None => "",
        },
        None => {
            let mut characters = text.chars();
            characters.next();
            characters.as_str()
        }
    }
}

fn has_markup(text: &str) -> bool {
    find_tag(text).is_some() || ENTITIES.iter().any(|(entity, _)| text.contains(entity))
}

fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((start, end)) = find_tag(rest) {
        plain.push_str(&rest[..start]);
        rest = &rest[end..];
    }
    plain.push_str(rest);
    plain
}

/// The next `<tag …>` or `</tag>`: a lone `<`, as in `1 < 2` or `<module>`-less code, is no tag of HTML's.
fn find_tag(text: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(start) = text[from..].find('<').map(|at| at + from) {
        let name_at = start + 1 + usize::from(text[start + 1..].starts_with('/'));
        let name: String = text[name_at..]
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        let after = &text[name_at + name.len()..];
        // `STRUCT<code: STRING>` and `Map<a, b>` are types.
        let is_whole = after.starts_with(|c: char| c == '>' || c == '/' || c.is_ascii_whitespace());
        if is_whole && TAGS.contains(&name.to_ascii_lowercase().as_str()) {
            // Where one tag does not end, none after it does: looking on would take time quadratic in the text.
            let end = text[name_at..].find('>')?;
            return Some((start, name_at + end + 1));
        }
        from = start + 1;
    }
    None
}

const TAGS: &[&str] = &[
    "span", "div", "b", "i", "em", "strong", "pre", "code", "p", "br", "font", "a", "html", "body",
];

const ENTITIES: &[(&str, &str)] = &[
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&#39;", "'"),
    ("&#x27;", "'"),
    ("&nbsp;", " "),
    ("&amp;", "&"),
];

/// `&amp;` comes last, so that what it escapes is not unescaped again.
pub(super) fn unescape(text: &str) -> String {
    ENTITIES.iter().fold(text.to_owned(), |text, (entity, character)| {
        text.replace(entity, character)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_that_looks_like_markup_stays() {
        for text in [
            "File <command-1>, line 2, in <module>",
            "a < b > c",
            "List<String>",
            "\"<\" is",
        ] {
            assert_eq!(plain_text(text), text);
        }
    }

    #[test]
    fn tags_without_an_end_stay_and_are_looked_at_once() {
        // Looked at again for each of them, this would take minutes.
        let text = "<b".repeat(1_000_000);
        assert_eq!(plain_text(&text), text);
    }

    #[test]
    fn escapes_at_the_end_are_dropped() {
        assert_eq!(plain_text("x\u{1b}[0m\u{1b}[3"), "x");
        assert_eq!(plain_text("x\u{1b}"), "x");
        assert_eq!(plain_text("\u{1b}é!"), "!");
    }

    #[test]
    fn escaped_markup_is_text() {
        assert_eq!(
            plain_text("<b>TypeError</b>: &lt;b&gt; &amp;lt;"),
            "TypeError: <b> &lt;"
        );
    }
}
