//! `dbx12 api` and `dbx12 auth`.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Api {
    /// Get a path and print the answer's body as it came. A GET may be repeated when the connection fails.
    Get(ApiPath),
    /// Post to a path and print the answer's body as it came. A POST is delivered once, or said to be unknown (exit code 6).
    Post {
        #[command(flatten)]
        path: ApiPath,
        /// The body: JSON, `@FILE` for a file with it, or `-` for stdin. It is sent as it is.
        #[arg(short, long, value_name = "JSON|@FILE|-", allow_hyphen_values = true)]
        data: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ApiPath {
    /// The path on the workspace, with its query if it has one: /api/1.2/clusters/list, /api/2.0/clusters/get?cluster_id=…
    #[arg(value_name = "PATH")]
    pub(crate) path: String,
    /// One more parameter of the query, which need not be percent-encoded. May be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub(crate) query: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum Auth {
    /// Say what is configured: which values were found where, which won, which kind of credentials is used. Asks nobody,
    /// and shows no secret. Exits with 3 when no call could be made.
    Describe,
    /// Make one call to see whether the workspace accepts the credentials. Exits with 3 when it does not.
    Check,
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it has no `=`: NAME=VALUE is wanted")?;
    Ok((name.to_owned(), value.to_owned()))
}
