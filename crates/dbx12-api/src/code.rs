//! The code of a command: text or a file on the server, its language and options.

use dbx12_http::types::{ClusterId, CommandOptions, ContextId, ExecuteCommand, Language};
use std::fmt;

/// Code to run. Text turns into it: `context.execute("1 + 1")`.
#[derive(Clone, PartialEq)]
pub struct Code {
    source: Source,
    language: Option<Language>,
    options: Option<CommandOptions>,
}

#[derive(Clone, PartialEq)]
enum Source {
    Text(String),
    ServerFile(String),
}

impl Code {
    /// Code as text, in the language of the context.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            source: Source::Text(text.into()),
            language: None,
            options: None,
        }
    }

    /// Code in a file on the server: `commandFile` of the document. For a file on this machine read it and use
    /// [`Code::new`].
    pub fn server_file(path: impl Into<String>) -> Self {
        Self {
            source: Source::ServerFile(path.into()),
            language: None,
            options: None,
        }
    }

    /// In another language than the context's.
    #[must_use]
    pub fn language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// With options for the server, such as `displayRowLimit`.
    #[must_use]
    pub fn options(mut self, options: CommandOptions) -> Self {
        self.options = Some(options);
        self
    }

    /// The text; `None` when it is a file on the server.
    pub fn as_text(&self) -> Option<&str> {
        match &self.source {
            Source::Text(text) => Some(text),
            Source::ServerFile(_) => None,
        }
    }

    /// The language it names, if it names one.
    pub fn named_language(&self) -> Option<&Language> {
        self.language.as_ref()
    }

    /// Another text, with the same language and options.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.source = Source::Text(text.into());
        self
    }

    /// The request that runs this code. The language is always named: an older server may want it.
    pub(crate) fn request(
        &self,
        cluster: &ClusterId,
        context: &ContextId,
        default: Option<&Language>,
    ) -> ExecuteCommand {
        let mut request = ExecuteCommand::new(cluster, context, "");
        (request.command, request.command_file) = match &self.source {
            Source::Text(text) => (Some(text.clone()), None),
            Source::ServerFile(path) => (None, Some(path.clone())),
        };
        request.language = self.language.as_ref().or(default).cloned();
        request.options = self.options.clone();
        request
    }
}

impl<T: Into<String>> From<T> for Code {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

/// Shows how much code there is, not the code: it may hold secrets.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut code = f.debug_struct("Code");
        match &self.source {
            Source::Text(text) => code.field("bytes", &text.len()),
            Source::ServerFile(path) => code.field("server_file", path),
        };
        code.field("language", &self.language).finish_non_exhaustive()
    }
}
