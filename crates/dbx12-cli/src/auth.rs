//! `dbx12 auth describe|check`: which credentials there are, and whether they are accepted.

use crate::arguments::{Auth, Global};
use crate::connect;
use crate::failure::{Exit, Failure};
use crate::output::{Output, print_line};
use dbx12_exec::http::Explanation;
use dbx12_exec::http::config::Verdict;
use dbx12_exec::types::ListClusters;
use serde_json::{Value, json};

pub(crate) async fn auth(verb: Auth, global: &Global, output: Output) -> Result<(), Failure> {
    match verb {
        Auth::Describe => describe(&connect::config(global)?.explain(), output),
        Auth::Check => check(global, output).await,
    }
}

/// What stands in the way of a call is part of the description.
fn describe(explanation: &Explanation, output: Output) -> Result<(), Failure> {
    output.answer(&in_json(explanation), |_| explanation.to_string().trim_end().to_owned())?;
    match explanation.problem {
        Some(_) => Err(Failure::silent(Exit::Credentials)),
        None => Ok(()),
    }
}

fn in_json(explanation: &Explanation) -> Value {
    let settings = explanation.settings.iter().map(|explained| {
        let ignored: Vec<_> = explained.ignored.iter().map(ToString::to_string).collect();
        json!({
            "name": explained.setting.name(),
            "value": explained.value,
            "from": explained.value.as_ref().map(|_| explained.origin.to_string()),
            "ignored": ignored,
        })
    });
    let auth_types = explanation.auth_types.iter().map(|explained| {
        let verdict = match explained.verdict {
            Verdict::Used => "used",
            Verdict::Tried => "tried",
            _ => "not used",
        };
        json!({ "name": explained.auth_type.name(), "verdict": verdict, "reason": explained.reason })
    });
    json!({
        "settings": settings.collect::<Vec<_>>(),
        "auth_types": auth_types.collect::<Vec<_>>(),
        "problem": explanation.problem,
        "notes": explanation.notes,
    })
}

/// The call that every workspace answers whoever may use it at all.
async fn check(global: &Global, output: Output) -> Result<(), Failure> {
    let auth_type = connect::config(global)?.explain().auth_type();
    let client = connect::client(global)?;
    let clusters = client.send(&ListClusters::new()).await?.len();
    let (host, auth_type) = (client.host().to_string(), auth_type.map(|auth_type| auth_type.name()));
    if output.is_json() {
        let answer = json!({ "host": host, "auth_type": auth_type, "clusters": clusters });
        return output.answer(&answer, |_| String::new());
    }
    let with = auth_type.map(|name| format!(" ({name})")).unwrap_or_default();
    print_line(&format!(
        "{host} accepts the credentials{with}; clusters to be seen: {clusters}"
    ))
}
