//! One verb for each operation of the API: one request each.

use crate::arguments::{ClusterArgument, Clusters, Commands, Contexts, Execute, Global, Libraries, OutputFormat};
use crate::connect;
use crate::exception::print_trace;
use crate::failure::Failure;
use crate::output::{Output, columns, print_line, to_json};
use crate::render::Renderer;
use dbx12_exec::http::Client;
use dbx12_exec::types::{
    CancelCommand, ClusterInfo, CommandInfo, CreateContext, DestroyContext, Endpoint, ExecuteCommand, GetCluster,
    GetCommand, GetContext, LibraryInfo, ListClusters, ListLibraries, RestartCluster, Results, UploadLibrary,
};

/// Sends one request and prints its answer: as the server gave it, or as text.
async fn call<E: Endpoint>(
    request: E,
    global: &Global,
    text: impl FnOnce(&E::Response) -> String,
) -> Result<(), Failure> {
    let output = Output::of(global)?;
    let answer = connect::client(global)?.send(&request).await?;
    output.answer(&answer, text)
}

pub(crate) async fn clusters(verb: Clusters, global: &Global) -> Result<(), Failure> {
    match verb {
        Clusters::List => call(ListClusters::new(), global, |clusters| cluster_table(clusters)).await,
        Clusters::Status(ClusterArgument { cluster }) => {
            call(GetCluster::new(cluster), global, |info| {
                cluster_table(std::slice::from_ref(info))
            })
            .await
        }
        Clusters::Restart(ClusterArgument { cluster }) => {
            call(RestartCluster::new(cluster.as_str()), global, |_| cluster.clone()).await
        }
        Clusters::Wait(wait) => crate::cluster_wait::wait(wait, global, Output::of(global)?).await,
    }
}

pub(crate) async fn contexts(verb: Contexts, global: &Global) -> Result<(), Failure> {
    match verb {
        Contexts::Create { cluster, language } => {
            call(CreateContext::new(cluster.cluster, language), global, |created| {
                created.id.to_string()
            })
            .await
        }
        Contexts::Status(of) => {
            call(GetContext::new(of.cluster.cluster, of.context), global, |info| {
                info.status.to_string()
            })
            .await
        }
        Contexts::Destroy(of) => {
            call(
                DestroyContext::new(of.cluster.cluster, of.context.as_str()),
                global,
                |_| of.context.clone(),
            )
            .await
        }
    }
}

pub(crate) async fn commands(verb: Commands, global: &Global) -> Result<(), Failure> {
    match verb {
        Commands::Execute(execute) => {
            call(execute_request(execute), global, |submitted| submitted.id.to_string()).await
        }
        Commands::Status(of) => {
            let request = GetCommand::new(of.context.cluster.cluster, of.context.context, of.command_id);
            let client = connect::client(global)?;
            let mut renderer = Renderer::plain(global)?;
            let info = client.send(&request).await?;
            if global.format() == Some(OutputFormat::Json) {
                return print_line(&to_json(&info)?);
            }
            command_status(&info, &mut renderer, &client).await?;
            renderer.finish(true)
        }
        Commands::Cancel(of) => {
            let (cluster, context) = (of.context.cluster.cluster, of.context.context);
            let request = CancelCommand::new(cluster, context, of.command_id.as_str());
            call(request, global, |_| of.command_id.clone()).await
        }
    }
}

fn execute_request(execute: Execute) -> ExecuteCommand {
    let mut request = ExecuteCommand::new(execute.context.cluster.cluster, execute.context.context, "");
    request.command = execute.source.command;
    request.command_file = execute.source.command_file;
    request.language = execute.language;
    request.options = execute.options;
    request
}

pub(crate) async fn libraries(verb: Libraries, global: &Global) -> Result<(), Failure> {
    match verb {
        Libraries::List(ClusterArgument { cluster }) => {
            call(ListLibraries::new(cluster), global, |libraries| {
                library_table(libraries)
            })
            .await
        }
        Libraries::Upload {
            cluster,
            name,
            language,
            uri,
        } => {
            let request = UploadLibrary::new(cluster.cluster, name, language, uri);
            call(request, global, |uploaded| uploaded.uri.clone().unwrap_or_default()).await
        }
    }
}

/// The results of a command that has ended, the status of one that has not.
async fn command_status(info: &CommandInfo, renderer: &mut Renderer, client: &Client) -> Result<(), Failure> {
    match &info.results {
        Some(Results::Error(error)) => {
            print_trace(error);
            renderer.exception(error)
        }
        Some(results) if !matches!(results, Results::Empty(_)) => renderer.result(results, client).await,
        _ => print_line(info.status.as_str()),
    }
}

fn cluster_table(clusters: &[ClusterInfo]) -> String {
    let rows = clusters.iter().map(|cluster| {
        vec![
            cluster.id.to_string(),
            cluster.name.clone().unwrap_or_default(),
            cluster.status.to_string(),
            cluster
                .num_workers
                .map(|workers| workers.to_string())
                .unwrap_or_default(),
            cluster.driver_ip.clone().unwrap_or_default(),
        ]
    });
    columns(&["id", "name", "status", "workers", "driver"], rows)
}

fn library_table(libraries: &[LibraryInfo]) -> String {
    let rows = libraries
        .iter()
        .map(|library| vec![library.name.clone().unwrap_or_default(), library.status.to_string()]);
    columns(&["name", "status"], rows)
}
