//! What an explanation tells.

use super::*;
use dbx12_exec::http::Explanation;
use dbx12_exec::http::config::{Origin, Verdict};

fn explained(explanation: &Explanation, setting: Setting) -> (Option<&str>, &Origin, usize) {
    let mut all = explanation.settings.iter();
    let found = all.find(|explained| explained.setting == setting).unwrap();
    (found.value.as_deref(), &found.origin, found.ignored.len())
}

#[test]
fn everything_is_explained() {
    let home = Home::with(PROFILES);
    let variables = [
        ("DATABRICKS_CONFIG_PROFILE", "me"),
        ("DATABRICKS_PASSWORD", "environment"),
        ("DATABRICKS_CLUSTER_ID", "c"),
    ];
    let config = home
        .resolve(Config::new().host("https://arg.example/?o=5"), &variables)
        .unwrap();
    let explanation = config.explain();
    assert_eq!(explanation.settings.len(), Setting::all().count());
    let value = |setting| explained(&explanation, setting);
    let profile = "me".to_owned();
    assert_eq!(
        value(Setting::Host),
        (Some("https://arg.example"), &Origin::Argument, 1)
    );
    let (shown, origin, ignored) = value(Setting::Password);
    assert_eq!(
        (shown, origin.to_string(), ignored),
        (Some("***"), "environment DATABRICKS_PASSWORD".to_owned(), 1)
    );
    let (shown, origin, _) = value(Setting::Username);
    assert_eq!(
        (shown, origin.to_string()),
        (Some("me"), format!("file {}, profile {profile}", home.file()))
    );
    assert_eq!(value(Setting::WorkspaceId), (Some("5"), &Origin::Address, 0));
    assert_eq!(value(Setting::Scopes), (Some("all-apis"), &Origin::Default, 0));
    assert_eq!(value(Setting::Token), (None, &Origin::Default, 0));
    assert_eq!(explanation.auth_type().unwrap().name(), "basic");
    assert_eq!(explanation.problem, None);
    let text = explanation.to_string();
    for line in [
        format!(
            "  password = ***  (environment DATABRICKS_PASSWORD; ignored: file {}, profile me)\n",
            home.file()
        ),
        "  pat: not used: token is not set\n".to_owned(),
        "  basic: used\n".to_owned(),
        "  oauth-m2m: not used: basic comes first\n".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} is missing in {text}");
    }
}

#[test]
fn an_explanation_tells_what_netrc_gives_and_what_is_wrong() {
    let home = Home::with("");
    let netrc = private(home.0.path(), ".netrc", "machine h.example login me password CANARY\n");
    let host = ("DATABRICKS_HOST", "h.example");
    let explanation = home.resolve(Config::new(), &[host]).unwrap().explain();
    let (value, origin, _) = explained(&explanation, Setting::Username);
    assert_eq!((value, origin.to_string()), (Some("me"), format!("netrc {netrc}")));
    assert_eq!(explained(&explanation, Setting::Password).0, Some("***"));
    assert_eq!(explanation.auth_type().unwrap().name(), "netrc");
    let last = explanation.auth_types.last().unwrap();
    assert_eq!((last.auth_type.name(), last.verdict), ("netrc", Verdict::Used));

    let both = [host, ("DATABRICKS_TOKEN", "t"), ("DATABRICKS_CLIENT_ID", "c")];
    let explanation = home.resolve(Config::new(), &both).unwrap().explain();
    assert!(explanation.problem.unwrap().contains("configured: oauth and pat"));
    let explanation = home.resolve(Config::new().use_netrc(false), &[host]).unwrap().explain();
    assert!(explanation.problem.unwrap().contains("there are no credentials"));
}
