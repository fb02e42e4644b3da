//! Sources that send no webhooks are asked for what is new, each at its own pace, one round at a time,
//! and so are feeds. What comes goes the way of every webhook: durable first, repeats recognised, then
//! the cursor moves.

mod past;
mod place;
mod round;
mod schedule;
mod state;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    asker::Asker,
    engine::{Shared, stopped},
    metrics::Metrics,
    ports::Polled,
};
use place::Place;
use round::{Ended, Rounder};
use schedule::LONGEST;

pub(crate) use past::{Past, PastError};
pub(crate) use place::polled_feeds;
pub use state::PollState;

/// Most sources that are asked at once.
const AT_ONCE: usize = 16;

/// Looks at least so often.
const LOOK: Duration = Duration::from_secs(10);

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
    pub(crate) fn new(shared: &Arc<Shared>, asker: &Arc<Asker>) -> Self {
        let (shared, asker) = (Arc::clone(shared), Arc::clone(asker));
        let rounder = Arc::new(Rounder { shared: Arc::clone(&shared), asker });
        Self { shared, rounder }
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
                    if let Ok((place, ended)) = joined {
                        self.ended(&mut watched, &place, ended);
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
    async fn keep_up(&self, watched: &mut BTreeMap<Place, Watched>) {
        let mut wanted = place::all(&self.shared.rules.book());
        if wanted.is_empty() && watched.is_empty() {
            return;
        }
        let Some(held) = self.shared.held().await else { return };
        wanted.retain(|place, _| held.has(&place.owner));
        watched.retain(|place, one| one.is_running || wanted.contains_key(place));
        let now = self.shared.clock.now();
        let mut unknown = Vec::new();
        for (place, wanted) in wanted {
            let settings = wanted.ready.settings_hash();
            match watched.get_mut(&place) {
                // Somebody may have mended what was wrong.
                Some(known) if known.settings != settings && !known.is_running => {
                    (known.settings, known.failures, known.due) = (settings, 0, now);
                }
                Some(_) => {}
                None => unknown.push((place, wanted.ready, settings)),
            }
        }
        let asked = unknown.iter().map(|(place, ..)| (place.owner.clone(), place.source.clone()));
        let asked: Vec<_> = asked.collect();
        if !asked.is_empty() {
            match self.shared.ledger.polled(asked).await {
                Ok(polled) => {
                    for ((place, ready, settings), polled) in unknown.into_iter().zip(polled) {
                        let every = ready.connector().polls_every().unwrap_or(LONGEST);
                        // Those of one start do not all come at once.
                        let spread = every.min(LOOK).mul_f64(self.shared.chance.fraction() / 20.0);
                        let due = first_due(polled.as_ref(), every, now) + spread;
                        let (since, failures, is_running) = (now, 0, false);
                        let one = Watched { polled, since, due, failures, is_running, settings };
                        watched.insert(place, one);
                    }
                }
                Err(error) => {
                    Metrics::count(&self.shared.metrics.store_errors, "polled");
                    tracing::warn!(%error, "how far sources were polled is asked again");
                }
            }
        }
        self.measure(watched, now);
    }

    fn begin(
        &self,
        watched: &mut BTreeMap<Place, Watched>,
        under_way: &mut JoinSet<(Place, Ended)>,
    ) {
        let now = self.shared.clock.now();
        let mut due: Vec<(&Place, &mut Watched)> =
            watched.iter_mut().filter(|(_, one)| !one.is_running && one.due <= now).collect();
        due.sort_by_key(|(_, one)| one.due);
        let book = self.shared.rules.book();
        for (place, one) in due.into_iter().take(AT_ONCE.saturating_sub(under_way.len())) {
            let Some(ready) = place.find(&book) else { continue };
            one.is_running = true;
            let (rounder, place) = (Arc::clone(&self.rounder), place.clone());
            let (polled, failures) = (one.polled.clone(), one.failures);
            under_way.spawn(async move {
                let ended = rounder.round(&place, &ready, polled, failures).await;
                (place, ended)
            });
        }
    }

    fn ended(&self, watched: &mut BTreeMap<Place, Watched>, place: &Place, ended: Ended) {
        let Some(one) = watched.get_mut(place) else { return };
        let soon = self.shared.clock.now() + LOOK;
        (one.is_running, one.failures) = (false, ended.failures);
        one.due = ended.polled.next_at.unwrap_or(soon);
        one.polled = Some(ended.polled);
    }

    fn next(&self, watched: &BTreeMap<Place, Watched>) -> Timestamp {
        let soon = self.shared.clock.now() + LOOK;
        let due = watched.values().filter(|one| !one.is_running).map(|one| one.due);
        due.min().map_or(soon, |due| due.min(soon))
    }

    fn measure(&self, watched: &BTreeMap<Place, Watched>, now: Timestamp) {
        let last = |one: &Watched| {
            let known = one.polled.as_ref().and_then(|polled| polled.succeeded_at);
            known.unwrap_or(one.since)
        };
        let oldest = watched.values().map(last).min().unwrap_or(now);
        let age = now.duration_since(oldest).as_secs().max(0);
        self.shared.metrics.poll_age_seconds.set(age);
    }
}

/// When a source is asked first after a start: what failed before at its usual pace, for somebody may
/// have mended it.
fn first_due(polled: Option<&Polled>, every: Duration, now: Timestamp) -> Timestamp {
    let due = polled.map(|polled| {
        let planned = polled.next_at.filter(|_| polled.why.is_none());
        planned.unwrap_or(polled.at + every)
    });
    due.map_or(now, |due| due.max(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_start_a_source_is_asked_as_planned_and_a_failed_one_at_its_pace() {
        let now = Timestamp::from_second(1_795_341_600).expect("a time");
        let every = Duration::from_mins(5);
        let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
        assert_eq!(first_due(None, every, now), now);
        let polled = |why: Option<&str>, next_at| Polled {
            cursor: None,
            succeeded_at: None,
            why: why.map(str::to_owned),
            at: now - minute,
            next_at,
        };
        let due = |polled| first_due(Some(&polled), every, now);
        assert_eq!(due(polled(None, Some(now + minute))), now + minute);
        assert_eq!(due(polled(None, Some(now - minute))), now, "it is late by now");
        // One that was under way when the relay died, or written by an earlier version.
        assert_eq!(due(polled(None, None)), now - minute + every);
        assert_eq!(due(polled(Some("key_wrong"), Some(now + hour))), now - minute + every);
    }
}
