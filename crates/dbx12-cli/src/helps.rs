//! Completions and manual pages, made from the command line itself.

use crate::arguments::{Arguments, EXIT_CODES};
use crate::failure::Failure;
use crate::output::print;
use crate::state::cannot;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use std::path::Path;

const NAME: &str = "dbx12";

/// Prints what a shell reads to complete the command line.
pub(crate) fn completions(shell: Shell) -> Result<(), Failure> {
    print(&[&script(shell)])
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), NAME, &mut script);
    script
}

/// Writes `dbx12.1` and a page for each verb.
pub(crate) fn manual(folder: &Path) -> Result<(), Failure> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    // Gives the verbs their full names.
    command.build();
    let written = std::fs::create_dir_all(folder).and_then(|()| write_pages(command, folder));
    written.map_err(|error| cannot(folder, &error))
}

/// The pages of a verb and of those below it, but not of hidden ones.
fn write_pages(command: Command, folder: &Path) -> std::io::Result<()> {
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        write_pages(verb.clone(), folder)?;
    }
    // What follows the help is a table: it would be filled into one paragraph.
    let man = Man::new(command.after_help(None::<&str>)).manual("dbx12");
    let mut page = Vec::new();
    man.render(&mut page)?;
    for part in EXIT_CODES.split("\n\n") {
        part_of_page(part).to_writer(&mut page)?;
    }
    std::fs::write(folder.join(man.get_filename()), page)
}

/// A heading and the lines below it, as they are.
fn part_of_page(part: &str) -> Roff {
    let (heading, lines) = part.split_once(":\n").unwrap_or(("", part));
    let mut roff = Roff::new();
    roff.control("SH", [&*heading.to_uppercase()]).control("nf", []);
    for line in lines.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command as Program, Stdio};

    #[test]
    fn each_shell_completes_the_verbs() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell] {
            let script = String::from_utf8(script(shell)).unwrap();
            assert!(script.contains("run") && script.contains("clusters"), "{shell}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn bash_loads_its_script_and_completes() {
        let mut bash = Program::new("bash")
            .args(["--noprofile", "--norc"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = bash.stdin.take().unwrap();
        stdin.write_all(&script(Shell::Bash)).unwrap();
        let asked =
            "\nCOMP_WORDS=(dbx12 clusters li) COMP_CWORD=2\n_dbx12 dbx12 li clusters; echo \"${COMPREPLY[@]}\"\n";
        stdin.write_all(asked.as_bytes()).unwrap();
        drop(stdin);
        let output = bash.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "list\n");
    }

    #[test]
    fn every_verb_has_a_page_with_its_exit_codes() {
        let folder = tempfile::tempdir().unwrap();
        manual(folder.path()).unwrap();
        for page in ["dbx12.1", "dbx12-run.1", "dbx12-clusters.1", "dbx12-clusters-list.1"] {
            let text = std::fs::read_to_string(folder.path().join(page)).unwrap();
            for words in [".SH NAME", ".SH \"EXIT CODES\"", "  124  the time", ".SH ENVIRONMENT"] {
                assert!(text.contains(words), "{page} does not say {words}: {text}");
            }
        }
        assert!(!folder.path().join("dbx12-man.1").exists());
    }
}
