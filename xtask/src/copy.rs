//! The last commit in a directory of its own: for chores that change files to see what comes of it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::workspace;

/// The files of the last commit, below the target directory. Gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Copy<'shell> {
    sh: &'shell Shell,
    directory: PathBuf,
}

impl<'shell> Copy<'shell> {
    /// Makes one for the chore `name`.
    ///
    /// # Errors
    /// When this is not a git repository, or the files cannot be written.
    pub(crate) fn of_head(sh: &'shell Shell, name: &str) -> Result<Self> {
        let directory = workspace::target_directory(sh)?.join("copies").join(name);
        let copy = Self { sh, directory };
        copy.remove(); // what is left of a run that was killed
        let Self { directory, .. } = &copy;
        sh.create_dir(directory)?;
        let archive = directory.with_extension("tar");
        cmd!(sh, "git archive --output {archive} HEAD").run()?;
        cmd!(sh, "tar --extract --file {archive} --directory {directory}").run()?;
        sh.remove_path(archive)?;
        Ok(copy)
    }

    /// Where it is.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    fn remove(&self) {
        let _ = self.sh.remove_path(&self.directory);
    }
}

impl Drop for Copy<'_> {
    fn drop(&mut self) {
        self.remove();
    }
}
