//! Which environment variables user code gets to see: those a Python program needs, by name, and no others. Above all
//! none that holds this server's credentials.

use std::ffi::OsString;

const NAMES: &[&str] = &[
    // The user's world
    "HOME",
    "LANG",
    "LOGNAME",
    "PATH",
    "SHELL",
    "TMPDIR",
    "TZ",
    "USER",
    // Which Python, and how it behaves; not what makes it interactive or redirects its streams
    "CONDA_PREFIX",
    "PYTHONDEVMODE",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONHASHSEED",
    "PYTHONHOME",
    "PYTHONNOUSERSITE",
    "PYTHONPATH",
    "PYTHONPLATLIBDIR",
    "PYTHONPYCACHEPREFIX",
    "PYTHONUSERBASE",
    "PYTHONUTF8",
    "PYTHONWARNINGS",
    "VIRTUAL_ENV",
    // Libraries below Python
    "DYLD_LIBRARY_PATH",
    "JAVA_HOME",
    "LD_LIBRARY_PATH",
    "MKL_NUM_THREADS",
    "MPLCONFIGDIR",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "SPARK_HOME",
    // The network
    "ALL_PROXY",
    "CURL_CA_BUNDLE",
    "FTP_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "all_proxy",
    "ftp_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

const PREFIXES: &[&str] = &["LC_", "PIP_", "PYENV_", "XDG_"];

/// The variables of this process that its interpreters inherit.
pub(crate) fn inherited() -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_allowed))
}

pub(super) fn is_allowed(name: &str) -> bool {
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
