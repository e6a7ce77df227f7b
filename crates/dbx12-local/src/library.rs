//! Libraries of a cluster, really installed: by the pip of its Python, into a folder that all its contexts look into.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dbx12_types::{LibraryInfo, LibraryStatus};
use tracing::debug;

use crate::answer::Refusal;
use crate::engine::{End, Interpreter, PythonConfig};
use crate::report;

/// What is told of a pip that failed, in bytes: the reason comes last.
const LAST_OUTPUT: usize = 4 << 10;

#[derive(Debug, Default)]
pub(crate) struct Libraries {
    entries: Mutex<Vec<Library>>,
    /// Held while pip works: two of them must not write into one folder.
    pub(crate) installing: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug)]
pub(crate) struct Library {
    pub(crate) name: String,
    pub(crate) uri: String,
    pub(crate) status: LibraryStatus,
    /// Why there was an error.
    pub(crate) message: Option<String>,
}

impl Libraries {
    /// All of them, in the order in which they came.
    pub(crate) fn all(&self) -> Vec<Library> {
        self.lock().clone()
    }

    pub(crate) fn list(&self) -> Vec<LibraryInfo> {
        self.lock()
            .iter()
            .map(|library| {
                let mut info = LibraryInfo::new(&*library.name, library.status.clone());
                if let Some(message) = &library.message {
                    // As the Libraries API 2.0 calls it. Text is JSON.
                    let _ = info.extra.set("messages", &[message]);
                }
                info
            })
            .collect()
    }

    /// Enters a library that is about to be installed. A name that is taken is refused, unless its installation failed.
    pub(crate) fn begin(&self, name: &str, uri: &str) -> Result<(), Refusal> {
        let mut entries = self.lock();
        let pending = Library {
            name: name.to_owned(),
            uri: uri.to_owned(),
            status: LibraryStatus::LibraryPending,
            message: None,
        };
        match entries.iter_mut().find(|library| library.name == name) {
            Some(failed) if failed.status == LibraryStatus::LibraryError => *failed = pending,
            Some(_) => {
                return Err(Refusal::new(
                    "NameConflictException",
                    format!("Node named {name:?} already exists"),
                ));
            }
            None => entries.push(pending),
        }
        Ok(())
    }

    /// Records what came of an installation.
    pub(crate) fn end(&self, name: &str, result: Result<(), String>) {
        debug!(name, installed = result.is_ok(), "library");
        let mut entries = self.lock();
        if let Some(library) = entries.iter_mut().find(|library| library.name == name) {
            (library.status, library.message) = match result {
                Ok(()) => (LibraryStatus::LibraryLoaded, None),
                Err(message) => (LibraryStatus::LibraryError, Some(message)),
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Library>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Installs what a URI names: a wheel, an archive or a folder, unless another future ends before.
///
/// pip runs in an interpreter like any command, so it is limited, supervised and killed like one. Its process is gone
/// when this returns.
pub(crate) async fn install(
    python: &PythonConfig,
    uri: &str,
    mut given_up: impl Future<Output = ()> + Unpin,
) -> Result<(), String> {
    let folder = python
        .library_dir
        .as_deref()
        .ok_or("this cluster has no folder for libraries")?;
    let program = program(folder, uri)?;
    let mut interpreter = Interpreter::start(python, &mut given_up)
        .await
        .map_err(|error| report::chain(&error))?;
    let execution = tokio::select! {
        execution = interpreter.execute(1, &program, 0) => Some(execution),
        () = given_up => None,
    };
    interpreter.shutdown().await;
    let execution = execution.ok_or("the cluster was terminated")?;
    match execution.end {
        End::Text => Ok(()),
        End::Died { reason, .. } => Err(format!("the process of pip {reason}")),
        End::Error { .. } => Err(last(&execution.output).to_owned()),
        _ => Err("pip was interrupted".to_owned()),
    }
}

fn program(folder: &Path, uri: &str) -> Result<String, String> {
    let folder = folder
        .to_str()
        .ok_or_else(|| format!("the path {} is not UTF-8", folder.display()))?;
    // The text of a JSON string is that of a Python string.
    let quoted = |text: &str| serde_json::to_string(text).map_err(|error| error.to_string());
    let (folder, uri) = (quoted(folder)?, quoted(uri)?);
    Ok(format!(
        "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip', 'install', '--no-input', \
         '--disable-pip-version-check', '--upgrade', '--target', {folder}, '--', {uri}], check=True)\n"
    ))
}

fn last(output: &str) -> &str {
    let start = output.len().saturating_sub(LAST_OUTPUT);
    let start = (start..output.len())
        .find(|index| output.is_char_boundary(*index))
        .unwrap_or(output.len());
    &output[start..]
}
