//! A file that is written as a whole or not at all.

use crate::failure::Failure;
use std::fs::{File, OpenOptions, Permissions};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file to be written at the end. That it can be is known from the beginning.
#[derive(Debug)]
pub(crate) struct Destination {
    path: PathBuf,
    to: To,
}

#[derive(Debug)]
enum To {
    /// Beside the file whose place it takes.
    Temporary(NamedTempFile),
    /// A pipe or a device, which nothing can take the place of.
    Special(File),
}

impl Destination {
    /// Opens the file's temporary neighbour. Dropped without `write`, nothing has changed.
    pub(crate) fn prepare(path: &Path) -> Result<Self, Failure> {
        let cannot = |error| cannot_write(path, &error);
        let existing = path.metadata().ok();
        let to = match &existing {
            Some(metadata) if metadata.is_dir() => return Err(cannot(std::io::ErrorKind::IsADirectory.into())),
            Some(metadata) if !metadata.is_file() => {
                To::Special(OpenOptions::new().write(true).open(path).map_err(cannot)?)
            }
            Some(metadata) => {
                // What may not be written may not be replaced either.
                OpenOptions::new().append(true).open(path).map_err(cannot)?;
                let permissions = Some(metadata.permissions());
                To::Temporary(temporary(&path.canonicalize().map_err(cannot)?, permissions).map_err(cannot)?)
            }
            None => To::Temporary(temporary(path, of_new_file()).map_err(cannot)?),
        };
        let path = match existing {
            Some(_) => path.canonicalize().map_err(cannot)?,
            None => path.to_owned(),
        };
        Ok(Self { path, to })
    }

    /// Puts the content in its place.
    pub(crate) fn write(self, content: &[u8]) -> Result<(), Failure> {
        let Self { path, to } = self;
        let written = match to {
            To::Temporary(mut file) => file
                .write_all(content)
                .and_then(|()| file.as_file().sync_all())
                .and_then(|()| Ok(file.persist(&path).map(drop)?)),
            To::Special(mut file) => file.write_all(content),
        };
        written.map_err(|error| cannot_write(&path, &error))
    }
}

pub(crate) fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    let error = error.to_string();
    // The name of the temporary file is nobody's business.
    let why = error.split(" at path ").next().unwrap_or_default();
    Failure::usage(format!("cannot write {}: {why}", path.display()))
}

/// As programs make files, which the umask narrows: a temporary file is for its owner only.
#[cfg(unix)]
fn of_new_file() -> Option<Permissions> {
    Some(std::os::unix::fs::PermissionsExt::from_mode(0o666))
}

/// Those that the folder gives.
#[cfg(not(unix))]
fn of_new_file() -> Option<Permissions> {
    None
}

/// In the same folder: only there it can be renamed.
fn temporary(path: &Path, permissions: Option<Permissions>) -> std::io::Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".dbx12-");
    if let Some(permissions) = permissions {
        builder.permissions(permissions);
    }
    builder.tempfile_in(folder)
}
