//! `commandFile`: code in a file of the server, if the embedder allows a folder for it.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::answer::Refusal;

/// Reads the file that a path names below the folder; a slash at its beginning means the folder.
///
/// No path leads out of it, by `..` or by a link. (A command can read all files anyway: this is for order, not a wall.)
pub(crate) async fn read(folder: Option<&Path>, path: &str, limit: usize) -> Result<String, Refusal> {
    let Some(folder) = folder else {
        let why = "commandFile is refused: this workspace was not told of a folder to read such files from. Send the \
                   code itself in \"command\"";
        return Err(Refusal::new("UnsupportedOperationException", why));
    };
    let file = locate(folder, path).await?;
    let described = tokio::fs::metadata(&file)
        .await
        .map_err(|error| unreadable(path, &error))?;
    if !described.is_file() {
        return Err(Refusal::illegal_argument(format_args!(
            "commandFile {path:?} is not a file"
        )));
    }
    if described.len() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(Refusal::illegal_argument(format_args!(
            "commandFile {path:?} is larger than {limit} bytes"
        )));
    }
    let bytes = tokio::fs::read(&file).await.map_err(|error| unreadable(path, &error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Refusal::illegal_argument(format_args!("commandFile {path:?} is not UTF-8 text at byte {at}"))
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

async fn locate(folder: &Path, path: &str) -> Result<PathBuf, Refusal> {
    let below = Path::new(path.trim_start_matches('/'));
    let outside = || Refusal::illegal_argument(format_args!("commandFile {path:?} leads out of the allowed folder"));
    if !below
        .components()
        .all(|component| matches!(component, Component::Normal(_) | Component::CurDir))
    {
        return Err(outside());
    }
    let file = tokio::fs::canonicalize(folder.join(below))
        .await
        .map_err(|error| unreadable(path, &error))?;
    if !file.starts_with(folder) {
        return Err(outside());
    }
    Ok(file)
}

fn unreadable(path: &str, error: &io::Error) -> Refusal {
    Refusal::new(
        "FileNotFoundException",
        format!("commandFile {path:?} cannot be read: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn said(folder: &Path, path: &str) -> String {
        match read(Some(folder), path, 100).await {
            Ok(text) => text,
            Err(refusal) => refusal.to_string(),
        }
    }

    #[tokio::test]
    async fn only_text_below_the_folder_is_read() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().canonicalize().unwrap();
        let folder = root.join("allowed");
        std::fs::create_dir_all(folder.join("jobs")).unwrap();
        std::fs::write(root.join("secret.py"), "secret").unwrap();
        std::fs::write(folder.join("jobs/a.py"), "\u{feff}print(1)").unwrap();
        std::fs::write(folder.join("large.py"), vec![b'#'; 101]).unwrap();
        std::fs::write(folder.join("binary.py"), b"ab\xFF").unwrap();
        std::os::unix::fs::symlink(root.join("secret.py"), folder.join("link.py")).unwrap();
        std::os::unix::fs::symlink("a.py", folder.join("jobs/inner.py")).unwrap();

        for path in ["jobs/a.py", "/jobs/a.py", "./jobs/a.py", "jobs/inner.py"] {
            assert_eq!(said(&folder, path).await, "print(1)", "{path}");
        }
        for path in ["../secret.py", "jobs/../../secret.py", "/../secret.py", "link.py"] {
            assert!(
                said(&folder, path).await.contains("leads out of the allowed folder"),
                "{path}"
            );
        }
        assert!(said(&folder, "jobs").await.contains("is not a file"));
        assert!(said(&folder, "none.py").await.starts_with("FileNotFoundException: "));
        assert!(said(&folder, "large.py").await.contains("larger than 100 bytes"));
        assert!(said(&folder, "binary.py").await.contains("not UTF-8 text at byte 2"));
        assert!(
            read(None, "a.py", 100)
                .await
                .unwrap_err()
                .to_string()
                .contains("commandFile is refused")
        );
    }
}
