//! Sources that send no webhooks are asked for what is new, each at its own pace, one round at a time.
//! What comes goes the way of every webhook: durable first, repeats recognised, then the cursor moves.

mod round;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use parcelwire_domain::id::{MerchantId, SourceName};
use parcelwire_mapping::source::ReadySource;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    engine::{Shared, stopped},
    limits::Limits,
    metrics::Metrics,
    ports::Polled,
};
use round::{Ended, Rounder};

/// Most sources that are asked at once.
const AT_ONCE: usize = 16;

/// Looks at least so often.
const LOOK: Duration = Duration::from_secs(10);

/// The store did not say how far a source was polled: looked again after this.
const STORE_WAIT: Duration = Duration::from_secs(5);

/// A source whose key was refused rests at least so long, or until its settings change.
const REST: Duration = Duration::from_mins(15);

/// Longest wait after failures.
const LONGEST: Duration = Duration::from_hours(1);

type Key = (MerchantId, SourceName);

/// The stage.
pub(crate) struct Polls {
    shared: Arc<Shared>,
    rounder: Arc<Rounder>,
}

/// One source.
struct Watched {
    polled: Option<Polled>,
    since: Timestamp,
    due: Timestamp,
    failures: u32,
    is_running: bool,
    /// Of the settings in force when it was asked last.
    settings: String,
}

impl Polls {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        let limits = Limits::new(Arc::clone(shared));
        let rounder = Arc::new(Rounder { shared: Arc::clone(shared), limits });
        Self { shared: Arc::clone(shared), rounder }
    }

    /// Runs until it is time to stop. A round that is cut short begins again after the next start.
    pub(crate) async fn run(&self, mut stop: watch::Receiver<bool>) {
        let shared = &self.shared;
        let mut changes = shared.rules.changes();
        let mut watched = BTreeMap::new();
        let mut under_way = JoinSet::new();
        loop {
            self.keep_up(&mut watched).await;
            self.begin(&mut watched, &mut under_way);
            let next = self.next(&watched);
            tokio::select! {
                biased;
                () = stopped(&mut stop) => break,
                changed = changes.changed() => {
                    if changed.is_err() {
                        break;
                    }
                }
                Some(joined) = under_way.join_next() => {
                    if let Ok((key, ended)) = joined {
                        self.ended(&mut watched, &key, ended);
                    } else {
                        tracing::error!("a round of polling ended in a panic");
                    }
                }
                () = shared.clock.until(next), if !watched.is_empty() => {}
            }
        }
        under_way.shutdown().await;
    }

    /// Follows the files, and what is this instance's to do.
    async fn keep_up(&self, watched: &mut BTreeMap<Key, Watched>) {
        let wanted = self.wanted();
        if wanted.is_empty() && watched.is_empty() {
            return;
        }
        let Some(held) = self.shared.held().await else { return };
        watched.retain(|key, one| one.is_running || wanted.contains_key(key) && held.has(&key.0));
        let now = self.shared.clock.now();
        for (key, source) in wanted.into_iter().filter(|(key, _)| held.has(&key.0)) {
            let settings = source.settings_hash();
            if let Some(known) = watched.get_mut(&key) {
                if known.settings != settings && !known.is_running {
                    // Somebody may have mended what was wrong.
                    (known.settings, known.failures, known.due) = (settings, 0, now);
                }
                continue;
            }
            let (polled, due) = match self.shared.ledger.polled(key.0.clone(), key.1.clone()).await
            {
                Ok(polled) => {
                    let every = source.connector().polls_every().unwrap_or(LONGEST);
                    let last = polled.as_ref().map(|polled| polled.at);
                    // Those of one start do not all come at once.
                    let spread = every.min(LOOK).mul_f64(self.shared.chance.fraction() / 20.0);
                    (polled, last.map_or(now, |last| (last + every).max(now)) + spread)
                }
                Err(error) => {
                    Metrics::count(&self.shared.metrics.store_errors, "polled");
                    tracing::warn!(%error, "how far a source was polled is asked again");
                    continue;
                }
            };
            let one = Watched { polled, since: now, due, failures: 0, is_running: false, settings };
            watched.insert(key, one);
        }
        self.measure(watched, now);
    }

    /// The sources that are polled by the files in force.
    fn wanted(&self) -> BTreeMap<Key, ReadySource> {
        let book = self.shared.rules.book();
        let mut wanted = BTreeMap::new();
        for merchant in book.merchants.keys().filter_map(|id| book.merchant(id.as_str())) {
            for (name, source) in &merchant.sources {
                let polls = source.ready.connector().polls_every().is_some();
                if polls && source.feed.is_none() {
                    wanted.insert((merchant.id.clone(), name.clone()), source.ready.clone());
                }
            }
        }
        wanted
    }

    fn begin(&self, watched: &mut BTreeMap<Key, Watched>, under_way: &mut JoinSet<(Key, Ended)>) {
        let now = self.shared.clock.now();
        let mut due: Vec<(&Key, &mut Watched)> =
            watched.iter_mut().filter(|(_, one)| !one.is_running && one.due <= now).collect();
        due.sort_by_key(|(_, one)| one.due);
        let book = self.shared.rules.book();
        for (key, one) in due.into_iter().take(AT_ONCE.saturating_sub(under_way.len())) {
            let source = book.merchant(key.0.as_str()).and_then(|known| known.sources.get(&key.1));
            let Some(source) = source.map(|source| source.ready.clone()) else { continue };
            one.is_running = true;
            let (rounder, key, polled) =
                (Arc::clone(&self.rounder), key.clone(), one.polled.clone());
            under_way.spawn(async move {
                let ended = rounder.round(&key, &source, polled).await;
                (key, ended)
            });
        }
    }

    fn ended(&self, watched: &mut BTreeMap<Key, Watched>, key: &Key, ended: Ended) {
        let Some(one) = watched.get_mut(key) else { return };
        let now = self.shared.clock.now();
        let book = self.shared.rules.book();
        let source = book.merchant(key.0.as_str()).and_then(|known| known.sources.get(&key.1));
        let every = source.and_then(|source| source.ready.connector().polls_every());
        let every = every.unwrap_or(LONGEST);
        one.is_running = false;
        let failed = ended.polled.why.is_some();
        one.polled = Some(ended.polled);
        one.failures = if failed { one.failures.saturating_add(1) } else { 0 };
        let wait = if failed {
            let least = if ended.rests { REST } else { every.min(STORE_WAIT) };
            let grown = least.saturating_mul(2_u32.saturating_pow((one.failures - 1).min(16)));
            grown.min(LONGEST).max(ended.after).mul_f64(1.0 + self.shared.chance.fraction() / 4.0)
        } else if ended.is_cut {
            // There is more, and it is known how far this went.
            every.min(STORE_WAIT)
        } else {
            every
        };
        one.due = now + wait;
    }

    fn next(&self, watched: &BTreeMap<Key, Watched>) -> Timestamp {
        let soon = self.shared.clock.now() + LOOK;
        let due = watched.values().filter(|one| !one.is_running).map(|one| one.due);
        due.min().map_or(soon, |due| due.min(soon))
    }

    fn measure(&self, watched: &BTreeMap<Key, Watched>, now: Timestamp) {
        let last = |one: &Watched| {
            let known = one.polled.as_ref().and_then(|polled| polled.succeeded_at);
            known.unwrap_or(one.since)
        };
        let oldest = watched.values().map(last).min().unwrap_or(now);
        let age = now.duration_since(oldest).as_secs().max(0);
        self.shared.metrics.poll_age_seconds.set(age);
    }
}
