//! Lists the clusters of the workspace that the environment names.
//!
//! `DATABRICKS_HOST=… DATABRICKS_TOKEN=… cargo run -p dbx12-http --example list_clusters`

#![allow(clippy::print_stdout, reason = "an example shows something")]

use dbx12_http::Config;
use dbx12_http::types::ListClusters;
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut builder = Config::new()
        .or_environment(|name| std::env::var(name).ok())
        .into_builder()?;
    // The certificate of a company's own CA, if there is one.
    if let Some(file) = std::env::args_os().nth(1) {
        builder = builder.ca_certificate_file(file);
    }
    let client = builder.product("list-clusters-example", "1.0.0").build()?;
    for cluster in client.send(&ListClusters::default()).await? {
        println!(
            "{}\t{}\t{}",
            cluster.id,
            cluster.status,
            cluster.name.unwrap_or_default()
        );
    }
    Ok(())
}
