//! The file that says where a served workspace is and how to get in.

use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use dbx12_types::ClusterId;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

/// Where a served workspace is and how to get in, as JSON in a file that only its owner can read.
///
/// Its being there says that the server answers. It holds secrets: `Debug` does not show them.
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// let ready = dbx12_local::ReadyFile::read("workspace.json")?;
/// println!("DATABRICKS_HOST={}", ready.host);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReadyFile {
    /// The URL for clients.
    pub host: String,
    /// The token, for `Bearer`, or for Basic with the user name `token`.
    pub token: String,
    /// The user name for Basic.
    pub username: String,
    /// The password for Basic.
    pub password: String,
    /// The id of the service principal, for OAuth client credentials.
    #[serde(default)]
    pub client_id: String,
    /// Its secret.
    #[serde(default)]
    pub client_secret: String,
    /// The cluster that is there; the first one, when there are several.
    pub cluster_id: ClusterId,
    /// All clusters.
    #[serde(default)]
    pub cluster_ids: Vec<ClusterId>,
    /// The process of the server.
    pub pid: u32,
    /// With TLS: the certificate, in PEM, of the authority that clients have to trust.
    pub ca_file: Option<PathBuf>,
}

impl ReadyFile {
    /// Writes the file at once and as a whole: who sees it sees all of it. Its mode is 0600; one that is there is replaced.
    ///
    /// # Errors
    /// When the folder cannot be written to, or the path of `ca_file` is not UTF-8.
    pub fn write(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(folder)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }

    /// Reads the file.
    ///
    /// # Errors
    /// When it is not there, cannot be read, or is not such a file (`InvalidData`). The error shows none of its content.
    pub fn read(path: impl AsRef<Path>) -> io::Result<Self> {
        let text = std::fs::read(path)?;
        serde_json::from_slice(&text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let message = format!("not a ready file of a local workspace (line {line}, column {column})");
            io::Error::new(io::ErrorKind::InvalidData, message)
        })
    }
}

impl fmt::Debug for ReadyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadyFile")
            .field("host", &self.host)
            .field("cluster_id", &self.cluster_id)
            .field("pid", &self.pid)
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn ready() -> ReadyFile {
        ReadyFile {
            host: "http://127.0.0.1:1".to_owned(),
            token: "dapi-secret".to_owned(),
            username: "me".to_owned(),
            password: "pass-secret".to_owned(),
            client_id: "principal".to_owned(),
            client_secret: "dose-secret".to_owned(),
            cluster_ids: vec!["c".into()],
            cluster_id: "c".into(),
            pid: 7,
            ca_file: None,
        }
    }

    #[test]
    fn written_for_its_owner_only_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ready.json");
        std::fs::write(&path, "old").unwrap();
        ready().write(&path).unwrap();

        assert_eq!(ReadyFile::read(&path).unwrap(), ready());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(json["ca_file"], serde_json::Value::Null);
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing else is left"
        );
    }

    #[test]
    fn secrets_stay_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ready.json");
        std::fs::write(&path, r#"{"token": "dapi-secret", "pid": "dapi-secret"}"#).unwrap();
        let error = ReadyFile::read(&path).unwrap_err().to_string();
        assert!(
            error.contains("not a ready file") && !error.contains("secret"),
            "{error}"
        );
        assert!(!format!("{:?}", ready()).contains("secret"));
        assert_eq!(
            ReadyFile::read(folder.path().join("none")).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }
}
