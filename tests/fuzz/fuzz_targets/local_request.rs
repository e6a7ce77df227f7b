//! Whatever a client sends to the local workspace, its router answers: with JSON and a status that says why, in the words
//! of the real service, and without holding more than it was allowed to.
//!
//! The input is a line `METHOD target`, lines of headers, an empty line, and the body.

#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use dbx12_local::{Refusal, Router};
use dbx12_types::{
    CancelCommand, CancelledCommand, ClusterInfo, ClusterStatus, CommandInfo, CommandStatus, ContextInfo,
    ContextStatus, CreateContext, CreatedContext, DestroyContext, DestroyedContext, ErrorBody, ExecuteCommand,
    GetCluster, GetCommand, GetContext, ListClusters, ListLibraries, RestartCluster, RestartedCluster,
    SubmittedCommand, UploadLibrary, UploadedLibrary,
};
use http::{Request, Response};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

/// More than the largest input, less than what it may become.
const BODY_LIMIT: usize = 256 << 10;

static ROUTER: LazyLock<Router> = LazyLock::new(router);
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().build().unwrap());

fuzz_target!(|data: &[u8]| {
    let Some(request) = request(data) else { return };
    let is_get = request.method() == "GET";
    let has_operation = request.uri().path().starts_with("/api/1.2/");
    let response = RUNTIME.block_on(ROUTER.call(request));
    check(&response, is_get, has_operation);
});

fn check(response: &Response<Bytes>, is_get: bool, has_operation: bool) {
    let status = response.status().as_u16();
    assert!(matches!(status, 200 | 400 | 404 | 405 | 413 | 415 | 500), "{status}");
    assert_eq!(response.headers()["content-type"], "application/json");
    serde_json::from_slice::<serde::de::IgnoredAny>(response.body()).expect("JSON");
    if status == 200 {
        assert!(has_operation, "only an operation is carried out");
        return;
    }
    let error = ErrorBody::parse(response.body()).expect("an error body");
    assert!(!error.to_string().is_empty());
    assert!(
        !(is_get && matches!(status, 413 | 415)),
        "a GET has no body that counts"
    );
}

fn request(data: &[u8]) -> Option<Request<Bytes>> {
    let mut rest = data;
    let mut line = || {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (line, behind) = rest.split_at(end);
        rest = &behind[1..];
        Some(line)
    };
    let (method, target) = str::from_utf8(line()?).ok()?.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(target);
    loop {
        match line()? {
            [] => break,
            header => {
                let colon = header.iter().position(|byte| *byte == b':')?;
                request = request.header(&header[..colon], &header[colon + 1..]);
            }
        }
    }
    request.body(Bytes::copy_from_slice(rest)).ok()
}

/// Every operation, answered with what it was asked.
fn router() -> Router {
    Router::new()
        .body_limit(BODY_LIMIT)
        .on(async |_: ListClusters| Ok(Vec::new().into()))
        .on(async |request: GetCluster| Ok(ClusterInfo::new(request.cluster_id, "", ClusterStatus::Running).into()))
        .on(async |request: RestartCluster| Ok(RestartedCluster::new(request.cluster_id).into()))
        .on(async |request: CreateContext| match request.language.as_str() {
            "" => Err(Refusal::new("IllegalArgumentException", "no language")),
            language => Ok(CreatedContext::new(language).into()),
        })
        .on(async |request: GetContext| Ok(ContextInfo::new(request.context_id, ContextStatus::Running).into()))
        .on(async |request: DestroyContext| Ok(DestroyedContext::new(request.context_id).into()))
        .on(async |request: ExecuteCommand| {
            let code = request.command.or(request.command_file).unwrap_or_default();
            assert!(code.len() <= BODY_LIMIT, "inflated beyond the limit");
            Ok(SubmittedCommand::new(code).into())
        })
        .on(async |request: GetCommand| Ok(CommandInfo::new(request.command_id, CommandStatus::Running, None).into()))
        .on(async |request: CancelCommand| Ok(CancelledCommand::new(request.command_id).into()))
        .on(async |_: ListLibraries| Ok(Vec::new().into()))
        .on(async |request: UploadLibrary| Ok(UploadedLibrary::new(request.language, request.uri).into()))
}
