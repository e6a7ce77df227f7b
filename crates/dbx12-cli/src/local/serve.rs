//! `dbx12 local serve`: a workspace on this machine, for any client.

use super::arguments::Serve;
use super::spark::Progress;
use crate::failure::{Exit, Failure, with_sources};
use crate::output::{note, print_line};
use crate::signals::Interrupts;
use dbx12_local::{FaultRulesError, Server, Workspace};
use std::path::Path;

pub(crate) async fn serve(arguments: Serve) -> Result<(), Failure> {
    let cannot = |error: &dyn std::error::Error| Failure::new(Exit::Transport, with_sources(error));
    let mut interrupts = Interrupts::listen().map_err(|error| cannot(&error))?;
    let _lock = arguments.hold.as_deref().map(super::background::hold).transpose()?;
    let mut builder = Workspace::builder().clusters(arguments.cluster.clone());
    if let Some(folder) = &arguments.command_files {
        builder = builder.command_files(folder);
    }
    if let Some(path) = &arguments.faults {
        let cannot_use = |error: String| Failure::usage(format!("cannot use {}: {error}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| cannot_use(error.to_string()))?;
        builder = builder.faults(
            text.parse()
                .map_err(|error: FaultRulesError| cannot_use(error.to_string()))?,
        );
    }
    let workspace = arguments
        .spark
        .apply(builder)
        .start()
        .await
        .map_err(|error| cannot(&error))?;
    let _progress = Progress::tell(&workspace);
    let served = serve_until_interrupted(&workspace, &arguments, &mut interrupts).await;
    workspace.shutdown().await;
    served
}

async fn serve_until_interrupted(
    workspace: &Workspace,
    arguments: &Serve,
    interrupts: &mut Interrupts,
) -> Result<(), Failure> {
    let server = workspace
        .serve(arguments.listen, arguments.tls)
        .await
        .map_err(|error| Failure::new(Exit::Transport, with_sources(&error)))?;
    let announced = announce(workspace, &server, arguments.ready_file.as_deref());
    if announced.is_ok() {
        interrupts.next().await;
        note("Stopping.");
    }
    server.shutdown().await;
    if let Some(path) = &arguments.ready_file {
        // Whoever reads it later must not find a server that is gone. It may have been removed already.
        let _ = std::fs::remove_file(path);
    }
    announced
}

/// Says where the server is: in the ready file, and as variables on stdout that a shell can take over.
fn announce(workspace: &Workspace, server: &Server, ready_file: Option<&Path>) -> Result<(), Failure> {
    if let Some(path) = ready_file {
        server
            .ready_file()
            .write(path)
            .map_err(|error| Failure::usage(format!("cannot write {}: {error}", path.display())))?;
    }
    note(&format!(
        "Serving a local workspace at {}; it runs code as you. Ctrl-C ends it.",
        server.host()
    ));
    print_line(&format!("export DATABRICKS_HOST={}", server.host()))?;
    print_line(&format!("export DATABRICKS_CLUSTER_ID={}", workspace.cluster_id()))?;
    if let Some(ca_file) = server.ca_file() {
        print_line(&format!("export SSL_CERT_FILE='{}'", ca_file.display()))?;
    }
    match ready_file {
        Some(path) => note(&format!("Credentials are in {}.", path.display())),
        None => print_line(&format!("export DATABRICKS_TOKEN={}", workspace.token()))?,
    }
    Ok(())
}
