//! `dbx12 api get|post`: any path of the workspace, by the rules of every other call.

use crate::arguments::{Api, ApiPath, Global};
use crate::connect;
use crate::failure::{Exit, Failure, with_sources};
use crate::output::print_bytes;
use dbx12_exec::http::RawRequest;
use std::io::Read;

pub(crate) async fn api(verb: Api, global: &Global) -> Result<(), Failure> {
    let (request, is_post) = match verb {
        Api::Get(path) => (request(RawRequest::get, path)?, false),
        Api::Post { path, data } => (with_body(request(RawRequest::post, path)?, data)?, true),
    };
    let answer = connect::client(global)?.raw(request).await;
    match answer {
        Ok(answer) => print_bytes(answer.body()),
        // Whatever is posted may change something, and of most paths nobody here knows what.
        Err(error) if is_post && error.maybe_delivered() => {
            Err(Failure::new(Exit::Unknown, with_sources(&error)).hint(crate::failure::NOT_SENT_AGAIN))
        }
        Err(error) => Err(error.into()),
    }
}

/// A query in the path is taken apart: it is encoded anew.
fn request(method: fn(String) -> RawRequest, path: ApiPath) -> Result<RawRequest, Failure> {
    let ApiPath { path, query } = path;
    if !path.starts_with('/') {
        let message = format!("the path {path} does not begin with a slash: /api/1.2/clusters/list is one");
        return Err(Failure::usage(message));
    }
    let (path, pasted) = path.split_once('?').unwrap_or((&path, ""));
    let pasted = form_urlencoded::parse(pasted.as_bytes()).into_owned();
    let request = method(path.to_owned());
    Ok(pasted
        .chain(query)
        .fold(request, |request, (name, value)| request.query(name, value)))
}

/// Looked at before anything is sent, and sent as it is: numbers keep their digits.
fn with_body(request: RawRequest, data: Option<String>) -> Result<RawRequest, Failure> {
    let Some(data) = data else { return Ok(request) };
    let cannot_read = |what: &str, error: std::io::Error| Failure::usage(format!("cannot read {what}: {error}"));
    let (body, from) = match data.strip_prefix('@') {
        Some(file) => (
            std::fs::read(file).map_err(|error| cannot_read(file, error))?,
            format!("the body in {file}"),
        ),
        None if data == "-" => {
            let mut body = Vec::new();
            let read = std::io::stdin().read_to_end(&mut body);
            read.map_err(|error| cannot_read("the body from stdin", error))?;
            (body, "the body from stdin".to_owned())
        }
        None => (data.into_bytes(), "the body".to_owned()),
    };
    serde_json::from_slice::<serde::de::IgnoredAny>(&body)
        .map_err(|error| Failure::usage(format!("{from} is no JSON: {error}")))?;
    Ok(request.body("application/json", body))
}
