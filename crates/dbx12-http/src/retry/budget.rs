//! What keeps retries from becoming a storm.

use std::sync::{Arc, Mutex, PoisonError};

/// A bucket of tokens: an attempt after the first takes some out, a success puts one back.
///
/// A full bucket pays for 100 retries in a row. Once it is empty, one call in five may be tried again.
///
/// Its clones share the tokens.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<Mutex<u32>>);

impl Budget {
    const CAPACITY: u32 = 500;
    const RETRY_COSTS: u32 = 5;

    pub(crate) fn full() -> Self {
        Self(Arc::new(Mutex::new(Self::CAPACITY)))
    }

    /// Takes the price of one retry; `false` when there is not enough left.
    pub(crate) fn withdraw(&self) -> bool {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match tokens.checked_sub(Self::RETRY_COSTS) {
            Some(left) => {
                *tokens = left;
                true
            }
            None => false,
        }
    }

    /// A request succeeded.
    pub(crate) fn deposit(&self) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *tokens = (*tokens + 1).min(Self::CAPACITY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_workspace_exhausts_it_and_five_successes_pay_for_one_retry() {
        let budget = Budget::full();
        let retries = std::iter::repeat_with(|| budget.withdraw())
            .take_while(|paid| *paid)
            .count();
        assert_eq!(retries, 100);

        (0..4).for_each(|_| budget.deposit());
        assert!(!budget.withdraw());
        budget.deposit();
        assert!(budget.withdraw() && !budget.withdraw());
    }

    #[test]
    fn successes_do_not_pile_up_beyond_its_capacity() {
        let budget = Budget::full();
        (0..1000).for_each(|_| budget.deposit());
        assert_eq!(
            std::iter::repeat_with(|| budget.withdraw())
                .take_while(|paid| *paid)
                .count(),
            100
        );
    }
}
