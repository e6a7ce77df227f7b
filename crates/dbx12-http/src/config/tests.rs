//! Arguments and environment, put together.

use super::*;
use crate::transport;
use http::Response;

const HOST: (&str, &str) = ("DATABRICKS_HOST", "https://env.example");
const TOKEN: (&str, &str) = ("DATABRICKS_TOKEN", "env-CANARY");
const USER: (&str, &str) = ("DATABRICKS_USERNAME", "env-user");
const PASSWORD: (&str, &str) = ("DATABRICKS_PASSWORD", "env-CANARY");

fn lookup<'a>(variables: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    move |name| {
        variables
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    }
}

/// The host and the kind of credentials that come of it, or the error's text.
fn resolved(config: Config, variables: &[(&str, &str)]) -> Result<String, String> {
    let transport = transport::from_fn(async |_| Ok(Response::default()));
    let client = config
        .or_environment(lookup(variables))
        .into_builder()
        .and_then(|builder| builder.transport(transport).build())
        .map_err(|error| error.to_string())?;
    let debug = format!("{client:?}");
    let kind = debug.split("Credentials(").nth(1).unwrap().split(')').next().unwrap();
    Ok(format!("{} {kind}", client.host()))
}

#[test]
fn the_environment_gives_one_kind_of_credentials() {
    let env = |variables: &[(&str, &str)]| resolved(Config::new(), variables);
    assert_eq!(env(&[HOST, TOKEN]).unwrap(), "https://env.example pat");
    assert_eq!(env(&[HOST, USER, PASSWORD]).unwrap(), "https://env.example basic");
    assert_eq!(
        env(&[HOST, TOKEN, ("DATABRICKS_USERNAME", "")]).unwrap(),
        "https://env.example pat"
    );
}

#[test]
fn too_much_too_little_and_half_are_told_apart() {
    let refused = |variables: &[(&str, &str)]| {
        let error = resolved(Config::new(), variables).unwrap_err();
        assert!(!error.contains("CANARY"), "{error}");
        error
    };
    let ambiguous = "more than one authorization method configured: basic and pat. Config: host=https://env.example, \
                     token=***, username=env-user";
    assert_eq!(
        refused(&[HOST, TOKEN, USER, PASSWORD]),
        format!(
            "{ambiguous}, password=***. Env: DATABRICKS_HOST, DATABRICKS_TOKEN, DATABRICKS_USERNAME, \
             DATABRICKS_PASSWORD; to choose one, set auth_type (DATABRICKS_AUTH_TYPE), or set only one of them"
        )
    );
    assert!(refused(&[HOST, TOKEN, USER]).starts_with(ambiguous));
    assert!(refused(&[HOST, USER]).contains("a password (DATABRICKS_PASSWORD) is not"));
    assert!(refused(&[HOST, PASSWORD]).contains("a user name (DATABRICKS_USERNAME) is not"));
    assert!(refused(&[TOKEN]).contains("set DATABRICKS_HOST"));
    assert!(refused(&[TOKEN, ("DATABRICKS_HOST", "")]).contains("set DATABRICKS_HOST"));
    let none = refused(&[HOST, ("HOME", "/nowhere")]);
    for what in ["env.example", "DATABRICKS_TOKEN", "DATABRICKS_USERNAME", "~/.netrc"] {
        assert!(none.contains(what), "{none}");
    }
}

#[test]
fn arguments_win_over_the_environment() {
    let host = || Config::new().host("arg.example");
    assert_eq!(
        resolved(host().token("t"), &[HOST, TOKEN]).unwrap(),
        "https://arg.example pat"
    );
    assert_eq!(
        resolved(host().username("u").password("p"), &[HOST, USER, PASSWORD]).unwrap(),
        "https://arg.example basic"
    );
    assert_eq!(
        resolved(host().username("u"), &[USER, PASSWORD]).unwrap(),
        "https://arg.example basic"
    );
    // As with the official tools: they do not rule out the environment's of another family.
    let both = resolved(host().token("t"), &[USER, PASSWORD]).unwrap_err();
    assert!(both.contains("basic and pat") && both.contains("token=***"), "{both}");
    assert_eq!(
        resolved(Config::new().token("t"), &[HOST]).unwrap(),
        "https://env.example pat"
    );
    assert!(
        resolved(host().token("t").username("u").password("p"), &[])
            .unwrap_err()
            .contains("more than one")
    );
}

#[test]
fn the_netrc_file_comes_last() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "machine env.example login a password b\n").unwrap();
    let netrc = ("NETRC", file.path().to_str().unwrap());
    assert_eq!(
        resolved(Config::new(), &[HOST, netrc]).unwrap(),
        "https://env.example netrc"
    );
    assert_eq!(
        resolved(Config::new(), &[HOST, TOKEN, netrc]).unwrap(),
        "https://env.example pat"
    );
    assert!(
        resolved(Config::new().host("other.example"), &[netrc])
            .unwrap_err()
            .contains("no credentials for other.example")
    );
    assert_eq!(
        resolved(Config::new().netrc_file(file.path()), &[HOST, ("NETRC", "/nowhere")]).unwrap(),
        "https://env.example netrc"
    );
}

#[test]
fn a_discovery_url_is_shown_without_what_may_be_a_secret() {
    for (url, shown) in [
        (
            "https://me:CANARY@idp.example:8/oidc?key=CANARY",
            "https://idp.example:8/oidc",
        ),
        ("no url CANARY", "***"),
    ] {
        let config = Config::new().host("h.example").set(Setting::DiscoveryUrl, url);
        let (debug, explained) = (format!("{config:?}"), config.explain());
        let builder = config.into_builder().unwrap();
        let missing = builder.build().unwrap_err().to_string();
        for text in [debug, explained.to_string(), missing] {
            assert!(text.contains(shown) && !text.contains("CANARY"), "{text}");
        }
    }
}

#[test]
fn a_token_that_was_given_wins_over_the_one_that_a_variable_names() {
    let named = [("DATABRICKS_OIDC_TOKEN_ENV", "MINE"), ("MINE", "env-CANARY"), HOST];
    let origin_of = |config: Config| {
        let settings = config.resolve(lookup(&named)).unwrap().explain().settings;
        let token = settings
            .into_iter()
            .find(|explained| explained.setting == Setting::OidcToken);
        token.map(|explained| (explained.origin, explained.ignored)).unwrap()
    };
    let variable = || Origin::Environment("MINE".to_owned());
    assert_eq!(origin_of(Config::new()), (variable(), vec![]));
    let given = Config::new().set(Setting::OidcToken, "given");
    assert_eq!(origin_of(given), (Origin::Argument, vec![variable()]));
}

#[test]
fn debug_shows_no_secret() {
    let config = Config::new()
        .token("CANARY")
        .password("CANARY")
        .or_environment(lookup(&[TOKEN]));
    assert!(!format!("{config:?}").contains("CANARY"));
    let builder = Config::new().host("h.example").token("CANARY").into_builder().unwrap();
    assert!(!format!("{builder:?}").contains("CANARY"));
}
