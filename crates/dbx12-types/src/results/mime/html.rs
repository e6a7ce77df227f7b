//! HTML: whether a text is, what it says, and text in it.

/// Whether a text is a page or a part of one. The service does not say; displayed HTML comes as text.
pub(super) fn is_html(text: &str) -> bool {
    const ENDS: [&str; 8] = [
        "</html>",
        "</body>",
        "</div>",
        "</table>",
        "</p>",
        "</ul>",
        "</iframe>",
        "</svg>",
    ];
    let text = text.trim();
    text.starts_with('<') && text.ends_with('>') && {
        let lower = text.to_ascii_lowercase();
        ENDS.iter().any(|end| lower.contains(end))
    }
}

/// Text as it may stand in a page, also in an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut page = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            '\'' => page.push_str("&#39;"),
            other => page.push(other),
        }
    }
    page
}

/// What a page says: its text without scripts and styles, a line for each block, cells with tabs between them.
pub(super) fn to_text(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        let tag = tag(&rest[start..]);
        match tag.name.as_str() {
            "td" | "th" if tag.closes => text.push('\t'),
            "br" | "p" | "div" | "tr" | "li" | "h1" | "h2" | "h3" | "h4" | "pre" | "table" | "ul" => text.push('\n'),
            "" => text.push('<'),
            _ => {}
        }
        rest = &rest[start + tag.length..];
    }
    text.push_str(rest);
    let text = super::super::plain::unescape(&text);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

struct Tag {
    /// In lower case; empty when it is a `<` that begins no tag.
    name: String,
    closes: bool,
    /// Up to behind its `>`; of a comment, script or style up to behind its end.
    length: usize,
}

/// The tag that a text begins with. What is not closed goes to the end.
fn tag(text: &str) -> Tag {
    if text.starts_with("<!--") {
        return Tag {
            name: "!".to_owned(),
            closes: false,
            length: end_of(text, "-->"),
        };
    }
    let inner = &text[1..];
    let closes = inner.starts_with('/');
    let inner = inner.strip_prefix('/').unwrap_or(inner);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '!';
    let name = inner[..inner.find(|c| !is_name(c)).unwrap_or(inner.len())].to_ascii_lowercase();
    let length = match name.as_str() {
        "" => 1,
        "script" | "style" if !closes => {
            let close = end_of(text, &format!("</{name}"));
            close + end_of(&text[close..], ">")
        }
        _ => end_of(text, ">"),
    };
    Tag { name, closes, length }
}

/// Behind the first place where a text has these ASCII characters in upper or lower case, or its end.
fn end_of(text: &str, wanted: &str) -> usize {
    let mut windows = text.as_bytes().windows(wanted.len());
    let found = windows.position(|window| window.eq_ignore_ascii_case(wanted.as_bytes()));
    found.map_or(text.len(), |at| at + wanted.len())
}
