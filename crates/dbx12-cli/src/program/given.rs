//! What a program is given from the command line: arguments, parameters, variables of the environment.

use super::cell::Cell;
use super::source::Source;
use crate::arguments::Run;
use crate::failure::Failure;
use dbx12_exec::types::parameter::{Date, Decimal, Timestamp};
use dbx12_exec::types::{Language, Parameter, Parameters};
use serde_json::Value;

/// What Python programs read their arguments with. In one that names none of these nobody would see `sys.argv`.
const READERS_OF_ARGUMENTS: [&str; 7] = ["argv", "argparse", "optparse", "click", "typer", "fire", "docopt"];

/// Values for a program. They never become code, and are in no message.
pub(super) struct Given {
    arguments: Vec<String>,
    parameters: Parameters,
    environment: Vec<(String, String)>,
}

impl Given {
    pub(super) fn parse(arguments: &Run) -> Result<Self, Failure> {
        let mut parameters = Parameters::default();
        for text in &arguments.given.parameters {
            let (name, value) = parameter(text)?;
            if parameters.get(name).is_some() {
                return Err(Failure::usage(format!("--param {name} is given twice")));
            }
            parameters = parameters.with(name, value);
        }
        let environment = arguments.given.environment.iter().map(|text| variable(text));
        Ok(Self {
            arguments: arguments.arguments.clone(),
            parameters,
            environment: environment.collect::<Result<_, _>>()?,
        })
    }

    /// The source's cells with all values: code before the first one of a language that assigns them, literals in SQL.
    pub(super) fn put_into(&self, source: Source) -> Result<Vec<Cell>, Failure> {
        let mut cells = Vec::new();
        let mut prepared: Vec<Language> = Vec::new();
        let reads_arguments = source.cells.iter().any(|cell| {
            cell.language == Language::Python && READERS_OF_ARGUMENTS.iter().any(|reader| cell.code.contains(reader))
        });
        for mut cell in source.cells {
            if cell.language == Language::Sql && !self.parameters.is_empty() {
                cell.code = self
                    .parameters
                    .bind_sql(&cell.code)
                    .map_err(|error| cannot_give(&cell, &error))?;
            } else if !prepared.contains(&cell.language) {
                prepared.push(cell.language.clone());
                let code = self
                    .prelude(&cell.language, &source.name, reads_arguments)
                    .map_err(|error| cannot_give(&cell, &error))?;
                cells.extend(code.map(|code| Cell::hidden(cell.language.clone(), code)));
            }
            cells.push(cell);
        }
        Ok(cells)
    }

    /// Code that runs before that of the program, as a command of its own: line numbers stay what they are.
    fn prelude(
        &self,
        language: &Language,
        name: &str,
        reads_arguments: bool,
    ) -> Result<Option<String>, dbx12_exec::types::ParameterError> {
        let mut code = String::new();
        if !self.parameters.is_empty() {
            code.push_str(&self.parameters.prelude(language)?);
        }
        let texts = |texts: &[String]| Parameter::from(texts.to_vec()).literal(language);
        match language {
            Language::Python => {
                if reads_arguments || !self.arguments.is_empty() {
                    let all: Vec<_> = std::iter::once(name.to_owned()).chain(self.arguments.clone()).collect();
                    code.push_str(&format!("__import__('sys').argv = {}\n", texts(&all)?));
                }
                if !self.environment.is_empty() {
                    let all = self
                        .environment
                        .iter()
                        .map(|(name, value)| (name.clone(), value.clone().into()));
                    let all = Parameter::Map(all.collect()).literal(language)?;
                    code.push_str(&format!("__import__('os').environ.update({all})\n"));
                }
            }
            Language::Scala if !self.arguments.is_empty() => {
                let all = self
                    .arguments
                    .iter()
                    .map(|text| Parameter::from(text.as_str()).literal(language));
                let all = all.collect::<Result<Vec<_>, _>>()?.join(", ");
                code.push_str(&format!("val args = Array[String]({all})\n"));
            }
            _ => {}
        }
        Ok((!code.is_empty()).then_some(code))
    }

    /// What was given must have arrived somewhere.
    pub(super) fn check_used(&self, cells: &[Cell]) -> Result<(), Failure> {
        let has = |languages: &[Language]| cells.iter().any(|cell| languages.contains(&cell.language));
        if !self.arguments.is_empty() && !has(&[Language::Python, Language::Scala]) {
            return Err(Failure::usage(
                "only programs in python and scala take arguments; give --param NAME=VALUE",
            ));
        }
        if !self.environment.is_empty() && !has(&[Language::Python]) {
            return Err(Failure::usage(
                "--env sets os.environ of python, and there is no python in the program",
            ));
        }
        Ok(())
    }
}

fn cannot_give(cell: &Cell, error: &dyn std::error::Error) -> Failure {
    let to = cell.origin.as_ref().map(ToString::to_string).unwrap_or_default();
    Failure::usage(format!("the parameters cannot be given to {to}: {error}"))
}

/// `NAME=VALUE` or `NAME:TYPE=VALUE`.
fn parameter(text: &str) -> Result<(&str, Parameter), Failure> {
    let Some((target, value)) = text.split_once('=') else {
        return Err(Failure::usage(format!(
            "--param {text}: there is no value; write NAME=VALUE"
        )));
    };
    let (name, kind) = target.split_once(':').unwrap_or((target, "text"));
    let wrong = |what: &dyn std::fmt::Display| Failure::usage(format!("--param {target}: the value is {what}"));
    let parsed = match kind {
        "text" | "str" | "string" => Parameter::from(value),
        "int" => value
            .parse::<i64>()
            .map_err(|_| wrong(&"no whole number of 64 bits"))?
            .into(),
        "float" => value.parse::<f64>().map_err(|_| wrong(&"no number"))?.into(),
        "decimal" => value.parse::<Decimal>().map_err(|error| wrong(&error))?.into(),
        "bool" => value
            .parse::<bool>()
            .map_err(|_| wrong(&"neither true nor false"))?
            .into(),
        "date" => value.parse::<Date>().map_err(|error| wrong(&error))?.into(),
        "timestamp" => value.parse::<Timestamp>().map_err(|error| wrong(&error))?.into(),
        "json" => {
            // The words of the JSON parser show nothing of the value.
            let value = serde_json::from_str(value).map_err(|error| wrong(&format_args!("no JSON: {error}")))?;
            of_json(value).ok_or_else(|| wrong(&"JSON with a number that no type holds"))?
        }
        _ => {
            let known = "int, float, decimal, bool, date, timestamp, json or text";
            return Err(Failure::usage(format!(
                "--param {target}: there is no type {kind}; it is {known}"
            )));
        }
    };
    Ok((name, parsed))
}

/// `None` for a whole number that is too large.
pub(crate) fn of_json(value: Value) -> Option<Parameter> {
    Some(match value {
        Value::Null => Parameter::Null,
        Value::Bool(value) => value.into(),
        Value::Number(number) => match number.as_i64() {
            Some(number) => number.into(),
            None if number.is_f64() => number.as_f64()?.into(),
            None => return None,
        },
        Value::String(text) => text.into(),
        Value::Array(items) => Parameter::List(items.into_iter().map(of_json).collect::<Option<_>>()?),
        Value::Object(entries) => {
            let entries = entries.into_iter().map(|(name, value)| Some((name, of_json(value)?)));
            Parameter::Map(entries.collect::<Option<_>>()?)
        }
    })
}

/// `NAME=VALUE`, or `NAME` with the value that it has here.
fn variable(text: &str) -> Result<(String, String), Failure> {
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, value.to_owned()),
        None => match std::env::var(text) {
            Ok(value) => (text, value),
            Err(_) => {
                return Err(Failure::usage(format!(
                    "--env {text}: it has no value here that is text"
                )));
            }
        },
    };
    if name.is_empty() || name.contains('\0') {
        return Err(Failure::usage("--env needs NAME=VALUE or NAME"));
    }
    if value.contains('\0') {
        return Err(Failure::usage(format!(
            "--env {name}: no variable can hold a zero byte"
        )));
    }
    Ok((name.to_owned(), value))
}
