//! What the sandbox was told, as a marketing tool would keep it: a repeated id for the same
//! person and metric is dropped in silence, and counted here.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::Notify;

/// Most events whose content is kept; older ones keep their counts only.
const MAX_KEPT: usize = 100_000;

/// What tells one event from another: account, metric, person, id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct EventKey {
    /// The last four characters of the account's key, or the path of a webhook.
    pub account: String,
    /// The metric's name.
    pub metric: String,
    /// The person's identifier.
    pub profile: String,
    /// The event's own id.
    pub unique_id: String,
}

/// One event as it was first told.
#[derive(Debug, Clone, Serialize)]
pub struct Told {
    /// Which.
    #[serde(flatten)]
    pub key: EventKey,
    /// When it happened, as written.
    pub time: String,
    /// Recorded without starting anything.
    pub backfill: bool,
    /// Its properties.
    pub properties: Map<String, Value>,
    /// How often it was told in all.
    pub times: u64,
    /// Its place among all first reports, from 0.
    pub order: u64,
}

/// The sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Requests that were answered at all.
    pub requests: u64,
    /// Events that were kept.
    pub events: u64,
    /// Events that were told again and dropped.
    pub repeats: u64,
    /// Requests that were refused as the real interface would refuse them.
    pub refused: u64,
    /// Requests that failed because the sandbox was told to fail.
    pub failed: u64,
}

/// All that was told.
#[derive(Debug, Default)]
pub struct Received {
    inner: Mutex<Inner>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    events: BTreeMap<EventKey, Told>,
    sums: Sums,
}

impl Received {
    /// Keeps an event, or counts the repeat. Answers whether it was new.
    pub fn keep(
        &self,
        key: EventKey,
        time: String,
        backfill: bool,
        properties: Map<String, Value>,
    ) -> bool {
        let mut inner = self.lock();
        let order = inner.sums.events;
        let full = inner.events.len() >= MAX_KEPT;
        let is_new = match inner.events.get_mut(&key) {
            Some(told) => {
                told.times += 1;
                false
            }
            None => {
                let properties = if full { Map::new() } else { properties };
                let told = Told { key: key.clone(), time, backfill, properties, times: 1, order };
                inner.events.insert(key, told);
                true
            }
        };
        if is_new {
            inner.sums.events += 1;
        } else {
            inner.sums.repeats += 1;
        }
        drop(inner);
        self.changed.notify_waiters();
        is_new
    }

    /// Counts an answered request.
    pub fn count(&self, change: impl FnOnce(&mut Sums)) {
        change(&mut self.lock().sums);
        self.changed.notify_waiters();
    }

    /// All events, in the order in which they were first told.
    pub fn events(&self) -> Vec<Told> {
        let mut events: Vec<Told> = self.lock().events.values().cloned().collect();
        events.sort_by_key(|told| told.order);
        events
    }

    /// The sums.
    pub fn sums(&self) -> Sums {
        self.lock().sums
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.lock() = Inner::default();
    }

    /// Comes back once `holds` does.
    pub async fn wait_for(&self, holds: impl Fn(&Self) -> bool) {
        loop {
            // Registered before the look, so that a change between the two is not missed.
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if holds(self) {
                return;
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere leaves plain counts behind: still usable.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
