//! The operations of the API, by what they do to the clusters.

use std::path::PathBuf;
use std::sync::Arc;

use dbx12_types::{
    CancelCommand, CancelledCommand, ClusterId, ClusterInfo, ContextInfo, CreateContext, CreatedContext,
    DestroyContext, DestroyedContext, Endpoint, ExecuteCommand, Fields, GetCluster, GetCommand, GetContext, Language,
    LibraryInfo, ListClusters, ListLibraries, RestartCluster, RestartedCluster, SubmittedCommand, UploadLibrary,
    UploadedLibrary,
};

use crate::answer::{Refusal, Reply};
use crate::cluster::Cluster;
use crate::command::Work;
use crate::plots::Plots;
use crate::router::Router;
use crate::{command_file, spelling};

type Answer<E> = Result<Reply<<E as Endpoint>::Response>, Refusal>;

/// What the operations work on.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) clusters: Vec<Arc<Cluster>>,
    /// The folder of `commandFile`, as an absolute path without links.
    pub(crate) command_files: Option<PathBuf>,
    pub(crate) body_limit: usize,
    /// The pictures that are too large for a result.
    pub(crate) plots: Arc<Plots>,
}

/// A router of all eleven operations.
pub(crate) fn router(registry: &Arc<Registry>) -> Router {
    Router::new()
        .body_limit(registry.body_limit)
        .on(with(registry, list_clusters))
        .on(with(registry, get_cluster))
        .on(with(registry, restart_cluster))
        .on(with(registry, create_context))
        .on(with(registry, get_context))
        .on(with(registry, destroy_context))
        .on(with(registry, execute_command))
        .on(with(registry, get_command))
        .on(with(registry, cancel_command))
        .on(with(registry, list_libraries))
        .on(with(registry, upload_library))
}

fn with<E, Fut>(
    registry: &Arc<Registry>,
    operation: impl Fn(Arc<Registry>, E) -> Fut + Send + Sync + 'static,
) -> impl Fn(E) -> Fut + Send + Sync + 'static {
    let registry = Arc::clone(registry);
    move |request| operation(Arc::clone(&registry), request)
}

impl Registry {
    pub(crate) fn find(&self, id: &ClusterId) -> Option<&Arc<Cluster>> {
        self.clusters.iter().find(|cluster| cluster.id() == id)
    }

    fn cluster(&self, id: &ClusterId) -> Result<&Arc<Cluster>, Refusal> {
        self.find(id).ok_or_else(|| {
            let known: Vec<_> = self.clusters.iter().map(|cluster| cluster.id().as_str()).collect();
            let message = format!(
                "Cluster {id} not found. The clusters of this workspace: {}",
                known.join(", ")
            );
            Refusal::new("ClusterNotFound", message)
        })
    }
}

async fn list_clusters(registry: Arc<Registry>, _: ListClusters) -> Answer<ListClusters> {
    let clusters: Vec<ClusterInfo> = registry.clusters.iter().map(|cluster| cluster.info()).collect();
    Ok(clusters.into())
}

async fn get_cluster(registry: Arc<Registry>, request: GetCluster) -> Answer<GetCluster> {
    Ok(registry.cluster(&request.cluster_id)?.info().into())
}

async fn restart_cluster(registry: Arc<Registry>, request: RestartCluster) -> Answer<RestartCluster> {
    registry.cluster(&request.cluster_id)?.restart()?;
    Ok(RestartedCluster::new(request.cluster_id).into())
}

async fn create_context(registry: Arc<Registry>, request: CreateContext) -> Answer<CreateContext> {
    known(&request.language, &request.extra)?;
    let cluster = registry.cluster(&request.cluster_id)?;
    runs_on(cluster, &request.language)?;
    let id = cluster.create_context(request.language)?;
    Ok(CreatedContext::new(id).into())
}

async fn get_context(registry: Arc<Registry>, request: GetContext) -> Answer<GetContext> {
    let context = registry.cluster(&request.cluster_id)?.context(&request.context_id)?;
    Ok(ContextInfo::new(request.context_id, context.status()).into())
}

async fn destroy_context(registry: Arc<Registry>, request: DestroyContext) -> Answer<DestroyContext> {
    registry
        .cluster(&request.cluster_id)?
        .destroy_context(&request.context_id)
        .await?;
    Ok(DestroyedContext::new(request.context_id).into())
}

async fn execute_command(registry: Arc<Registry>, request: ExecuteCommand) -> Answer<ExecuteCommand> {
    only_text(&["language", "command", "commandFile"], &request.extra)?;
    if let Some(language) = &request.language {
        known(language, &request.extra)?;
    }
    let asked_limit = row_limit(&request)?;
    let has_code = match (&request.command, &request.command_file) {
        (Some(_), Some(_)) => {
            return Err(Refusal::illegal_argument(
                "specify either command or commandFile, not both",
            ));
        }
        (None, None) => return Err(missing("command", &request.extra)),
        (command, _) => command.is_some(),
    };
    let cluster = registry.cluster(&request.cluster_id)?;
    if let Some(language) = &request.language {
        runs_on(cluster, language)?;
    }
    cluster.context(&request.context_id)?;
    let code = if has_code {
        request.command.unwrap_or_default()
    } else {
        let path = request.command_file.unwrap_or_default();
        command_file::read(registry.command_files.as_deref(), &path, registry.body_limit).await?
    };
    let row_limit = asked_limit.unwrap_or(cluster.config().row_limit);
    let work = Work {
        code,
        language: request.language,
        row_limit,
    };
    let id = cluster.submit(&request.context_id, work)?;
    Ok(SubmittedCommand::new(id).into())
}

async fn get_command(registry: Arc<Registry>, request: GetCommand) -> Answer<GetCommand> {
    let cluster = registry.cluster(&request.cluster_id)?;
    if let Ok(context) = cluster.context(&request.context_id) {
        context.give_a_moment(&request.command_id).await;
    }
    cluster.command(&request.context_id, &request.command_id)
}

async fn cancel_command(registry: Arc<Registry>, request: CancelCommand) -> Answer<CancelCommand> {
    registry
        .cluster(&request.cluster_id)?
        .cancel(&request.context_id, &request.command_id)?;
    Ok(CancelledCommand::new(request.command_id).into())
}

async fn list_libraries(registry: Arc<Registry>, request: ListLibraries) -> Answer<ListLibraries> {
    let libraries: Vec<LibraryInfo> = registry.cluster(&request.cluster_id)?.libraries().list();
    Ok(libraries.into())
}

async fn upload_library(registry: Arc<Registry>, request: UploadLibrary) -> Answer<UploadLibrary> {
    known(&request.language, &request.extra)?;
    if request.language != Language::Python {
        let message = format!("libraries are for python only, not for {}", request.language);
        return Err(Refusal::new("UnsupportedOperationException", message));
    }
    let scheme = request
        .uri
        .split_once(':')
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    if !matches!(scheme.as_deref(), Some("file" | "http" | "https")) {
        return Err(Refusal::illegal_argument("uri must begin with file:, http: or https:"));
    }
    registry
        .cluster(&request.cluster_id)?
        .upload_library(&request.name, &request.uri)?;
    Ok(UploadedLibrary::new(request.language, request.uri).into())
}

/// Refuses a language that is missing, that is none, or that this version does not run.
fn known(language: &Language, others: &Fields) -> Result<(), Refusal> {
    only_text(&["language"], others)?;
    match language {
        Language::Python | Language::Sql | Language::Scala => Ok(()),
        Language::R => {
            let message = "this version of the local workspace runs python, sql and scala only, not r";
            Err(Refusal::new("UnsupportedOperationException", message))
        }
        language if language.is_absent() => Err(missing("language", others)),
        other => {
            let why = format!(
                "the language {:?} is none of {}",
                other.as_str(),
                Language::KNOWN.join(", ")
            );
            Err(Refusal::illegal_argument(why))
        }
    }
}

/// Refuses a language that needs Spark, on a cluster without.
fn runs_on(cluster: &Cluster, language: &Language) -> Result<(), Refusal> {
    if *language == Language::Python || !cluster.spark().is_off() {
        return Ok(());
    }
    let message = format!("this workspace was started without Apache Spark and runs python only, not {language}");
    Err(Refusal::new("UnsupportedOperationException", message))
}

/// What `options.displayRowLimit` asks for, as a number or as the text of one.
fn row_limit(request: &ExecuteCommand) -> Result<Option<usize>, Refusal> {
    let options = request
        .options
        .as_ref()
        .map(|options| options.fields())
        .unwrap_or_default();
    let Some(asked) = options.get("displayRowLimit") else {
        return Ok(None);
    };
    let number = options.read("displayRowLimit");
    let text = || options.read::<String>("displayRowLimit")?.trim().parse().ok();
    match number.or_else(text) {
        Some(limit) => Ok(Some(limit)),
        None if asked.get() == "null" => Ok(None),
        None => Err(Refusal::illegal_argument(format_args!(
            "displayRowLimit {asked} is not a number of rows"
        ))),
    }
}

/// Refuses parameters that were sent as another kind of value, and so were not read: to do without them would be to do
/// something else.
fn only_text(parameters: &[&str], unread: &Fields) -> Result<(), Refusal> {
    let is_other = |name: &&&str| {
        let value = unread.get(name).map(|value| value.get());
        value.is_some_and(|value| value != "null" && !value.starts_with('"'))
    };
    match parameters.iter().find(is_other) {
        Some(name) => Err(Refusal::illegal_argument(format_args!("{name} is not text"))),
        None => Ok(()),
    }
}

fn missing(parameter: &str, others: &Fields) -> Refusal {
    Refusal::illegal_argument(spelling::missing(parameter, others.iter().map(|(name, _)| name)))
}
