//! Failing on demand: what the sandbox was told to do instead of answering as usual.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// One way to fail, for the next so many requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fault {
    /// How many requests it is for.
    pub times: u64,
    /// Only every so many-th request.
    pub every: u64,
    /// The HTTP status to answer; 0 answers as usual.
    pub status: u16,
    /// `Retry-After` in seconds.
    pub retry_after: Option<u64>,
    /// Waits so long before it answers.
    pub delay_ms: u64,
    /// Takes the event in before it fails: the answer is lost, not the event.
    pub after_processing: bool,
    /// Closes the connection instead of answering.
    pub close: bool,
    /// A redirect's target, for statuses 3xx.
    pub location: Option<String>,
}

impl Default for Fault {
    fn default() -> Self {
        Self {
            times: 1,
            every: 1,
            status: 0,
            retry_after: None,
            delay_ms: 0,
            after_processing: false,
            close: false,
            location: None,
        }
    }
}

impl Fault {
    /// How long to wait.
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    /// Whether the request fails at all, beyond being slow.
    pub fn fails(&self) -> bool {
        self.status != 0 || self.close
    }
}

/// The faults that are still to come, in order.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    faults: std::collections::VecDeque<Fault>,
    seen: u64,
}

impl Faults {
    /// Fails like this, after what was ordered before.
    pub fn order(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).faults.push_back(fault);
    }

    /// Fails no more.
    pub fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Queue::default();
    }

    /// What the next request meets.
    pub fn next(&self) -> Option<Fault> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queue.seen += 1;
        let seen = queue.seen;
        let fault = queue.faults.front_mut()?;
        if fault.every > 1 && !seen.is_multiple_of(fault.every) {
            return None;
        }
        fault.times = fault.times.saturating_sub(1);
        let is_last = fault.times == 0;
        let fault = fault.clone();
        if is_last {
            queue.faults.pop_front();
        }
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_met_in_order_and_as_often_as_ordered() {
        let faults = Faults::default();
        faults.order(Fault { times: 2, status: 503, ..Fault::default() });
        faults.order(Fault { status: 429, ..Fault::default() });
        let met: Vec<u16> = (0..4).map(|_| faults.next().map_or(200, |f| f.status)).collect();
        assert_eq!(met, [503, 503, 429, 200]);
    }

    #[test]
    fn every_third_request_fails_and_the_others_do_not() {
        let faults = Faults::default();
        faults.order(Fault { times: 2, every: 3, status: 500, ..Fault::default() });
        let met: Vec<bool> = (0..9).map(|_| faults.next().is_some()).collect();
        assert_eq!(met, [false, false, true, false, false, true, false, false, false]);
    }
}
