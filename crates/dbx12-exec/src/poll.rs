//! When to ask again: the only place of this crate that sleeps, beside the budget that all share.

use crate::PollBudget;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// How long to wait between two polls: a share of the time that has passed already.
///
/// The wait is `ratio · (elapsed − head_start)`, at least `floor` and at most `cap`, spread by ± `jitter`. So the answer is
/// known late by about `ratio / 2` of the command's duration, whether it takes a second or an hour.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct PollSchedule {
    /// The wait as a share of the time that has passed. Default 0.1.
    pub ratio: f64,
    /// Time that does not count yet. Default 300 ms: commands of about a second are the ones that people wait for.
    pub head_start: Duration,
    /// The shortest wait. Default 50 ms.
    pub floor: Duration,
    /// The longest wait. Default 30 s.
    pub cap: Duration,
    /// By how much a wait is spread, as a share of it, so that many clients do not march in step. Default 0.15.
    pub jitter: f64,
}

impl Default for PollSchedule {
    fn default() -> Self {
        Self {
            ratio: 0.1,
            head_start: Duration::from_millis(300),
            floor: Duration::from_millis(50),
            cap: Duration::from_secs(30),
            jitter: 0.15,
        }
    }
}

impl PollSchedule {
    /// The wait after `elapsed`. `spread` is from -1 to 1 and moves it within the jitter.
    ///
    /// ```
    /// use dbx12_exec::PollSchedule;
    /// use std::time::Duration;
    /// let schedule = PollSchedule::default();
    /// assert_eq!(schedule.wait(Duration::ZERO, 0.0), Duration::from_millis(50));
    /// assert_eq!(schedule.wait(Duration::from_millis(20_300), 0.0), Duration::from_secs(2));
    /// assert_eq!(schedule.wait(Duration::from_secs(3600), 0.0), Duration::from_secs(30));
    /// ```
    pub fn wait(&self, elapsed: Duration, spread: f64) -> Duration {
        let counted = elapsed.saturating_sub(self.head_start);
        let share = Duration::try_from_secs_f64(counted.as_secs_f64() * self.ratio).unwrap_or(self.cap);
        let wait = share.min(self.cap).max(self.floor);
        let factor = 1.0 + self.jitter.clamp(0.0, 1.0) * spread.clamp(-1.0, 1.0);
        Duration::try_from_secs_f64(wait.as_secs_f64() * factor).unwrap_or(wait)
    }
}

/// Waits before a job repeats what surely ran nothing: a second, then twice as long each time, up to half a minute.
pub(crate) async fn pause(attempt: u32) {
    sleep(Duration::from_secs(1 << attempt.min(5))).await;
}

/// Waits for code that is followed and was told to stop, longer than one that can be told takes to stop or to be given up.
pub(crate) async fn patience_after_abort() {
    sleep(Duration::from_secs(60)).await;
}

/// Ticks when the next poll is due: at once, then as the schedule says, as far as the budget allows.
#[derive(Debug)]
pub(crate) struct Ticker {
    schedule: PollSchedule,
    budget: PollBudget,
    random: fastrand::Rng,
    started: Instant,
    asked: Instant,
    due: Instant,
}

impl Ticker {
    pub(crate) fn new(schedule: PollSchedule, budget: PollBudget, seed: Option<u64>) -> Self {
        let random = seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        let now = Instant::now();
        Self {
            schedule,
            budget,
            random,
            started: now,
            asked: now,
            due: now,
        }
    }

    pub(crate) fn budget(&self) -> &PollBudget {
        &self.budget
    }

    /// The same moments, out of another budget.
    pub(crate) fn set_budget(&mut self, budget: PollBudget) {
        self.budget = budget;
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Starts over: the next tick is at once, and waits are short again.
    pub(crate) fn restart(&mut self) {
        self.started = Instant::now();
        self.asked = self.started;
        self.due = self.started;
    }

    /// Sleeps until the next poll is due and there is a turn for it, or until `limit` if that comes first. Dropping the
    /// future loses nothing.
    pub(crate) async fn tick(&self, limit: Option<Instant>) {
        sleep_until(limit.map_or(self.due, |limit| limit.min(self.due))).await;
        self.budget.turn(self.started, self.asked, limit).await;
    }

    /// To be called after a poll: plans the next one.
    pub(crate) fn plan_next(&mut self) {
        let spread = self.random.f64() * 2.0 - 1.0;
        let now = Instant::now();
        // A wait beyond all time is a day: nobody meant it.
        let far = now + Duration::from_secs(24 * 3600);
        self.asked = now;
        self.due = now
            .checked_add(self.schedule.wait(self.elapsed(), spread))
            .unwrap_or(far);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_stays_within_its_jitter() {
        let schedule = PollSchedule::default();
        let ten = Duration::from_secs(10) + schedule.head_start;
        assert_eq!(schedule.wait(ten, -1.0), Duration::from_millis(850));
        assert_eq!(schedule.wait(ten, 1.0), Duration::from_millis(1150));
        assert_eq!(schedule.wait(ten, 7.0), Duration::from_millis(1150));
    }

    #[test]
    fn absurd_settings_do_not_panic() {
        let schedule = PollSchedule {
            ratio: f64::MAX,
            cap: Duration::MAX,
            ..PollSchedule::default()
        };
        assert_eq!(schedule.wait(Duration::MAX, 1.0), Duration::MAX);
        let schedule = PollSchedule {
            ratio: f64::NAN,
            jitter: f64::INFINITY,
            ..PollSchedule::default()
        };
        assert!(schedule.wait(Duration::from_secs(1), 1.0) >= schedule.floor);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_all_time_is_a_day() {
        let endless = PollSchedule {
            floor: Duration::MAX,
            ..PollSchedule::default()
        };
        let mut ticker = Ticker::new(endless, PollBudget::unlimited(), Some(1));
        ticker.plan_next();
        ticker.tick(None).await;
        assert!(ticker.elapsed() >= Duration::from_secs(24 * 3600));
    }
}
