//! Jupyter notebooks: their code, and their outputs.
//!
//! The format is that of <https://nbformat.readthedocs.io/en/latest/format_description.html>, version 4.

use super::cell::Origin;
use super::source::Source;
use crate::destination::Destination;
use crate::failure::Failure;
use dbx12_exec::types::results::MimeBundle;
use dbx12_exec::types::{Language, Results};
use serde::Serialize;
use serde_json::ser::PrettyFormatter;
use serde_json::{Serializer, Value, json};
use std::path::Path;

/// What a file holds.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let notebook: Value = serde_json::from_str(text).map_err(|error| format!("it is no notebook: {error}"))?;
    match notebook["nbformat"].as_u64() {
        Some(4) if notebook["cells"].is_array() => Ok(notebook),
        Some(version) if version != 4 => Err(format!(
            "it is a notebook of format {version}; `jupyter nbconvert --to notebook` makes it one of format 4"
        )),
        _ => Err("it is no notebook: it has no format and cells".to_owned()),
    }
}

/// The language that the notebook says it is in.
pub(super) fn language(notebook: &Value) -> Language {
    let metadata = &notebook["metadata"];
    let names = [
        &metadata["application/vnd.databricks.v1+notebook"]["language"],
        &metadata["kernelspec"]["language"],
        &metadata["language_info"]["name"],
    ];
    let named = names.into_iter().find_map(Value::as_str);
    named
        .and_then(|name| name.to_ascii_lowercase().parse().ok())
        .unwrap_or(Language::Python)
}

/// The numbers and texts of the cells with code.
pub(super) fn code_cells(notebook: &Value) -> impl Iterator<Item = (usize, String)> {
    let cells = notebook["cells"].as_array().into_iter().flatten().zip(1..);
    cells
        .filter(|(cell, _)| cell["cell_type"] == "code")
        .map(|(cell, number)| (number, joined(&cell["source"])))
}

/// Text as notebooks have it: a string, or a list of lines with their ends.
fn joined(text: &Value) -> String {
    match text {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// A notebook that gets the outputs of its cells.
#[derive(Debug)]
pub(crate) struct Notebook {
    name: std::rc::Rc<str>,
    content: Value,
    destination: Destination,
    executed: u32,
}

impl Notebook {
    /// The one notebook of the sources, when outputs are asked for. Its old outputs are gone.
    pub(super) fn of(sources: &[Source], target: Option<&Path>) -> Result<Option<Self>, Failure> {
        let Some(target) = target else { return Ok(None) };
        let mut notebooks = sources
            .iter()
            .filter_map(|source| Some((&source.name, source.notebook.as_ref()?)));
        let (Some((name, (path, text))), None) = (notebooks.next(), notebooks.next()) else {
            return Err(Failure::usage(
                "--notebook-out writes one .ipynb notebook: give exactly one to run",
            ));
        };
        let destination = Destination::prepare(if target == Path::new("-") { path } else { target })?;
        let mut content = parse(text).map_err(Failure::usage)?;
        for cell in content["cells"].as_array_mut().into_iter().flatten() {
            if cell["cell_type"] == "code" {
                cell["outputs"] = json!([]);
                cell["execution_count"] = Value::Null;
            }
        }
        Ok(Some(Self {
            name: name.clone(),
            content,
            destination,
            executed: 0,
        }))
    }

    /// Notes what a cell gave. Those of other files are left out.
    pub(crate) fn record(&mut self, origin: &Origin, results: &Results) {
        let Some(number) = origin.number.filter(|_| origin.name == self.name) else {
            return;
        };
        self.executed += 1;
        if let Some(cell) = self.content["cells"].get_mut(number - 1) {
            cell["execution_count"] = self.executed.into();
            cell["outputs"] = outputs(results);
        }
    }

    /// Writes the file as Jupyter itself does: keys in order, one space a step.
    pub(crate) fn write(self) -> Result<(), Failure> {
        let mut text = Vec::new();
        let mut serializer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b" "));
        self.content
            .serialize(&mut serializer)
            .map_err(|error| Failure::usage(format!("cannot write the notebook: {error}")))?;
        text.push(b'\n');
        self.destination.write(&text)
    }
}

/// A result as the outputs of a cell.
fn outputs(results: &Results) -> Value {
    match results {
        Results::Images(images) => images.sources().map(|source| display(&source.mime_bundle())).collect(),
        Results::Error(_) => {
            let mut output = of_bundle(&results.mime_bundle())["application/vnd.jupyter.error"].take();
            output["output_type"] = "error".into();
            json!([output])
        }
        _ => {
            let mut bundle = results.mime_bundle();
            if bundle.is_empty() {
                return json!([]);
            }
            let is_plain = bundle.get("text/html").is_none();
            match results {
                Results::Text(text) if is_plain => {
                    let text = lines(&format!("{}\n", text.as_str()));
                    json!([{"output_type": "stream", "name": "stdout", "text": text}])
                }
                _ => {
                    if !is_plain {
                        // Front ends would show this rather than the page.
                        bundle.remove("application/json");
                    }
                    json!([display(&bundle)])
                }
            }
        }
    }
}

fn display(bundle: &MimeBundle) -> Value {
    json!({"output_type": "display_data", "data": of_bundle(bundle), "metadata": {}})
}

/// Values by media type; texts as lists of lines.
fn of_bundle(bundle: &MimeBundle) -> Value {
    let mut data = serde_json::to_value(bundle).unwrap_or_default();
    for (media_type, value) in data.as_object_mut().into_iter().flatten() {
        if let Some(text) = value.as_str().filter(|_| is_text(media_type)) {
            *value = lines(text);
        }
    }
    data
}

fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/") || media_type == "image/svg+xml"
}

/// Text as Jupyter writes it: its lines, with their ends.
fn lines(text: &str) -> Value {
    text.split_inclusive('\n').collect()
}
