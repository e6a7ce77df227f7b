//! Services in the place of a transport.

use super::*;
use crate::types::{ExecuteCommand, GetContext};
use crate::{Client, Credentials, Error, ErrorKind, RetryPolicy};
use http_body::Frame;
use http_body_util::Empty;
use std::future::{pending, ready};
use std::io;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;
use tower::{ServiceBuilder, service_fn};

type Answer = Result<Response<Full<Bytes>>, io::Error>;

const COMMAND: &str = r#"{"id":"1","status":"Running"}"#;

fn client(transport: impl Transport) -> Client {
    Client::builder("https://example.com")
        .credentials(Credentials::bearer("secret"))
        .transport(transport)
        .seed(1)
        .build()
        .unwrap()
}

async fn execute(client: &Client) -> Result<(), Error> {
    client.send(&ExecuteCommand::new("c", "1", "x")).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn a_service_is_given_the_whole_request() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let writes = seen.clone();
    let service = service_fn(move |request: Request<Full<Bytes>>| {
        let writes = writes.clone();
        async move {
            assert!(request.extensions().get::<Progress>().is_none());
            let line = format!("{} {}", request.method(), request.uri());
            let body = request.into_body().collect().await.unwrap().to_bytes();
            writes.lock().unwrap().push((line, body));
            Answer::Ok(Response::new(Full::new(COMMAND.into())))
        }
    });
    execute(&client(from_service(service))).await.unwrap();
    let line = "POST https://example.com/api/1.2/commands/execute".to_owned();
    let body = Bytes::from(r#"{"clusterId":"c","contextId":"1","command":"x"}"#);
    assert_eq!(*seen.lock().unwrap(), [(line, body)]);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_service_says_nothing_of_delivery_unless_told() {
    let service = service_fn(|_: Request<Full<Bytes>>| ready(Answer::Err(io::ErrorKind::ConnectionRefused.into())));
    let error = execute(&client(from_service(service))).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts(), error.maybe_delivered()),
        (ErrorKind::Transport, 1, true)
    );
    assert!(
        error.to_string().contains("the service failed: connection refused"),
        "{error}"
    );

    let told = from_service(service).classify_errors(|error| match error.downcast_ref::<io::Error>() {
        Some(error) if error.kind() == io::ErrorKind::ConnectionRefused => TransportErrorKind::Connect,
        _ => TransportErrorKind::Other,
    });
    let error = execute(&client(told)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts(), error.maybe_delivered()),
        (ErrorKind::Connect, 4, false)
    );
}

/// A body that fails at once.
struct Broken;

impl Body for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())))
    }
}

/// A service that never becomes ready, or fails to.
#[derive(Clone)]
struct Unready(Option<io::ErrorKind>);

impl Service<Request<Full<Bytes>>> for Unready {
    type Response = Response<Empty<Bytes>>;
    type Error = io::Error;
    type Future = std::future::Pending<Result<Self::Response, io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.0.map_or(Poll::Pending, |kind| Poll::Ready(Err(kind.into())))
    }

    fn call(&mut self, _: Request<Full<Bytes>>) -> Self::Future {
        pending()
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_never_given_to_the_service_was_never_sent() {
    for failure in [None, Some(io::ErrorKind::Other)] {
        let error = execute(&client(from_service(Unready(failure)))).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts(), error.maybe_delivered()),
            (ErrorKind::Connect, 4, false)
        );
    }
    let given = service_fn(|_: Request<Full<Bytes>>| pending::<Answer>());
    let error = execute(&client(from_service(given))).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts(), error.maybe_delivered()),
        (ErrorKind::Timeout, 1, true)
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_is_read_up_to_the_limit_and_never_in_code() {
    let service = service_fn(|_: Request<Full<Bytes>>| ready(Answer::Ok(Response::new(Full::new(COMMAND.into())))));
    let transport = from_service(service);
    execute(&client(transport.clone().response_limit(COMMAND.len())))
        .await
        .unwrap();
    let error = execute(&client(transport.response_limit(COMMAND.len() - 1)))
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.maybe_delivered()), (ErrorKind::TooLarge, true));

    let encoded = service_fn(|_: Request<Full<Bytes>>| {
        let response = Response::builder().header(CONTENT_ENCODING, "br");
        ready(Answer::Ok(response.body(Full::new(COMMAND.into())).unwrap()))
    });
    let error = execute(&client(from_service(encoded))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(
        error
            .to_string()
            .contains("encoded as `br`; the service must decode it"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_may_have_been_delivered() {
    let service = service_fn(|_: Request<Full<Bytes>>| ready(Ok::<_, io::Error>(Response::new(Broken))));
    let error = execute(&client(from_service(service))).await.unwrap_err();
    assert_eq!((error.kind(), error.maybe_delivered()), (ErrorKind::Interrupted, true));
}

#[tokio::test(start_paused = true)]
async fn layers_go_around_our_own_transport() {
    let calls = Arc::new(Mutex::new(0));
    let counted = calls.clone();
    let ours = into_service(super::super::from_fn(move |_| {
        *counted.lock().unwrap() += 1;
        ready(Ok(Response::new(COMMAND.into())))
    }));
    let layered = ServiceBuilder::new().concurrency_limit(1).service(ours);
    let client = Client::builder("https://example.com")
        .credentials(Credentials::none())
        .transport(from_service(layered))
        .retry(RetryPolicy::never())
        .deadline(Duration::from_secs(1))
        .build()
        .unwrap();
    client.send(&GetContext::new("c", "1")).await.unwrap();
    execute(&client).await.unwrap();
    assert_eq!(*calls.lock().unwrap(), 2);
}
