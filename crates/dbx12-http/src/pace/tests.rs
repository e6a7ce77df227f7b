//! With a paused clock: who passes when.

use super::*;
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio::time::{advance, timeout};

const MILLISECOND: Duration = Duration::from_millis(1);

/// When each of so many that came at once passed, in order.
async fn passes(pace: &Arc<Pace>, count: usize) -> Vec<Duration> {
    let started = Instant::now();
    let mut passing = JoinSet::new();
    for _ in 0..count {
        let pace = Arc::clone(pace);
        passing.spawn(async move { pace.admit().await - started });
    }
    let mut passed = passing.join_all().await;
    passed.sort();
    passed
}

/// The most that passed in any second.
fn most_in_a_second(passed: &[Duration]) -> usize {
    let within = |start: Duration| {
        let end = start + Duration::from_secs(1);
        passed.iter().filter(|at| start <= **at && **at < end).count()
    };
    passed.iter().map(|start| within(*start)).max().unwrap_or(0)
}

#[tokio::test(start_paused = true)]
async fn never_more_in_any_second_and_never_later_than_need_be() {
    for limit in [1.0, 2.0, 7.0, 15.5, 30.0] {
        let pace = Arc::new(Pace::new(Some(limit)));
        let passed = passes(&pace, 100).await;
        let most = limit.floor() as usize;
        assert_eq!(most_in_a_second(&passed), most, "{limit}");
        let last = passed[99].as_secs_f64();
        assert!(last <= 100.0 / limit.floor() + 0.1, "{limit}: the last after {last} s");
    }
}

#[tokio::test(start_paused = true)]
async fn less_than_one_a_second_is_one_in_many() {
    let pace = Arc::new(Pace::new(Some(0.25)));
    let passed = passes(&pace, 3).await;
    let seconds: Vec<_> = passed.iter().map(Duration::as_secs).collect();
    assert_eq!(seconds, [0, 4, 8]);
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_nobody_waits() {
    let pace = Arc::new(Pace::new(None));
    assert!(passes(&pace, 10_000).await.iter().all(Duration::is_zero));
    for nonsense in [f64::NAN, f64::INFINITY] {
        let pace = Arc::new(Pace::new(Some(nonsense)));
        assert!(passes(&pace, 100).await.iter().all(Duration::is_zero));
    }
}

#[tokio::test(start_paused = true)]
async fn who_came_first_passes_first_and_who_left_takes_no_turn() {
    let pace = Arc::new(Pace::new(Some(1.0)));
    pace.admit().await;
    let started = Instant::now();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut waiting = Vec::new();
    for name in 0..4 {
        let (pace, order) = (Arc::clone(&pace), Arc::clone(&order));
        waiting.push(tokio::spawn(async move {
            pace.admit().await;
            order.lock().unwrap().push(name);
        }));
        tokio::task::yield_now().await;
    }
    // The one whose turn is next, and one in the middle.
    waiting[0].abort();
    waiting[2].abort();
    for task in waiting {
        let _ = task.await;
    }
    assert_eq!(*order.lock().unwrap(), [1, 3]);
    assert_eq!(started.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_pauses_everybody_for_as_long_as_it_asks() {
    let pace = Arc::new(Pace::new(None));
    let admitted = pace.admit().await;
    let waiting = tokio::spawn({
        let pace = Arc::clone(&pace);
        async move { passes(&pace, 3).await }
    });
    pace.refused(admitted, Duration::from_secs(3));
    // A shorter one does not cut it short.
    pace.refused(admitted, Duration::from_secs(1));
    let passed = waiting.await.unwrap();
    assert!(passed.iter().all(|at| at.as_secs() == 3), "{passed:?}");
    assert!(timeout(MILLISECOND, pace.admit()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn refusals_halve_the_pace_once_for_all_that_left_before_and_it_recovers_by_and_by() {
    for limit in [Some(32.0), None] {
        let pace = Arc::new(Pace::new(limit));
        let mut admitted = Vec::new();
        for _ in 0..32 {
            admitted.push(pace.admit().await);
        }
        // All at the same time, as it happens: one cut.
        for admitted in admitted {
            pace.refused(admitted, Duration::ZERO);
            advance(MILLISECOND).await;
        }
        advance(Duration::from_secs(1)).await;
        let rate = most_in_a_second(&passes(&pace, 40).await);
        assert!((16..=18).contains(&rate), "{limit:?}: {rate}");

        // Again, now that it is slower.
        let again = pace.admit().await;
        pace.refused(again, Duration::ZERO);
        advance(Duration::from_secs(1)).await;
        let rate = most_in_a_second(&passes(&pace, 20).await);
        assert!((8..=11).contains(&rate), "{limit:?}: {rate}");

        // After a minute all is as before.
        advance(Duration::from_secs(60)).await;
        let rate = most_in_a_second(&passes(&pace, 100).await);
        assert_eq!(rate, if limit.is_some() { 32 } else { 100 });
    }
}

#[tokio::test(start_paused = true)]
async fn the_pace_does_not_die() {
    let pace = Arc::new(Pace::new(Some(30.0)));
    for _ in 0..50 {
        let admitted = pace.admit().await;
        advance(MILLISECOND).await;
        pace.refused(admitted, Duration::ZERO);
    }
    let rate = most_in_a_second(&passes(&pace, 30).await);
    assert!((3..=6).contains(&rate), "{rate}");
}
