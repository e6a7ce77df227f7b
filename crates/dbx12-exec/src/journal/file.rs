//! The file: lines under a lock, and the files that tell who lives.

use super::Line;
use crate::errand::unique_name;
use fs4::FileExt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A journal's file.
#[derive(Clone, Debug)]
pub(super) struct File {
    path: PathBuf,
}

/// Somebody who writes to a journal; its file is locked for as long as this lives, and the system unlocks it when the
/// process ends in whatever way.
#[derive(Debug)]
pub(super) struct Owner {
    id: String,
    path: PathBuf,
    _locked: fs::File,
}

impl Owner {
    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Whoever finds the file unlocked removes it.
        let _ = fs::remove_file(&self.path);
    }
}

impl File {
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        OpenOptions::new().create(true).append(true).open(&path)?;
        let file = Self { path };
        file.sync_name();
        Ok(file)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Becomes somebody who writes to it.
    pub(super) fn own(&self) -> io::Result<Owner> {
        let id = unique_name();
        let path = self.beside(&format!("{id}.owner"));
        let locked = OpenOptions::new().write(true).create_new(true).open(&path)?;
        FileExt::lock(&locked)?;
        Ok(Owner {
            id,
            path,
            _locked: locked,
        })
    }

    /// Leaves an owner's file as a process does that was killed.
    #[cfg(test)]
    pub(super) fn orphan(&self, owner: &Owner) {
        FileExt::unlock(&owner._locked).expect("a lock");
    }

    /// Whether an owner's process lives. What is left of a dead one is removed.
    pub(super) fn lives(&self, owner: &str) -> io::Result<bool> {
        let path = self.beside(&format!("{owner}.owner"));
        let file = match OpenOptions::new().write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        if FileExt::try_lock(&file).is_err() {
            return Ok(true);
        }
        fs::remove_file(&path)?;
        Ok(false)
    }

    /// Appends a line, and returns when it is on disk.
    pub(super) fn append(&self, line: &Line) -> io::Result<()> {
        let _lock = self.lock()?;
        self.write(line)
    }

    /// Appends a line if the lines so far allow it, in one step.
    pub(super) fn append_if(&self, line: &Line, allow: impl FnOnce(&[Line]) -> io::Result<bool>) -> io::Result<bool> {
        let _lock = self.lock()?;
        let is_allowed = allow(&self.read()?)?;
        if is_allowed {
            self.write(line)?;
        }
        Ok(is_allowed)
    }

    fn write(&self, line: &Line) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&self.path)?;
        let mut text = String::new();
        if !ends_with_newline(&mut file)? {
            text.push('\n');
        }
        text += &serde_json::to_string(line)?;
        text.push('\n');
        file.write_all(text.as_bytes())?;
        file.sync_data()
    }

    /// All lines that can be read; others were cut short by a crash, or written by a newer version.
    pub(super) fn lines(&self) -> io::Result<Vec<Line>> {
        let _lock = self.lock()?;
        self.read()
    }

    /// Keeps the lines that `select` selects, in one step.
    pub(super) fn compact(&self, select: impl FnOnce(Vec<Line>) -> Vec<Line>) -> io::Result<()> {
        let _lock = self.lock()?;
        let kept = select(self.read()?);
        let new = self.beside("new");
        let mut file = fs::File::create(&new)?;
        for line in kept {
            writeln!(file, "{}", serde_json::to_string(&line)?)?;
        }
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        self.sync_name();
        Ok(())
    }

    /// Lets the file be found under its name after a power cut: that is in the directory, which is on disk only when it was
    /// synced too. Systems and file systems that cannot sync a directory write it in their own way.
    fn sync_name(&self) {
        let directory = match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let _ = fs::File::open(directory).and_then(|directory| directory.sync_all());
    }

    fn read(&self) -> io::Result<Vec<Line>> {
        let bytes = fs::read(&self.path)?;
        let lines = bytes.split(|byte| *byte == b'\n');
        Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }

    /// The lock is a file of its own: the journal itself is replaced when it is compacted.
    fn lock(&self) -> io::Result<fs::File> {
        let options = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.beside("lock"));
        let lock = options?;
        FileExt::lock(&lock)?;
        Ok(lock)
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".");
        name.push(ending);
        name.into()
    }
}

fn ends_with_newline(file: &mut fs::File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}
