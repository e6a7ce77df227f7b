//! `cargo xtask dist`: the `dbx12` program as people download it, below `target/dist`.
//!
//! The archive holds the program, its completions and man pages, our licences and those of everything that is compiled in
//! ([`licences`]), and a bill of materials (CycloneDX). Its checksum lies beside it. What was packed is unpacked again and
//! run before it is called done.

mod licences;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::{Shell, cmd};

use crate::copy::Copy;
use crate::{cargo_tool, workspace};

/// What `dbx12 completions` knows, and what each shell calls such a file.
const COMPLETIONS: [(&str, &str); 4] = [
    ("bash", "dbx12.bash"),
    ("zsh", "_dbx12"),
    ("fish", "dbx12.fish"),
    ("powershell", "_dbx12.ps1"),
];

/// What of the workspace goes along.
const DOCUMENTS: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// Builds for `target` or for this machine, packs, unpacks and tries.
///
/// # Errors
/// When a part cannot be made, or when what was packed does not run.
pub(crate) fn run(sh: &Shell, target: Option<&str>) -> Result<()> {
    let target = target.map_or_else(|| best_target(sh), |target| Ok(target.to_owned()))?;
    let built = workspace::target_directory(sh)?;
    let folder = built.join("dist");
    let name = format!("dbx12-{}-{target}", version(sh)?);
    let staged = folder.join(&name);
    sh.remove_path(&staged)?;
    sh.create_dir(&staged)?;

    cmd!(
        sh,
        "cargo build --release --locked --package dbx12-cli --target {target}"
    )
    .run()?;
    let program = if target.contains("windows") {
        "dbx12.exe"
    } else {
        "dbx12"
    };
    sh.copy_file(built.join(&target).join("release").join(program), &staged)?;
    for document in DOCUMENTS {
        sh.copy_file(document, &staged)?;
    }
    sh.write_file(
        staged.join("THIRD-PARTY-LICENCES.txt"),
        licences::of_everything(sh, &target)?,
    )?;
    write_bill_of_materials(sh, &target, &staged.join("dbx12.cdx.json"))?;
    write_helps(sh, &staged)?;

    let archive = pack(sh, &folder, &name)?;
    if runs_on(&host(sh)?, &target) {
        try_out(sh, &archive, &name, program)?;
    } else {
        eprintln!("skipped: running what was packed, which is for another platform");
    }
    eprintln!("dist: {}", archive.display());
    Ok(())
}

/// This machine's platform; on Linux in its static form, where that is installed.
fn best_target(sh: &Shell) -> Result<String> {
    let host = host(sh)?;
    let fixed = host.replace("-linux-gnu", "-linux-musl");
    let installed = cmd!(sh, "rustup target list --installed")
        .quiet()
        .ignore_stderr()
        .read();
    if fixed == host || installed.is_ok_and(|installed| installed.lines().any(|target| target == fixed)) {
        return Ok(fixed);
    }
    eprintln!("dist: not static: `rustup target add {fixed}` would make it so");
    Ok(host)
}

fn host(sh: &Shell) -> Result<String> {
    Ok(cmd!(sh, "rustc --print host-tuple").quiet().read()?)
}

fn version(sh: &Shell) -> Result<String> {
    let mut packages = workspace::load(sh)?.into_iter();
    let program = packages.find(|package| package.name == "dbx12-cli");
    Ok(program.context("the workspace has no dbx12-cli")?.version)
}

/// In a copy, for cargo-cyclonedx writes beside the manifests.
fn write_bill_of_materials(sh: &Shell, target: &str, file: &Path) -> Result<()> {
    let _path = cargo_tool::ensure(sh, "cyclonedx")?;
    let copy = Copy::of_head(sh, "dist")?;
    let manifest = copy.directory().join("crates/dbx12-cli/Cargo.toml");
    cmd!(
        sh,
        "cargo cyclonedx --quiet --manifest-path {manifest} --format json --describe binaries --target {target}"
    )
    .run()?;
    sh.copy_file(copy.directory().join("crates/dbx12-cli/dbx12_bin.cdx.json"), file)?;
    Ok(())
}

/// Completions and man pages, written by the program itself, as built for this machine.
fn write_helps(sh: &Shell, staged: &Path) -> Result<()> {
    let dbx12 = [
        "run",
        "--quiet",
        "--release",
        "--locked",
        "--package",
        "dbx12-cli",
        "--",
    ];
    let (completions, pages) = (staged.join("completions"), staged.join("man"));
    for (shell, file) in COMPLETIONS {
        let text = cmd!(sh, "cargo {dbx12...} completions {shell}").quiet().read()?;
        sh.write_file(completions.join(file), text)?;
    }
    sh.create_dir(&pages)?;
    Ok(cmd!(sh, "cargo {dbx12...} man {pages}").quiet().run()?)
}

/// The archive, the same for the same commit, and its checksum.
fn pack(sh: &Shell, folder: &Path, name: &str) -> Result<PathBuf> {
    let _folder = sh.push_dir(folder);
    let archive = format!("{name}.tar.gz");
    let time = cmd!(sh, "git log -1 --format=@%ct").quiet().read()?;
    let same = [
        "--sort=name",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "--mtime",
        &time,
    ];
    cmd!(sh, "tar --create --gzip --file {archive} {same...} {name}").run()?;
    let checksum = cmd!(sh, "sha256sum {archive}").quiet().read()?;
    sh.write_file(format!("{archive}.sha256"), checksum + "\n")?;
    Ok(folder.join(archive))
}

/// Does what the person does who downloads it.
fn try_out(sh: &Shell, archive: &Path, name: &str, program: &str) -> Result<()> {
    let place = sh.create_temp_dir()?;
    let _place = sh.push_dir(place.path());
    cmd!(sh, "tar --extract --gzip --file {archive}").run()?;
    let program = place.path().join(name).join(program);
    let said = cmd!(sh, "{program} --version").quiet().read()?;
    if !said.starts_with("dbx12 ") {
        bail!("what was packed says `{said}` when asked for its version");
    }
    eprintln!("{said}");
    Ok(())
}

/// Whether a program for the platform `target` runs on the platform `host`: processor and system are the same.
fn runs_on(host: &str, target: &str) -> bool {
    let machine = |platform: &str| {
        let mut parts = platform.split('-').map(str::to_owned);
        (parts.next(), parts.nth(1))
    };
    machine(host) == machine(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_static_program_runs_on_its_machine_and_another_one_does_not() {
        let host = "x86_64-unknown-linux-gnu";
        assert!(runs_on(host, host));
        assert!(runs_on(host, "x86_64-unknown-linux-musl"));
        assert!(!runs_on(host, "aarch64-unknown-linux-gnu"));
        assert!(!runs_on(host, "x86_64-pc-windows-msvc"));
    }
}
