//! What is going on, on stderr: a moving line on a terminal, and elsewhere a line now and then when it takes long.

use crate::output::note;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Tells what is going on. Clones tell it at the same place.
#[derive(Clone, Debug)]
pub(crate) struct Progress(Arc<Mutex<Telling>>);

#[derive(Debug)]
struct Telling {
    how: How,
    begun: Instant,
}

#[derive(Debug)]
enum How {
    Nothing,
    /// There while something is going on.
    Moving(Option<ProgressBar>),
    /// When the next line is due.
    Lines(Duration),
}

/// Nobody wonders before that, and then each line comes after twice the time.
const FIRST_LINE: Duration = Duration::from_secs(30);

/// Whether stderr is a terminal where something may move.
pub(crate) fn moves() -> bool {
    let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    std::io::stderr().is_terminal() && !is_unwanted && !is_dumb
}

impl Progress {
    /// As this terminal, or what is in its place, can have it.
    pub(crate) fn new(quiet: bool) -> Self {
        let how = if quiet {
            How::Nothing
        } else if moves() {
            How::Moving(None)
        } else {
            How::Lines(FIRST_LINE)
        };
        let begun = Instant::now();
        Self(Arc::new(Mutex::new(Telling { how, begun })))
    }

    /// Says what is going on now.
    pub(crate) fn say(&self, what: &str) {
        let mut telling = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = telling.begun.elapsed();
        match &mut telling.how {
            How::Nothing => {}
            How::Moving(bar) => {
                bar.get_or_insert_with(|| new_bar(elapsed)).set_message(what.to_owned());
            }
            How::Lines(due) => {
                if elapsed >= *due {
                    *due = elapsed * 2;
                    let elapsed = humantime::format_duration(Duration::from_secs(elapsed.as_secs()));
                    note(&format!("{what} ({elapsed})"));
                }
            }
        }
    }

    /// Makes room for what is printed next.
    pub(crate) fn hide(&self) {
        let mut telling = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let How::Moving(bar) = &mut telling.how
            && let Some(bar) = bar.take()
        {
            bar.finish_and_clear();
        }
    }
}

fn new_bar(elapsed: Duration) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_elapsed(elapsed);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
