//! Turns on a paused clock, and across runtimes.

use super::*;
use crate::tests::server::client;
use tokio::time::timeout;

fn ago(seconds: u64) -> Instant {
    Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap()
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_get_their_turns_at_the_rate_and_leave_nothing() {
    let budget = PollBudget::new(1000.0, 10);
    let started = Instant::now();
    let turns: Vec<_> = (0..10_000)
        .map(|_| {
            let budget = budget.clone();
            tokio::spawn(async move { budget.turn(started, started, None).await })
        })
        .collect();
    for turn in turns {
        turn.await.unwrap();
    }
    let took = started.elapsed().as_secs_f64();
    assert!((9.9..10.5).contains(&took), "{took}");
    tokio::task::yield_now().await;
    let state = budget.0.lock();
    assert!(state.turns.is_empty() && !state.is_driven);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_latest_for_its_age_is_next() {
    let budget = PollBudget::new(1.0, 1);
    // A budget knows no time before its own.
    tokio::time::advance(Duration::from_secs(4000)).await;
    budget.turn(ago(0), ago(0), None).await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let turns: Vec<_> = [(3600, 30), (100, 50), (1000, 100)]
        .map(|(age, since)| {
            let (budget, order) = (budget.clone(), Arc::clone(&order));
            let (started, asked) = (ago(age), ago(since));
            tokio::spawn(async move {
                budget.turn(started, asked, None).await;
                order.lock().unwrap().push(age);
            })
        })
        .into();
    for turn in turns {
        turn.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [100, 1000, 3600]);
}

#[tokio::test(start_paused = true)]
async fn a_limit_comes_before_a_turn_and_a_dropped_place_is_free() {
    let budget = PollBudget::new(0.1, 1);
    budget.turn(ago(0), ago(0), None).await;
    let begun = Instant::now();
    budget.turn(begun, begun, Some(begun + Duration::from_secs(2))).await;
    assert_eq!(begun.elapsed(), Duration::from_secs(2));
    assert!(budget.0.lock().turns.is_empty());

    assert!(
        timeout(Duration::from_secs(1), budget.turn(begun, begun, None))
            .await
            .is_err()
    );
    budget.turn(begun, begun, None).await;
    // One turn was taken at the start, one beyond the budget at the limit: the third comes after 20 seconds.
    assert!(begun.elapsed() >= Duration::from_secs(19), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn clones_of_a_client_share_a_budget_and_other_clients_do_not() {
    let (client, other) = (client(), client());
    let budget = PollBudget::of(&client);
    assert!(Arc::ptr_eq(&budget.0, &PollBudget::of(&client.clone()).0));
    assert!(!Arc::ptr_eq(&budget.0, &PollBudget::of(&other).0));
    drop(budget);
    assert_eq!(
        PollBudget::of(&client).0.lock().queue.as_ref().unwrap().per_second(),
        RATE
    );
}

/// A runtime that ends takes nobody's turn with it.
#[test]
fn turns_go_on_when_the_runtime_of_whoever_hands_them_out_ends() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_time()
            .build()
            .unwrap()
    };
    let (first, second) = (runtime(), runtime());
    let budget = PollBudget::new(2.0, 1);
    let turn = |budget: &PollBudget| {
        let budget = budget.clone();
        async move { budget.turn(ago(0), ago(0), None).await }
    };
    first.block_on(turn(&budget));
    // The driver of this one's turn is on the first runtime.
    first.spawn(turn(&budget));
    while budget.0.lock().turns.is_empty() {
        std::thread::yield_now();
    }
    let waits = second.spawn(turn(&budget));
    while budget.0.lock().turns.len() < 2 {
        std::thread::yield_now();
    }
    drop(first);
    second.block_on(waits).unwrap();
}
