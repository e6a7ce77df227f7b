//! The Rust side, against scripted programs in the place of Java and pip.

mod peer;
mod provision;

use std::path::Path;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::frames::{Frames, Operation, Request};
use crate::frames::frame;

#[tokio::test]
async fn frames_come_in_any_pieces() {
    let reply =
        br#"{"id":7,"output":"x","end":{"table":{"rows":[[12345678901234567890123]],"schema":[],"truncated":true}}}"#;
    let mut bytes = u32::try_from(reply.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend_from_slice(reply);
    let (mut writer, reader) = tokio::io::duplex(5);
    let write = tokio::spawn(async move {
        writer.write_all(&bytes).await.unwrap();
        writer.write_all(&bytes).await.unwrap();
        writer.write_all(&[0xff; 4]).await.unwrap();
    });
    let mut frames = Frames::new(reader);
    for _ in 0..2 {
        let reply = frames.next().await.unwrap().unwrap();
        assert_eq!(reply.id, 7);
        let Some(super::frames::BridgeEnd::Table { rows, truncated, .. }) = reply.end else {
            panic!("a table")
        };
        assert!(rows.get() == "[[12345678901234567890123]]" && truncated);
    }
    let error = frames.next().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    write.await.unwrap();
}

#[test]
fn requests_have_the_shape_the_bridge_reads() {
    let request = Request {
        id: 1,
        context: "c",
        operation: Operation::Execute {
            language: "sql",
            number: 2,
            code: "é",
            row_limit: 3,
        },
    };
    let frame = frame(&request).unwrap();
    assert_eq!(frame[..4], u32::try_from(frame.len() - 4).unwrap().to_be_bytes());
    assert_eq!(
        std::str::from_utf8(&frame[4..]).unwrap(),
        r#"{"id":1,"context":"c","op":"execute","language":"sql","number":2,"code":"é","row_limit":3}"#
    );
}

/// Waits until a condition holds.
async fn until(mut condition: impl FnMut() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait)
        .await
        .expect("what was waited for did not come");
}

/// A program of that name and text.
fn script(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt;

    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}
