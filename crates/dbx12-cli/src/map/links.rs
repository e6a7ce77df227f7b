//! Links to the journals of maps, so that `ps` and `gc` know of contexts that a killed one left.

use crate::failure::Failure;
use crate::state::{self, cannot};
use std::fs;
use std::path::{Path, PathBuf};

/// A link to a journal.
pub(super) struct Link(PathBuf);

impl Link {
    /// The one there is, or a new one.
    pub(super) fn to(journal: &Path) -> Result<Self, Failure> {
        let folder = state::maps()?;
        for link in links(&folder)? {
            if target(&link).is_ok_and(|target| target == journal) {
                return Ok(Self(link));
            }
        }
        for number in 1_u32.. {
            let link = folder.join(number.to_string());
            match make(journal, &link) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                made => return made.map(|()| Self(link.clone())).map_err(|error| cannot(&link, &error)),
            }
        }
        Err(Failure::usage(format!(
            "there are too many maps in {}",
            folder.display()
        )))
    }

    /// Nothing of it is open any more.
    pub(super) fn remove(self) {
        // One that stays is of no harm.
        let _ = fs::remove_file(&self.0);
    }
}

/// The journals of maps that have not ended well.
pub(crate) fn journals() -> Result<Vec<PathBuf>, Failure> {
    let links = links(&state::maps()?)?.into_iter();
    Ok(links
        .filter_map(|link| target(&link).ok()?.canonicalize().ok())
        .collect())
}

/// Drops links to journals that were removed with their results.
pub(crate) fn forget_lost() -> Result<(), Failure> {
    for link in links(&state::maps()?)? {
        if !target(&link).is_ok_and(|target| target.exists()) {
            let _ = fs::remove_file(&link);
        }
    }
    Ok(())
}

fn links(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| cannot(folder, &error))?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

#[cfg(unix)]
fn make(journal: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(journal, link)
}

#[cfg(unix)]
fn target(link: &Path) -> std::io::Result<PathBuf> {
    fs::read_link(link)
}

/// A file with the path in it: Windows lets not everybody make links.
#[cfg(not(unix))]
fn make(journal: &Path, link: &Path) -> std::io::Result<()> {
    let path = journal.to_str().ok_or(std::io::ErrorKind::InvalidFilename)?;
    std::io::Write::write_all(&mut fs::File::create_new(link)?, path.as_bytes())
}

#[cfg(not(unix))]
fn target(link: &Path) -> std::io::Result<PathBuf> {
    fs::read_to_string(link).map(PathBuf::from)
}
