//! Bodies that cannot be read, and bodies that are not what their headers say.

use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

const DESTROY: &str = "/api/1.2/contexts/destroy";

/// The workspace's answer to a `POST` of a body with these headers.
async fn post(workspace: &Workspace, headers: &[(&str, &str)], body: &[u8]) -> (u16, Value) {
    let token = format!("Bearer {}", workspace.token());
    let headers = [&[("authorization", token.as_str())], headers].concat();
    let answer = call(workspace, "POST", DESTROY, &headers, body).await;
    (answer.status, answer.body)
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// That the parameters of a body were understood shows in that the cluster they name is not found.
fn is_understood((status, body): &(u16, Value)) -> bool {
    *status == 500
        && body["error"]
            .as_str()
            .is_some_and(|error| error.starts_with("ClusterNotFound: Cluster c "))
}

#[tokio::test]
async fn a_body_that_cannot_be_read_says_where_it_is_wrong() {
    let workspace = workspace().await;
    for (body, said) in [
        (&br#"{"clusterId": "c" "contextId": "1"}"#[..], "line 1 column 19"),
        (b"{\"clusterId\": \"c\",\n", "line 2 column 0"),
        (br#"["clusterId", "c"]"#, "an object of parameters"),
        (br#""clusterId""#, "an object of parameters"),
        (br#"{"clusterId": "c", "contextId": "1"} {}"#, "trailing characters"),
        (b"{\"clusterId\": \"\xff\"}", "the JSON is not UTF-8 at byte 15"),
        (
            b"clusterId=%FF&contextId=1",
            "a value of \"clusterId\" that is not UTF-8",
        ),
        (b"hello", "neither a JSON object, nor a form, nor multipart"),
    ] {
        let (status, answer) = post(&workspace, &[], body).await;
        assert_eq!(
            (status, &answer["error_code"]),
            (400, &json!("MALFORMED_REQUEST")),
            "{answer}"
        );
        let message = answer["message"].as_str().unwrap();
        assert!(
            message.starts_with("Could not parse request object: ") && message.contains(said),
            "{message}"
        );
    }
    let many: Vec<_> = (0..101).map(|number| format!("p{number}=1")).collect();
    let (status, answer) = post(&workspace, &[], many.join("&").as_bytes()).await;
    assert!(
        status == 400 && answer["message"].as_str().unwrap().contains("more than 100 parameters"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_parameter_of_the_wrong_kind_is_named() {
    let workspace = workspace().await;
    let token = format!("Bearer {}", workspace.token());
    for (operation, names) in [
        ("contexts/destroy", &["clusterId", "contextId"][..]),
        ("contexts/create", &["clusterId", "language"]),
        (
            "commands/execute",
            &["clusterId", "contextId", "command", "language", "commandFile"],
        ),
        ("libraries/upload", &["clusterId", "name", "language", "uri"]),
    ] {
        for wrong in ["17", "[]", "{}", "true"] {
            for name in names {
                let required = complete(PARAMETERS.iter().find(|(known, _)| *known == operation).unwrap().1);
                let mut body: Map<_, _> = required
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
                    .collect();
                body.insert((*name).to_owned(), serde_json::from_str(wrong).unwrap());
                let headers = [("authorization", token.as_str())];
                let body = serde_json::to_vec(&body).unwrap();
                let answer = call(&workspace, "POST", &format!("/api/1.2/{operation}"), &headers, &body).await;
                let expected = illegal(&format!("{name} is not text"));
                assert_eq!((answer.status, answer.body), expected, "{operation} {wrong}");
            }
        }
    }
    // `null` and empty text are as good as nothing.
    for nothing in ["null", "\"\""] {
        let body = format!(r#"{{"clusterId": {nothing}, "contextId": "1"}}"#);
        assert_eq!(
            post(&workspace, &[], body.as_bytes()).await,
            illegal("missing clusterId")
        );
    }
}

#[tokio::test]
async fn what_a_body_is_says_the_body_and_not_its_header() {
    let workspace = workspace().await;
    let json = &br#"{"clusterId": "c", "contextId": "1"}"#[..];
    let with_mark = [b"\xef\xbb\xbf", json].concat();
    let form = &b"clusterId=c&contextId=1"[..];
    let multipart = &b"--x\r\nContent-Disposition: form-data; name=\"clusterId\"\r\n\r\nc\r\n--x\r\n\
        Content-Disposition: form-data; name=\"contextId\"; filename=\"id.txt\"\r\n\r\n1\r\n--x--\r\n"[..];
    let labels = [
        None,
        Some("application/json"),
        Some("text/json"),
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("nonsense"),
        Some(""),
    ];
    for label in labels {
        let headers = label.map(|label| ("content-type", label));
        for body in [json, &with_mark, form, multipart] {
            let answer = post(&workspace, headers.as_slice(), body).await;
            assert!(
                is_understood(&answer),
                "{label:?} {}: {answer:?}",
                String::from_utf8_lossy(body)
            );
        }
    }
    let boundary = ("content-type", "multipart/form-data; boundary=x");
    assert!(is_understood(&post(&workspace, &[boundary], multipart).await));
    assert!(
        is_understood(&post(&workspace, &[boundary], json).await),
        "JSON labelled as multipart"
    );
}

#[tokio::test]
async fn compressed_bodies_are_read_or_refused() {
    let workspace = workspace().await;
    let json = br#"{"clusterId": "c", "contextId": "1"}"#;
    let whole = gzip(json);
    for label in ["gzip", "GZIP", "x-gzip"] {
        let answer = post(&workspace, &[("content-encoding", label)], &whole).await;
        assert!(is_understood(&answer), "{label}: {answer:?}");
    }
    for broken in [&whole[..whole.len() - 5], json] {
        let (status, answer) = post(&workspace, &[("content-encoding", "gzip")], broken).await;
        assert_eq!(
            (status, &answer["error_code"]),
            (400, &json!("MALFORMED_REQUEST")),
            "{answer}"
        );
        assert!(
            answer["message"]
                .as_str()
                .unwrap()
                .contains("labelled gzip and cannot be inflated"),
            "{answer}"
        );
    }
    let (status, answer) = post(&workspace, &[("content-encoding", "br")], json).await;
    assert_eq!(status, 415, "{answer}");
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .contains("\"br\" is not understood: send gzip"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_however_it_is_packed() {
    let workspace = workspace().await;
    let body_of = |length: usize| format!("{:length$}", r#"{"clusterId": "c", "contextId": "1"}"#).into_bytes();
    assert!(
        is_understood(&post(&workspace, &[], &body_of(1000)).await),
        "the limit itself is allowed"
    );
    for (headers, body) in [
        (&[][..], body_of(1001)),
        (&[("content-encoding", "gzip")], gzip(&body_of(1001))),
        (&[("content-encoding", "gzip")], gzip(&vec![0; 1 << 20])),
    ] {
        let (status, answer) = post(&workspace, headers, &body).await;
        assert_eq!(
            (status, &answer["error_code"]),
            (413, &json!("MAX_REQUEST_SIZE_EXCEEDED")),
            "{answer}"
        );
        assert!(
            answer["message"].as_str().unwrap().contains("which is 1000 bytes"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn parameters_in_the_wrong_place_are_told_so() {
    let workspace = workspace().await;
    let token = format!("Bearer {}", workspace.token());
    let headers = [("authorization", token.as_str())];
    let answer = call(
        &workspace,
        "POST",
        "/api/1.2/contexts/destroy?clusterId=c&contextId=1",
        &headers,
        b"",
    )
    .await;
    let said = "missing clusterId; a query was sent, but the parameters of a POST travel in the body";
    assert_eq!((answer.status, answer.body), illegal(said));

    let body = br#"{"clusterId": "c", "contextId": "1"}"#;
    let answer = call(&workspace, "GET", "/api/1.2/contexts/status", &headers, body).await;
    let said = "missing clusterId; a body was sent, but the parameters of a GET travel in the query";
    assert_eq!((answer.status, answer.body), illegal(said));
}
