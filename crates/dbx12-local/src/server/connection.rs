//! One connection: requests come in, are read and bounded, and answered by the workspace.

mod faulty;
mod head;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Request;
use http::header::{CONTENT_LENGTH, EXPECT};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tracing::debug;

use self::faulty::{Body, Reset, ToReset, is_to_reset};
use self::head::{Heads, Watched};
use super::stopped;
use crate::answer::Refusal;
use crate::faults::Outcome;
use crate::gateway::Reached;
use crate::workspace::Inner;

const MOST_HEADERS: usize = 100;
const LARGEST_HEAD: usize = 64 << 10;

/// How long a connection may be idle. Longer than clients keep idle connections, so that it is they who close them: a
/// request on a connection that is just being closed is lost.
const IDLE_LIMIT: Duration = Duration::from_secs(95);

/// How long the head of a request may take from its first byte.
const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// How long the next piece of a body may take.
const PIECE_LIMIT: Duration = Duration::from_secs(60);

/// How long requests may go on when the server is shut down, and their answers may take to leave after that.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);
const LEAVE_LIMIT: Duration = Duration::from_secs(1);

/// How long the rest of a body is read and dropped after it was refused.
const LINGER_LIMIT: Duration = Duration::from_secs(10);

/// Answers the requests of a connection until it is closed or the server stops.
pub(super) async fn drive(
    stream: impl AsyncRead + AsyncWrite + Reset + Unpin + Send + 'static,
    reached: Reached,
    inner: Arc<Inner>,
    mut stop: watch::Receiver<bool>,
) {
    // Each request that is being answered holds a receiver.
    let requests = watch::Sender::new(());
    let heads = Heads::new();
    let service = service_fn(|mut request: Request<Incoming>| {
        heads.come();
        request.extensions_mut().insert(reached);
        let (inner, request_guard, heads) = (Arc::clone(&inner), requests.subscribe(), heads.clone());
        async move {
            let outcome = answer(&inner, request).await;
            heads.answered();
            drop(request_guard);
            match outcome {
                Outcome::Answer(response) => Ok(response.map(Body::whole)),
                Outcome::Reset(Some(response)) => Ok(response.map(Body::half)),
                Outcome::Reset(None) => Err(ToReset),
            }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_LIMIT)
        .max_headers(MOST_HEADERS)
        .max_header_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(Watched::new(stream, heads.clone())), service);
    let mut connection = connection;
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = heads.are_slow(HEAD_LIMIT) => Ok(()),
        () = stopped(&mut stop) => {
            Pin::new(&mut connection).graceful_shutdown();
            let patience = async {
                let _ = timeout(SHUTDOWN_LIMIT, requests.closed()).await;
                sleep(LEAVE_LIMIT).await;
            };
            tokio::select! {
                ended = &mut connection => ended,
                () = patience => Ok(()),
            }
        }
    };
    if let Err(error) = ended {
        if is_to_reset(&error) {
            connection.into_parts().io.into_inner().reset();
        }
        debug!(%error, "a connection ended early");
    }
}

/// Answers a request, reading its body first; but not the body of one that is refused anyway.
async fn answer(inner: &Inner, request: Request<Incoming>) -> Outcome {
    let started = Instant::now();
    let (head, mut body) = request.into_parts();
    let read = match inner
        .admit(head.uri.path(), &head.headers)
        .and_then(|()| declared_length(&head, inner.body_limit))
    {
        Ok(()) => read(&mut body, inner.body_limit).await,
        Err(refusal) => Err(refusal),
    };
    match read {
        Ok(bytes) => inner.call(Request::from_parts(head, bytes)).await,
        Err(refusal) => {
            // A client that waits for "100 Continue" has not sent the body and will not. Another one is sending, and would
            // see a broken connection and not the answer if nobody read on.
            if !head.headers.contains_key(EXPECT) {
                tokio::spawn(timeout(LINGER_LIMIT, drain(body)));
            }
            let response = refusal.into_response();
            inner.log(&head.method, head.uri.path(), &response, started);
            Outcome::Answer(response)
        }
    }
}

fn declared_length(head: &http::request::Parts, limit: usize) -> Result<(), Refusal> {
    let length = head
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if usize::try_from(length).is_ok_and(|length| length > limit) => Err(Refusal::too_large(limit)),
        _ => Ok(()),
    }
}

async fn read(body: &mut Incoming, limit: usize) -> Result<Bytes, Refusal> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    loop {
        let frame = timeout(PIECE_LIMIT, body.frame())
            .await
            .map_err(|_| Refusal::too_slow())?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| Refusal::malformed(format_args!("the body broke off: {error}")))?;
        let Ok(piece) = frame.into_data() else { continue };
        if all.len() + first.len() + piece.len() > limit {
            return Err(Refusal::too_large(limit));
        }
        if first.is_empty() && all.is_empty() {
            first = piece; // most bodies are one piece: it is taken as it is
        } else {
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&piece);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

async fn drain(mut body: Incoming) {
    while let Some(Ok(_)) = body.frame().await {}
}
