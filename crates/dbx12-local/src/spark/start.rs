//! From an installation to a JVM that takes commands.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::process::Command;

use super::frames::Settings;
use super::jvm::{Jvm, Pipes};
use super::log::Log;
use super::provision::{self, Installation};
use super::{SparkConfig, tool};
use crate::access::random_secret;
use crate::engine::process::Process;
use crate::frames::frame;

/// How long Spark may take to start: a busy machine with a cold disk needs half a minute.
const START_LIMIT: Duration = Duration::from_secs(180);

/// What runs in the JVM. It is compiled where it is used, by the compiler that comes with Spark: another version of Spark
/// has another version of Scala.
const SOURCES: [(&str, &str); 8] = [
    ("Bridge.scala", include_str!("bridge/Bridge.scala")),
    ("Context.scala", include_str!("bridge/Context.scala")),
    ("Errors.scala", include_str!("bridge/Errors.scala")),
    ("Gateway.scala", include_str!("bridge/Gateway.scala")),
    ("Interpreter.scala", include_str!("bridge/Interpreter.scala")),
    ("Output.scala", include_str!("bridge/Output.scala")),
    ("Sql.scala", include_str!("bridge/Sql.scala")),
    ("Table.scala", include_str!("bridge/Table.scala")),
];

const LOGGING: &str = include_str!("bridge/log4j2.properties");

/// What Spark reaches into, as its own `JavaModuleOptions` says.
const OPENED: [&str; 15] = [
    "java.lang",
    "java.lang.invoke",
    "java.lang.reflect",
    "java.io",
    "java.net",
    "java.nio",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "jdk.internal.ref",
    "sun.nio.ch",
    "sun.nio.cs",
    "sun.security.action",
    "sun.security.krb5",
    "sun.util.calendar",
];

/// The folder for what Scala commands are compiled to.
const CLASSES: &str = "classes";

/// The pipes of requests and replies become the descriptors 3 and 4, out of the way of standard input and output.
const LAUNCH: &str = "exec 3<&0 4>&1 </dev/null >&2; exec \"$0\" \"$@\"";

/// Starts a JVM with Spark in it. Dropping the future kills what was started.
///
/// # Errors
/// Why there is none, for people.
pub(super) async fn start(config: &SparkConfig, progress: &impl Fn(&str)) -> Result<Jvm, String> {
    progress("looking for Apache Spark");
    // First: it costs least to find out.
    let address = config.master.our_address().await?;
    let installation = provision::provide(config, progress).await?;
    let bridge = bridge(config, &installation, progress).await?;
    progress("starting");
    let folder = tempfile::Builder::new()
        .prefix("dbx12-spark-")
        .tempdir()
        .map_err(|error| format!("no temporary folder can be made for Spark: {error}"))?;
    let setup = |error: io::Error| format!("the Java process cannot be started: {error}");
    fs::write(folder.path().join("log4j2.properties"), LOGGING).map_err(setup)?;
    fs::create_dir(folder.path().join(CLASSES)).map_err(setup)?;
    let settings = frame(&settings(config, address, &bridge, folder.path())).map_err(setup)?;
    let command = command(config, address, &installation, &bridge, folder.path());
    let pipes = launch(command, folder).await.map_err(setup)?;
    Jvm::new(pipes, settings, START_LIMIT, installation.site).await
}

/// Starts a program that speaks frames on its standard input and output.
pub(super) async fn launch(mut command: Command, folder: tempfile::TempDir) -> io::Result<Pipes> {
    let (their_requests, requests) = io::pipe()?;
    let (replies, their_replies) = io::pipe()?;
    let (log, their_log) = io::pipe()?;
    command.stdin(their_requests).stdout(their_replies).stderr(their_log);
    Ok(Pipes {
        process: Process::spawn(command).await?,
        requests: Sender::from_owned_fd(OwnedFd::from(requests))?,
        replies: Receiver::from_owned_fd(OwnedFd::from(replies))?,
        log: Log::new(log)?,
        folder,
    })
}

/// The compiled bridge, from the cache if it was compiled before with this Spark.
async fn bridge(
    config: &SparkConfig,
    installation: &Installation,
    progress: &impl Fn(&str),
) -> Result<PathBuf, String> {
    let io_error = |error: io::Error| format!("the bridge to Spark cannot be compiled: {error}");
    let mut hasher = DefaultHasher::new();
    (SOURCES, version_of(&installation.home)).hash(&mut hasher);
    let jar = installation.cache.join(format!("bridge-{:016x}.jar", hasher.finish()));
    if jar.is_file() {
        return Ok(jar);
    }
    progress("compiling the bridge to it");
    let folder = tempfile::Builder::new()
        .prefix(".unfinished-")
        .tempdir_in(&installation.cache)
        .map_err(io_error)?;
    let made = folder.path().join("bridge.jar");
    let mut command = tool::command(config, &installation.java);
    command
        .args(["-XX:TieredStopAtLevel=1", "-cp"])
        .arg(installation.home.join("jars/*"))
        .args(["scala.tools.nsc.Main", "-usejavacp", "-nowarn", "-d"])
        .arg(&made);
    for (name, source) in SOURCES {
        let path = folder.path().join(name);
        fs::write(&path, source).map_err(io_error)?;
        command.arg(path);
    }
    tool::run(command).await.map_err(|reason| {
        let home = installation.home.display();
        format!("the bridge to the Spark in {home} cannot be compiled (Spark 4 is needed): the compiler {reason}")
    })?;
    fs::rename(&made, &jar).map_err(io_error)?;
    Ok(jar)
}

/// What tells one Spark from another: the names of its jars, which have versions.
fn version_of(home: &Path) -> Vec<String> {
    let jars = fs::read_dir(home.join("jars")).into_iter().flatten().flatten();
    let mut names: Vec<_> = jars
        .filter_map(|jar| jar.file_name().into_string().ok())
        .filter(|name| name.starts_with("spark-") || name.starts_with("scala-"))
        .collect();
    names.sort();
    names
}

fn command(
    config: &SparkConfig,
    address: IpAddr,
    installation: &Installation,
    bridge: &Path,
    folder: &Path,
) -> Command {
    let path = |prefix: &str, path: &Path| {
        let mut argument = std::ffi::OsString::from(prefix);
        argument.push(path);
        argument
    };
    let mut class_path = path("", bridge);
    class_path.push(":");
    class_path.push(installation.home.join("jars/*"));

    let mut command = tool::command(config, "/bin/sh");
    command
        .args(["-c", LAUNCH])
        .arg(&installation.java)
        // Half the processor time of a start, and no slower for work of seconds.
        .arg("-XX:TieredStopAtLevel=1")
        .arg(format!("-Xmx{}k", (config.memory >> 10).max(64 << 10)))
        .arg(path("-Djava.io.tmpdir=", folder))
        .arg(path(
            "-Dlog4j2.configurationFile=file:",
            &folder.join("log4j2.properties"),
        ))
        .args(["-Duser.timezone=UTC", "-Dfile.encoding=UTF-8"])
        .args([
            "-XX:+IgnoreUnrecognizedVMOptions",
            "-Djdk.reflect.useDirectMethodHandle=false",
            "-Dio.netty.tryReflectionSetAccessible=true",
        ])
        .args(OPENED.map(|package| format!("--add-opens=java.base/{package}=ALL-UNNAMED")))
        .arg("-cp")
        .arg(class_path)
        .args(["dbx12.Bridge", "/dev/fd/3", "/dev/fd/4"])
        .arg(folder)
        .env("SPARK_HOME", &installation.home)
        .env("SPARK_SCALA_VERSION", "2.13")
        .env("SPARK_LOCAL_IP", address.to_string())
        .env("SPARK_LOCAL_DIRS", folder)
        .current_dir(folder);
    command
}

fn settings(config: &SparkConfig, address: IpAddr, bridge: &Path, folder: &Path) -> Settings {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut conf = BTreeMap::from([
        ("spark.app.name", "dbx12".to_owned()),
        ("spark.master", config.master.to_string()),
        ("spark.ui.enabled", "false".to_owned()),
        // Contexts share the processors.
        ("spark.scheduler.mode", "FAIR".to_owned()),
        ("spark.driver.host", address.to_string()),
        ("spark.driver.bindAddress", address.to_string()),
        ("spark.pyspark.python", text(&config.python)),
        ("spark.sql.warehouse.dir", text(&folder.join("warehouse"))),
        ("spark.sql.session.timeZone", "Etc/UTC".to_owned()),
        ("spark.sql.catalogImplementation", "in-memory".to_owned()),
        ("spark.sql.legacy.createHiveTableByDefault", "false".to_owned()),
        // Without pandas and pyarrow each user-defined function would begin with a warning.
        ("spark.sql.execution.pythonUDF.arrow.enabled", "false".to_owned()),
        // The native library of the default, snappy, fails where the loader of musl is installed.
        ("spark.sql.parquet.compression.codec", "zstd".to_owned()),
    ]);
    conf.extend(if config.master.is_local() {
        // Other users of this machine share the loopback interface.
        [
            ("spark.authenticate", "true".to_owned()),
            ("spark.authenticate.secret", random_secret()),
        ]
    } else {
        // Executors are other processes; and whether they authenticate is that cluster's own business.
        [
            ("spark.jars", text(bridge)),
            ("spark.repl.class.outputDir", text(&folder.join(CLASSES))),
        ]
    });
    let mut conf: BTreeMap<_, _> = conf.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    conf.extend(config.properties.iter().cloned());
    Settings { conf }
}
