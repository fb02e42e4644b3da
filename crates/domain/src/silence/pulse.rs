//! Who of one merchant is heard how often.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Days, Heard, Missed, Suspension,
    beat::{Beat, LEAST},
};
use crate::id::{AggregateId, SourceName};

/// Most carriers that are kept; further ones are not looked at.
const MOST_CARRIERS: usize = 50;

/// The sources and carriers of one merchant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulse {
    #[serde(default)]
    sources: BTreeMap<SourceName, Beat>,
    #[serde(default)]
    carriers: BTreeMap<String, Beat>,
}

/// Who may be silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who<'a> {
    /// A source.
    Source(&'a SourceName),
    /// A carrier, by its slug.
    Carrier(&'a str),
}

impl Pulse {
    /// Something of `order` was heard at `at`.
    pub fn hear(
        &mut self,
        source: &SourceName,
        carrier: Option<&str>,
        order: AggregateId,
        at: Timestamp,
        days: Days<'_>,
    ) {
        let beat = self.sources.entry(source.clone()).or_insert_with(|| Beat::first(at, order));
        beat.hear(at, order, days);
        let Some(carrier) = carrier else { return };
        if self.carriers.len() >= MOST_CARRIERS && !self.carriers.contains_key(carrier) {
            return;
        }
        let beat = self.carriers.entry(carrier.to_owned());
        beat.or_insert_with(|| Beat::first(at, order)).hear(at, order, days);
    }

    /// Forgets sources that are no longer connected: nobody waits for their word.
    pub fn keep(&mut self, is_connected: impl Fn(&SourceName) -> bool) {
        self.sources.retain(|source, _| is_connected(source));
    }

    /// Who is quiet for longer than usual, and since when: sources by their names; else carriers, of
    /// which nothing could be heard from a silent source.
    pub fn silent(&self, days: Days<'_>, now: Timestamp) -> Vec<(Who<'_>, Timestamp)> {
        let quiet = |beat: &Beat| beat.silent_since(LEAST, days, now);
        let sources = self.sources.iter();
        let sources = sources.filter_map(|(name, beat)| Some((Who::Source(name), quiet(beat)?)));
        let sources: Vec<_> = sources.collect();
        if !sources.is_empty() {
            return sources;
        }
        let carriers = self.carriers.iter();
        carriers.filter_map(|(slug, beat)| Some((Who::Carrier(slug), quiet(beat)?))).collect()
    }

    pub(super) fn of(&self, missed: &Missed<'_>, days: Days<'_>, now: Timestamp) -> Heard {
        let is_meant =
            |source: &SourceName| missed.sources.is_empty() || missed.sources.contains(&source);
        let sources = self.sources.iter().filter(|(source, _)| is_meant(source));
        let of_sources = sources.fold(Heard::Well, |worst, (source, beat)| {
            let why = || Suspension::SourceSilent(source.to_string());
            worst.or_worse(beat.of(missed.since, days, now, why))
        });
        let carrier = missed.carrier.and_then(|slug| Some((slug, self.carriers.get(slug)?)));
        let Some((slug, beat)) = carrier else { return of_sources };
        let why = || Suspension::CarrierSilent(slug.to_owned());
        of_sources.or_worse(beat.of(missed.since, days, now, why))
    }

    /// Reads what [`Pulse::write`] wrote; what cannot be read is as good as nothing.
    pub fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// As it is kept.
    pub fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("it has only texts for keys")
    }
}
