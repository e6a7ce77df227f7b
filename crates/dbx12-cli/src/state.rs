//! What this machine keeps between two programs: `dbx12` in the folder that XDG has for state.

use crate::failure::{Exit, Failure};
use crate::output::warn;
use crate::progress::Progress;
use dbx12_exec::Journal;
use std::fs::DirBuilder;
use std::path::{Path, PathBuf};

/// From how many bytes on a journal is compacted: each program leaves about a thousand.
const LARGE: u64 = 1 << 20;

/// The folder, for its owner only. It is made.
pub(crate) fn folder() -> Result<PathBuf, Failure> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let state = state.filter(|path| path.is_absolute());
    let home = || Some(std::env::home_dir()?.join(".local/state"));
    let Some(state) = state.or_else(home) else {
        return Err(Failure::usage("there is no home folder: set HOME or XDG_STATE_HOME"));
    };
    made(state.join("dbx12"))
}

/// A folder for its owner only; where there are no modes, for whoever the folder around it is for.
pub(crate) fn made(folder: PathBuf) -> Result<PathBuf, Failure> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder).map_err(|error| cannot(&folder, &error))?;
    Ok(folder)
}

/// The journal of what programs of this machine have open, on whatever workspace.
pub(crate) async fn journal() -> Result<Journal, Failure> {
    let path = made(folder()?.join("jobs"))?.join("journal.jsonl");
    let journal = Journal::open(&path).await?;
    if std::fs::metadata(&path).is_ok_and(|file| file.len() > LARGE) {
        journal.compact().await?;
    }
    Ok(journal)
}

/// The same for a program that closes what it opens: it is only for the case that it is killed, and a machine without a
/// place for it runs programs as well.
pub(crate) async fn journal_if_any(telling: &Progress) -> Option<Journal> {
    let journal = journal().await;
    let untold = |failure: &Failure| {
        let why = failure.message();
        telling.hide();
        warn(&format!(
            "{why}; if this program is killed, `dbx12 gc` will not know what it left"
        ));
    };
    journal.inspect_err(untold).ok()
}

/// Where links to the journals of `dbx12 map` are.
pub(crate) fn maps() -> Result<PathBuf, Failure> {
    made(folder()?.join("jobs").join("maps"))
}

pub(crate) fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Unavailable, format!("cannot use {}: {error}", path.display()))
}
