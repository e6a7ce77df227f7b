//! Any text as the fields and the file name of a request: what is written as multipart is read as the same by `multer`.
#![no_main]

use std::sync::{Arc, Mutex};

use dbx12_http::bytes::Bytes;
use dbx12_http::http::{Request, Response};
use dbx12_http::{CallOptions, Client, Credentials, transport};
use dbx12_types::{ExecuteCommand, pairs};
use libfuzzer_sys::fuzz_target;
use multer::Multipart;
use tokio::runtime::Runtime;

fuzz_target!(|fields: (String, String, String, String)| {
    let (cluster, context, code, filename) = fields;
    let request = ExecuteCommand::new(cluster, context, code);
    let options = CallOptions::new().file_part("command", &filename);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime");
    let sent = send(&runtime, &request, &options);
    let read = runtime.block_on(read(sent));

    let expected = pairs::to_pairs(&request);
    assert_eq!(read.len(), expected.len());
    for ((name, value), part) in expected.into_iter().zip(read) {
        assert_eq!(
            (name.as_str(), value.as_str()),
            (part.name.as_str(), part.content.as_str())
        );
        assert_eq!(part.is_file, name == "command");
    }
});

struct Part {
    name: String,
    is_file: bool,
    content: String,
}

/// The request as it leaves.
fn send(runtime: &Runtime, request: &ExecuteCommand, options: &CallOptions) -> Request<Bytes> {
    let sent = Arc::new(Mutex::new(None));
    let keeping = Arc::clone(&sent);
    let transport = transport::from_fn(move |request| {
        *keeping.lock().expect("nobody panics with it") = Some(request);
        std::future::ready(Ok(Response::new(Bytes::from_static(b"{\"id\":\"1\"}"))))
    });
    let client = Client::builder("https://example.com")
        .credentials(Credentials::none())
        .transport(transport);
    let client = client.build().expect("a client");
    let answer = runtime.block_on(client.send_with(request, options));
    answer.expect("any text can be sent");
    let sent = sent.lock().expect("nobody panics with it").take();
    sent.expect("it was sent")
}

async fn read(request: Request<Bytes>) -> Vec<Part> {
    let content_type = request.headers()["content-type"].to_str().expect("text");
    let boundary = multer::parse_boundary(content_type).expect("a boundary");
    let body = request.into_body();
    let mut multipart = Multipart::with_reader(&body[..], boundary);
    let mut parts = Vec::new();
    while let Some(field) = multipart.next_field().await.expect("a field") {
        parts.push(Part {
            name: field.name().expect("a name").to_owned(),
            is_file: field.file_name().is_some(),
            // As bytes: `text` takes a byte order mark away.
            content: String::from_utf8(field.bytes().await.expect("a whole part").to_vec()).expect("text"),
        });
    }
    parts
}
