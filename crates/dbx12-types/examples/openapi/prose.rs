//! From the documentation of a Rust item to the description of what it is on the wire.

use schemars::Schema;
use serde_json::Value;

/// Makes a schema's description readable to people who know no Rust.
pub(crate) fn plain(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = prose(description);
    }
}

/// The first paragraph, without line breaks and links. What comes after it is about Rust.
fn prose(rustdoc: &str) -> String {
    let lines: Vec<_> = rustdoc.lines().take_while(|line| !line.is_empty()).collect();
    let mut text = lines.join(" ");
    // "[`name`](path)" or "[`name`]" becomes "`name`".
    while let Some((before, link)) = text.split_once("[`") {
        let (name, after) = link.split_once("`]").unwrap_or((link, ""));
        let after = match after.strip_prefix('(').and_then(|path| path.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
        text = format!("{before}`{name}`{after}");
    }
    text
}

/// The summary and the description of an operation, from the documentation of its request: "`GET /path`: does this. And
/// that." becomes "Does this" and "And that."
pub(crate) fn summary_and_description(rustdoc: &str) -> (String, String) {
    let text = prose(rustdoc);
    let text = text.split_once("`: ").map_or(text.as_str(), |(_, what)| what);
    let (first, rest) = text.split_once('.').unwrap_or((text, ""));
    let mut letters = first.chars();
    let summary = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters);
    (summary.collect(), rest.trim().to_owned())
}
