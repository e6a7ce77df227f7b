//! Any text as the summary and, after a zero byte, the cause of an error: plain text comes out, and no colour is left.
#![no_main]

use dbx12_types::{RemoteError, Results};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (summary, cause) = match text.split_once('\0') {
        Some((summary, cause)) => (Some(summary.to_owned()), cause),
        None => (None, text),
    };
    let error = RemoteError::new(summary, cause);
    let (plain, traceback) = (error.plain(), error.traceback());
    assert!(!plain.contains('\u{1b}') && !traceback.contains('\u{1b}'));
    // A message on a line of its own is told behind its class, after a colon and a space in place of the line's end.
    assert!(plain.len() <= text.len() + 1 && traceback.len() <= cause.len());
    assert_eq!(plain.trim(), plain);
    assert_eq!(error.to_string(), plain);
    let cancelled = error.is_cancelled();

    let _ = format!("{:?} {:?}", error.exception(), error.frames());
    let json = serde_json::to_string(&Results::Error(error)).expect("text can be written");
    match serde_json::from_str(&json) {
        Ok(Results::Error(again)) => {
            assert_eq!((again.plain(), again.traceback()), (plain, traceback));
            assert_eq!(again.is_cancelled(), cancelled);
        }
        other => panic!("an error was read as something else: {other:?}"),
    }
});
