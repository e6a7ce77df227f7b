//! Time on a connection, over a pipe in memory: nothing real is waited for, so the clock may be paused.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;
use crate::Workspace;

impl Reset for DuplexStream {
    fn reset(self) {}
}

/// Our end of a connection to a workspace that needs no Python.
async fn connect() -> (Workspace, DuplexStream, watch::Sender<bool>) {
    let builder = Workspace::builder().python("/nonexistent/python").without_spark();
    let workspace = builder.start().await.unwrap();
    let (ours, theirs) = duplex(1 << 16);
    let (stop, stopped) = watch::channel(false);
    let reached = Reached { by_tls: false };
    tokio::spawn(drive(theirs, reached, Arc::clone(workspace.inner()), stopped));
    (workspace, ours, stop)
}

/// How long until the other side closes, which answers nothing.
async fn closed_after(connection: &mut DuplexStream) -> Duration {
    let start = Instant::now();
    let read = connection.read(&mut [0; 1024]).await;
    assert_eq!(read.unwrap_or(0), 0, "no answer");
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_is_not_waited_for_but_an_idle_connection_is() {
    let (workspace, mut slow, _stop) = connect().await;
    let drip = async {
        loop {
            slow.write_all(b"G").await?;
            sleep(Duration::from_secs(1)).await;
        }
    };
    let start = Instant::now();
    let broken: std::io::Result<()> = drip.await;
    assert!(broken.is_err());
    let took = start.elapsed();
    assert!(
        took >= HEAD_LIMIT && took < HEAD_LIMIT + Duration::from_secs(3),
        "{took:?}"
    );

    let (_other, mut idle, _stop) = connect().await;
    let took = closed_after(&mut idle).await;
    assert!(took >= IDLE_LIMIT - Duration::from_secs(1), "{took:?}");
    workspace.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn after_an_answer_the_clock_begins_anew() {
    let (_workspace, mut connection, _stop) = connect().await;
    for pause in [0, 60] {
        sleep(Duration::from_secs(pause)).await;
        connection
            .write_all(b"GET /.well-known/databricks-config HTTP/1.1\r\n")
            .await
            .unwrap();
        sleep(Duration::from_secs(8)).await;
        connection.write_all(b"host: localhost\r\n\r\n").await.unwrap();
        let mut answer = [0; 12];
        connection.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        while !answer.ends_with(b"}") {
            answer[11] = connection.read_u8().await.unwrap();
        }
    }
    connection.write_all(b"GET / HT").await.unwrap();
    let took = closed_after(&mut connection).await;
    assert!(took >= HEAD_LIMIT && took < HEAD_LIMIT * 2, "{took:?}");
}
