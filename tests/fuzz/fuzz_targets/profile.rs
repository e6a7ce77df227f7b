//! Any text as the file with profiles: it is read or refused, and what was read is read again when it is written plainly.
#![no_main]

use dbx12_http::{ConfigFile, ConfigFileError};
use libfuzzer_sys::fuzz_target;
use std::fmt::Write;

fuzz_target!(|text: &str| {
    let file = match ConfigFile::parse(text) {
        Ok(file) => file,
        Err(error) => return check_error(&error),
    };
    let _ = (format!("{file:?}"), file.default_profile());
    let mut written = String::new();
    for name in file.names() {
        let profile = file.profile(name).expect("it has a profile of each of its names");
        writeln!(written, "[{name}]").expect("it is text");
        for key in profile.keys() {
            let value = profile.value(key).expect("a profile has a value for each of its keys");
            assert_eq!(value.trim_end(), value);
            if is_plain(name) && is_plain(key) && is_plain(value) {
                writeln!(written, "{key} = {value}").expect("it is text");
            }
        }
    }
    let Ok(again) = ConfigFile::parse(&written) else { return };
    for name in again.names() {
        let (again, before) = (again.profile(name), file.profile(name));
        let Some((again, before)) = again.zip(before) else {
            continue;
        };
        for key in again.keys() {
            assert_eq!(again.value(key), before.value(key), "{written:?}");
        }
    }
});

/// Written as it is, it means itself.
fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

fn check_error(error: &ConfigFileError) {
    assert!(error.to_string().starts_with("line "));
}
