//! Programs that print a token.

use super::secrets::only_plain_words;
use super::{AccessToken, CredentialContext, CredentialError, TokenSource};
use crate::BoxFuture;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Child;
use tokio::time::timeout;

/// A program that prints a token: as plain text, or as JSON with `access_token` and, for when it expires, `expires_in`,
/// `expires_on` or `expiry`.
///
/// It is run without a shell and without input, when there is no token or the last one is about to expire. It is ended,
/// with all that it has started, when it takes too long. When it fails, the error shows what it wrote to stderr, except
/// words that could be secrets.
///
/// ```
/// use dbx12_http::Credentials;
/// use dbx12_http::credentials::Command;
///
/// let credentials = Credentials::from_tokens(Command::new("vault").arguments(["read", "-field=token", "databricks/ci"]));
/// assert_eq!(credentials.auth_type(), "command");
/// ```
#[derive(Clone, Debug)]
pub struct Command {
    program: OsString,
    arguments: Vec<OsString>,
    time_limit: Duration,
    auth_type: String,
}

impl Command {
    /// What is read of stdout and of stderr at most, in bytes.
    const OUTPUT_LIMIT: u64 = 1024 * 1024;

    /// A program by its path, or by its name if it is in one of the folders of `PATH`.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            time_limit: Duration::from_secs(60),
            auth_type: "command".to_owned(),
        }
    }

    /// `gcloud auth print-identity-token`: an ID token of Google for the workspace, in the name of a service account
    /// (`google-id`).
    pub fn gcloud(program: impl Into<OsString>, service_account: &str, workspace: &crate::Host) -> Self {
        let impersonate = format!("--impersonate-service-account={service_account}");
        let audience = format!("--audiences={workspace}");
        Self::new(program)
            .arguments(["auth", "print-identity-token"])
            .arguments([impersonate, audience, "--include-email".to_owned()])
            .auth_type("google-id")
    }

    /// `databricks auth token`: the login of the official command line (`databricks-cli`), version 0.205 or newer.
    pub fn databricks(program: impl Into<OsString>, workspace: &crate::Host) -> Self {
        Self::new(program)
            .arguments(["auth", "token", "--host", &workspace.to_string()])
            .auth_type("databricks-cli")
    }

    /// Adds arguments. They must hold no secret: others on this machine can see them.
    #[must_use]
    pub fn arguments<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// How long it may take. Default 60 s.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// What this kind of credentials is called in the `User-Agent`. Default `command`.
    #[must_use]
    pub fn auth_type(mut self, name: impl Into<String>) -> Self {
        self.auth_type = name.into();
        self
    }

    /// Runs the program.
    pub(super) async fn run(&self) -> Result<AccessToken, CredentialError> {
        let mut command = tokio::process::Command::new(&self.program);
        command
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn().map_err(|error| {
            let what = match error.kind() {
                std::io::ErrorKind::NotFound => "is not installed, or not in a folder of PATH".to_owned(),
                _ => format!("cannot be started: {error}"),
            };
            CredentialError::new(format!("{} {what}", self.name())).with_source(error)
        })?;
        let mut group = Group::of(child);
        let Ok(ended) = timeout(self.time_limit, group.output()).await else {
            let message = format!(
                "{} did not end within {:?}, and was ended",
                self.name(),
                self.time_limit
            );
            return Err(CredentialError::transient(message));
        };
        let output = ended.map_err(|error| {
            CredentialError::new(format!("{} cannot be read: {error}", self.name())).with_source(error)
        })?;
        self.token_of(&output)
    }

    fn token_of(&self, output: &Output) -> Result<AccessToken, CredentialError> {
        let said = || only_plain_words(&String::from_utf8_lossy(&output.stderr));
        if let Some(problem) = &output.failure {
            let said = Some(said()).filter(|said| !said.is_empty());
            let said = said.map(|said| format!(": {said}")).unwrap_or_default();
            return Err(CredentialError::new(format!("{} {problem}{said}", self.name())));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        match text.trim() {
            "" => Err(CredentialError::new(format!("{} printed no token", self.name()))),
            json if json.starts_with('{') => AccessToken::from_json(json.as_bytes())
                .map_err(|error| CredentialError::new(format!("{}: {error}", self.name()))),
            token if token.contains(char::is_whitespace) => Err(CredentialError::new(format!(
                "{} printed more than a token",
                self.name()
            ))),
            token => Ok(AccessToken::new(token)),
        }
    }

    /// The program and what it was asked to do, without values of options.
    fn name(&self) -> String {
        let program = Path::new(&self.program).file_name().unwrap_or(&self.program);
        let verbs = self.arguments.iter().map_while(|argument| argument.to_str());
        let verbs = verbs.take_while(|argument| argument.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
        let verbs = verbs.take_while(|argument| !argument.starts_with('-')).take(2);
        let words = std::iter::once(program.to_string_lossy().into_owned()).chain(verbs.map(str::to_owned));
        format!("`{}`", words.collect::<Vec<_>>().join(" "))
    }
}

impl TokenSource for Command {
    fn auth_type(&self) -> &str {
        &self.auth_type
    }

    fn token<'a>(&'a self, _: &'a CredentialContext) -> BoxFuture<'a, Result<AccessToken, CredentialError>> {
        Box::pin(self.run())
    }
}

/// Where a program is found, as a shell would.
pub(crate) fn find_program(name: &str, path: Option<&str>) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| {
        let metadata = path.metadata().ok();
        metadata.is_some_and(|metadata| metadata.is_file() && is_executable(&metadata))
    };
    if name.contains(['/', '\\']) {
        return Some(PathBuf::from(name)).filter(is_program);
    }
    let folders = std::env::split_paths(path?);
    let names = [name.to_owned(), format!("{name}.exe"), format!("{name}.cmd")];
    let names = if cfg!(windows) { &names[1..] } else { &names[..1] };
    folders
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(is_program)
}

#[cfg(unix)]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &std::fs::Metadata) -> bool {
    true
}

/// What a program left.
struct Output {
    /// Why it did not succeed, if it did not.
    failure: Option<String>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// A program with all that it starts: `gcloud` and `az` are scripts that start the real one. Dropping it ends them all.
struct Group {
    child: Child,
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    fn of(child: Child) -> Self {
        Self {
            #[cfg(unix)]
            leader: child
                .id()
                .and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())),
            child,
        }
    }

    async fn output(&mut self) -> std::io::Result<Output> {
        let (stdout, stderr) = (self.child.stdout.take(), self.child.stderr.take());
        // Both at once, since a full pipe stops the program.
        let stderr = tokio::spawn(read(stderr));
        let stdout = read(stdout).await?;
        let stderr = stderr.await.unwrap_or_else(|error| Err(std::io::Error::other(error)))?;
        let status = self.child.wait().await?;
        Ok(Output {
            failure: (!status.success()).then(|| match status.code() {
                Some(code) => format!("failed with exit code {code}"),
                None => "was ended by a signal".to_owned(),
            }),
            stdout,
            stderr,
        })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A leader that was waited for is no more, and its number may be another's.
        #[cfg(unix)]
        if let (Some(leader), Some(_)) = (self.leader, self.child.id()) {
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}

async fn read(pipe: Option<impl AsyncRead + Unpin + Send>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        let mut limited = pipe.take(Command::OUTPUT_LIMIT);
        limited.read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
