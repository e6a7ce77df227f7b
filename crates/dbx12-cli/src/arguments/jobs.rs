//! `dbx12 ps`, `attach`, `wait`, `cancel` and `gc`.

use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(crate) struct Attach {
    /// Its id, as `run --detach` and `ps` print it. The beginning is enough where it is the only one that begins so.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Write to this file instead of stdout, when the program has ended well. Its ending (.txt, .json, .jsonl, .csv, .md,
    /// .arrow) tells the form where -o does not.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Save images in this folder as image-1.png and so on.
    #[arg(long, value_name = "DIR")]
    pub(crate) images: Option<PathBuf>,
    /// Show images in the terminal: by kitty's, iTerm's or sixel graphics where it has them, else by half blocks.
    #[arg(long)]
    pub(crate) show_images: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Wait {
    /// Their ids, or beginnings of these.
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,
    /// How long to wait at most: 90s, 20m, 1h30m. What runs goes on. Else for as long as it takes.
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Option<Duration>,
}

#[derive(Debug, Args)]
pub(crate) struct Cancel {
    /// Their ids, or beginnings of these.
    #[arg(value_name = "ID", required = true)]
    pub(crate) ids: Vec<String>,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Gc {
    /// Also what was detached and has ended. What it gave is lost.
    #[arg(long)]
    pub(crate) ended: bool,
}
