//! Any bytes as the answer of `commands/status`: what can be read is written back, equal as JSON, and read as the same.
#![no_main]

use dbx12_fuzz::exact;
use dbx12_types::{CommandInfo, Results, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let info = match decode::<CommandInfo>(body) {
        Ok(info) => info,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let written = serde_json::to_string(&info).expect("what was read can be written");
    let again: CommandInfo = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!(again, info);
    let body = std::str::from_utf8(body).expect("JSON is UTF-8");
    assert_eq!(exact(&written), exact(body));
    look_at(&info);
});

/// What people see of it.
fn look_at(info: &CommandInfo) {
    let _ = format!("{info:?} {}", info.status);
    let Some(results) = &info.results else { return };
    let _ = results.result_type();
    match results {
        Results::Image(image) => {
            let _ = image.source().and_then(|source| source.decode());
        }
        Results::Images(images) => images.sources().for_each(|source| {
            let _ = source.decode();
        }),
        Results::Error(error) => {
            let _ = error.to_string();
        }
        _ => {}
    }
}
