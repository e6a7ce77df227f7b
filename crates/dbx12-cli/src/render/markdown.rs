//! Results as GitHub's Markdown.

use super::images::{Place, Shown};
use super::unreadable;
use crate::failure::Failure;
use crate::output::to_json;
use dbx12_exec::types::Results;

/// One result; it ends with a line break, or is empty.
pub(super) fn of(results: &Results, images: &[Shown]) -> Result<String, Failure> {
    Ok(match results {
        Results::Text(text) => fenced(text.as_str()),
        Results::Table(table) => {
            let mut markdown = Vec::new();
            table.to_markdown(&mut markdown).map_err(unreadable)?;
            String::from_utf8_lossy(&markdown).into_owned()
        }
        Results::Image(_) | Results::Images(_) => images.iter().map(image).collect(),
        Results::Error(error) => match error.traceback().trim_end() {
            "" => fenced(&error.plain()),
            traceback => fenced(traceback),
        },
        Results::Empty(_) => String::new(),
        other => fenced(&to_json(other)?),
    })
}

/// Text in which nothing is markup.
fn fenced(text: &str) -> String {
    if text.trim().is_empty() {
        return String::new();
    }
    let longest = text
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

fn image(image: &Shown) -> String {
    match &image.place {
        // Between pointed brackets a path may have spaces.
        Place::File(path) => format!("![image](<{}>)\n", path.display()),
        Place::Server(path) => format!("![image](<{path}>)\n"),
        Place::Nowhere => format!("*{}*\n", image.description),
    }
}
