//! Whatever comes back, the secret does not.

use super::*;

fn of(value: &str) -> Secrets {
    let mut value = HeaderValue::try_from(value).unwrap();
    value.set_sensitive(true);
    Secrets::of_headers(&HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
}

fn echoed(secrets: &Secrets, text: &str) -> String {
    let response = Response::builder()
        .header("location", text)
        .body(Bytes::from(text.to_owned()));
    let response = secrets.hide_in(response.unwrap());
    let header = response.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(header.as_bytes(), response.body());
    assert_eq!(secrets.hide(text.to_owned()), header);
    header
}

#[test]
fn a_token_is_hidden_wherever_it_stands() {
    let secrets = of("Bearer dapi-CANARY");
    assert_eq!(
        echoed(&secrets, "token dapi-CANARYdapi-CANARY, Bearer dapi-CANARY"),
        "token ******, Bearer ***"
    );
    assert_eq!(echoed(&secrets, "nothing of it"), "nothing of it");
}

#[test]
fn of_basic_both_the_password_and_its_encoding_are_hidden() {
    let secrets = of(&format!("Basic {}", BASE64.encode("me:CANARY \"x\"/ü")));
    let json = serde_json::to_string("CANARY \"x\"/ü").unwrap();
    for text in [
        "CANARY+%22x%22%2F%C3%BC",
        &json.replace('ü', ""),
        &BASE64.encode("me:CANARY \"x\"/ü"),
    ] {
        let hidden = secrets.hide(text.to_owned());
        // The second one was changed, so that it is none of the spellings.
        assert_eq!(hidden.contains("CANARY"), text.starts_with('"'), "{hidden}");
    }
    assert_eq!(secrets.hide(json), "\"***\"");
    assert_eq!(secrets.hide("CANARY \"x\"/ü".to_owned()), "***");
}

#[test]
fn what_is_too_short_to_be_told_from_words_stays() {
    assert_eq!(of("Bearer abc").hide("abc".to_owned()), "abc");
    assert!(of("Bearer ").is_empty());
}

#[test]
fn the_secrets_of_a_form_are_found() {
    let form = "grant_type=client_credentials&client_secret=CAN%26ARY&client_id=me&subject_token=SUBJECT";
    let request = Request::post("https://x").body(Bytes::from(form)).unwrap();
    let secrets = Secrets::of_request(&request);
    assert_eq!(
        secrets.hide("client_credentials me CAN&ARY CAN%26ARY SUBJECT".to_owned()),
        "client_credentials me *** *** ***"
    );
    assert!(!format!("{secrets:?}").contains("SUBJECT"));
}

#[cfg(feature = "command")]
#[test]
fn of_what_a_program_says_only_plain_words_are_shown() {
    for (text, shown) in [
        (
            "ERROR: Please run 'az login' to setup account.",
            "ERROR: Please run 'az login' to setup account.",
        ),
        (
            "Error: no login for https://adb.example.com/path: run `databricks auth login`",
            "Error: no login for https://adb.example.com/path: run `databricks auth login`",
        ),
        ("code 404 (not found)\n\tsee --help", "code 404 (not found) see --help"),
        ("token dapi0123456789abcdef is bad", "token *** is bad"),
        ("got eyJhbGciOi.eyJzdWIi.c2ln here", "got *** here"),
        ("key=Zm9vYmFy/baz+Qux== https://me:pw@x https://x/?t=a1", "***"),
        ("dapi-CANARY-0 CANARY CANARY_X", "***"),
        ("\u{1b}[31mred\u{1b}[0m", "***"),
    ] {
        assert_eq!(only_plain_words(text), shown);
    }
}
