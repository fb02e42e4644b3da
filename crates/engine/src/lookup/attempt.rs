//! One try at asking about one receipt.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::PoisonError,
    time::Duration,
};

use bytes::Bytes;
use parcelwire_domain::id::MerchantId;
use parcelwire_mapping::{
    blocks::outcome::Verdict,
    source::{LookingUp, LookupFault, LookupStep, ReadySource},
};

use super::{Desk, schedule::follow};
use crate::{
    asker::Unanswered,
    metrics::Metrics,
    patience::Patience,
    ports::{Asked, KeptAnswer, Owner, ToAsk},
    room::Share,
};

/// A merchant or source that is gone from the files is looked for again after this.
const LOOK_AGAIN: Duration = Duration::from_mins(5);

/// So soon there may be room again for a large answer.
const NO_ROOM: Duration = Duration::from_secs(2);

/// What a try came to.
enum Came {
    Answer(Bytes),
    Failed(LookupFault, String),
    Again(Verdict, String),
    NoRoom,
}

impl Desk {
    /// Asks, and writes what came of it.
    pub(super) async fn attempt(&self, to_ask: ToAsk) {
        let Owner::Merchant(merchant) = to_ask.receipt.owner.clone() else { return };
        // Held until the answer is written.
        let mut share = self.asker.share();
        let end = self.ask(&merchant, &to_ask, &mut share).await;
        let mut patience = Patience::new();
        loop {
            let written =
                self.shared.ledger.asked(merchant.clone(), to_ask.receipt.id, end.clone()).await;
            let Err(error) = written else { return };
            Metrics::count(&self.shared.metrics.store_errors, "asked");
            tracing::warn!(%error, "an answer could not be kept yet");
            patience.wait(self.shared.clock.as_ref()).await;
        }
    }

    async fn ask(&self, merchant: &MerchantId, to_ask: &ToAsk, share: &mut Share<'_>) -> Asked {
        let shared = &self.shared;
        let (receipt, now) = (&to_ask.receipt, shared.clock.now());
        let later = |at| Asked::Again { tries: to_ask.tries, at, why: None };
        let book = shared.rules.book();
        let source = book
            .merchant(merchant.as_str())
            .and_then(|merchant| merchant.sources.get(&receipt.source));
        let Some(source) = source.map(|source| source.ready.clone()) else {
            return later(now + LOOK_AGAIN);
        };
        let begin = || {
            let received = receipt.received();
            let needed = source.needs_answer(&received);
            needed.then(|| source.look_up(&received, shared.settings.max_answer_bytes))
        };
        let looking = match catch_unwind(AssertUnwindSafe(begin)) {
            Ok(None) => return Asked::NotNeeded,
            Ok(Some(Ok(looking))) => looking,
            Ok(Some(Err(why))) => return self.over(LookupFault::Refused, to_ask, &why),
            Err(_) => return self.over(LookupFault::Failed, to_ask, "it failed inside the relay"),
        };
        let credential = source.credential();
        if let Some((at, why)) = self.rests(credential).filter(|(until, _)| *until > now) {
            return Asked::Again { tries: to_ask.tries, at, why };
        }
        let cached = looking
            .cached()
            .map(|(time, hash)| (time, (merchant.clone(), receipt.source.clone(), hash)));
        if let Some(answer) = cached.as_ref().and_then(|(_, key)| self.cache.get(key, now)) {
            Metrics::count(&shared.metrics.lookups, "cached");
            return Asked::Kept(KeptAnswer::Body(answer));
        }
        match self.walk(looking, &source, share).await {
            Came::Answer(answer) => {
                Metrics::count(&shared.metrics.lookups, "answered");
                shared.refusals.answered(merchant, &receipt.source);
                if let Some((time, key)) = cached {
                    self.cache.keep(key, shared.clock.now() + time, answer.clone());
                }
                Asked::Kept(KeptAnswer::Body(answer))
            }
            Came::Failed(fault, why) => self.over(fault, to_ask, &why),
            Came::Again(verdict, why) => self.again(&verdict, to_ask, merchant, credential, &why),
            Came::NoRoom => {
                Metrics::count(&shared.metrics.lookups, "no_room");
                let wait = NO_ROOM.mul_f64(0.5 + shared.chance.fraction());
                later(shared.clock.now() + wait)
            }
        }
    }

    /// Walks through the pages.
    async fn walk(
        &self,
        mut looking: LookingUp,
        source: &ReadySource,
        share: &mut Share<'_>,
    ) -> Came {
        let rates = looking.limits();
        let mut request = looking.request().clone();
        loop {
            let answer = match self.asker.ask(source, rates, request, share).await {
                Ok(answer) => answer,
                Err(Unanswered::NoRoom) => return Came::NoRoom,
                Err(Unanswered::Refused(why)) => return Came::Failed(LookupFault::Refused, why),
                Err(Unanswered::Failed(why)) => return Came::Again(Verdict::AGAIN, why),
            };
            let now = self.shared.clock.now();
            let step = catch_unwind(AssertUnwindSafe(|| looking.on(&answer, now)));
            request = match step {
                Ok(LookupStep::Send(next)) => next,
                Ok(LookupStep::Answered(body)) => return Came::Answer(body),
                Ok(LookupStep::Failed(fault, why)) => return Came::Failed(fault, why),
                Ok(LookupStep::Again(verdict, why)) => return Came::Again(verdict, why),
                Err(_) => {
                    let why = "reading the answer failed inside the relay".to_owned();
                    return Came::Failed(LookupFault::Failed, why);
                }
            };
        }
    }

    /// There will be no answer: the receipt is decided without.
    fn over(&self, fault: LookupFault, to_ask: &ToAsk, why: &str) -> Asked {
        let name = fault.name().trim_start_matches("lookup_");
        Metrics::count(&self.shared.metrics.lookups, name);
        tracing::warn!(receipt.id = %to_ask.receipt.id, fault = fault.name(), why, "nothing was found out about a receipt");
        Asked::Kept(KeptAnswer::Failed(fault.name().to_owned()))
    }

    fn again(
        &self,
        verdict: &Verdict,
        to_ask: &ToAsk,
        merchant: &MerchantId,
        credential: [u8; 16],
        why: &str,
    ) -> Asked {
        let shared = &self.shared;
        let (now, chance) = (shared.clock.now(), shared.chance.fraction());
        let received_at = to_ask.receipt.received_at;
        let (end, rest) = follow(verdict, to_ask.tries, received_at, now, chance);
        if let Some(until) = rest {
            let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
            let why = match &end {
                Asked::Again { why, .. } => why.clone(),
                Asked::Kept(_) | Asked::NotNeeded => None,
            };
            resting.insert(credential, (until, why));
        }
        match &end {
            Asked::Kept(KeptAnswer::Failed(fault)) => {
                let fault = LookupFault::parse(fault).unwrap_or(LookupFault::Failed);
                return self.over(fault, to_ask, why);
            }
            Asked::Kept(_) | Asked::NotNeeded | Asked::Again { .. } => {}
        }
        Metrics::count(&shared.metrics.lookups, verdict.name());
        if *verdict == Verdict::KeyWrong {
            let (source, receipt) = (&to_ask.receipt.source, to_ask.receipt.id);
            shared.refusals.refused(merchant, source, now);
            tracing::warn!(receipt.id = %receipt, source.name = %source, why, "the key for lookups was refused; what waits for an answer is asked again slowly, and at once when files change");
        }
        end
    }

    fn rests(&self, credential: [u8; 16]) -> Option<(jiff::Timestamp, Option<String>)> {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.get(&credential).cloned()
    }
}
