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

    /// Reads an order; a sentence says what is wrong with it.
    pub fn read(json: &[u8]) -> Result<Self, String> {
        let fault: Self = serde_json::from_slice(json).map_err(|error| {
            format!(r#"{error} (hint: as in {{"status":503,"times":3,"retry_after":7}})"#)
        })?;
        if fault.status != 0 && !(200..=599).contains(&fault.status) {
            return Err(format!("`status` must be from 200 to 599, not {}", fault.status));
        }
        if fault.times == 0 || fault.every == 0 {
            return Err("`times` and `every` begin at 1".to_owned());
        }
        if !fault.fails() && fault.delay_ms == 0 {
            return Err("it does nothing: `status`, `close` or `delay_ms` is missing".to_owned());
        }
        Ok(fault)
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
    fn an_order_that_makes_no_sense_is_refused() {
        for (json, named) in [
            ("", "EOF"),
            ("7", "invalid"),
            (r#"{"statos":503}"#, "statos"),
            (r#"{"status":99}"#, "`status`"),
            (r#"{"status":1000}"#, "`status`"),
            (r#"{"status":503,"times":0}"#, "`times`"),
            ("{}", "nothing"),
        ] {
            let told = Fault::read(json.as_bytes()).expect_err(json);
            assert!(told.contains(named), "{json}: {told}");
        }
        let fault = Fault::read(br#"{"delay_ms":5}"#).expect("being slow is failing, too");
        assert!(!fault.fails());
    }

    #[test]
    fn every_third_request_fails_and_the_others_do_not() {
        let faults = Faults::default();
        faults.order(Fault { times: 2, every: 3, status: 500, ..Fault::default() });
        let met: Vec<bool> = (0..9).map(|_| faults.next().is_some()).collect();
        assert_eq!(met, [false, false, true, false, false, true, false, false, false]);
    }
}
