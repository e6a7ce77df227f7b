//! The document as a whole. What it says of a type comes from the type; what is written here is true of all operations.

use crate::failures;
use crate::operation::{Operation, operation};
use crate::prose::plain;
use dbx12_types::{
    CancelCommand, CreateContext, DestroyContext, ErrorBody, ExecuteCommand, GetCluster, GetCommand, GetContext,
    ListClusters, ListLibraries, RestartCluster, UploadLibrary,
};
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ABOUT: &str = "Clusters, execution contexts, commands and libraries of a Databricks workspace, as the public \
    document of the API describes them and as servers are seen to answer.\n\n\
    A call that succeeds says nothing about the code it ran: code that raised an exception is a command that is \
    `Finished`, with results of type `error`, and HTTP 200.\n\n\
    Nothing here is closed. An object may have fields, an enum values and results a type that are not listed.\n\n\
    This file is written by `cargo xtask openapi` from the types of the crate `dbx12-types`. Change those.";

/// An OpenAPI document, in the order in which people read one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    openapi: &'static str,
    info: Value,
    servers: Value,
    security: Value,
    tags: Value,
    paths: Paths,
    components: Components,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Components {
    schemas: BTreeMap<String, Schema>,
    responses: Value,
    security_schemes: Value,
}

/// Every operation under its path, in the order of the API's own document.
struct Paths(Vec<Operation>);

impl Serialize for Paths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let item = |operation| BTreeMap::from([(Operation::method(operation), operation)]);
        serializer.collect_map(self.0.iter().map(|operation| (operation.path, item(operation))))
    }
}

/// Makes the document.
///
/// # Errors
/// When an example is not what the types read and write.
pub(crate) fn document() -> Result<Document, serde_json::Error> {
    let mut generator = generator();
    let paths = paths(&mut generator)?;
    generator.subschema_for::<ErrorBody>();
    Ok(Document {
        openapi: "3.1.1",
        info: json!({"title": "Databricks REST API 1.2", "version": "1.2", "description": ABOUT}),
        servers: servers(),
        security: json!([{"basic": []}, {"bearer": []}]),
        tags: tags(),
        paths: Paths(paths),
        components: Components {
            schemas: schemas(&mut generator)?,
            responses: failures::responses()?,
            security_schemes: security_schemes(),
        },
    })
}

/// OpenAPI 3.1 speaks JSON Schema 2020-12, and keeps shared schemas in a place of its own.
fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .with_transform(RecursiveTransform(plain))
        .into_generator()
}

fn paths(generator: &mut SchemaGenerator) -> Result<Vec<Operation>, serde_json::Error> {
    Ok(vec![
        operation::<ListClusters>(generator)?,
        operation::<GetCluster>(generator)?,
        operation::<RestartCluster>(generator)?,
        operation::<CreateContext>(generator)?,
        operation::<GetContext>(generator)?,
        operation::<DestroyContext>(generator)?,
        operation::<ExecuteCommand>(generator)?,
        operation::<GetCommand>(generator)?,
        operation::<CancelCommand>(generator)?,
        operation::<ListLibraries>(generator)?,
        operation::<UploadLibrary>(generator)?,
    ])
}

fn schemas(generator: &mut SchemaGenerator) -> Result<BTreeMap<String, Schema>, serde_json::Error> {
    generator
        .take_definitions(true)
        .into_iter()
        .map(|(name, schema)| Ok((name, schema.try_into()?)))
        .collect()
}

fn servers() -> Value {
    json!([{
        "url": "https://{instance}",
        "variables": {
            "instance": {
                "description": "The host of the workspace, and its port if it has one.",
                "default": "databricks-instance",
            },
        },
    }])
}

fn tags() -> Value {
    json!([
        {"name": "clusters", "description": "List clusters, look at one, restart one."},
        {"name": "contexts", "description": "Create unique variable namespaces where Spark commands can be called."},
        {"name": "commands", "description": "Run commands within a specific execution context."},
        {"name": "libraries", "description": "List a cluster's libraries and upload one. Superseded by the Libraries API."},
    ])
}

fn security_schemes() -> Value {
    json!({
        "basic": {
            "type": "http",
            "scheme": "basic",
            "description": "User and password, or the user `token` and a personal access token.",
        },
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal access token, or a token of OAuth.",
        },
    })
}
