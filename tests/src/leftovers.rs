//! Looking for what a program left behind.

use std::fs;
use std::path::Path;

/// Command lines of processes that live in `home`: in their environment or as their working directory.
pub fn processes_of(home: &Path) -> Vec<String> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .flatten()
        .map(|entry| entry.path())
        .filter(|process| {
            process
                .file_name()
                .is_some_and(|name| name.to_string_lossy().parse::<u32>().is_ok())
        })
        .filter(|process| lives_in(process, home))
        .map(|process| {
            let command = fs::read(process.join("cmdline")).unwrap_or_default();
            format!(
                "{}: {}",
                process.display(),
                String::from_utf8_lossy(&command).replace('\0', " ")
            )
        })
        .collect()
}

fn lives_in(process: &Path, home: &Path) -> bool {
    let home_text = home.to_string_lossy();
    let environment = fs::read(process.join("environ")).unwrap_or_default();
    String::from_utf8_lossy(&environment).contains(&*home_text)
        || fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(home))
}

/// How often is looked again, ten times a second.
const MOMENTS: u32 = 20;

#[expect(
    clippy::disallowed_methods,
    reason = "a blocking test waits for other processes, not for time"
)]
fn pause() {
    std::thread::sleep(std::time::Duration::from_millis(100));
}

/// Fails when a process still lives in `home`, or a file is there that was not put there by the test.
///
/// # Panics
/// With the names of what is left.
pub fn assert_nothing_left(home: &Path, own: &[&str]) {
    let mut processes = processes_of(home);
    // Killed grandchildren stand in /proc until they are reaped, by nobody of ours.
    for _ in 0..MOMENTS {
        if processes.is_empty() {
            break;
        }
        pause();
        processes = processes_of(home);
    }
    assert!(processes.is_empty(), "processes left behind: {processes:#?}");
    let files: Vec<_> = fs::read_dir(home)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !own.contains(&name.as_str()))
        .collect();
    assert!(files.is_empty(), "files left behind in {}: {files:?}", home.display());
}
