//! When a token is good, and how it is read.

use super::*;
use std::future::pending;

const SECOND: Duration = Duration::from_secs(1);

fn read(json: &str) -> AccessToken {
    AccessToken::from_json(json.as_bytes()).unwrap()
}

/// In how many seconds it expires.
fn left(token: &AccessToken) -> Option<u64> {
    let left = token.expires?.saturating_duration_since(Instant::now());
    Some(left.as_secs_f64().round() as u64)
}

fn epoch(from_now: Duration) -> u64 {
    let time = clock::now() + from_now;
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

fn jwt(expiry: u64) -> String {
    let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.sig",
        encode(r#"{"alg":"none"}"#.to_owned()),
        encode(format!(r#"{{"sub":"me","exp":{expiry}}}"#))
    )
}

#[tokio::test(start_paused = true)]
async fn an_hour_is_renewed_after_forty_minutes_and_never_used_in_its_last_forty_seconds() {
    let token = AccessToken::new("t").expires_in(3600 * SECOND);
    let mut seen = Vec::new();
    for second in [0, 2399, 2400, 3559, 3560, 3600, 4000] {
        tokio::time::advance(second * SECOND - token.obtained.elapsed()).await;
        seen.push((second, token.age()));
    }
    use Age::{Expired, Fresh, Stale};
    let expected = [
        (0, Fresh),
        (2399, Fresh),
        (2400, Stale),
        (3559, Stale),
        (3560, Expired),
        (3600, Expired),
        (4000, Expired),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test(start_paused = true)]
async fn a_short_one_is_renewed_at_half_and_one_without_an_end_never() {
    let token = AccessToken::new("t").expires_in(300 * SECOND);
    let endless = AccessToken::new("t");
    tokio::time::advance(149 * SECOND).await;
    assert_eq!(token.age(), Age::Fresh);
    tokio::time::advance(2 * SECOND).await;
    assert_eq!(token.age(), Age::Stale);
    assert_eq!(AccessToken::new("t").expires_in(40 * SECOND).age(), Age::Expired);
    tokio::time::advance(1_000_000 * SECOND).await;
    assert_eq!(endless.age(), Age::Fresh);
    drop(pending::<()>());
}

#[tokio::test(start_paused = true)]
async fn all_spellings_of_an_answer_are_read() {
    for json in [
        r#"{"access_token":"t","token_type":"Bearer","expires_in":600}"#.to_owned(),
        r#"{"access_token":" t\n","expires_in":"600"}"#.to_owned(),
        format!(r#"{{"access_token":"t","expires_on":"{}"}}"#, epoch(600 * SECOND)),
        format!(
            r#"{{"accessToken":"t","expires_on":{},"expiresOn":"2026-01-01 00:00:00.000000"}}"#,
            epoch(600 * SECOND)
        ),
    ] {
        let token = read(&json);
        assert_eq!(token.expose(), "t");
        assert!(left(&token).is_some_and(|left| (599..=600).contains(&left)), "{json}");
    }
    assert_eq!(
        left(&read(r#"{"access_token":"t","expiry":"2000-01-01T00:00:00Z"}"#)),
        Some(0)
    );
    assert_eq!(
        left(&read(r#"{"access_token":"t","expiry":"2000-01-01T00:00:00"}"#)),
        None
    );
    assert_eq!(left(&read(r#"{"access_token":"t","expires_in":-1}"#)), None);
}

#[tokio::test(start_paused = true)]
async fn a_json_web_token_says_itself_when_it_expires() {
    let token = AccessToken::new(jwt(epoch(600 * SECOND)));
    assert!(left(&token).is_some_and(|left| (599..=600).contains(&left)));
    // The local time that old versions of `az` write is not looked at.
    let json = format!(
        r#"{{"accessToken":"{}","expiresOn":"2026-01-01 00:00:00"}}"#,
        jwt(epoch(600 * SECOND))
    );
    assert!(left(&read(&json)).is_some_and(|left| (599..=600).contains(&left)));
    for none in ["dapi0", "a.b.c", "..", "a.e30.c"] {
        assert_eq!(left(&AccessToken::new(none)), None, "{none}");
    }
}

#[test]
fn what_is_no_token_is_said_without_repeating_it() {
    for json in [
        "CANARY",
        r#"{"access_token":["CANARY"]}"#,
        r#"{"token":"CANARY"}"#,
        "{}",
        "",
    ] {
        let error = AccessToken::from_json(json.as_bytes()).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("CANARY"), "{error}");
    }
    assert!(!format!("{:?}", AccessToken::new("CANARY")).contains("CANARY"));
}
