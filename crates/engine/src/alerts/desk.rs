//! The watches of this instance's merchants, and of the relay: in memory, and kept in the store.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::{
    id::MerchantId,
    incident::{Due, Watch},
};
use tokio::sync::Notify;

use crate::{
    engine::Shared,
    metrics::Metrics,
    ports::{LedgerResult, Place, Shelf},
};

/// Whose watch it is: a merchant's, or the relay's own.
pub(super) type Of = Option<MerchantId>;

/// How often webhooks come is noted so often: what is lost with a crash is this much of listening.
const NOTED_EVERY: Duration = Duration::from_mins(10);

/// Most notices that are told at once.
const AT_ONCE: usize = 16;

/// What is known in this process.
#[derive(Debug, Default)]
pub(crate) struct AlertDesk {
    state: Mutex<State>,
    /// One write at a time: an older watch must not come over a newer one.
    writing: tokio::sync::Mutex<()>,
    to_tell: Notify,
}

#[derive(Debug, Default)]
struct State {
    watches: BTreeMap<Of, Known>,
    /// What concerns this instance alone, and cannot be kept: its store fails.
    local: Watch,
}

#[derive(Debug)]
struct Known {
    watch: Watch,
    /// Raised by every change that must be kept before it is told.
    version: u64,
    kept: u64,
    /// Since when there is something that may be lost with a crash.
    unnoted_since: Option<Timestamp>,
}

impl Known {
    fn is_kept(&self) -> bool {
        self.version == self.kept
    }
}

impl AlertDesk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the watches of others, and answers which of these are not known yet.
    pub(super) fn follow(&self, owners: &[Of]) -> Vec<Of> {
        let mut state = self.state();
        state.watches.retain(|of, _| owners.contains(of));
        owners.iter().filter(|of| !state.watches.contains_key(*of)).cloned().collect()
    }

    pub(super) fn learn(&self, of: Of, watch: Watch) {
        let fresh = Known { watch, version: 0, kept: 0, unnoted_since: None };
        self.state().watches.entry(of).or_insert(fresh);
    }

    /// Works on a watch that is known.
    pub(super) fn with<T>(
        &self,
        of: &Of,
        now: Timestamp,
        work: impl FnOnce(&mut Watch) -> T,
    ) -> Option<T> {
        let mut state = self.state();
        let known = state.watches.get_mut(of)?;
        let before = known.watch.clone();
        let done = work(&mut known.watch);
        if before.incidents() != known.watch.incidents() || before.dead != known.watch.dead {
            known.version += 1;
            self.to_tell.notify_one();
        } else if before.flow != known.watch.flow {
            let since = *known.unnoted_since.get_or_insert(now);
            if now >= since + NOTED_EVERY {
                known.version += 1;
            }
        }
        Some(done)
    }

    /// Works on what concerns this instance alone.
    pub(super) fn with_local(&self, work: impl FnOnce(&mut Watch)) {
        let mut state = self.state();
        let before = state.local.clone();
        work(&mut state.local);
        if before != state.local {
            self.to_tell.notify_one();
        }
    }

    /// What concerns this instance alone.
    pub(super) fn local(&self) -> Watch {
        self.state().local.clone()
    }

    pub(super) async fn something_to_tell(&self) {
        self.to_tell.notified().await;
    }

    /// How many incidents are open.
    pub(super) fn open(&self) -> usize {
        let state = self.state();
        let watches = state.watches.values().map(|known| &known.watch);
        let all = watches.chain([&state.local]).flat_map(|watch| watch.incidents());
        all.filter(|incident| incident.open_since().is_some()).count()
    }

    /// Notices whose turn it is. `true` for those of this instance alone.
    pub(super) fn due(&self, now: Timestamp) -> Vec<(bool, Of, Due)> {
        let state = self.state();
        let local = state.local.due(now).into_iter().map(|due| (true, None, due));
        // What is not kept yet may be forgotten: it would be told again under another id.
        let kept = state.watches.iter().filter(|(_, known)| known.is_kept());
        let kept = kept.flat_map(|(of, known)| {
            known.watch.due(now).into_iter().map(|due| (false, of.clone(), due))
        });
        local.chain(kept).take(AT_ONCE).collect()
    }
}

impl Shared {
    /// Watches as they are kept, each for its owner.
    pub(super) async fn kept_watches(&self, of: &[Of]) -> LedgerResult<Vec<Watch>> {
        let places = of.iter().map(place).collect();
        let kept = self.vault.kept(places).await?;
        Ok(kept
            .into_iter()
            .map(|kept| kept.map(|kept| Watch::read(&kept)).unwrap_or_default())
            .collect())
    }

    /// Keeps what has changed; with `all`, also what could wait.
    pub(super) async fn keep_watches(&self, all: bool) -> bool {
        let _one_at_a_time = self.alerts.writing.lock().await;
        let mut things = Vec::new();
        let mut versions = Vec::new();
        for (of, known) in &self.alerts.state().watches {
            if !known.is_kept() || all && known.unnoted_since.is_some() {
                things.push((place(of), Some(Bytes::from(known.watch.write()))));
                versions.push((of.clone(), known.version));
            }
        }
        if things.is_empty() {
            return true;
        }
        if let Err(error) = self.vault.keep(things).await {
            Metrics::count(&self.metrics.store_errors, "keep");
            tracing::warn!(%error, "incidents could not be kept; it is tried again");
            return false;
        }
        let mut state = self.alerts.state();
        for (of, version) in versions {
            if let Some(known) = state.watches.get_mut(&of) {
                (known.kept, known.unnoted_since) = (version, None);
            }
        }
        true
    }
}

fn place(of: &Of) -> Place {
    Place { shelf: Shelf::Incident, of: of.clone(), key: String::new() }
}
