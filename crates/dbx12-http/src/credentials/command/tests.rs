//! Programs that print a token, fail, hang, and are not there.

use super::*;
use secrecy::ExposeSecret as _;
use tokio::time::{Instant, sleep};

fn shell(script: &str) -> Command {
    Command::new("sh").arguments(["-c", script])
}

async fn printed(script: &str) -> Result<String, String> {
    let token = shell(script)
        .run()
        .await
        .map_err(|error| format!("{error} {error:?}"))?;
    Ok(token.secret().expose_secret().to_owned())
}

#[tokio::test]
async fn a_token_is_read_as_text_or_as_json() {
    assert_eq!(printed("echo dapi0").await.unwrap(), "dapi0");
    assert_eq!(
        printed(r#"echo warning >&2; printf '{"access_token":"t","expiry":"2099-01-01T00:00:00Z"}'"#)
            .await
            .unwrap(),
        "t"
    );
    assert_eq!(printed("cat; echo no-input").await.unwrap(), "no-input");
}

#[tokio::test]
async fn what_goes_wrong_is_told_without_what_was_printed() {
    for (script, said) in [
        ("echo dapi-CANARY-1; exit 7", "`sh` failed with exit code 7 "),
        (
            "echo 'please run login, not dapi-CANARY-1' >&2; exit 1",
            "exit code 1: please run login, not *** ",
        ),
        ("true", "`sh` printed no token"),
        ("echo CANARY and more", "`sh` printed more than a token"),
        (r#"echo '{"token":"CANARY"}'"#, "has no access_token in it"),
        ("kill -9 $$", "`sh` was ended by a signal"),
    ] {
        let error = printed(script).await.unwrap_err();
        assert!(error.contains(said) && !error.contains("CANARY"), "{script}: {error}");
    }
    let error = Command::new("/nowhere/tool").run().await.unwrap_err().to_string();
    assert_eq!(error, "`tool` is not installed, or not in a folder of PATH");
}

#[tokio::test]
async fn the_name_of_a_program_shows_what_it_was_asked_to_do_but_no_option() {
    let host = crate::Host::parse("x.example").unwrap();
    assert_eq!(
        Command::databricks("/opt/databricks", &host).name(),
        "`databricks auth token`"
    );
    assert_eq!(
        Command::gcloud("gcloud", "me@x", &host).name(),
        "`gcloud auth print-identity-token`"
    );
    assert_eq!(shell("CANARY").name(), "`sh`");
}

/// Whether a process runs, and is not merely waiting to be noticed.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit(") ")
        .next()
        .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

/// The child of the shell that runs this script writes its id, and sleeps.
async fn started(file: &Path) -> String {
    let begun = Instant::now();
    loop {
        if let Ok(pid) = std::fs::read_to_string(file)
            && pid.ends_with('\n')
        {
            return pid;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it did not start");
        sleep(Duration::from_millis(5)).await;
    }
}

async fn ends(pid: &str) {
    let begun = Instant::now();
    while runs(pid) {
        assert!(begun.elapsed() < Duration::from_secs(60), "it goes on");
        sleep(Duration::from_millis(5)).await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_that_takes_too_long_is_ended_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let script = format!("sleep 100 & echo $! > {}; wait", file.display());
    // Where much else runs, it may be ended before it has begun to write.
    for limit in [1, 10, 60].map(Duration::from_secs) {
        let error = shell(&script).time_limit(limit).run().await.unwrap_err();
        let said = format!("`sh` did not end within {limit:?}, and was ended");
        assert!(error.to_string().contains(&said) && error.is_transient(), "{error}");
        if std::fs::read_to_string(&file).is_ok_and(|pid| pid.ends_with('\n')) {
            break;
        }
    }
    ends(&started(&file).await).await;

    std::fs::remove_file(&file).unwrap();
    let abandoned = shell(&script);
    let running = tokio::spawn(async move { abandoned.run().await });
    let pid = started(&file).await;
    assert!(runs(&pid));
    running.abort();
    ends(&pid).await;
}

#[test]
fn programs_are_found_as_a_shell_finds_them() {
    let path = std::env::var("PATH").ok();
    assert!(find_program("sh", path.as_deref()).is_some());
    assert!(find_program("/bin/sh", None).is_some());
    assert!(find_program("no-such-program-here", path.as_deref()).is_none());
    assert!(find_program("sh", None).is_none());
    assert!(find_program("/etc", None).is_none());
}
