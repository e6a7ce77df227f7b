//! Which proxy leads to a host: the settings as they are written.

use secrecy::SecretString;
use std::fmt;

/// The proxies by which the built-in transport reaches the workspace.
///
/// A proxy is written as a URL: `http://` and `https://` (HTTP `CONNECT`; a request over plain `http` is given to the proxy
/// itself), `socks5://` (names are resolved here) or `socks5h://` (the proxy resolves them). Without a scheme `http` is
/// meant. A user and a password may stand before the host, percent-encoded: `http://user:p%40ss@proxy.example.com:3128`;
/// nothing ever shows them. Without a port it is 80, 443 or, for SOCKS, 1080.
#[derive(Clone, Default)]
pub struct ProxySettings {
    pub(crate) http: Option<ProxyUrl>,
    pub(crate) https: Option<ProxyUrl>,
    pub(crate) exempt: String,
    pub(crate) loopback: bool,
}

/// A proxy as it was written, and where.
#[derive(Clone)]
#[cfg_attr(
    not(feature = "hyper"),
    allow(dead_code, reason = "only the built-in transport uses them")
)]
pub(crate) struct ProxyUrl {
    pub(crate) origin: String,
    pub(crate) text: SecretString,
}

impl ProxySettings {
    /// No proxy.
    pub fn none() -> Self {
        Self::default()
    }

    /// This proxy for every host, also for this machine: who names one wants it. Plain `http` by it has to be
    /// [allowed](crate::ClientBuilder::allow_plain_http) then, for this machine too: the proxy, and all on the way to it, see
    /// the credentials. Hosts that are to be reached directly are named to [`except`](Self::except).
    pub fn all(url: impl Into<String>) -> Self {
        let url = ProxyUrl {
            origin: "the proxy".to_owned(),
            text: SecretString::from(url.into()),
        };
        Self {
            http: Some(url.clone()),
            https: Some(url),
            exempt: String::new(),
            loopback: true,
        }
    }

    /// The proxies that the environment names, by the rules of curl:
    ///
    /// * `https_proxy` for `https`, `http_proxy` for `http`, and `all_proxy` where that is missing. The names may be in
    ///   upper case too; the lower case goes first. An empty variable counts as missing.
    /// * `HTTP_PROXY` in upper case is not read where `REQUEST_METHOD` is set: in a CGI program anybody could set it by a
    ///   header.
    /// * `no_proxy` names the hosts that are reached directly, see [`except`](Self::except).
    ///
    /// In one thing the rule is Go's, and so that of the official command line: this very machine (`localhost`,
    /// `127.0.0.0/8`, `::1`) is always reached directly.
    ///
    /// Pass `|name| std::env::var(name).ok()` for the real environment.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let url = |name: &str| {
            let text = SecretString::from(set(name)?.trim().to_owned());
            let origin = format!("the proxy in {name}");
            Some(ProxyUrl { origin, text })
        };
        let all = || url("all_proxy").or_else(|| url("ALL_PROXY"));
        let http_in_upper_case = || url("HTTP_PROXY").filter(|_| set("REQUEST_METHOD").is_none());
        Self {
            http: url("http_proxy").or_else(http_in_upper_case).or_else(all),
            https: url("https_proxy").or_else(|| url("HTTPS_PROXY")).or_else(all),
            exempt: set("no_proxy").or_else(|| set("NO_PROXY")).unwrap_or_default(),
            loopback: false,
        }
    }

    /// The same proxies, but these hosts are reached directly: what `no_proxy` holds. Separated by commas, each is the name
    /// of a domain, which stands for its subdomains too, an IP address, a network such as `10.0.0.0/8`, or `*` for all.
    #[must_use]
    pub fn except(mut self, hosts: impl Into<String>) -> Self {
        self.exempt = hosts.into();
        self
    }
}

impl fmt::Debug for ProxySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = |url: &Option<ProxyUrl>| url.as_ref().map(|url| url.origin.clone());
        f.debug_struct("ProxySettings")
            .field("http", &origin(&self.http))
            .field("https", &origin(&self.https))
            .field("exempt", &self.exempt)
            .field("loopback", &self.loopback)
            .finish()
    }
}

#[cfg(test)]
mod tests;
