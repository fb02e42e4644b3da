//! Who is heard, and whether the relay itself was away: kept in memory and noted every minute, so that
//! it is known after a start. What is lost with a crash is a minute of listening.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use parcelwire_domain::{
    calendar::Place,
    id::{AggregateId, MerchantId, SourceName},
    silence::{Alive, Days, Outage, Pulse},
};
use parcelwire_mapping::merchant::Merchant;

use crate::{
    engine::Shared,
    measured::Silent,
    metrics::Metrics,
    ports::{Held, LedgerResult, Owner, Place as VaultPlace, Shelf},
};

/// Something was heard.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    pub(crate) source: SourceName,
    pub(crate) carrier: Option<String>,
    pub(crate) order: AggregateId,
    pub(crate) at: Timestamp,
}

/// What is known in this process.
#[derive(Debug, Default)]
pub(crate) struct HearingDesk(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// `None` until the note of it was read.
    alive: Option<Alive>,
    pulses: BTreeMap<MerchantId, Kept>,
    /// Who was silent at the last look.
    silent: Vec<Silent>,
}

#[derive(Debug, Default)]
struct Kept {
    pulse: Pulse,
    is_noted: bool,
}

impl HearingDesk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a merchant's sources; nothing before its note was read.
    pub(crate) fn pulse(&self, merchant: &Merchant) -> Option<Pulse> {
        let mut pulse = self.state().pulses.get(&merchant.id)?.pulse.clone();
        pulse.keep(|source| merchant.sources.contains_key(source));
        Some(pulse)
    }

    /// Who was silent at the last look.
    pub(crate) fn silent(&self) -> Vec<Silent> {
        self.state().silent.clone()
    }

    /// Whoever is silent now.
    pub(crate) fn note_silent(&self, silent: Vec<Silent>) {
        self.state().silent = silent;
    }

    /// When the relay was away.
    pub(crate) fn away(&self) -> Vec<Outage> {
        self.state().alive.as_ref().map(|alive| alive.away().to_vec()).unwrap_or_default()
    }

    /// See [`Alive::stay`].
    pub(crate) fn stay(&self, now: Timestamp) {
        if let Some(alive) = &mut self.state().alive {
            alive.stay(now);
        }
    }

    /// What a merchant's sources said in a step that is written.
    pub(crate) fn hear(&self, merchant: &Merchant, words: &[Word]) {
        if words.is_empty() {
            return;
        }
        let places: Vec<&Place> = merchant.seat.place.iter().collect();
        let days = Days { places: &places, zone: &merchant.seat.zone };
        let mut state = self.state();
        let kept = state.pulses.entry(merchant.id.clone()).or_default();
        kept.is_noted = false;
        for word in words {
            kept.pulse.hear(&word.source, word.carrier.as_deref(), word.order, word.at, days);
        }
    }
}

/// Where what was heard of a merchant's sources is kept; without one, when the relay was alive.
fn place(of: Option<MerchantId>) -> VaultPlace {
    VaultPlace { shelf: Shelf::Hearing, of, key: String::new() }
}

impl Shared {
    /// Gives a sign of life, and reads what is not known yet: how long the relay was away, and who of
    /// these merchants is heard. Somebody else may have listened to merchants that are not held.
    pub(crate) async fn listen(
        &self,
        held: &Held,
        merchants: impl Iterator<Item = &MerchantId>,
        now: Timestamp,
    ) -> LedgerResult<()> {
        let mut unknown: Vec<Option<MerchantId>> = {
            let mut state = self.hearing.state();
            state.pulses.retain(|merchant, _| held.has(&Owner::Merchant(merchant.clone())));
            if let Some(alive) = &mut state.alive {
                alive.sign(now);
            }
            let own = state.alive.is_none().then_some(None);
            let merchants = merchants.filter(|id| !state.pulses.contains_key(*id));
            own.into_iter().chain(merchants.cloned().map(Some)).collect()
        };
        if unknown.is_empty() {
            return Ok(());
        }
        let notes = self.vault.kept(unknown.iter().cloned().map(place).collect()).await?;
        let mut state = self.hearing.state();
        for (of, note) in unknown.drain(..).zip(notes) {
            match of {
                None => {
                    let mut alive = note.map(|note| Alive::read(&note)).unwrap_or_default();
                    alive.sign(now);
                    state.alive = Some(alive);
                }
                Some(merchant) => {
                    let pulse = note.map(|note| Pulse::read(&note)).unwrap_or_default();
                    let kept = Kept { pulse, is_noted: true };
                    state.pulses.entry(merchant).or_insert(kept);
                }
            }
        }
        Ok(())
    }

    /// Looks who is silent, of all merchants that this instance works for.
    pub(crate) async fn look_for_silence(&self) {
        let Some(held) = self.held().await else { return };
        let (book, now) = (self.rules.book(), self.clock.now());
        let own = book.merchants.keys().filter(|id| held.has(&Owner::Merchant((*id).clone())));
        match self.listen(&held, own, now).await {
            Ok(()) => self.hearing.look_for_silence(&book, now),
            Err(error) => tracing::warn!(%error, "who is silent could not be asked"),
        }
    }

    /// Notes what was heard since the last time.
    pub(crate) async fn keep_heard(&self) {
        let mut notes: Vec<(Option<MerchantId>, Vec<u8>)> = Vec::new();
        {
            let mut state = self.hearing.state();
            notes.extend(state.alive.iter().map(|alive| (None, alive.write())));
            for (merchant, kept) in state.pulses.iter_mut().filter(|(_, kept)| !kept.is_noted) {
                kept.is_noted = true;
                notes.push((Some(merchant.clone()), kept.pulse.write()));
            }
        }
        for (of, note) in notes {
            let thing = (place(of.clone()), Some(note.into()));
            if let Err(error) = self.vault.keep(vec![thing]).await {
                Metrics::count(&self.metrics.store_errors, "keep");
                tracing::warn!(%error, "what was heard could not be noted; it is tried again");
                let mut state = self.hearing.state();
                if let Some(kept) = of.and_then(|merchant| state.pulses.get_mut(&merchant)) {
                    kept.is_noted = false;
                }
            }
        }
    }
}
