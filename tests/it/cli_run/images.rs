//! Images, from a service that answers with them.

use dbx12_tests::{Peer, Reaction, dbx12, finish};
use serde_json::json;

const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n";
const DATA_URL: &str = "data:image/png;base64,iVBORw0KGgo=";

async fn service() -> Peer {
    Peer::start(|asked| match asked.operation.as_str() {
        "contexts/create" | "contexts/destroy" | "commands/execute" => Reaction::json(r#"{"id":"1"}"#),
        "contexts/status" => Reaction::json(r#"{"id":"1","status":"Running"}"#),
        "commands/status" => {
            let results = json!({"resultType": "images", "fileNames": [DATA_URL, "/plots/1.png", "/plots/2.svg"]});
            Reaction::json(json!({"id": "1", "status": "Finished", "results": results}).to_string())
        }
        operation if operation.ends_with("/1.png") => {
            Reaction::http("200 OK", "Content-Type: image/png\r\n", "fetched")
        }
        _ => Reaction::http("404 Not Found", "", r#"{"error":"no such file"}"#),
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_saved_wherever_they_are() {
    let (home, peer) = (tempfile::tempdir().unwrap(), service().await);
    let run = |arguments: &[&str]| {
        let mut command = dbx12(home.path(), &[&["run", "-c", "plot()"], arguments].concat());
        command
            .env("DATABRICKS_HOST", peer.host())
            .env("DATABRICKS_TOKEN", "t")
            .env("DATABRICKS_CLUSTER_ID", "c");
        finish(command)
    };
    let finished = run(&["--images", "plots"]);
    assert_eq!(
        (finished.code, &*finished.stdout),
        (Some(0), "/plots/2.svg\n"),
        "{}",
        finished.stderr
    );
    let saved = |name: &str| std::fs::read(home.path().join("plots").join(name)).unwrap();
    assert_eq!(saved("image-1.png"), PIXEL);
    assert_eq!(saved("image-2.png"), b"fetched");
    assert!(
        finished.stderr.contains("Saved plots/image-1.png."),
        "{}",
        finished.stderr
    );
    assert!(
        finished
            .stderr
            .contains("Warning: cannot fetch the image /plots/2.svg: "),
        "{}",
        finished.stderr
    );

    let finished = run(&["--images", "plots", "-o", "markdown", "--quiet"]);
    assert_eq!(
        finished.stdout,
        "![image](<plots/image-1.png>)\n![image](<plots/image-2.png>)\n![image](</plots/2.svg>)\n"
    );
    assert!(!finished.stderr.contains("Saved"), "{}", finished.stderr);

    let finished = run(&[]);
    assert_eq!(finished.stdout, "/plots/1.png\n/plots/2.svg\n");
    assert!(
        finished.stderr.contains("an image of 8 bytes; --images DIR saves it"),
        "{}",
        finished.stderr
    );
}
