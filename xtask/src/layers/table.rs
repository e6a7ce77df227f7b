//! Who may know whom: the one place where a new dependency is allowed or refused.
//!
//! A crate that is not here fails the check, and so does a dependency that is not in its row. Add one only with a reason
//! that ARCHITECTURE.md would accept.

/// What one crate may depend on.
#[derive(Debug)]
pub(crate) struct Layer {
    /// The crate.
    pub(crate) name: &'static str,
    /// The crates of ours it may know.
    pub(crate) ours: &'static [&'static str],
    /// The crates, ours or of others, it may know only when one feature of its own is on: (crate, feature).
    pub(crate) by_feature: &'static [(&'static str, &'static str)],
    /// The crates of others it may always know.
    pub(crate) others: Others,
    /// The crates of others that its tests, benches and examples may know as well.
    pub(crate) in_tests: &'static [&'static str],
}

/// The crates of others that a crate may know.
#[derive(Debug)]
pub(crate) enum Others {
    /// These.
    Only(&'static [&'static str]),
    /// Any: nobody depends on this crate.
    Any,
}

/// Every member of the workspace, lowest first.
pub(crate) const LAYERS: &[Layer] = &[
    Layer {
        name: "dbx12-types",
        ours: &[],
        by_feature: &[
            ("arrow-array", "arrow"),
            ("arrow-schema", "arrow"),
            ("schemars", "schema"),
        ],
        // `memchr` comes with `serde_json` anyway.
        others: Others::Only(&["memchr", "serde", "serde_json"]),
        in_tests: &["insta", "proptest"],
    },
    Layer {
        name: "dbx12-http",
        ours: &["dbx12-types"],
        by_feature: &[
            ("h2", "http2"),
            ("http-body", "tower"),
            ("rustix", "command"),
            ("rustls-native-certs", "webpki-roots"),
            ("webpki-roots", "webpki-roots"),
        ],
        others: Others::Only(&[
            "base64",
            "bytes",
            "fastrand",
            "flate2",
            "form_urlencoded",
            "http",
            "http-body-util",
            "httpdate",
            "hyper",
            "hyper-rustls",
            "hyper-util",
            "percent-encoding",
            "rustls",
            "rustls-platform-verifier",
            "secrecy",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "tower-service",
            "tracing",
        ]),
        in_tests: &[
            "h2",
            "insta",
            "multer",
            "proptest",
            "rcgen",
            "tempfile",
            "tokio-rustls",
            "tower",
        ],
    },
    Layer {
        name: "dbx12-api",
        ours: &["dbx12-http"],
        by_feature: &[],
        others: Others::Only(&[]),
        in_tests: &["insta", "proptest", "tokio"],
    },
    Layer {
        name: "dbx12-exec",
        ours: &["dbx12-api"],
        by_feature: &[],
        others: Others::Only(&[
            "base64",
            "fastrand",
            "fs4",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "tracing",
        ]),
        in_tests: &["insta", "proptest", "tempfile"],
    },
    Layer {
        name: "dbx12-local",
        ours: &["dbx12-types"],
        by_feature: &[("dbx12-http", "client")],
        others: Others::Only(&[
            "base64",
            "bytes",
            "fastrand",
            "flate2",
            "form_urlencoded",
            "http",
            "http-body-util",
            "httpdate",
            "hyper",
            "hyper-util",
            "multer",
            "percent-encoding",
            "rcgen",
            "rustix",
            "serde",
            "serde_json",
            "tempfile",
            "thiserror",
            "tokio",
            "tokio-rustls",
            "tracing",
            "uuid",
        ]),
        in_tests: &["insta", "proptest"],
    },
    Layer {
        name: "dbx12-cli",
        ours: &["dbx12-exec", "dbx12-local"],
        by_feature: &[],
        others: Others::Only(&[
            "anstream",
            "anyhow",
            "arrow-ipc",
            "clap",
            "clap_complete",
            "clap_mangen",
            "comfy-table",
            "csv",
            "form_urlencoded",
            "fs4",
            "humantime",
            "image",
            "indicatif",
            "rustix",
            "serde",
            "serde_json",
            "strsim",
            "tempfile",
            "thiserror",
            "tokio",
            "tracing",
            "tracing-subscriber",
            "viuer",
        ]),
        in_tests: &["insta"],
    },
    Layer {
        name: "dbx12-tests",
        ours: &[
            "dbx12-types",
            "dbx12-http",
            "dbx12-api",
            "dbx12-exec",
            "dbx12-local",
            "dbx12-cli",
        ],
        by_feature: &[],
        others: Others::Any,
        in_tests: &[],
    },
    Layer {
        name: "xtask",
        ours: &[],
        by_feature: &[],
        others: Others::Only(&["anyhow", "serde_json", "xflags", "xshell"]),
        in_tests: &[],
    },
];

/// Crates that `dbx12-types` must not even reach: anything that does I/O, waits or speaks HTTP. `*` is any ending.
pub(crate) const NOT_BELOW_TYPES: &[&str] = &[
    "async*",
    "futures*",
    "h2",
    "http*",
    "hyper*",
    "mio",
    "native-tls",
    "openssl*",
    "reqwest",
    "ring",
    "rustls*",
    "smol*",
    "socket2",
    "tokio*",
    "tower*",
];

/// Crates that `dbx12-types` must not reach by default either: whoever wants only the models compiles serde alone.
pub(crate) const NOT_BELOW_TYPES_BY_DEFAULT: &[&str] = &["ahash", "arrow*", "chrono*", "half", "num-*", "schemars*"];

/// Crates that `dbx12-http` must not reach while its feature `hyper` is off, with or without its feature `tower`: whoever
/// brings a transport brings these.
pub(crate) const NOT_WITHOUT_HYPER: &[&str] = &[
    "aws-lc*",
    "h2",
    "hyper*",
    "mio",
    "native-tls",
    "openssl*",
    "reqwest",
    "ring",
    "rustls*",
    "socket2",
    "tokio-rustls",
    "webpki*",
];

/// Crates whose types must not be in a public API.
pub(crate) const NOT_IN_PUBLIC: &[&str] = &[
    "h2",
    "hyper",
    "hyper_rustls",
    "hyper_util",
    "ring",
    "rustix",
    "rustls",
    "rustls_pki_types",
    "rustls_platform_verifier",
    "secrecy",
    "tokio_rustls",
];

/// A name that only some source files may use.
#[derive(Debug)]
pub(crate) struct NameRule {
    /// What the name stands for, as it appears in a message.
    pub(crate) what: &'static str,
    /// The names: paths that start with one of these. A leading `…` means "anywhere in the path".
    pub(crate) names: &'static [&'static str],
    /// Crates the rule says nothing about.
    pub(crate) free: &'static [&'static str],
    /// The files that may use it: (crate, beginnings of the path under `src/`).
    pub(crate) homes: &'static [(&'static str, &'static [&'static str])],
    /// Why.
    pub(crate) why: &'static str,
    /// What to do instead.
    pub(crate) fix: &'static str,
}

/// The files of `dbx12-http` behind the `Transport` trait.
const TRANSPORT: &[&str] = &[
    "hyper_transport.rs",
    "hyper_transport/",
    "tls.rs",
    "tls/",
    "proxy.rs",
    "proxy/",
];

/// The files of `dbx12-local` that put the router on the network, and the tests that look at it from there.
const SERVER: &[&str] = &["server.rs", "server/", "tls.rs", "tls/", "tests/served.rs"];

/// Every rule about names in sources.
pub(crate) const NAMES: &[NameRule] = &[
    NameRule {
        what: "hyper or rustls",
        names: &[
            "h2",
            "hyper",
            "hyper_util",
            "hyper_rustls",
            "rustls",
            "rustls_native_certs",
            "rustls_platform_verifier",
            "tokio_rustls",
            "webpki_roots",
        ],
        free: &["dbx12-tests"],
        homes: &[("dbx12-http", TRANSPORT), ("dbx12-local", SERVER)],
        why: "one seam to the network: another HTTP stack can replace this one without touching anything else",
        fix: "speak to `dbx12_http::Transport` or to the router, with types of the `http` crate",
    },
    NameRule {
        what: "a socket",
        names: &["tokio::net", "…TcpStream", "…TcpListener", "…TcpSocket", "…UdpSocket"],
        free: &["dbx12-tests", "dbx12-local"],
        homes: &[("dbx12-http", TRANSPORT)],
        why: "only the transport of `dbx12-http` knows a socket on the client side",
        fix: "send a request through `dbx12_http::Client`",
    },
    NameRule {
        what: "what only Unix has",
        names: &[
            "std::os::unix",
            "std::os::fd",
            "rustix",
            "tokio::signal::unix",
            "…UnixStream",
            "…UnixListener",
        ],
        free: &["dbx12-tests", "dbx12-local"],
        homes: &[
            (
                "dbx12-http",
                &[
                    "credentials/command.rs",
                    "credentials/netrc.rs",
                    "credentials/netrc/tests.rs",
                ],
            ),
            (
                "dbx12-cli",
                &[
                    "destination.rs",
                    "local/background.rs",
                    "map/links.rs",
                    "signals.rs",
                    "state.rs",
                ],
            ),
        ],
        why: "the layers and the command line compile for Windows too; only the local workspace needs Unix",
        fix: "keep it in one of the files of this rule, behind `cfg(unix)`, with something for other systems beside it",
    },
    NameRule {
        what: "a timer",
        names: &[
            "…time::sleep",
            "…time::sleep_until",
            "…time::interval",
            "…time::interval_at",
        ],
        free: &["dbx12-tests", "dbx12-http", "dbx12-exec", "dbx12-local"],
        homes: &[],
        why: "only `dbx12-http` waits between attempts, only `dbx12-exec` between polls",
        fix: "use a `Waiter` of `dbx12-exec`, or put the waiting there",
    },
];
