//! The table of parameters.

use crate::failure::{Failure, with_sources};
use crate::program::of_json;
use dbx12_exec::types::{Language, Parameters};
use serde_json::{Map, Value};
use std::path::Path;

/// A set of parameters.
pub(super) type Row = Map<String, Value>;

/// Reads a table.
pub(super) fn read(path: &Path) -> Result<Vec<Row>, Failure> {
    let cannot = |error: String| Failure::usage(format!("cannot read {}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| cannot(error.to_string()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let rows = match ending.to_ascii_lowercase().as_str() {
        "csv" => csv(text).map_err(cannot)?,
        "jsonl" | "ndjson" => json_lines(text).map_err(cannot)?,
        _ => return Err(cannot("its name must end with .csv or .jsonl".to_owned())),
    };
    match rows.is_empty() {
        true => Err(cannot("it has no rows".to_owned())),
        false => Ok(rows),
    }
}

/// All values are text.
fn csv(text: &str) -> Result<Vec<Row>, String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().map_err(|error| error.to_string())?.clone();
    let mut seen = std::collections::HashSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(*name)) {
        return Err(format!("the column {twice} is there twice"));
    }
    let rows = reader.records().map(|record| {
        let record = record.map_err(|error| error.to_string())?;
        let cells = names.iter().zip(&record);
        Ok(cells.map(|(name, cell)| (name.to_owned(), Value::from(cell))).collect())
    });
    rows.collect()
}

pub(super) fn json_lines(text: &str) -> Result<Vec<Row>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let row = |(at, line)| serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 1));
    lines.map(row).collect()
}

/// The parameters of each set, looked at before anything is sent.
pub(super) fn parameters(rows: &[Row], code: &str, language: &Language) -> Result<Vec<Parameters>, Failure> {
    let of_row = |(at, row): (usize, &Row)| {
        let wrong = |why: String| Failure::usage(format!("set {}: {why}", at + 1));
        let parameter = |(name, value): (&String, &Value)| match of_json(value.clone()) {
            Some(parameter) => Ok((name.clone(), parameter)),
            None => Err(wrong(format!(
                "{name} has a whole number that is too large; give it as text"
            ))),
        };
        let parameters: Parameters = row.iter().map(parameter).collect::<Result<_, _>>()?;
        let checked = match language {
            Language::Sql => parameters.bind_sql(code),
            language => parameters.prelude(language),
        };
        checked.map_err(|error| wrong(with_sources(&error)))?;
        Ok(parameters)
    };
    rows.iter().enumerate().map(of_row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbx12_exec::types::Parameter;
    use serde_json::json;

    #[test]
    fn values_of_csv_are_text_and_those_of_json_what_they_are() {
        let rows = csv("id,name\n007,\"Zürich, ZH\"\n8,\n").unwrap();
        assert_eq!(
            json!(rows),
            json!([{"id": "007", "name": "Zürich, ZH"}, {"id": "8", "name": ""}])
        );
        let rows = json_lines("{\"n\": 2.5, \"x\": [1, null]}\n\n").unwrap();
        let [parameters] = <[Parameters; 1]>::try_from(parameters(&rows, "", &Language::Python).unwrap()).unwrap();
        assert_eq!(
            parameters.get("x"),
            Some(&Parameter::List(vec![Parameter::Integer(1), Parameter::Null]))
        );
        assert_eq!(parameters.get("n"), Some(&Parameter::Float(2.5)));
    }

    #[test]
    fn what_is_wrong_with_a_table_is_told() {
        assert_eq!(csv("a,a\n1,2\n").unwrap_err(), "the column a is there twice");
        assert!(csv("a,b\n1\n").unwrap_err().contains("line: 2"));
        assert!(json_lines("{}\n[1]\n").unwrap_err().starts_with("line 2: "));
        let rows = json_lines("{\"x\": 1}\n{\"not a name\": 1}\n").unwrap();
        let error = parameters(&rows, "", &Language::Python).unwrap_err().to_string();
        assert!(error.starts_with("Error: set 2: "), "{error}");
        let rows = json_lines("{\"n\": 18446744073709551615}").unwrap();
        let error = parameters(&rows, "", &Language::Python).unwrap_err().to_string();
        assert!(error.contains("n has a whole number that is too large"), "{error}");
        assert!(parameters(&rows[..1], "SELECT :y", &Language::Sql).is_err());
    }
}
