//! Faults on demand, and a journal of what was asked: the way to test one's own client.

mod journal;
mod rule;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Response;

pub(crate) use self::journal::Journal;
pub use self::journal::{CommandEnd, CommandEntry, JournalEntry};
pub use self::rule::{Fault, FaultRule, FaultRules, FaultRulesError};

/// The rules that hold, and how often each was met.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Met>>);

#[derive(Debug)]
struct Met {
    rule: FaultRule,
    times: u64,
}

/// What is to be done to one request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    pub(crate) delay: Duration,
    pub(crate) fault: Option<Fault>,
}

/// What becomes of a request's answer.
#[derive(Debug)]
pub(crate) enum Outcome {
    Answer(Response<Bytes>),
    /// The connection is to be reset after this many bytes of the answer's body; `None`: before any of the answer.
    Reset(Option<Response<Bytes>>),
}

impl Faults {
    /// Replaces all rules.
    pub(crate) fn set(&self, rules: FaultRules) {
        *self.lock() = rules.rules.into_iter().map(|rule| Met { rule, times: 0 }).collect();
    }

    /// The rules that hold.
    pub(crate) fn rules(&self) -> FaultRules {
        FaultRules {
            rules: self.lock().iter().map(|met| met.rule.clone()).collect(),
        }
    }

    /// What is to be done to a request for this path: what the first rule says that means it and is not used up.
    pub(crate) fn plan(&self, path: &str) -> Plan {
        for met in self.lock().iter_mut().filter(|met| met.rule.means(path)) {
            met.times += 1;
            let begun = met.times > met.rule.skip;
            let used_up = met
                .rule
                .times
                .is_some_and(|times| met.times > met.rule.skip.saturating_add(times));
            if begun && !used_up {
                return Plan {
                    delay: Duration::from_millis(met.rule.delay_ms),
                    fault: met.rule.fault.clone(),
                };
            }
        }
        Plan::default()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Met>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_skip_and_are_used_up_and_the_next_one_counts() {
        let faults = Faults::default();
        let text = r#"{"rules": [
            {"endpoint": "commands/execute", "skip": 1, "times": 2, "fault": {"kind": "lost_answer"}},
            {"delay_ms": 7}
        ]}"#;
        let rules: FaultRules = text.parse().unwrap();
        faults.set(rules.clone());
        assert_eq!(faults.rules(), rules);
        let kinds: Vec<_> = (0..4).map(|_| faults.plan("/api/1.2/commands/execute").fault).collect();
        let lost = Some(Fault::LostAnswer);
        assert_eq!(kinds, [None, lost.clone(), lost, None]);
        assert_eq!(faults.plan("/api/1.2/clusters/list").delay, Duration::from_millis(7));
        faults.set(FaultRules::default());
        assert_eq!(faults.plan("/api/1.2/clusters/list"), Plan::default());
    }
}
