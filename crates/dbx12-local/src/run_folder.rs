//! The folder of one run, and what earlier runs left that were killed.
//!
//! A run holds a lock in its folder as long as it lives, and the system takes it away however the run ends. So who can
//! take the lock of a folder knows that nobody needs it any more.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;
use tracing::debug;

const PREFIX: &str = "dbx12-local-";
const LOCK: &str = "lock";

/// A temporary folder that is removed when it is dropped, or by the next run.
#[derive(Debug)]
pub(crate) struct RunFolder {
    folder: TempDir,
    _lock: File,
}

impl RunFolder {
    /// Makes a folder, and removes those of runs that are no more.
    pub(crate) fn make() -> io::Result<Self> {
        let parent = std::env::temp_dir();
        sweep(&parent);
        Self::make_in(&parent)
    }

    fn make_in(parent: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        // It gets its name once it is locked: a sweep in between must not take it for a stale one.
        let unnamed = folder.path().join("lock.new");
        let lock = File::create(&unnamed)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        std::fs::rename(unnamed, folder.path().join(LOCK))?;
        Ok(Self { folder, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Removes it now, and says whether that went well.
    pub(crate) fn close(self) -> io::Result<()> {
        self.folder.close()
    }
}

/// Removes what killed runs left. What cannot be removed, as that of other users, stays.
fn sweep(parent: &Path) {
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let Ok(lock) = File::open(entry.path().join(LOCK)) else {
            continue;
        };
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let removed = std::fs::remove_dir_all(entry.path());
            debug!(folder = %entry.path().display(), removed = removed.is_ok(), "a folder of a run that was killed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_is_removed_and_what_lives_stays() {
        let parent = tempfile::tempdir().unwrap();
        let alive = RunFolder::make_in(parent.path()).unwrap();
        let stale = RunFolder::make_in(parent.path()).unwrap();
        let stale_path = stale.path().to_owned();
        std::fs::write(stale_path.join("ca.pem"), "x").unwrap();
        // As kill -9 leaves it: nothing is removed, and the lock is gone.
        let RunFolder { folder, _lock } = stale;
        let _ = folder.keep();
        drop(_lock);
        let unlocked = parent.path().join("dbx12-local-being-made");
        std::fs::create_dir(&unlocked).unwrap();

        sweep(parent.path());
        assert!(!stale_path.exists());
        assert!(alive.path().exists() && unlocked.exists());
        let path = alive.path().to_owned();
        alive.close().unwrap();
        assert!(!path.exists());
    }
}
