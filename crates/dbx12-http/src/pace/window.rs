//! The window of the last second, and how it adapts. Pure.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// How many requests were admitted lately, and how many may be.
#[derive(Debug)]
pub(super) struct Window {
    /// Requests a second that are never exceeded.
    limit: Option<f64>,
    /// What the workspace bears, as far as it has said so.
    borne: Option<Borne>,
    /// When the last requests were admitted.
    admitted: VecDeque<Instant>,
    paused_until: Option<Instant>,
}

/// A rate that was cut by half when the workspace refused a request, and grows since.
#[derive(Clone, Copy, Debug)]
struct Borne {
    rate: f64,
    since: Instant,
}

const SECOND: Duration = Duration::from_secs(1);

/// More than anybody sends in a second; then the rate is not known exactly, nor need it be.
const REMEMBERED: usize = 4096;

/// The pace doubles in so many seconds without a refusal.
const DOUBLES_IN: f64 = 15.0;

/// After so many seconds without a refusal, and without a limit, there is no pace to keep.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(60);

/// Refusals do not bring the pace below so many requests a second, or an eighth of the limit where that is less.
const SLOWEST: f64 = 4.0;

impl Window {
    pub(super) fn new(limit: Option<f64>) -> Self {
        Self {
            // Not even one a day is a limit that nobody means.
            limit: limit.filter(|limit| limit.is_finite()).map(|limit| limit.max(1e-5)),
            borne: None,
            admitted: VecDeque::new(),
            paused_until: None,
        }
    }

    /// Admits a request now, or says when to ask again.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), Instant> {
        if let Some(until) = self.paused_until.filter(|until| now < *until) {
            return Err(until);
        }
        self.paused_until = None;
        if let Some(rate) = self.rate(now) {
            let most = rate.max(1.0) as usize;
            // Less than one a second is one in more than a second.
            let length = SECOND.div_f64(rate.min(1.0));
            self.forget_before(now, length, most);
            if self.admitted.len() >= most {
                let oldest = self.admitted[self.admitted.len() - most];
                return Err(oldest + length);
            }
        } else {
            self.forget_before(now, SECOND, REMEMBERED);
        }
        self.admitted.push_back(now);
        Ok(())
    }

    /// A request that had been admitted then was refused.
    pub(super) fn refused(&mut self, admitted: Instant, pause: Duration, now: Instant) {
        let until = now.checked_add(pause);
        self.paused_until = self.paused_until.max(until);
        // Requests that left before the last cut say nothing about the pace since.
        if self.borne.is_some_and(|borne| admitted <= borne.since) {
            return;
        }
        let rate = self.rate(now).unwrap_or_else(|| self.rate_of_last_second(now));
        let slowest = self.limit.map_or(SLOWEST, |limit| SLOWEST.min(limit / 8.0));
        self.borne = Some(Borne {
            rate: (rate / 2.0).max(slowest),
            since: now,
        });
    }

    /// How many requests a second there may be; `None`: any number.
    fn rate(&mut self, now: Instant) -> Option<f64> {
        let Some(borne) = self.borne else { return self.limit };
        let age = now.saturating_duration_since(borne.since);
        let grown = borne.rate * (age.as_secs_f64() / DOUBLES_IN).exp2();
        let recovered = match self.limit {
            Some(limit) => grown >= limit,
            None => age >= FORGOTTEN_AFTER,
        };
        if recovered {
            self.borne = None;
            return self.limit;
        }
        Some(grown)
    }

    fn rate_of_last_second(&mut self, now: Instant) -> f64 {
        let last_second = self.admitted.iter().rev();
        last_second
            .take_while(|admitted| now.saturating_duration_since(**admitted) < SECOND)
            .count() as f64
    }

    fn forget_before(&mut self, now: Instant, length: Duration, most: usize) {
        while let Some(oldest) = self.admitted.front()
            && (now.saturating_duration_since(*oldest) >= length || self.admitted.len() > most)
        {
            self.admitted.pop_front();
        }
    }
}
