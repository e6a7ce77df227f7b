//! Prints the OpenAPI 3.1 document of the API, made from the types. `cargo xtask openapi` writes it to `openapi.json`.

mod document;
mod examples;
mod failures;
mod operation;
mod prose;

use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = serde_json::to_string_pretty(&document::document()?)?;
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
