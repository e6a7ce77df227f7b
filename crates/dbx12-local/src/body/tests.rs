//! Bodies as clients in the wild send them, and requests that survive every encoding.

use super::*;

use std::io::Write as _;

use dbx12_types::{CommandOptions, ExecuteCommand, Language, pairs};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderValue;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

const LIMIT: usize = 1 << 20;

fn headers(content_type: &str, encoding: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [(CONTENT_TYPE, content_type), (CONTENT_ENCODING, encoding)] {
        if !value.is_empty() {
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
    }
    headers
}

fn read(content_type: &str, body: impl AsRef<[u8]>) -> Result<Parameters, Refusal> {
    read_encoded(content_type, "", body)
}

fn read_encoded(content_type: &str, encoding: &str, body: impl AsRef<[u8]>) -> Result<Parameters, Refusal> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let body = Bytes::copy_from_slice(body.as_ref());
    runtime.block_on(Parameters::of_body(&headers(content_type, encoding), body, LIMIT))
}

fn json(content_type: &str, body: impl AsRef<[u8]>) -> String {
    let parameters = read(content_type, body).unwrap();
    String::from_utf8(parameters.json.into()).unwrap()
}

fn refused(content_type: &str, body: impl AsRef<[u8]>) -> String {
    let refusal = read(content_type, body).unwrap_err();
    assert_eq!(refusal.status(), 400, "{refusal}");
    assert_eq!(refusal.body().code().unwrap(), "MALFORMED_REQUEST");
    refusal.body().text()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn form(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

fn multipart(pairs: &[(String, String)], file_names: bool) -> String {
    let mut body = String::new();
    for (name, value) in pairs {
        let file = if file_names {
            format!("; filename=\"{name}.py\"\r\nContent-Type: text/x-python")
        } else {
            String::new()
        };
        body += &format!("--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n");
    }
    body + "--XyZ--\r\n"
}

#[test]
fn the_body_says_what_it_is_and_not_its_label() {
    let expected = r#"{"a":"1","b":"x y"}"#;
    let multipart = multipart(
        &[("a".to_owned(), "1".to_owned()), ("b".to_owned(), "x y".to_owned())],
        false,
    );
    for label in [
        "",
        "application/json",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=another",
        "nonsense",
    ] {
        assert_eq!(json(label, expected), expected, "{label}");
        assert_eq!(
            json(label, format!("\u{feff} \r\n{expected}\n")).trim(),
            expected,
            "{label}"
        );
        assert_eq!(json(label, "a=1&b=x+y"), expected, "{label}");
        assert_eq!(json(label, "a=1&&b=x%20y\n"), expected, "{label}");
        assert_eq!(json(label, &multipart), expected, "{label}");
    }
}

#[test]
fn multipart_by_the_name_of_the_part() {
    let code = "\u{feff}print('ä')\r\n--Xy is no boundary\r\n".to_owned();
    let pairs = [
        ("command".to_owned(), code.clone()),
        ("language".to_owned(), "python".to_owned()),
    ];
    let fields: Fields =
        serde_json::from_str(&json("multipart/form-data; boundary=XyZ", multipart(&pairs, true))).unwrap();
    assert_eq!(
        fields.read::<String>("command").unwrap(),
        code.trim_start_matches('\u{feff}'),
        "a file"
    );
    let fields: Fields = serde_json::from_str(&json("", multipart(&pairs, false))).unwrap();
    assert_eq!(fields.read::<String>("command").unwrap(), code, "text is as it is");
    let preamble = format!("to be ignored\r\n{}", multipart(&pairs, false));
    assert!(json("multipart/form-data; boundary=\"XyZ\"", preamble).contains("python"));
}

#[test]
fn forms_are_as_lenient_as_browsers() {
    assert_eq!(
        json("", "command=println(f(sc,null,\"dbfs:/x%\"))&e="),
        r#"{"command":"println(f(sc,null,\"dbfs:/x%\"))","e":""}"#
    );
    assert_eq!(json("", ""), "{}");
    assert_eq!(json("application/json", " \n"), "{}");
}

#[test]
fn a_parameter_that_was_sent_twice_is_refused_however_it_travels() {
    let pairs = [("a".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())];
    for body in [
        "a=1&a=2",
        "%61=1&a=1",
        r#"{"a":"1","a":"2"}"#,
        &multipart(&pairs, false),
    ] {
        let refusal = read("", body).unwrap_err();
        assert_eq!(refusal.status(), 400, "{body}");
        assert!(refusal.to_string().contains("\"a\" was sent twice"), "{refusal}");
    }
    assert_eq!(Parameters::of_query("a=1&a=2").unwrap_err().status(), 400);
}

#[test]
fn gzip_is_unpacked_within_the_limit() {
    let body = br#"{"a":"1"}"#;
    for encoding in ["gzip", "x-gzip", "GZIP"] {
        assert_eq!(read_encoded("", encoding, gzip(body)).unwrap().json, body.as_slice());
    }
    assert_eq!(read_encoded("", "identity", body).unwrap().json, body.as_slice());
    assert_eq!(read_encoded("", "br", body).unwrap_err().status(), 415);
    assert_eq!(
        read_encoded("", "gzip", body).unwrap_err().status(),
        400,
        "not compressed"
    );
    assert_eq!(
        read_encoded("", "gzip", &gzip(body)[..20]).unwrap_err().status(),
        400,
        "cut short"
    );

    let bomb = gzip(&vec![b' '; LIMIT + 1]);
    assert!(bomb.len() < LIMIT / 100);
    assert_eq!(read_encoded("", "gzip", bomb).unwrap_err().status(), 413);
    assert_eq!(read("", vec![b' '; LIMIT + 1]).unwrap_err().status(), 413);
}

#[test]
fn what_cannot_be_read_is_refused_and_the_reason_named() {
    assert!(refused("", "{\"a\": 1,}").contains("line 1 column 9"));
    assert!(refused("", "{\"a\": \"1\"} {").contains("trailing characters at line 1 column 12"));
    assert!(refused("", "{\"a\"").contains("EOF"));
    assert!(refused("", "[1]").contains("expected an object of parameters"));
    assert!(refused("", b"{\"a\": \"\xFF\"}").contains("not UTF-8 at byte 7"));
    assert!(refused("application/json", "hello").contains("neither a JSON object, nor a form, nor multipart"));
    assert!(refused("", "a=%FF").contains("value of \"a\" that is not UTF-8"));
    assert!(refused("", b"\xFF=1").contains("a name that is not UTF-8"));
    let broken = "--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nno end";
    assert!(refused("", broken).contains("the multipart body: "));
    assert!(refused("", "--XyZ\r\nContent-Disposition: form-data\r\n\r\n1\r\n--XyZ--\r\n").contains("no name"));
    let binary = b"--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xFF\r\n--XyZ--\r\n";
    assert!(refused("", binary).contains("part \"a\" is not UTF-8 text at byte 0"));
}

#[test]
fn the_number_of_parameters_is_bounded() {
    let many: Vec<_> = (0..=MOST_PARAMETERS)
        .map(|index| (format!("p{index}"), "1".to_owned()))
        .collect();
    let object = serde_json::to_string(&many.iter().cloned().collect::<std::collections::BTreeMap<_, _>>()).unwrap();
    for body in [object, form(&many), multipart(&many, false)] {
        assert!(refused("", body).contains("more than 100 parameters"));
    }
    assert!(Parameters::of_query(&form(&many[..MOST_PARAMETERS])).is_ok());
}

#[test]
fn a_query_is_read_like_a_form() {
    let parameters = Parameters::of_query("clusterId=a%2Db&contextId=1").unwrap();
    assert_eq!(parameters.json, r#"{"clusterId":"a-b","contextId":"1"}"#);
    assert_eq!(parameters.names, ["clusterId", "contextId"]);
    assert!(
        Parameters::of_query("a=%FF")
            .unwrap_err()
            .to_string()
            .contains("the query")
    );
    assert_eq!(Parameters::of_query("").unwrap().json, "{}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_request_survives_every_encoding(code in any::<String>(), context in "[^\u{feff}]+", rows in any::<u32>(), compress: bool) {
        let mut request = ExecuteCommand::new("c", context.as_str(), code.as_str());
        request.language = Some(Language::Python);
        request.options = Some(CommandOptions::default().with("displayRowLimit", rows).unwrap());
        let pairs = pairs::to_pairs(&request);
        for body in [serde_json::to_string(&request).unwrap(), form(&pairs), multipart(&pairs, false)] {
            let (encoding, body) = if compress { ("gzip", gzip(body.as_bytes())) } else { ("", body.into_bytes()) };
            let parameters = read_encoded("", encoding, body).unwrap();
            prop_assert_eq!(&serde_json::from_slice::<ExecuteCommand>(&parameters.json).unwrap(), &request);
        }
    }

    #[test]
    fn no_body_makes_it_panic(body in any::<Vec<u8>>(), text in "[-{}\\[\\]=&%a\"\r\n:]*", label in any::<bool>()) {
        let label = if label { "multipart/form-data; boundary=a" } else { "" };
        for body in [body, text.into_bytes()] {
            if let Ok(parameters) = read(label, body) {
                let fields = serde_json::from_slice::<Fields>(&parameters.json);
                prop_assert_eq!(fields.is_ok(), true);
            }
        }
    }
}
