//! When to try again. Pure: the client's loop is the only one that sleeps.

mod budget;
mod header;

pub(crate) use budget::Budget;
pub(crate) use header::retry_after;

use crate::failure::Failure;
use crate::types::Idempotency;
use std::time::Duration;

/// How often and how fast a call is tried again.
///
/// Whether it *may* be tried again is not a matter of policy: an operation that must happen once is only sent again when
/// it surely was not processed.
///
#[doc = include_str!("retry/table.md")]
///
/// The wait before the next attempt doubles from [`base`](Self::base) to [`cap`](Self::cap), and a random part of up to a
/// half is taken off. `Retry-After`, in seconds or as a date, is a floor to it. When the service asks for more than
/// [`longest_wait`](Self::longest_wait), or for more than is left of the call's deadline, the call fails at once instead;
/// [`Error::retry_after`](crate::Error::retry_after) tells what it asked for.
///
/// The clones of a client share a budget of attempts, which successes refill: when a workspace is down, the calls of
/// a busy program soon stop being multiplied. Requests for tokens go by the same policy, out of the same budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// How often a request is sent at most, the first time included. Default 4; 1 means no second attempt.
    pub max_attempts: u32,
    /// The wait after the first attempt. Default 500 ms.
    pub base: Duration,
    /// The longest wait that the policy comes to by itself. Default 10 s.
    pub cap: Duration,
    /// The longest wait that the service may ask for. Default 60 s.
    pub longest_wait: Duration,
}

impl RetryPolicy {
    /// Sends each request once.
    pub fn never() -> Self {
        Self::default().max_attempts(1)
    }

    /// Sets [`max_attempts`](Self::max_attempts).
    #[must_use]
    pub fn max_attempts(mut self, max_attempts: u32) -> Self {
        self.max_attempts = max_attempts;
        self
    }

    /// Sets [`base`](Self::base).
    #[must_use]
    pub fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// Sets [`cap`](Self::cap).
    #[must_use]
    pub fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// Sets [`longest_wait`](Self::longest_wait).
    #[must_use]
    pub fn longest_wait(mut self, longest_wait: Duration) -> Self {
        self.longest_wait = longest_wait;
        self
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            base: Duration::from_millis(500),
            cap: Duration::from_secs(10),
            longest_wait: Duration::from_secs(60),
        }
    }
}

/// How long to wait before the next attempt, or `None` to stop. `attempt` is the one that failed, counted from 1.
pub(crate) fn decide(
    policy: &RetryPolicy,
    attempt: u32,
    failure: &Failure,
    idempotency: Idempotency,
    rng: &mut fastrand::Rng,
) -> Option<Duration> {
    let may_repeat = idempotency == Idempotency::Idempotent || !failure.maybe_delivered;
    if !failure.transient || !may_repeat || attempt >= policy.max_attempts {
        return None;
    }
    let asked = failure.retry_after.unwrap_or_default();
    (asked <= policy.longest_wait).then(|| backoff(policy, attempt, rng).max(asked))
}

/// Exponential, with up to a half taken off at random so that clients that failed together do not return together.
fn backoff(policy: &RetryPolicy, attempt: u32, rng: &mut fastrand::Rng) -> Duration {
    let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
    let longest = policy.base.saturating_mul(doubled).min(policy.cap);
    longest.mul_f64(1.0 - rng.f64() / 2.0)
}

#[cfg(test)]
mod tests;
