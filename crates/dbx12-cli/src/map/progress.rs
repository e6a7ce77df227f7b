//! How far it is, on terminals only.

use super::record::Tally;
use crate::output::note;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// A bar on stderr.
pub(super) struct Progress {
    bar: ProgressBar,
    running: usize,
}

impl Progress {
    pub(super) fn new(sets: usize, is_quiet: bool) -> Self {
        let draw = if is_quiet || !crate::progress::moves() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr()
        };
        let bar = ProgressBar::with_draw_target(u64::try_from(sets).ok(), draw);
        let style = ProgressStyle::with_template("[{bar:30}] {pos}/{len}{msg}  {elapsed}, {eta} left");
        bar.set_style(
            style
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("=> "),
        );
        bar.enable_steady_tick(Duration::from_secs(1));
        Self { bar, running: 0 }
    }

    pub(super) fn began(&mut self, tally: &Tally) {
        self.running += 1;
        self.show(tally);
    }

    pub(super) fn ended(&mut self, tally: &Tally) {
        self.running = self.running.saturating_sub(1);
        self.show(tally);
    }

    /// Counts; what was done before this run is not part of the estimate.
    pub(super) fn show(&self, tally: &Tally) {
        let ended = tally.ended();
        let bad = ended - tally.finished;
        let bad = if bad > 0 {
            format!(", {bad} not finished")
        } else {
            String::new()
        };
        self.bar.set_message(format!("{bad}, {} running", self.running));
        self.bar.set_position(u64::try_from(ended).unwrap_or(u64::MAX));
    }

    pub(super) fn reset_estimate(&self) {
        self.bar.reset_eta();
    }

    /// A line above the bar.
    pub(super) fn note(&self, line: &str) {
        self.bar.suspend(|| note(line));
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
