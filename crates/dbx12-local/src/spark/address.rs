//! The addresses of Sparks on other machines.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use http::uri::Authority;
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio::time::timeout;

/// How long a connection to another machine may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);

/// The port of Spark Connect.
const CONNECT_PORT: u16 = 15_002;

/// That of a standalone master.
const MASTER_PORT: u16 = 7_077;

/// The address of a Spark Connect server: `sc://HOST[:PORT][/;PARAMETER=VALUE…]`, as Spark's own clients have it. One of the
/// parameters may be a token, so they are never shown.
///
/// ```
/// use dbx12_local::SparkConnectAddress;
///
/// let address: SparkConnectAddress = "sc://spark.example:15002/;use_ssl=true;token=secret".parse()?;
/// assert_eq!(address.to_string(), "sc://spark.example:15002");
/// # Ok::<(), dbx12_local::SparkAddressError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SparkConnectAddress {
    text: String,
    authority: Authority,
}

/// What runs the jobs of a Spark whose driver is on this machine: `local`, `local[CORES]`, or a standalone cluster,
/// `spark://HOST:PORT[,HOST:PORT…]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SparkMaster {
    text: String,
    /// None of one that is on this machine.
    authorities: Vec<Authority>,
}

/// A text is no [`SparkConnectAddress`], or no [`SparkMaster`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SparkAddressError(&'static str);

impl FromStr for SparkConnectAddress {
    type Err = SparkAddressError;

    fn from_str(text: &str) -> Result<Self, SparkAddressError> {
        let wrong = || SparkAddressError("no address of Spark Connect: write sc://HOST:PORT");
        let rest = text.strip_prefix("sc://").ok_or_else(wrong)?;
        let end = rest.find(['/', ';']).unwrap_or(rest.len());
        Ok(Self {
            authority: authority(&rest[..end]).ok_or_else(wrong)?,
            text: text.to_owned(),
        })
    }
}

impl SparkConnectAddress {
    /// All of it, with the token if there is one: for a client, not for people.
    pub fn with_secrets(&self) -> &str {
        &self.text
    }

    /// Sees whether somebody listens there.
    ///
    /// # Errors
    /// Why not, for people.
    pub(crate) async fn reach(&self) -> Result<(), String> {
        reach(&self.authority, CONNECT_PORT)
            .await
            .map_err(|reason| format!("there is no Spark Connect server at {self}: {reason}"))
    }
}

impl fmt::Display for SparkConnectAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sc://{}", self.authority)
    }
}

impl fmt::Debug for SparkConnectAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Default for SparkMaster {
    /// All cores of this machine.
    fn default() -> Self {
        Self {
            text: "local[*]".to_owned(),
            authorities: Vec::new(),
        }
    }
}

impl FromStr for SparkMaster {
    type Err = SparkAddressError;

    fn from_str(text: &str) -> Result<Self, SparkAddressError> {
        let is_local = text == "local" || (text.starts_with("local[") && text.ends_with(']'));
        let authorities = match text.strip_prefix("spark://") {
            Some(hosts) => hosts.split(',').map(authority).collect(),
            None => is_local.then(Vec::new),
        };
        let wrong = SparkAddressError(
            "no Spark that a workspace can be the driver of: write spark://HOST:PORT or local[CORES]",
        );
        Ok(Self {
            authorities: authorities.ok_or(wrong)?,
            text: text.to_owned(),
        })
    }
}

impl fmt::Display for SparkMaster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl SparkMaster {
    /// Whether jobs run in the driver's own process.
    pub(crate) fn is_local(&self) -> bool {
        self.authorities.is_empty()
    }

    /// The address of this machine at which that cluster finds our driver; the loopback interface's for a local one. Also
    /// sees whether somebody listens there: Spark itself would try for a minute.
    ///
    /// # Errors
    /// Why there is none, for people.
    pub(crate) async fn our_address(&self) -> Result<IpAddr, String> {
        if self.is_local() {
            return Ok(IpAddr::from([127, 0, 0, 1]));
        }
        let mut reasons = Vec::new();
        for authority in &self.authorities {
            match reach(authority, MASTER_PORT).await {
                Ok(()) => return toward(authority).await.map_err(|error| format!("{self}: {error}")),
                Err(reason) => reasons.push(reason),
            }
        }
        Err(format!("there is no Spark master at {self}: {}", reasons.join("; ")))
    }
}

fn authority(text: &str) -> Option<Authority> {
    let authority: Authority = text.parse().ok()?;
    (!authority.host().is_empty() && !text.contains('@')).then_some(authority)
}

/// Host and port, the host without the brackets of an IPv6 address.
fn place(authority: &Authority, port: u16) -> (&str, u16) {
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    (host, authority.port_u16().unwrap_or(port))
}

async fn reach(authority: &Authority, port: u16) -> Result<(), String> {
    match timeout(CONNECT_LIMIT, TcpStream::connect(place(authority, port))).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {CONNECT_LIMIT:?}")),
    }
}

/// The address of the interface that leads there. Nothing is sent.
async fn toward(authority: &Authority) -> std::io::Result<IpAddr> {
    let found = lookup_host(place(authority, MASTER_PORT)).await?.next();
    let there = found.ok_or_else(|| std::io::Error::other("the name has no address"))?;
    let any: SocketAddr = match there {
        SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        SocketAddr::V6(_) => ([0_u16; 8], 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(there).await?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_in_an_address_is_never_shown() {
        let address: SparkConnectAddress = "sc://[::1]:443;use_ssl=true;token=s3cret".parse().unwrap();
        assert_eq!(format!("{address} {address:?}"), "sc://[::1]:443 sc://[::1]:443");
        assert!(address.with_secrets().ends_with("s3cret"));
    }

    #[test]
    fn what_is_no_address_is_said_so() {
        for text in ["", "spark://host", "sc://", "sc://:1/", "sc://me@host", "https://host"] {
            assert!(text.parse::<SparkConnectAddress>().is_err(), "{text}");
        }
        for text in [
            "",
            "yarn",
            "k8s://host",
            "spark://",
            "spark://a,",
            "local[2",
            "localhost",
            "sc://host",
        ] {
            assert!(text.parse::<SparkMaster>().is_err(), "{text}");
        }
        for text in ["local", "local[*]", "spark://one:7077,two:7077", "spark://[::1]:7077"] {
            assert_eq!(text.parse::<SparkMaster>().unwrap().to_string(), text);
        }
    }

    #[tokio::test]
    async fn where_nobody_listens_is_said_at_once() {
        // Bound, but not listening: nobody else can.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let port = socket.local_addr().unwrap().port();
        let address: SparkConnectAddress = format!("sc://127.0.0.1:{port}/;token=x").parse().unwrap();
        let told = address.reach().await.unwrap_err();
        let expected = format!("there is no Spark Connect server at sc://127.0.0.1:{port}: ");
        assert!(told.starts_with(&expected) && told.contains("refused"), "{told}");
        let master: SparkMaster = format!("spark://127.0.0.1:{port}").parse().unwrap();
        let told = master.our_address().await.unwrap_err();
        assert!(
            told.starts_with(&format!("there is no Spark master at spark://127.0.0.1:{port}: ")),
            "{told}"
        );
    }

    #[tokio::test]
    async fn the_driver_is_found_where_the_master_is_reached() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let master = format!("spark://localhost:{}", listener.local_addr().unwrap().port());
        let address = master.parse::<SparkMaster>().unwrap().our_address().await.unwrap();
        assert!(address.is_loopback(), "{address}");
    }
}
