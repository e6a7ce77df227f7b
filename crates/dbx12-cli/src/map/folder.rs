//! The folder with results: a file for each set, and in `.dbx12` what is needed to go on.

use super::record::Record;
use super::table::{Row, json_lines};
use crate::failure::{Exit, Failure};
use crate::state::{cannot, made};
use fs4::FileExt;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What a run is, for whoever goes on with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The workspace.
    pub(super) host: String,
    /// The name of the script.
    pub(super) script: String,
}

/// A folder that belongs to this process.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    rows: Vec<Row>,
    _lock: File,
}

impl Folder {
    /// Begins a run in a folder that has nothing in it.
    pub(super) fn begin(path: &Path, head: &Head, rows: Vec<Row>) -> Result<Self, Failure> {
        let is_used = match fs::read_dir(path) {
            Ok(mut entries) => entries.next().is_some(),
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(cannot(path, &error)),
        };
        if is_used {
            let message = format!(
                "the folder {} is not empty; --resume goes on with what is in it",
                path.display()
            );
            return Err(Failure::usage(message));
        }
        fs::create_dir_all(path).map_err(|error| cannot(path, &error))?;
        let folder = Self::locked(path, rows)?;
        folder.write_rows()?;
        // Last: a folder with it has all of it.
        folder.write(&folder.head_file(), &to_json(head)?)?;
        Ok(folder)
    }

    /// Goes on with a run. Its table may have grown.
    pub(super) fn resume(path: &Path, head: &Head, rows: Vec<Row>) -> Result<Self, Failure> {
        if !inner(path).join("run.json").exists() {
            let message = format!("there is no run in {} that could be resumed", path.display());
            return Err(Failure::usage(message));
        }
        let folder = Self::locked(path, rows)?;
        let begun = |file: &Path| fs::read_to_string(file).map_err(|error| cannot(file, &error));
        let unreadable = |error: &dyn std::fmt::Display| {
            Failure::usage(format!(
                "what {} says of its run cannot be read: {error}",
                path.display()
            ))
        };
        let old: Head = serde_json::from_str(&begun(&folder.head_file())?).map_err(|error| unreadable(&error))?;
        if old != *head {
            let message = format!("the run in {} is of {} on {}", path.display(), old.script, old.host);
            return Err(Failure::usage(message));
        }
        let old = json_lines(&begun(&folder.rows_file())?).map_err(|error| unreadable(&error))?;
        let differs = (0..old.len()).find(|at| folder.rows.get(*at) != old.get(*at));
        if let Some(at) = differs {
            let message = format!(
                "the table is not the one that the run in {} began with: set {} differs",
                path.display(),
                at + 1
            );
            return Err(Failure::usage(message));
        }
        folder.write_rows()?;
        Ok(folder)
    }

    fn locked(path: &Path, rows: Vec<Row>) -> Result<Self, Failure> {
        let lock = made(inner(path))?.join("lock");
        let file = File::create(&lock).map_err(|error| cannot(&lock, &error))?;
        FileExt::try_lock(&file).map_err(|_| {
            let message = format!("another process runs the sets of {}", path.display());
            Failure::new(Exit::Unavailable, message)
        })?;
        let path = path.canonicalize().map_err(|error| cannot(path, &error))?;
        Ok(Self {
            path,
            rows,
            _lock: file,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn journal_file(&self) -> PathBuf {
        inner(&self.path).join("journal.jsonl")
    }

    fn head_file(&self) -> PathBuf {
        inner(&self.path).join("run.json")
    }

    fn rows_file(&self) -> PathBuf {
        inner(&self.path).join("parameters.jsonl")
    }

    fn write_rows(&self) -> Result<(), Failure> {
        let lines: Result<Vec<_>, _> = self.rows.iter().map(to_json).collect();
        self.write(&self.rows_file(), &(lines?.join("\n") + "\n"))
    }

    /// Writes what came of a set.
    pub(super) fn write_record(&self, record: &Record) -> Result<(), Failure> {
        self.write(&self.record_file(record.set), &to_json(record)?)
    }

    /// What came of a set, where that was written.
    pub(super) fn record(&self, set: usize) -> Option<Record> {
        serde_json::from_slice(&fs::read(self.record_file(set)).ok()?).ok()
    }

    fn record_file(&self, set: usize) -> PathBuf {
        let width = self.rows.len().to_string().len().max(4);
        self.path.join(format!("{set:0width$}.json"))
    }

    pub(super) fn write_summary(&self, summary: &str) -> Result<(), Failure> {
        self.write(&self.path.join("summary.json"), summary)
    }

    /// All of it, or nothing.
    fn write(&self, file: &Path, text: &str) -> Result<(), Failure> {
        let new = inner(&self.path).join("new");
        let written = fs::write(&new, text).and_then(|()| File::open(&new)?.sync_all());
        written
            .and_then(|()| fs::rename(&new, file))
            .map_err(|error| cannot(file, &error))
    }
}

fn inner(path: &Path) -> PathBuf {
    path.join(".dbx12")
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::new(Exit::Transport, format!("cannot write JSON: {error}")))
}
