//! One round of asking one source: page by page, every item durable before the cursor moves.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use parcelwire_domain::id::{MerchantId, ReceiptId, SourceName};
use parcelwire_mapping::{
    blocks::{
        outcome::Verdict,
        verify::{Headers, Incoming},
    },
    source::{Item, PollStep, ReadySource},
};

use crate::{
    engine::Shared,
    limits::Limits,
    metrics::Metrics,
    ports::{Body, NewReceipt, Owner, Polled, TransportError},
    receive::dedupe,
};

/// Most receipts of one batch.
const MAX_BATCH: usize = 100;

/// What rounds share.
pub(super) struct Rounder {
    pub(super) shared: Arc<Shared>,
    pub(super) limits: Limits,
}

/// How a round ended.
pub(super) struct Ended {
    pub(super) polled: Polled,
    /// More pages follow than one round may ask for.
    pub(super) is_cut: bool,
    /// Its key was refused.
    pub(super) rests: bool,
    /// How long it asked to be left alone.
    pub(super) after: Duration,
}

/// Why a round ended early.
struct Failed {
    verdict: Verdict,
    why: String,
}

impl Failed {
    fn new(verdict: Verdict, why: impl Into<String>) -> Self {
        Self { verdict, why: why.into() }
    }
}

impl Rounder {
    /// Asks for what is new since the round before, and writes how far it came.
    pub(super) async fn round(
        &self,
        (merchant, source): &(MerchantId, SourceName),
        ready: &ReadySource,
        before: Option<Polled>,
    ) -> Ended {
        let mut cursor = before.as_ref().and_then(|polled| polled.cursor.clone());
        let came = self.walk(merchant, source, ready, &mut cursor).await;
        let now = self.shared.clock.now();
        let succeeded_at = before.as_ref().and_then(|polled| polled.succeeded_at);
        let mut ended = Ended {
            polled: Polled { cursor, succeeded_at, why: None, at: now },
            is_cut: false,
            rests: false,
            after: Duration::ZERO,
        };
        let outcome = match came {
            Ok(is_cut) => {
                let moved = before.as_ref().and_then(|polled| polled.cursor.as_ref());
                ended.is_cut = is_cut && ended.polled.cursor.as_ref() != moved;
                if is_cut && !ended.is_cut {
                    tracing::error!(merchant.id = %merchant, source.name = %source, "polling does not get on: there are more pages than `most` allows, and not the oldest first (hint: ask for the oldest first, or for more)");
                }
                ended.polled.succeeded_at = Some(now);
                if is_cut { "cut" } else { "ok" }
            }
            Err(Failed { verdict, why }) => {
                ended.rests = verdict == Verdict::KeyWrong;
                if let Verdict::Again { after: Some(after), .. } = verdict {
                    ended.after = after;
                }
                let name = if ended.rests { "key_wrong" } else { "failed" };
                tell(merchant, source, ended.rests, &ready.mask(&why));
                ended.polled.why = Some(if ended.rests { name.to_owned() } else { why });
                name
            }
        };
        Metrics::count(&self.shared.metrics.polls, outcome);
        let kept = ended.polled.clone();
        let kept = self.shared.ledger.keep_polled(merchant.clone(), source.clone(), kept).await;
        if let Err(error) = kept {
            // What came is asked for again, and recognised.
            Metrics::count(&self.shared.metrics.store_errors, "keep_polled");
            tracing::warn!(%error, "how far a source was polled could not be written");
        }
        ended
    }

    /// All pages; says whether more follow. `cursor` is what is durable by now.
    async fn walk(
        &self,
        merchant: &MerchantId,
        source: &SourceName,
        ready: &ReadySource,
        cursor: &mut Option<String>,
    ) -> Result<bool, Failed> {
        let now = self.shared.clock.now();
        let mut round = ready
            .poll(cursor.as_deref(), now)
            .map_err(|why| Failed::new(Verdict::Rejected, why))?;
        let (credential, rates) = (ready.credential(), round.limits());
        let mut request = round.request().clone();
        loop {
            self.limits.take(credential, rates).await;
            let most = self.shared.settings.max_answer_bytes;
            let answer = self.shared.transport.fetch(request, most).await;
            self.limits.ended(credential, rates);
            let answer = answer.map_err(|error| {
                let operators =
                    matches!(error, TransportError::Forbidden { .. } | TransportError::BadUrl(_));
                let verdict = if operators { Verdict::SettingsWrong } else { Verdict::AGAIN };
                Failed::new(verdict, error.to_string())
            })?;
            let now = self.shared.clock.now();
            let page = match catch_unwind(AssertUnwindSafe(|| round.on(&answer, now))) {
                Ok(PollStep::Page(page)) => page,
                Ok(PollStep::Failed(verdict, why)) => return Err(Failed::new(verdict, why)),
                Err(_) => {
                    let why = "reading the answer failed inside the relay";
                    return Err(Failed::new(Verdict::Rejected, why));
                }
            };
            self.accept(merchant, source, ready, page.items).await?;
            if let Some(next) = page.cursor {
                self.keep(merchant, source, &next).await?;
                *cursor = Some(next);
            }
            match page.next {
                Some(next) => request = next,
                None => {
                    if page.is_cut {
                        tracing::info!(merchant.id = %merchant, source.name = %source, "there is more than one round of polling may ask for: the next one begins soon");
                    }
                    return Ok(page.is_cut);
                }
            }
        }
    }

    /// Makes the items of a page durable; what was here before is recognised.
    async fn accept(
        &self,
        merchant: &MerchantId,
        source: &SourceName,
        ready: &ReadySource,
        items: Vec<Item>,
    ) -> Result<(), Failed> {
        let mut items = items.into_iter().peekable();
        while items.peek().is_some() {
            let batch = items.by_ref().take(MAX_BATCH);
            let batch = batch.map(|item| self.receipt(merchant, source, ready, item)).collect();
            for accepted in self.shared.ledger.accept(batch).await {
                accepted.map_err(|error| {
                    Metrics::count(&self.shared.metrics.store_errors, "accept");
                    Failed::new(Verdict::AGAIN, format!("what came could not be stored: {error}"))
                })?;
            }
        }
        Ok(())
    }

    fn receipt(
        &self,
        merchant: &MerchantId,
        source: &SourceName,
        ready: &ReadySource,
        item: Item,
    ) -> NewReceipt {
        let now = self.shared.clock.now();
        let owner = Owner::Merchant(merchant.clone());
        let request = Incoming::post(Headers::new(&[]), &item.body);
        let topic = item.topic.or_else(|| ready.topic(&request));
        let id = item.delivery_id.or_else(|| ready.delivery_id(&request));
        let dedupe = dedupe(&owner, source, topic.as_deref(), id.as_deref(), &item.body);
        let unix_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
        NewReceipt {
            id: ReceiptId::at(unix_ms, self.shared.chance.bits()),
            owner,
            source: source.clone(),
            topic,
            received_at: now,
            dedupe,
            headers: Vec::new(),
            query: String::new(),
            verified: "polled".to_owned(),
            accounts: Vec::new(),
            body: Body::Bytes(item.body),
        }
    }

    async fn keep(
        &self,
        merchant: &MerchantId,
        source: &SourceName,
        cursor: &str,
    ) -> Result<(), Failed> {
        let now = self.shared.clock.now();
        let cursor = Some(cursor.to_owned());
        let polled = Polled { cursor, succeeded_at: Some(now), why: None, at: now };
        let kept = self.shared.ledger.keep_polled(merchant.clone(), source.clone(), polled).await;
        kept.map_err(|error| Failed::new(Verdict::AGAIN, error.to_string()))
    }
}

fn tell(merchant: &MerchantId, source: &SourceName, rests: bool, why: &str) {
    if rests {
        tracing::error!(merchant.id = %merchant, source.name = %source, why, "polling rests: the key was refused (hint: mend the source's settings; it is asked again at once when they change)");
    } else {
        tracing::warn!(merchant.id = %merchant, source.name = %source, why, "a round of polling failed; it is repeated");
    }
}
