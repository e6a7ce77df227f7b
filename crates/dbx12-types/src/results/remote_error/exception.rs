//! What was raised: a class and a message.

use super::{group, jvm, python};
use std::fmt;

/// An exception by its class and message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Exception {
    /// Its class as the trace names it, with or without where it is from: `KeyError`, `java.io.FileNotFoundException`.
    /// `error` for what the Scala compiler complains of.
    pub class: String,
    /// Its message, which may have several lines; empty when it has none. Without the JVM's trace that Python's messages
    /// about the JVM end in.
    pub message: String,
}

impl Exception {
    /// The class without where it is from: `FileNotFoundException`.
    pub fn name(&self) -> &str {
        self.class.rsplit(['.', '$']).next().unwrap_or_default()
    }

    /// Spark's error condition (error class before Spark 4), such as `TABLE_OR_VIEW_NOT_FOUND` or
    /// `UNRESOLVED_COLUMN.WITH_SUGGESTION`: what stands in brackets before the message.
    pub fn condition(&self) -> Option<&str> {
        let (condition, _) = self.message.trim_start().strip_prefix('[')?.split_once(']')?;
        let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "_.".contains(c);
        let starts_well = condition.starts_with(|c: char| c.is_ascii_uppercase());
        (starts_well && condition.chars().all(is_name)).then_some(condition)
    }

    /// The SQLSTATE that Spark names, such as `42P01`.
    pub fn sql_state(&self) -> Option<&str> {
        let (_, rest) = self.message.split_once("SQLSTATE: ")?;
        rest.get(..5)
            .filter(|state| state.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    }

    /// The exception of a summary, given as it came and as plain text.
    pub(super) fn from_summary(html: &str, plain: &str) -> Option<Self> {
        let text = plain.strip_prefix("Error in SQL statement: ").unwrap_or(plain);
        // Only the class is coloured: then it may have any name.
        let is_marked = html.trim_start().starts_with("<span");
        let class = class_at_start_of(text).filter(|class| is_marked || is_class_by_name(class));
        class
            .map(|class| Self::with_message(class, text))
            .or_else(|| Self::from_trace(plain))
    }

    /// The exception that a trace is of.
    pub(super) fn from_trace(trace: &str) -> Option<Self> {
        let mut after_frame = false;
        let mut rest = last_of_chain(trace);
        while !rest.is_empty() {
            let line = first_line(rest);
            let text = without_thread(rest);
            if python::is_header(line) {
                after_frame = true;
            } else if let Some(class) = class_at_start_of(text)
                && (after_frame || is_class_by_name(class))
            {
                return Some(Self::with_message(class, text).unwrapped());
            }
            rest = rest[line.len()..].trim_start_matches(['\r', '\n']);
        }
        None
    }

    /// The exception that a text begins with, if its class is one by its name.
    fn at_start_of(text: &str) -> Option<Self> {
        let class = class_at_start_of(text).filter(|class| is_class_by_name(class))?;
        Some(Self::with_message(class, text))
    }

    /// The exception that a text begins with, whatever its class is called.
    fn of_class(text: &str) -> Option<Self> {
        class_at_start_of(text).map(|class| Self::with_message(class, text))
    }

    /// The message is what follows the class, to the JVM's frames or the end.
    fn with_message(class: &str, text: &str) -> Self {
        let lines = text[class.len()..].split_inclusive('\n');
        let message: String = lines.take_while(|line| !ends_message(line)).collect();
        Self {
            class: class.to_owned(),
            message: message.trim_start_matches(':').trim().to_owned(),
        }
    }

    /// Spark's wrapper around what went wrong with an SQL statement says nothing of its own.
    fn unwrapped(self) -> Self {
        let is_wrapper = self.name() == "SQLExecutionException";
        let inner = is_wrapper.then(|| Self::at_start_of(&self.message)).flatten();
        inner.unwrap_or(self)
    }
}

/// As `class: message`.
impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => f.write_str(&self.class),
            message => write!(f, "{}: {message}", self.class),
        }
    }
}

/// The exceptions that led to the one that a trace is of, nearest first; those of groups after those of the chain.
pub(super) fn causes(trace: &str) -> Vec<Exception> {
    let parts = group::parts(trace);
    let Some((own, grouped)) = parts.split_first() else {
        return Vec::new();
    };
    let grouped = grouped.iter().flat_map(|part| {
        let raised = chain(part).into_iter().rev();
        // In a group there is nothing but exceptions, so their classes may have any name.
        raised.filter_map(|part| Exception::from_trace(part).or_else(|| Exception::of_class(part.trim_start())))
    });
    causes_in_chain(own).into_iter().chain(grouped).collect()
}

fn causes_in_chain(trace: &str) -> Vec<Exception> {
    let mut parts = chain(trace);
    let last = parts.pop().unwrap_or_default();
    let python = parts.iter().rev().filter_map(|part| Exception::from_trace(part));
    python.chain(causes_in_jvm(last)).collect()
}

/// Behind `Caused by:`, and behind the colon with which Py4J's message goes on.
fn causes_in_jvm(trace: &str) -> impl Iterator<Item = Exception> {
    const STARTS: [&str; 2] = ["\nCaused by: ", "\n: "];
    parts(trace, STARTS)
        .into_iter()
        .skip(1)
        .filter_map(Exception::at_start_of)
}

/// The parts of a Python traceback that each are of one exception; the one that was raised is the last.
fn chain(trace: &str) -> Vec<&str> {
    const LINKS: [&str; 2] = [
        "During handling of the above exception, another exception occurred:",
        "The above exception was the direct cause of the following exception:",
    ];
    parts(trace, LINKS)
}

/// The part of a trace that is of the exception that was raised.
pub(super) fn last_of_chain(trace: &str) -> &str {
    chain(trace).pop().unwrap_or_default()
}

/// What stands between the separators; at least one part.
fn parts<'a>(text: &'a str, separators: [&str; 2]) -> Vec<&'a str> {
    let ([one, other], mut parts) = (separators, Vec::new());
    for part in text.split(one) {
        parts.extend(part.split(other));
    }
    parts
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// `Exception in thread "main" java.lang.Error: …`
fn without_thread(text: &str) -> &str {
    let named = text.strip_prefix("Exception in thread \"");
    named
        .and_then(|rest| rest.split_once("\" "))
        .map_or(text, |(_, rest)| rest)
}

fn ends_message(line: &str) -> bool {
    jvm::is_frame_line(line.trim_end()) || line.starts_with("Caused by: ")
}

/// `Class: message`, or a class alone on its line.
fn class_at_start_of(text: &str) -> Option<&str> {
    let line = first_line(text);
    let class = match line.split_once(": ") {
        Some((class, _)) => class,
        None => line.trim_end().trim_end_matches(':'),
    };
    is_class(class).then_some(class)
}

/// Whether it is a class by its name alone, where nothing else tells it from ordinary words before a colon.
fn is_class_by_name(class: &str) -> bool {
    const ENDINGS: [&str; 9] = [
        "Error",
        "Exception",
        "ExceptionGroup",
        "Exit",
        "Failure",
        "Interrupt",
        "Iteration",
        "Throwable",
        "Warning",
    ];
    class != "Error" && ENDINGS.iter().any(|ending| class.ends_with(ending))
}

/// A name, or names with dots between them: also `__main__.f.<locals>.Problem`.
fn is_class(text: &str) -> bool {
    let is_name = |name: &str| {
        name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$') && !name.starts_with(|c: char| c.is_numeric())
    };
    let is_part = |part: &str| !part.is_empty() && (part == "<locals>" || is_name(part));
    text.split('.').all(is_part)
}
