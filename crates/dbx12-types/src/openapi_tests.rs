//! Whether `openapi.json` says what the types do. That it is what the types say is checked by `cargo xtask openapi`.

use crate::endpoint;
use crate::{
    CancelCommand, CancelledCommand, ClusterInfo, ClusterStatus, CommandInfo, CommandStatus, ContextInfo,
    ContextStatus, CreateContext, CreatedContext, DestroyContext, DestroyedContext, ErrorBody, ExecuteCommand,
    GetCluster, GetCommand, GetContext, Idempotency, Language, LibraryInfo, LibraryStatus, ListClusters, ListLibraries,
    RestartCluster, RestartedCluster, Results, SubmittedCommand, UploadLibrary, UploadedLibrary,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

fn document() -> Value {
    serde_json::from_str(include_str!("../openapi.json")).unwrap()
}

fn component(name: &str) -> Value {
    let schema = document()["components"]["schemas"][name].take();
    assert!(schema.is_object(), "there is no schema {name}");
    schema
}

fn strings(value: &Value) -> Vec<String> {
    let strings = value.as_array().into_iter().flatten();
    strings.map(|it| it.as_str().unwrap().to_owned()).collect()
}

#[test]
fn it_has_every_operation_and_no_other() {
    let document = document();
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), endpoint::all().len());
    for operation in endpoint::all() {
        let methods = paths[operation.path].as_object().unwrap();
        assert_eq!(methods.len(), 1, "{}", operation.path);
        let described = &methods[&operation.method.as_str().to_lowercase()];
        let idempotency = match operation.idempotency {
            Idempotency::Idempotent => "idempotent",
            Idempotency::Once => "once",
        };
        assert_eq!(described["x-idempotency"], idempotency, "{}", operation.path);
    }
}

/// Decodes an object with all `fields`, then without each in turn.
fn assert_required_is_what_decoding_needs<T: DeserializeOwned>(what: &str, fields: &[String], required: &[String]) {
    let all: Map<_, _> = fields.iter().map(|name| (name.clone(), json!("x"))).collect();
    let decode = |fields: Map<_, _>| serde_json::from_value::<T>(Value::Object(fields));
    assert!(decode(all.clone()).is_ok(), "{what}");
    for name in fields {
        let mut others = all.clone();
        others.remove(name);
        assert_eq!(decode(others).is_err(), required.contains(name), "{what}: {name}");
    }
}

fn check_object<T: DeserializeOwned>(name: &str) {
    let schema = component(name);
    let fields: Vec<_> = schema["properties"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(schema["additionalProperties"], true, "{name}");
    assert_required_is_what_decoding_needs::<T>(name, &fields, &strings(&schema["required"]));
}

fn check_parameters<E: endpoint::Endpoint>() {
    let document = document();
    let parameters = &document["paths"][E::PATH]["get"]["parameters"];
    let names = |all: bool| {
        let parameters = parameters.as_array().into_iter().flatten();
        let wanted = parameters.filter(|it| all || it["required"] == true);
        wanted
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_required_is_what_decoding_needs::<E>(E::PATH, &names(true), &names(false));
}

#[test]
fn what_it_requires_is_what_decoding_cannot_do_without() {
    check_parameters::<ListClusters>();
    check_parameters::<GetCluster>();
    check_parameters::<GetContext>();
    check_parameters::<GetCommand>();
    check_parameters::<ListLibraries>();

    check_object::<RestartCluster>("RestartCluster");
    check_object::<CreateContext>("CreateContext");
    check_object::<DestroyContext>("DestroyContext");
    check_object::<ExecuteCommand>("ExecuteCommand");
    check_object::<CancelCommand>("CancelCommand");
    check_object::<UploadLibrary>("UploadLibrary");

    check_object::<ClusterInfo>("ClusterInfo");
    check_object::<RestartedCluster>("RestartedCluster");
    check_object::<CreatedContext>("CreatedContext");
    check_object::<ContextInfo>("ContextInfo");
    check_object::<DestroyedContext>("DestroyedContext");
    check_object::<SubmittedCommand>("SubmittedCommand");
    check_object::<CancelledCommand>("CancelledCommand");
    check_object::<LibraryInfo>("LibraryInfo");
    check_object::<UploadedLibrary>("UploadedLibrary");
    check_object::<ErrorBody>("ErrorBody");
}

#[test]
fn a_command_needs_nothing_and_what_are_no_results_is_kept() {
    let schema = component("CommandInfo");
    assert_eq!(schema["required"], Value::Null);
    assert!(serde_json::from_str::<CommandInfo>("{}").is_ok());
    let odd: CommandInfo = serde_json::from_str(r#"{"results": "x"}"#).unwrap();
    assert_eq!((odd.results, odd.extra.len()), (None, 1));
}

#[test]
fn it_lists_the_known_values_of_every_open_enum_and_allows_others() {
    for (name, known) in [
        ("ClusterStatus", ClusterStatus::KNOWN),
        ("CommandStatus", CommandStatus::KNOWN),
        ("ContextStatus", ContextStatus::KNOWN),
        ("Language", Language::KNOWN),
        ("LibraryStatus", LibraryStatus::KNOWN),
    ] {
        let schema = component(name);
        let (open, listed) = schema["anyOf"].as_array().unwrap().split_last().unwrap();
        assert!(listed.iter().map(|it| &it["const"]).eq(known), "{name}");
        assert_eq!((&open["type"], open.get("const")), (&json!("string"), None), "{name}");
    }
}

#[test]
fn it_tells_every_kind_of_result_apart() {
    let schema = component("KnownResult");
    let mapping = schema["discriminator"]["mapping"].as_object().unwrap();
    assert_eq!(mapping.len(), schema["oneOf"].as_array().unwrap().len());
    let listed = mapping.keys().map(String::as_str).collect::<BTreeSet<_>>();
    let known = strings(&component("OtherResult")["properties"]["resultType"]["not"]["enum"]);
    assert_eq!(listed, known.iter().map(String::as_str).collect());
    for (result_type, reference) in mapping {
        let kind = component(reference.as_str().unwrap().rsplit('/').next().unwrap());
        assert_eq!(kind["properties"]["resultType"]["const"], *result_type);
        assert_eq!(kind["required"], json!(["resultType"]), "{result_type}");

        let results: Results = serde_json::from_value(json!({"resultType": result_type})).unwrap();
        assert_eq!(results.result_type(), *result_type);
        assert!(
            !matches!(results, Results::Empty(_) | Results::Unrecognized(_)),
            "{result_type}"
        );
    }
}
