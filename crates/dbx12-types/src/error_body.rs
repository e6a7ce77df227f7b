//! The shapes in which the service says that a call failed.
//!
//! The 1.2 backend answers `{"error": "ExceptionName: message"}`, mostly with status 500; the gateway before it answers
//! `{"error_code", "message"}`; other parts of the way answer `CODE: message`, HTML, or nothing.

message! {
    /// What a failed call says.
    #[derive(Default)]
    pub struct ErrorBody {
        /// `ExceptionName: message`, as the 1.2 backend writes it.
        error: Option<String> = "error",
        /// The code, as the gateway writes it. It may come as a number.
        ///
        /// A number is in `extra`.
        error_code: Option<String> = "error_code",
        /// The message, as the gateway writes it.
        message: Option<String> = "message",
    }
}

impl ErrorBody {
    /// The shape of the 1.2 backend: `{"error": "exception: message"}`.
    pub fn backend(exception: &str, message: &str) -> Self {
        Self {
            error: Some(format!("{exception}: {message}")),
            ..Self::default()
        }
    }

    /// The shape of the gateway: `{"error_code": code, "message": message}`.
    pub fn gateway(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            error_code: Some(code.into()),
            message: Some(message.into()),
            ..Self::default()
        }
    }

    /// Reads any answer of a failed call: JSON of either shape, `CODE: message`, HTML, or plain text. `None` when it
    /// says nothing.
    pub fn parse(body: &[u8]) -> Option<Self> {
        Self::read(body).filter(|error| error.says_something())
    }

    fn says_something(&self) -> bool {
        let is_said = |text: String| !text.trim().is_empty();
        is_said(self.text()) || self.code().is_some_and(is_said)
    }

    fn read(body: &[u8]) -> Option<Self> {
        if let Ok(parsed) = serde_json::from_slice::<Self>(body) {
            return Some(parsed);
        }
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        if text.starts_with('<') {
            return html_message(text).map(Self::plain);
        }
        match text.split_once(": ") {
            Some((code, message)) if is_code(code) => Some(Self::gateway(code, message)),
            _ => Some(Self::plain(
                serde_json::from_str(text).unwrap_or_else(|_| text.to_owned()),
            )),
        }
    }

    fn plain(message: String) -> Self {
        Self {
            message: Some(message),
            ..Self::default()
        }
    }

    /// The name of the exception, such as `ContextNotFound`, when the backend names one.
    pub fn exception(&self) -> Option<&str> {
        self.split().map(|(exception, _)| exception)
    }

    /// The error code, such as `RESOURCE_DOES_NOT_EXIST` or `403`, however it was written.
    pub fn code(&self) -> Option<String> {
        let number = || {
            self.extra
                .get("error_code")
                .map(|raw| raw.get())
                .filter(|text| *text != "null")
        };
        self.error_code.clone().or_else(|| number().map(str::to_owned))
    }

    /// What happened, without the exception's name. Empty when the body does not say.
    pub fn text(&self) -> String {
        let said = self
            .split()
            .map(|(_, message)| message)
            .or(self.message.as_deref())
            .or(self.error.as_deref());
        // `detail` is where the SCIM part of the service puts it.
        said.map(str::to_owned)
            .or_else(|| self.extra.read("detail"))
            .unwrap_or_default()
    }

    fn split(&self) -> Option<(&str, &str)> {
        let (exception, message) = self.error.as_deref()?.split_once(": ")?;
        let is_name = !exception.is_empty()
            && exception
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._$".contains(c));
        is_name.then_some((exception, message))
    }

    /// The context does not exist, or does no longer.
    pub fn is_context_not_found(&self) -> bool {
        self.exception().is_some_and(|name| name.ends_with("ContextNotFound"))
            || (self.is_gateway_not_found() && self.says("context"))
            || (self.says("ExecutionContextId(") && self.says("is disconnected"))
    }

    /// The command does not exist, or not yet.
    pub fn is_command_not_found(&self) -> bool {
        self.exception().is_some_and(|name| name.ends_with("CommandNotFound"))
            || (self.is_gateway_not_found() && self.says("command"))
    }

    /// There is no such cluster.
    pub fn is_cluster_not_found(&self) -> bool {
        self.exception().is_some_and(|name| name.ends_with("ClusterNotFound"))
            || (self.is_gateway_not_found() && self.says("luster"))
    }

    /// The cluster exists but takes no commands now.
    pub fn is_cluster_not_ready(&self) -> bool {
        self.exception()
            .is_some_and(|name| name.ends_with("ClusterNotReadyException"))
            || self.says("ClusterNotReadyException")
            || (self.code().as_deref() == Some("INVALID_STATE") && self.says("cluster"))
    }

    fn is_gateway_not_found(&self) -> bool {
        self.code().as_deref() == Some("RESOURCE_DOES_NOT_EXIST")
    }

    fn says(&self, words: &str) -> bool {
        [&self.error, &self.message]
            .into_iter()
            .flatten()
            .any(|text| text.contains(words))
    }
}

impl std::fmt::Display for ErrorBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.exception().map(str::to_owned).or_else(|| self.code()) {
            Some(name) if self.text().is_empty() => f.write_str(&name),
            Some(name) => write!(f, "{name}: {}", self.text()),
            None => f.write_str(&self.text()),
        }
    }
}

fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// What an HTML page says: its `<pre>`, else its `<title>`.
fn html_message(html: &str) -> Option<String> {
    let inner = |tag: &str| {
        let (_, rest) = html.split_once(&format!("<{tag}>"))?;
        let (inner, _) = rest.split_once(&format!("</{tag}>"))?;
        Some(crate::results::plain_text(inner).trim().to_owned()).filter(|text| !text.is_empty())
    };
    inner("pre").or_else(|| inner("title"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(body: &str) -> (Option<String>, String) {
        let body = ErrorBody::parse(body.as_bytes()).unwrap();
        (body.exception().map(str::to_owned).or_else(|| body.code()), body.text())
    }

    #[test]
    fn every_shape_of_the_wild_is_read() {
        let some = |name: &str, text: &str| (Some(name.to_owned()), text.to_owned());
        let none = |text: &str| (None, text.to_owned());
        assert_eq!(
            parsed(r#"{"error":"ContextNotFound: gone"}"#),
            some("ContextNotFound", "gone")
        );
        assert_eq!(
            parsed(r#"{"error":"Bad Target: /api/1.2/x"}"#),
            none("Bad Target: /api/1.2/x")
        );
        assert_eq!(
            parsed(r#"{"error_code":"403","message":"Invalid access token."}"#),
            some("403", "Invalid access token.")
        );
        assert_eq!(parsed(r#"{"error_code":500,"message":"m"}"#), some("500", "m"));
        assert_eq!(
            parsed("MALFORMED_REQUEST: vpc: bad"),
            some("MALFORMED_REQUEST", "vpc: bad")
        );
        assert_eq!(
            parsed("<html><title>t</title><pre>    Worker environment not ready</pre>"),
            none("Worker environment not ready")
        );
        assert_eq!(
            parsed("<title>Databricks - Sign In</title>"),
            none("Databricks - Sign In")
        );
        assert_eq!(parsed(r#"{"detail":"no group","status":"404"}"#), none("no group"));
        assert_eq!(parsed(r#""not a dictionary""#), none("not a dictionary"));
        assert_eq!(parsed("something else"), none("something else"));
        assert_eq!(parsed(r#"{"error_code":"QUOTA_EXCEEDED"}"#), some("QUOTA_EXCEEDED", ""));
        assert_eq!(parsed(r#"{"error_code":429,"message":""}"#), some("429", ""));
        let code_alone = ErrorBody::parse(br#"{"error_code":"QUOTA_EXCEEDED"}"#).unwrap();
        assert_eq!(code_alone.to_string(), "QUOTA_EXCEEDED");
        assert_eq!(ErrorBody::parse(b" \n"), None);
        assert_eq!(ErrorBody::parse(b"{}"), None);
        assert_eq!(ErrorBody::parse(br#""""#), None);
        assert_eq!(ErrorBody::parse(br#"{"message":" "}"#), None);
        assert_eq!(ErrorBody::parse(br#"{"error_code":""}"#), None);
    }

    #[test]
    fn predicates_know_both_the_real_shape_and_that_of_emulators() {
        let not_found = |body: &str| ErrorBody::parse(body.as_bytes()).unwrap().is_context_not_found();
        assert!(not_found(r#"{"error":"ContextNotFound: x"}"#));
        assert!(not_found(
            r#"{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"context not found"}"#
        ));
        assert!(not_found(
            r#"{"error":"Context ExecutionContextId(17) is disconnected."}"#
        ));
        assert!(!not_found(r#"{"error":"RuntimeException: context"}"#));
        let body = ErrorBody::backend("ClusterNotReadyException", "Cluster 1 not currently ready");
        assert!(body.is_cluster_not_ready() && !body.is_context_not_found());
    }
}
