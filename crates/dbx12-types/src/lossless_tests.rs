//! What comes in goes out again: every message, also one that was changed in ways nobody foresaw.

use crate::fields::Fields;
use crate::{
    CancelCommand, CommandInfo, CreateContext, DestroyContext, Endpoint, ExecuteCommand, GetCluster, GetCommand,
    GetContext, ListClusters, ListLibraries, RestartCluster, Results, UploadLibrary, endpoint,
};
use proptest::prelude::{ProptestConfig, Strategy, any, proptest};
use proptest::sample::Index;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

type Bodies = BTreeMap<String, Vec<Box<RawValue>>>;

fn responses() -> Bodies {
    serde_json::from_str(include_str!("../fixtures/responses.json")).unwrap()
}

fn requests() -> Bodies {
    serde_json::from_str(include_str!("../fixtures/requests.json")).unwrap()
}

/// JSON with numbers as their text, so that none is rounded before it is compared.
#[derive(Debug, PartialEq)]
enum Exact {
    Other(String),
    List(Vec<Exact>),
    Object(BTreeMap<String, Exact>),
}

fn exact(json: &str) -> Exact {
    match json.trim_start().as_bytes()[0] {
        b'{' => {
            let fields: Fields = serde_json::from_str(json).unwrap();
            Exact::Object(
                fields
                    .iter()
                    .map(|(name, raw)| (name.to_owned(), exact(raw.get())))
                    .collect(),
            )
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(json).unwrap();
            Exact::List(items.into_iter().map(|raw| exact(raw.get())).collect())
        }
        // Text by its value: an escape may be written in another way.
        b'"' => Exact::Other(serde_json::from_str(json).unwrap_or_else(|_| json.to_owned())),
        _ => Exact::Other(format!("#{json}")),
    }
}

type Survival = fn(&str) -> Result<String, String>;

fn survival<T: Serialize + DeserializeOwned>(json: &str) -> Result<String, String> {
    let message: T = crate::decode(json.as_bytes()).map_err(|error| error.to_string())?;
    Ok(serde_json::to_string(&message).unwrap())
}

fn of<E: Endpoint>() -> (&'static str, Survival, Survival) {
    (E::PATH, survival::<E>, survival::<E::Response>)
}

fn table() -> [(&'static str, Survival, Survival); 11] {
    [
        of::<ListClusters>(),
        of::<GetCluster>(),
        of::<RestartCluster>(),
        of::<CreateContext>(),
        of::<GetContext>(),
        of::<DestroyContext>(),
        of::<ExecuteCommand>(),
        of::<GetCommand>(),
        of::<CancelCommand>(),
        of::<ListLibraries>(),
        of::<UploadLibrary>(),
    ]
}

/// Every fixture with the function that decodes and encodes it.
fn cases() -> Vec<(Survival, String)> {
    let (requests, responses) = (requests(), responses());
    let mut cases = Vec::new();
    for (path, request, response) in table() {
        cases.extend(requests[path].iter().map(|raw| (request, raw.get().to_owned())));
        cases.extend(responses[path].iter().map(|raw| (response, raw.get().to_owned())));
    }
    cases
}

#[test]
fn every_operation_has_fixtures() {
    let paths: Vec<_> = table().iter().map(|(path, ..)| *path).collect();
    assert_eq!(paths, endpoint::all().map(|operation| operation.path));
}

#[test]
fn every_fixture_survives() {
    for (survival, json) in cases() {
        let out = survival(&json).unwrap_or_else(|error| panic!("{json}: {error}"));
        assert_eq!(exact(&out), exact(&json));
    }
}

#[test]
fn an_answer_without_its_id_is_refused_and_the_id_named() {
    assert_eq!(survival::<crate::CreatedContext>("{}").unwrap_err(), "missing id");
    assert_eq!(
        survival::<crate::SubmittedCommand>(r#"{"id":7}"#).unwrap_err(),
        "id is not text"
    );
    let list = survival::<Vec<crate::ClusterInfo>>(r#"[{"id":"1"},{"..":""}]"#).unwrap_err();
    assert!(list.starts_with("at `[1]`: missing id"), "{list}");
}

#[test]
fn results_of_any_shape_are_kept() {
    for results in [
        "null",
        "5",
        "-7",
        "18446744073709551615",
        "true",
        r#""x""#,
        "[]",
        "[1e999,{\"a\" :[null]}]",
    ] {
        let json = format!(r#"{{"id":"1","status":"Finished","results":{results}}}"#);
        let info: CommandInfo = serde_json::from_str(&json).unwrap();
        assert_eq!(info.results, None);
        assert_eq!(info.extra.get("results").unwrap().get(), results);
        let other_place = format!(r#"{{"id":"1","results":{results},"status":"Finished"}}"#);
        assert_eq!(exact(&survival::<CommandInfo>(&other_place).unwrap()), exact(&json));
        let mut info = info;
        info.results = Some(Results::text("x"));
        assert_eq!(serde_json::to_string(&info).unwrap().matches("results").count(), 1);
    }
    for results in ["1.5", "1e400", "123456789012345678901234567890"] {
        let json = format!(r#"{{"id":"1","status":"Finished","results":{results}}}"#);
        let error = survival::<CommandInfo>(&json).unwrap_err();
        assert!(error.starts_with("at `results`: "), "{error}");
    }
}

#[test]
fn of_results_that_come_twice_the_last_count() {
    let error = r#"{"resultType":"error","summary":"S"}"#;
    let twice = |first, last| format!(r#"{{"status":"Finished","results":{first},"results":{last}}}"#);
    let known: CommandInfo = serde_json::from_str(&twice(r#""Fed""#, error)).unwrap();
    assert!(known.results.is_some() && known.extra.is_empty());
    let unknown: CommandInfo = serde_json::from_str(&twice(error, r#""Fed""#)).unwrap();
    assert!(unknown.results.is_none());
    for info in [known, unknown] {
        let written = serde_json::to_string(&info).unwrap();
        assert_eq!(serde_json::from_str::<CommandInfo>(&written).unwrap(), info);
    }
}

#[test]
fn results_are_the_same_whichever_field_comes_first() {
    let first = r#"{"status":"Finished","results":{"resultType":"table","data":[[1]]}}"#;
    let last = r#"{"results":{"data":[[1]],"resultType":"table"},"status":"Finished"}"#;
    let parse = |json| serde_json::from_str::<CommandInfo>(json).unwrap();
    assert_eq!(parse(first), parse(last));
    assert!(matches!(parse(last).results, Some(Results::Table(_))));
}

/// One change to a JSON object somewhere in a message.
#[derive(Clone, Debug)]
enum Change {
    Add(String, String),
    Replace(Index, String),
    Drop(Index),
}

fn value() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "null",
        "true",
        "9007199254740993",
        "-1e999",
        "123456789012345678901234567890.10",
        "0.1",
        "5",
        r#""Sideways""#,
        r#""Canceled""#,
        r#""SCALA""#,
        r#""""#,
        r#"" \u00e9\ud83d\ude00\\""#,
        "[1,[null]]",
        r#"{"deep":{"er":1E5}}"#,
    ])
    .prop_map(str::to_owned)
}

fn change() -> impl Strategy<Value = Change> {
    proptest::prop_oneof![
        ("[a-zA-Z_. ]{0,12}", value()).prop_map(|(name, value)| Change::Add(name, value)),
        (any::<Index>(), value()).prop_map(|(index, value)| Change::Replace(index, value)),
        any::<Index>().prop_map(Change::Drop),
    ]
}

/// Applies the change to the object at `depth`, or to the last object on the way.
fn changed(json: &str, change: &Change, depth: usize) -> String {
    if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) {
        let items: Vec<_> = items.into_iter().map(|raw| changed(raw.get(), change, depth)).collect();
        return format!("[{}]", items.join(","));
    }
    let Ok(fields) = serde_json::from_str::<Fields>(json) else {
        return json.to_owned();
    };
    let mut fields: Vec<_> = fields
        .iter()
        .map(|(name, raw)| (name.to_owned(), raw.get().to_owned()))
        .collect();
    let inner = fields.iter().position(|(_, raw)| raw.starts_with('{'));
    match (inner, depth) {
        (Some(at), 1..) => fields[at].1 = changed(&fields[at].1, change, depth - 1),
        _ => apply(&mut fields, change),
    }
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, raw)| format!("{}:{raw}", serde_json::to_string(name).unwrap()))
        .collect();
    format!("{{{}}}", fields.join(","))
}

fn apply(fields: &mut Vec<(String, String)>, change: &Change) {
    match change {
        Change::Add(name, value) => {
            fields.retain(|(known, _)| known != name);
            fields.push((name.clone(), value.clone()));
        }
        Change::Replace(index, value) if !fields.is_empty() => {
            let at = index.index(fields.len());
            fields[at].1 = value.clone();
        }
        Change::Drop(index) if !fields.is_empty() => {
            fields.remove(index.index(fields.len()));
        }
        Change::Replace(..) | Change::Drop(_) => {}
    }
}

/// Nothing can be made of a message without its id, or of results that are a number of no integer type.
fn makes_no_sense(json: &str, error: &str) -> bool {
    let results = serde_json::from_str::<Fields>(json)
        .ok()
        .and_then(|mut fields| fields.remove("results"));
    let is_float =
        |raw: &RawValue| raw.get().starts_with(|c: char| c == '-' || c.is_ascii_digit()) && raw.get().len() > 1;
    error.contains("missing ")
        || error.contains(" is not text")
        || (error.starts_with("at `results`: ") && results.is_some_and(|raw| is_float(&raw)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_message_survives_or_is_refused_with_the_reason(
        case in any::<Index>(),
        changes in proptest::collection::vec((change(), 0usize..3), 1..5),
    ) {
        let cases = cases();
        let (survival, json) = &cases[case.index(cases.len())];
        let json = changes.iter().fold(json.clone(), |json, (change, depth)| changed(&json, change, *depth));
        match survival(&json) {
            Ok(out) => assert_eq!(exact(&out), exact(&json)),
            Err(error) => assert!(makes_no_sense(&json, &error), "{json}: {error}"),
        }
    }
}
