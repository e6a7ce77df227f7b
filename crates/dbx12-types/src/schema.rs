//! JSON Schema of what no macro declares: results, tables, options. Everything is open, as the decoders are.

use crate::{CommandOptions, Image, Images, RemoteError, Results, Table, Text};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::marker::PhantomData;

/// Replaces the list of required fields.
pub(crate) fn set_required<'a>(schema: &mut Schema, names: impl IntoIterator<Item = &'a str>) {
    let names: Vec<_> = names.into_iter().map(Value::from).collect();
    if names.is_empty() {
        schema.remove("required");
    } else {
        schema.insert("required".to_owned(), Value::from(names));
    }
}

/// A known kind or another: the discriminator knows no "other", so it stands one step below.
impl JsonSchema for Results {
    fn schema_name() -> Cow<'static, str> {
        "Results".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (known, other) = (
            generator.subschema_for::<KnownResult>(),
            generator.subschema_for::<OtherResult>(),
        );
        json_schema!({
            "description": "What came of a command. One command has one result.",
            "oneOf": [known, other],
        })
    }
}

/// The kinds of [`Results`] that `resultType` tells apart.
struct KnownResult;

impl JsonSchema for KnownResult {
    fn schema_name() -> Cow<'static, str> {
        "KnownResult".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds = [
            kind::<Text>(generator),
            kind::<Table>(generator),
            kind::<Image>(generator),
            kind::<Images>(generator),
            kind::<RemoteError>(generator),
        ];
        let mapping: Map<_, _> = kinds
            .iter()
            .filter_map(|(name, schema)| Some(((*name).to_owned(), schema.get("$ref")?.clone())))
            .collect();
        json_schema!({
            "description": "A result of a listed type.",
            "oneOf": kinds.map(|(_, schema)| schema),
            "discriminator": {"propertyName": "resultType", "mapping": mapping},
        })
    }
}

/// The `resultType` that stands beside the fields of `Self`.
trait ResultType: JsonSchema {
    const NAME: &'static str;
}

impl ResultType for Text {
    const NAME: &'static str = "text";
}

impl ResultType for Table {
    const NAME: &'static str = "table";
}

impl ResultType for Image {
    const NAME: &'static str = "image";
}

impl ResultType for Images {
    const NAME: &'static str = "images";
}

impl ResultType for RemoteError {
    const NAME: &'static str = "error";
}

fn kind<T: ResultType>(generator: &mut SchemaGenerator) -> (&'static str, Schema) {
    (T::NAME, generator.subschema_for::<Tagged<T>>())
}

/// A kind of result as it stands in [`Results`]: its fields and its `resultType`.
struct Tagged<T>(PhantomData<T>);

impl<T: ResultType> JsonSchema for Tagged<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Result", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("resultType".to_owned(), json!({"type": "string", "const": T::NAME}));
        }
        set_required(&mut schema, ["resultType"]);
        schema
    }
}

/// [`Results::Empty`] and [`Results::Unrecognized`].
struct OtherResult;

impl JsonSchema for OtherResult {
    fn schema_name() -> Cow<'static, str> {
        "OtherResult".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let known = [Text::NAME, Table::NAME, Image::NAME, Images::NAME, RemoteError::NAME];
        json_schema!({
            "description": "No `resultType`, or an empty one: the code ran and left nothing to show. Or one that is \
                            not listed.",
            "type": "object",
            "properties": {"resultType": {"not": {"enum": known}}},
            "additionalProperties": true,
        })
    }
}

impl JsonSchema for Table {
    fn schema_name() -> Cow<'static, str> {
        WireTable::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        WireTable::json_schema(generator)
    }
}

/// A table.
// A `Table` keeps rows and schema as text; this is what the text says.
#[derive(JsonSchema)]
#[schemars(rename = "Table", rename_all = "camelCase", extend("additionalProperties" = true))]
#[expect(dead_code, reason = "declared for its schema only")]
struct WireTable {
    /// The rows. Each has a value for each column.
    data: Option<Vec<Vec<Value>>>,
    /// The columns.
    schema: Option<Vec<WireColumn>>,
    /// Whether the server cut the table: there are more rows than these.
    truncated: Option<bool>,
    /// Whether types are JSON text rather than Hive strings.
    is_json_schema: Option<bool>,
}

/// A column: in practice an object, in the document an array of name and type.
#[derive(JsonSchema)]
#[schemars(rename = "Column", untagged)]
#[expect(dead_code, reason = "declared for its schema only")]
enum WireColumn {
    #[schemars(extend("additionalProperties" = true))]
    Object {
        /// Its name.
        name: Option<String>,
        /// Its type: JSON text such as `"long"` with its quotes, or a Hive string such as `bigint`.
        r#type: Option<Value>,
        /// JSON text, mostly `{}`.
        metadata: Option<Value>,
    },
    /// Name and type.
    Array(Vec<Value>),
}

impl JsonSchema for CommandOptions {
    fn schema_name() -> Cow<'static, str> {
        "CommandOptions".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A map of values used downstream: an object, or its JSON text where only text can travel.",
            "type": ["object", "string"],
            "additionalProperties": true,
        })
    }
}
