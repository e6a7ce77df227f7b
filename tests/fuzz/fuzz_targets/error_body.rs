//! Any bytes as the answer of a call that failed: it says something or is nothing, and is the same when written again.
#![no_main]

use dbx12_types::ErrorBody;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let Some(error) = ErrorBody::parse(body) else { return };
    assert!(!error.to_string().trim().is_empty(), "an error that says nothing");
    assert!(error.to_string().contains(&error.text()));
    assert!(!error.exception().is_some_and(str::is_empty));

    let written = serde_json::to_vec(&error).expect("what was read can be written");
    let again = ErrorBody::parse(&written).expect("what was written can be read");
    assert_eq!(again, error);
    assert_eq!(questions(&again), questions(&error));
    let _ = format!("{error:?}");
});

/// What callers ask before they decide.
fn questions(error: &ErrorBody) -> (Option<String>, [bool; 3]) {
    let predicates = [
        error.is_context_not_found(),
        error.is_command_not_found(),
        error.is_cluster_not_ready(),
    ];
    (error.code(), predicates)
}
