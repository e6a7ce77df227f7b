//! Where the workspace is.

use http::uri::{Authority, PathAndQuery, Scheme};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// The address of a workspace: scheme, host name and port, nothing else.
///
/// ```
/// use dbx12_http::Host;
/// let host = Host::parse("https://Adb-17.azuredatabricks.net/?o=17#notebook/4").unwrap();
/// assert_eq!(host.to_string(), "https://adb-17.azuredatabricks.net");
/// assert_eq!(Host::parse("localhost:8080").unwrap().to_string(), "https://localhost:8080");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Host {
    https: bool,
    authority: Authority,
}

impl Host {
    /// Reads an address as people have it at hand: with or without a scheme (`https` is meant then), with the path and
    /// query of a page they were looking at (dropped).
    ///
    /// # Errors
    /// When there is no host name in it, when the scheme is neither `https` nor `http`, or when it carries a user or a
    /// password. The message never repeats a password.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let text = text.trim();
        let (https, rest) = split_scheme(text)?;
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        // A password may itself hold a slash, so an @ anywhere before a query is taken for one before anything is echoed.
        if rest.split(['?', '#']).next().is_some_and(|rest| rest.contains('@')) {
            return Err(HostError(
                "the host must not contain a user or a password (found `@`); give the credentials separately"
                    .to_owned(),
            ));
        }
        if authority.is_empty() {
            return Err(HostError(
                "the host is empty; it looks like https://adb-1234567890123456.7.azuredatabricks.net".to_owned(),
            ));
        }
        let invalid = |reason: &str| HostError(format!("`{authority}` is not a host name: {reason}"));
        let (name, port) = split_port(authority).ok_or_else(|| invalid("the port is not a number from 1 to 65535"))?;
        if let Some(reason) = why_not_a_name(name) {
            return Err(invalid(reason));
        }
        let default_port = if https { 443 } else { 80 };
        let name = name.to_ascii_lowercase();
        let authority = match port {
            Some(port) if port != default_port => format!("{name}:{port}"),
            _ => name,
        };
        let authority = Authority::try_from(authority).map_err(|error| HostError(error.to_string()))?;
        Ok(Self { https, authority })
    }

    /// Whether it is `https`.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The name or address without port and brackets.
    pub fn name(&self) -> &str {
        let name = self.authority.host();
        name.strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'))
            .unwrap_or(name)
    }

    /// The port: the one given, else that of the scheme.
    pub fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(if self.https { 443 } else { 80 })
    }

    /// Whether it is this very machine: `localhost`, `127.0.0.0/8` or `::1`.
    pub fn is_loopback(&self) -> bool {
        let name = self.name();
        name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The absolute URI of a path.
    pub(crate) fn join(&self, path_and_query: PathAndQuery) -> http::Uri {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(if self.https { Scheme::HTTPS } else { Scheme::HTTP });
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path_and_query);
        // A URI with all three parts is always valid.
        http::Uri::from_parts(parts).unwrap_or_default()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        Self::parse(text)
    }
}

/// What a pasted address says beside the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ids {
    pub(crate) workspace_id: Option<String>,
    pub(crate) account_id: Option<String>,
}

/// The ids in the query of a page of the workspace, as sdk-go reads them: `w` in any form, else `o` or `workspace_id` if
/// they are numbers; `a` or `account_id`.
pub(crate) fn ids_in(text: &str) -> Ids {
    let query = text.split('#').next().and_then(|page| page.split_once('?'));
    let query: Vec<_> = form_urlencoded::parse(query.map_or(b"", |(_, query)| query.as_bytes())).collect();
    let value = |name: &str| {
        let found = query.iter().find(|(key, value)| key == name && !value.is_empty());
        found.map(|(_, value)| value.to_string())
    };
    let number = |name| value(name).filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
    Ids {
        workspace_id: value("w").or_else(|| number("o")).or_else(|| number("workspace_id")),
        account_id: value("a").or_else(|| value("account_id")),
    }
}

/// The text is not the address of a workspace; the message says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HostError(String);

fn split_scheme(text: &str) -> Result<(bool, &str), HostError> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Ok((true, text));
    };
    // `://` further on belongs to a path or query: `example.com/?next=https://…`.
    if scheme.contains(['/', '?', '#', '@', ':']) {
        return Ok((true, text));
    }
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Ok((true, rest)),
        "http" => Ok((false, rest)),
        _ => Err(HostError(format!("the scheme `{scheme}` is not supported; use https"))),
    }
}

/// The name, brackets included, and the port if there is one. `None` when the port is not one.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let is_unclosed = authority.starts_with('[') && !authority.contains(']');
    // No port is to be found there; what is wrong with the name is said of the name.
    if is_unclosed || authority.parse::<Ipv6Addr>().is_ok() {
        return Some((authority, None));
    }
    let name_end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let Some(colon) = authority[name_end..].find(':').map(|index| name_end + index) else {
        return Some((authority, None));
    };
    let (name, port) = (&authority[..colon], &authority[colon + 1..]);
    if port.is_empty() {
        return Some((name, None));
    }
    let all_digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|port| *port != 0 && all_digits)?;
    Some((name, Some(port)))
}

fn why_not_a_name(name: &str) -> Option<&'static str> {
    if let Some(address) = name.strip_prefix('[') {
        let address = address.strip_suffix(']').unwrap_or_default();
        return address
            .parse::<Ipv6Addr>()
            .is_err()
            .then_some("there is no IPv6 address in the brackets");
    }
    if name.is_empty() {
        return Some("the name is missing");
    }
    if name.parse::<Ipv6Addr>().is_ok() {
        return Some("an IPv6 address must stand in brackets");
    }
    if !name.is_ascii() {
        return Some("it has characters beyond ASCII; write it in punycode (xn--…)");
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if !name.bytes().all(allowed) {
        return Some("only letters, digits, `-`, `.` and `_` may stand in it");
    }
    if name.split('.').rev().skip(1).any(str::is_empty) {
        return Some("it has an empty part");
    }
    None
}

#[cfg(test)]
mod tests;
