//! Who may ask next. Pure: it is told the time, and waits for nothing.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::time::Duration;

/// By how much of the configured rate the rate recovers in a second, after a 429 halved it.
const RECOVERY: f64 = 0.05;
/// The least that is left of the rate.
const LEAST: f64 = 1.0 / 16.0;
/// How long nobody asks after a 429 that does not say it.
const PAUSE: Duration = Duration::from_secs(1);
/// Age that everybody has at least: somebody new is not asked for again and again before the others.
const LEAST_AGE: f64 = 0.05;
/// Of so many who wait, one more is picked at a time: with thousands of them, nobody's rank changes quickly.
const RANKED_TOGETHER: usize = 1000;

/// A place in a [`PollQueue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(u64);

/// The pure heart of a [`PollBudget`](super::PollBudget): a bucket of tokens, and who is next when it is empty.
///
/// Next is whoever has the largest (time since its last poll) / (time since its start). So the intervals of all are
/// proportional to their ages, and stretched until they fit the rate: of all ways to share a budget among commands whose
/// ends nobody knows, the one with the least relative delay.
///
/// Times are counted from any moment, the same for all. A scan of those who wait finds the next few, so that a turn costs
/// at most about a thousand steps, however many wait.
///
/// ```
/// use dbx12_exec::budget::PollQueue;
/// use std::time::Duration;
///
/// let seconds = Duration::from_secs;
/// let mut queue = PollQueue::new(1.0, 1);
/// assert!(queue.take(seconds(100)));
/// let old = queue.push(seconds(0), seconds(90)); // 10 of 100 seconds late
/// let young = queue.push(seconds(80), seconds(95)); // 5 of 20 seconds late
/// assert_eq!(queue.pop(seconds(100)), None);
/// assert_eq!(queue.next_at(seconds(100)), Some(seconds(101)));
/// assert_eq!(queue.pop(seconds(101)), Some(young));
/// assert_eq!(queue.pop(seconds(102)), Some(old));
/// ```
#[derive(Clone, Debug)]
pub struct PollQueue {
    bucket: Bucket,
    waiting: HashMap<Ticket, Waiting>,
    /// The next ones, the very next last.
    ranked: Vec<Ticket>,
    issued: u64,
}

/// What is known of somebody who waits, in seconds.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    started: f64,
    asked: f64,
}

impl PollQueue {
    /// At most `per_second` turns a second, of which `burst` may come at once after a quiet time. A rate that is not
    /// positive is one turn an hour, and a burst of 0 is 1.
    pub fn new(per_second: f64, burst: u32) -> Self {
        Self {
            bucket: Bucket::full(per_second, burst),
            waiting: HashMap::new(),
            ranked: Vec::new(),
            issued: 0,
        }
    }

    /// Turns a second at the moment.
    pub fn per_second(&self) -> f64 {
        self.bucket.rate
    }

    /// Takes a turn at once, if there is one and nobody waits.
    pub fn take(&mut self, now: Duration) -> bool {
        self.waiting.is_empty() && self.bucket.take(now)
    }

    /// Takes a turn in any case; later ones come later for it.
    pub fn overdraw(&mut self, now: Duration) {
        self.bucket.overdraw(now);
    }

    /// Lines up somebody who has waited since `started` and asked at `asked` last.
    pub fn push(&mut self, started: Duration, asked: Duration) -> Ticket {
        self.issued += 1;
        let ticket = Ticket(self.issued);
        let waiting = Waiting {
            started: started.as_secs_f64(),
            asked: asked.as_secs_f64(),
        };
        self.waiting.insert(ticket, waiting);
        ticket
    }

    /// Gives up a place.
    pub fn remove(&mut self, ticket: Ticket) {
        self.waiting.remove(&ticket);
    }

    /// Whose turn it is, if there is a turn now and somebody waits.
    pub fn pop(&mut self, now: Duration) -> Option<Ticket> {
        if self.waiting.is_empty() || !self.bucket.take(now) {
            return None;
        }
        loop {
            while let Some(ticket) = self.ranked.pop() {
                if self.waiting.remove(&ticket).is_some() {
                    return Some(ticket);
                }
            }
            self.rank(now.as_secs_f64());
        }
    }

    /// When there is a turn for those who wait; `None` when nobody does.
    pub fn next_at(&mut self, now: Duration) -> Option<Duration> {
        (!self.waiting.is_empty()).then(|| self.bucket.next_at(now))
    }

    /// The service refused a request because there are too many: halves the rate, and lets nobody ask for as long as the
    /// service says, or for a second.
    pub fn refused(&mut self, now: Duration, retry_after: Option<Duration>) {
        self.bucket.refused(now, retry_after);
    }

    /// Picks the next few. Somebody must be waiting.
    fn rank(&mut self, now: f64) {
        let mut ranks: Vec<_> = self
            .waiting
            .iter()
            .map(|(ticket, it)| (it.lateness(now), *ticket))
            .collect();
        let few = ranks.len().div_ceil(RANKED_TOGETHER);
        if few < ranks.len() {
            ranks.select_nth_unstable_by(few - 1, first);
            ranks.truncate(few);
        }
        ranks.sort_unstable_by(|one, other| first(other, one));
        self.ranked = ranks.into_iter().map(|(_, ticket)| ticket).collect();
    }
}

/// The latest first; of equally late ones, who came first.
fn first(one: &(f64, Ticket), other: &(f64, Ticket)) -> Ordering {
    other.0.total_cmp(&one.0).then(one.1.cmp(&other.1))
}

impl Waiting {
    fn lateness(self, now: f64) -> f64 {
        (now - self.asked) / ((now - self.started).max(0.0) + LEAST_AGE)
    }
}

/// Tokens that come at a rate.
#[derive(Clone, Debug)]
struct Bucket {
    configured: f64,
    rate: f64,
    burst: f64,
    tokens: f64,
    /// When the tokens were counted, in seconds. Ahead of the time while nobody may ask.
    counted: f64,
    /// When the rate was halved last.
    halved: f64,
}

impl Bucket {
    fn full(per_second: f64, burst: u32) -> Self {
        let rate = if per_second > 0.0 { per_second } else { 1.0 / 3600.0 };
        let burst = f64::from(burst.max(1));
        Self {
            configured: rate,
            rate,
            burst,
            tokens: burst,
            counted: 0.0,
            halved: f64::NEG_INFINITY,
        }
    }

    fn take(&mut self, now: Duration) -> bool {
        self.count(now);
        // Sums of parts of a token are a little off.
        let is_there = self.counted <= now.as_secs_f64() && self.tokens >= 1.0 - 1e-6;
        if is_there {
            self.tokens -= 1.0;
        }
        is_there
    }

    fn overdraw(&mut self, now: Duration) {
        self.count(now);
        self.tokens -= 1.0;
    }

    fn next_at(&mut self, now: Duration) -> Duration {
        self.count(now);
        let missing = (1.0 - self.tokens).max(0.0);
        let at = self.counted + missing / self.rate;
        Duration::try_from_secs_f64(at).unwrap_or(Duration::MAX).max(now)
    }

    fn refused(&mut self, now: Duration, retry_after: Option<Duration>) {
        self.count(now);
        let now = now.as_secs_f64();
        // Those that were on their way together are refused together: that is one refusal.
        if now - self.halved >= PAUSE.as_secs_f64() {
            self.rate = (self.rate / 2.0).max(self.configured * LEAST);
            self.halved = now;
        }
        self.tokens = self.tokens.min(0.0);
        self.counted = self.counted.max(now + retry_after.unwrap_or(PAUSE).as_secs_f64());
    }

    /// Brings the tokens and the rate up to now.
    fn count(&mut self, now: Duration) {
        let passed = now.as_secs_f64() - self.counted;
        if passed <= 0.0 {
            return;
        }
        self.tokens = (self.tokens + passed * self.rate).min(self.burst);
        self.rate = (self.rate + passed * self.configured * RECOVERY).min(self.configured);
        self.counted += passed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// Turns that are given from `from` to `to`, looked for every millisecond by somebody who always waits.
    fn turns(queue: &mut PollQueue, from: f64, to: f64) -> usize {
        let mut turns = 0;
        let mut now = from;
        while now < to {
            if queue.waiting.is_empty() {
                queue.push(seconds(from), seconds(now));
            }
            turns += usize::from(queue.pop(seconds(now)).is_some());
            now += 0.001;
        }
        turns
    }

    #[test]
    fn the_rate_is_kept_after_a_burst() {
        let mut queue = PollQueue::new(10.0, 20);
        let burst = std::iter::repeat_with(|| queue.take(Duration::ZERO)).take_while(|taken| *taken);
        assert_eq!(burst.count(), 20);
        let turns = turns(&mut queue, 0.0, 60.0);
        assert!((598..=601).contains(&turns), "{turns}");
    }

    #[test]
    fn a_refusal_pauses_and_halves_and_the_rate_recovers() {
        let mut queue = PollQueue::new(10.0, 1);
        for _ in 0..30 {
            queue.refused(seconds(100.0), Some(seconds(5.0)));
        }
        assert_eq!(turns(&mut queue, 100.0, 104.99), 0);
        assert_eq!(queue.per_second(), 5.0);
        let slow = turns(&mut queue, 105.0, 107.0);
        assert!((9..=13).contains(&slow), "{slow}");
        assert_eq!(turns(&mut queue, 107.0, 130.0).min(200), 200);
        assert_eq!(queue.per_second(), 10.0);
    }

    #[test]
    fn the_rate_never_falls_to_nothing() {
        let mut queue = PollQueue::new(16.0, 1);
        for second in 0..100 {
            queue.refused(seconds(f64::from(second)), None);
        }
        assert!(queue.per_second() >= 1.0);
        assert!(PollQueue::new(f64::NAN, 0).take(Duration::ZERO));
    }

    #[test]
    fn who_left_is_passed_over() {
        let mut queue = PollQueue::new(1.0, 1);
        let left = queue.push(seconds(0.0), seconds(0.0));
        let stays = queue.push(seconds(0.0), seconds(5.0));
        queue.remove(left);
        assert_eq!(queue.pop(seconds(10.0)), Some(stays));
        assert_eq!(queue.pop(seconds(12.0)), None);
        assert_eq!(queue.next_at(seconds(12.0)), None);
    }

    /// With n always waiting, the interval of each is proportional to its age: (Σ 1/t) / R of it.
    #[test]
    fn intervals_are_stretched_in_proportion_to_ages() {
        let ages: Vec<f64> = (0..200).map(|index| 100.0 * 1.02_f64.powi(index)).collect();
        let horizon = 60.0;
        let mut queue = PollQueue::new(20.0, 1);
        let start = 10_000.0;
        let mut tickets: HashMap<Ticket, usize> = HashMap::new();
        for (index, age) in ages.iter().enumerate() {
            tickets.insert(queue.push(seconds(start - age), seconds(start)), index);
        }
        let mut polls = vec![0.0; ages.len()];
        let mut now = start;
        while now < start + horizon {
            if let Some(index) = queue.pop(seconds(now)).and_then(|ticket| tickets.remove(&ticket)) {
                polls[index] += 1.0;
                let ticket = queue.push(seconds(start - ages[index]), seconds(now));
                tickets.insert(ticket, index);
            }
            now += 0.01;
        }
        let ratio = ages.iter().map(|age| 1.0 / (age + horizon / 2.0)).sum::<f64>() / 20.0;
        for (age, polls) in ages.iter().zip(&polls) {
            let expected = horizon / (ratio * (age + horizon / 2.0));
            assert!(
                (polls - expected).abs() <= 1.5 + expected * 0.2,
                "{age}: {polls} polls, not {expected}"
            );
        }
    }

    #[test]
    fn a_hundred_thousand_are_ranked_in_no_time() {
        let mut queue = PollQueue::new(1000.0, 1000);
        for index in 0..100_000_u32 {
            queue.push(seconds(f64::from(index % 3600)), seconds(f64::from(index % 3600) + 1.0));
        }
        let popped = (0..1000).filter(|_| queue.pop(seconds(4000.0)).is_some()).count();
        assert_eq!((popped, queue.waiting.len()), (1000, 99_000));
    }
}
