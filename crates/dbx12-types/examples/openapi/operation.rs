//! One operation, from its request type: how it is called, what travels there and what comes back.

use crate::examples::{Carrier, examples};
use crate::failures;
use crate::prose::{plain, summary_and_description};
use dbx12_types::{Endpoint, Idempotency, Method};
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// An Operation Object of OpenAPI.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation {
    #[serde(skip)]
    pub(crate) path: &'static str,
    #[serde(skip)]
    method: Method,
    operation_id: String,
    tags: Vec<&'static str>,
    summary: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deprecated: Option<bool>,
    #[serde(rename = "x-idempotency")]
    idempotency: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body: Option<Value>,
    responses: Value,
}

impl Operation {
    /// The method as OpenAPI writes it.
    pub(crate) fn method(&self) -> String {
        self.method.as_str().to_lowercase()
    }
}

/// A parameter in the query.
#[derive(Serialize)]
struct Parameter {
    name: String,
    r#in: &'static str,
    description: Value,
    required: bool,
    schema: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    example: Value,
}

/// Describes the operation whose request is `E`.
///
/// # Errors
/// When an example is not what `E` and its answer read and write.
pub(crate) fn operation<E>(generator: &mut SchemaGenerator) -> Result<Operation, serde_json::Error>
where
    E: Endpoint<Response: JsonSchema> + JsonSchema,
{
    let request = E::json_schema(generator);
    let about = request.get("description").and_then(Value::as_str).unwrap_or_default();
    let (summary, description) = summary_and_description(about);
    let tag = E::PATH.split('/').nth(3).unwrap_or_default();
    Ok(Operation {
        path: E::PATH,
        method: E::METHOD,
        operation_id: lower_first(&E::schema_name()),
        tags: vec![tag],
        summary,
        description,
        // The document says so of both operations.
        deprecated: (tag == "libraries").then_some(true),
        idempotency: match E::IDEMPOTENCY {
            Idempotency::Idempotent => "idempotent",
            Idempotency::Once => "once",
        },
        parameters: match E::METHOD {
            Method::Get => parameters::<E>(request)?,
            Method::Post => Vec::new(),
        },
        request_body: match E::METHOD {
            Method::Get => None,
            Method::Post => Some(request_body::<E>(generator)?),
        },
        responses: responses::<E>(generator)?,
    })
}

fn lower_first(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_lowercase() + rest
}

/// Each field of the request is a parameter of the query.
fn parameters<E: Endpoint>(mut request: Schema) -> Result<Vec<Parameter>, serde_json::Error> {
    RecursiveTransform(plain).transform(&mut request);
    let example = examples::<E>(E::PATH, Carrier::Query)?;
    let example = example.values().next().map_or(&Value::Null, |it| &it["value"]);
    let required = request.get("required").and_then(Value::as_array);
    let is_required = |name: &String| required.is_some_and(|names| names.iter().any(|it| it == name));
    let properties = request.get("properties").and_then(Value::as_object);
    let parameter = |(name, schema): (&String, &Value)| {
        let mut schema = schema.clone();
        let description = schema.as_object_mut().and_then(|it| it.remove("description"));
        Parameter {
            name: name.clone(),
            r#in: "query",
            description: description.unwrap_or_default(),
            required: is_required(name),
            schema,
            example: example[name].clone(),
        }
    };
    Ok(properties.into_iter().flatten().map(parameter).collect())
}

/// The same fields in each of the three forms.
fn request_body<E: Endpoint + JsonSchema>(generator: &mut SchemaGenerator) -> Result<Value, serde_json::Error> {
    let schema = generator.subschema_for::<E>();
    let media = |carrier| media_type(&schema, examples::<E>(E::PATH, carrier)?);
    Ok(json!({
        "description": "The same fields in each form. Where only text can travel, what is not text travels as its JSON \
                        text. A part of a multipart body may be a file.",
        "required": true,
        "content": {
            "application/json": media(Carrier::Json)?,
            "application/x-www-form-urlencoded": media(Carrier::Form)?,
            "multipart/form-data": media(Carrier::Multipart)?,
        },
    }))
}

fn responses<E>(generator: &mut SchemaGenerator) -> Result<Value, serde_json::Error>
where
    E: Endpoint<Response: JsonSchema>,
{
    let schema = generator.subschema_for::<E::Response>();
    let json = media_type(&schema, examples::<E::Response>(E::PATH, Carrier::Response)?)?;
    let mut responses = Map::new();
    responses.insert(
        "200".to_owned(),
        json!({"description": "The call succeeded.", "content": {"application/json": json}}),
    );
    for (status, name) in failures::BY_STATUS {
        responses.insert(
            status.to_owned(),
            json!({"$ref": format!("#/components/responses/{name}")}),
        );
    }
    Ok(responses.into())
}

fn media_type(schema: &Schema, examples: Map<String, Value>) -> Result<Value, serde_json::Error> {
    let mut media_type = json!({"schema": serde_json::to_value(schema)?});
    if !examples.is_empty() {
        media_type["examples"] = examples.into();
    }
    Ok(media_type)
}
