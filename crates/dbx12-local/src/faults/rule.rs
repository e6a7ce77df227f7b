//! What is to go wrong, as a person writes it.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use dbx12_types::ErrorBody;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use serde::{Deserialize, Serialize};

use crate::answer::Refusal;
use crate::router::without_junk;

const API: &str = "/api/1.2/";
const HTML: HeaderValue = HeaderValue::from_static("text/html;charset=utf-8");

/// All that is to go wrong. Of several rules that mean a request the first one counts that is not used up.
///
/// ```
/// use dbx12_local::FaultRules;
///
/// let rules: FaultRules = r#"{"rules": [
///     {"endpoint": "contexts/create", "times": 2, "fault": {"kind": "status", "status": 429, "retry_after": 1}},
///     {"endpoint": "commands/execute", "skip": 3, "times": 1, "fault": {"kind": "lost_answer"}},
///     {"endpoint": "commands/status", "delay_ms": 250}
/// ]}"#.parse()?;
/// assert_eq!(rules.rules.len(), 3);
/// # Ok::<(), dbx12_local::FaultRulesError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FaultRules {
    /// The rules, in order.
    pub rules: Vec<FaultRule>,
}

/// What is to happen to some requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct FaultRule {
    /// Which: an operation of API 1.2 such as `commands/execute`, or a path that begins with `/`. All, when not given.
    pub endpoint: Option<String>,
    /// How many of them pass before it holds.
    pub skip: u64,
    /// For how many of them it holds then. Always, when not given.
    pub times: Option<u64>,
    /// How long each of them waits first, in milliseconds.
    pub delay_ms: u64,
    /// What goes wrong then. Nothing, when not given.
    pub fault: Option<Fault>,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing is done, and the answer has this status.
    Status {
        /// Any status from 200 to 599.
        status: u16,
        /// `Retry-After` as a number of seconds.
        #[serde(default)]
        retry_after: Option<u64>,
        /// `Retry-After` as the date this many seconds from now.
        #[serde(default)]
        retry_after_date: Option<u64>,
        /// The body; an error in the gateway's shape when not given.
        #[serde(default)]
        body: Option<String>,
    },
    /// Nothing is done, and the answer is a page for people: with status 200 the one where they sign in.
    Html {
        /// Any status from 200 to 599.
        status: u16,
    },
    /// Nothing is done: the cluster is not ready, as the 1.2 backend says it.
    ClusterNotReady,
    /// Nothing is done, and the connection is reset.
    ResetBefore,
    /// It is done, and the connection is reset before any of the answer.
    LostAnswer,
    /// It is done, and the connection is reset in the middle of the answer's body.
    CutAnswer,
    /// It is done, and meanwhile the process of the context that the request names is killed.
    ContextDeath,
}

/// Text is no [`FaultRules`].
#[derive(Debug, thiserror::Error)]
#[error("these are no rules for faults: {reason}")]
#[non_exhaustive]
pub struct FaultRulesError {
    /// What is wrong with them, and where.
    pub reason: String,
}

impl FromStr for FaultRules {
    type Err = FaultRulesError;

    fn from_str(text: &str) -> Result<Self, FaultRulesError> {
        Self::read(text.as_bytes())
    }
}

impl FaultRules {
    pub(crate) fn read(json: &[u8]) -> Result<Self, FaultRulesError> {
        let wrong = |reason: String| FaultRulesError { reason };
        let rules: Self = serde_json::from_slice(json).map_err(|error| wrong(error.to_string()))?;
        for rule in &rules.rules {
            if let Some(Fault::Status { status, .. } | Fault::Html { status }) = rule.fault
                && !(200..600).contains(&status)
            {
                return Err(wrong(format!("{status} is no status of an answer")));
            }
        }
        Ok(rules)
    }
}

impl FaultRule {
    /// Whether it is about requests for this path.
    pub(super) fn means(&self, path: &str) -> bool {
        let path = without_junk(path);
        match self.endpoint.as_deref() {
            None => true,
            Some(endpoint) if endpoint.starts_with('/') => endpoint == path,
            Some(endpoint) => path.strip_prefix(API) == Some(endpoint),
        }
    }
}

impl Fault {
    /// The word for it in the journal.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Html { .. } => "html",
            Self::ClusterNotReady => "cluster_not_ready",
            Self::ResetBefore => "reset_before",
            Self::LostAnswer => "lost_answer",
            Self::CutAnswer => "cut_answer",
            Self::ContextDeath => "context_death",
        }
    }

    /// The answer that is given instead, when nothing is done.
    pub(crate) fn instead(&self) -> Option<Response<Bytes>> {
        match self {
            Self::Status {
                status,
                retry_after,
                retry_after_date,
                body,
            } => {
                let mut response = refusal(*status).into_response();
                if let Some(body) = body {
                    *response.body_mut() = Bytes::copy_from_slice(body.as_bytes());
                }
                let date = |seconds| httpdate::fmt_http_date(now() + Duration::from_secs(seconds));
                let when = retry_after
                    .map(|seconds| seconds.to_string())
                    .or(retry_after_date.map(date));
                if let Some(when) = when.and_then(|when| HeaderValue::from_str(&when).ok()) {
                    response.headers_mut().insert(RETRY_AFTER, when);
                }
                Some(response)
            }
            Self::Html { status } => Some(page(*status)),
            Self::ClusterNotReady => {
                let message = "Cluster not currently ready for driver client (currently Pending)";
                Some(Refusal::new("ClusterNotReadyException", message).into_response())
            }
            Self::ResetBefore | Self::LostAnswer | Self::CutAnswer | Self::ContextDeath => None,
        }
    }
}

fn refusal(status: u16) -> Refusal {
    let code = match status {
        429 => "REQUEST_LIMIT_EXCEEDED",
        503 => "TEMPORARILY_UNAVAILABLE",
        _ => "INTERNAL_ERROR",
    };
    let message = format!("A fault that was asked for: status {status}.");
    Refusal::with_status(code_of(status), ErrorBody::gateway(code, message))
}

fn page(status: u16) -> Response<Bytes> {
    let title = match status {
        200 => "Databricks - Sign In".to_owned(),
        status => format!("Error {status}"),
    };
    let html =
        format!("<!doctype html><html><head><title>{title}</title></head><body><h2>{title}</h2></body></html>\n");
    let mut response = Response::new(html.into());
    *response.status_mut() = code_of(status);
    response.headers_mut().insert(CONTENT_TYPE, HTML);
    response
}

fn code_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

#[allow(clippy::disallowed_methods, reason = "a date in a header is one of the calendar")]
fn now() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_cannot_be_are_refused() {
        for text in [
            "{}",
            "[]",
            r#"{"rules": [{"endpont": "x"}]}"#,
            r#"{"rules": [{"fault": {"kind": "status", "status": 100}}]}"#,
            r#"{"rules": [{"fault": {"kind": "explosion"}}]}"#,
        ] {
            assert!(text.parse::<FaultRules>().is_err(), "{text}");
        }
    }

    #[test]
    fn endpoints_by_name_and_path() {
        let means = |endpoint: &str, path: &str| {
            let endpoint = Some(endpoint.to_owned());
            FaultRule {
                endpoint,
                ..FaultRule::default()
            }
            .means(path)
        };
        assert!(means("contexts/create", "/api/1.2/contexts/create%20"));
        assert!(means("/oidc/v1/token", "/oidc/v1/token"));
        assert!(!means("contexts/create", "/api/1.2/contexts/status"));
        assert!(!means("v1/token", "/oidc/v1/token"));
    }

    #[test]
    fn retry_after_in_both_forms() {
        let header = |json: &str| {
            let fault: Fault = serde_json::from_str(json).unwrap();
            let response = fault.instead().unwrap();
            assert_eq!(response.status(), 429);
            response.headers()["retry-after"].to_str().unwrap().to_owned()
        };
        assert_eq!(header(r#"{"kind": "status", "status": 429, "retry_after": 7}"#), "7");
        let date = header(r#"{"kind": "status", "status": 429, "retry_after_date": 60}"#);
        let ahead = httpdate::parse_http_date(&date).unwrap().duration_since(now()).unwrap();
        assert!(
            ahead <= Duration::from_secs(60) && ahead > Duration::from_secs(50),
            "{date}"
        );
    }
}
