//! One round of asking one source or feed: page by page, every item durable before the cursor moves.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use parcelwire_domain::id::ReceiptId;
use parcelwire_mapping::{
    blocks::{
        outcome::Verdict,
        verify::{Headers, Incoming},
    },
    source::{Item, PollStep, ReadySource, Round},
};

use super::{
    place::Place,
    schedule::{LONGEST, Outcome, wait},
};
use crate::{
    asker::{Asker, Unanswered},
    engine::Shared,
    metrics::Metrics,
    ports::{Accepted, Body, LedgerResult, NewReceipt, Polled},
    receive::dedupe,
};

/// Most receipts of one batch.
const MAX_BATCH: usize = 100;

/// What rounds share.
pub(super) struct Rounder {
    pub(super) shared: Arc<Shared>,
    pub(super) asker: Arc<Asker>,
}

/// How a round ended.
pub(super) struct Ended {
    pub(super) polled: Polled,
    /// How many in a row have failed by now.
    pub(super) failures: u32,
}

/// What a round has brought so far.
#[derive(Debug)]
pub(super) struct Came {
    /// How its receipts are marked.
    pub(super) verified: &'static str,
    /// What is durable by now.
    pub(super) cursor: Option<String>,
    /// Whether the cursor is kept for the next round.
    pub(super) is_kept: bool,
    pub(super) accepted: usize,
    pub(super) known: usize,
}

impl Default for Came {
    fn default() -> Self {
        Self { verified: "polled", cursor: None, is_kept: false, accepted: 0, known: 0 }
    }
}

/// Why a round ended early.
pub(super) struct Failed {
    verdict: Verdict,
    pub(super) why: String,
}

impl Failed {
    fn new(verdict: Verdict, why: impl Into<String>) -> Self {
        Self { verdict, why: why.into() }
    }
}

impl Rounder {
    /// Asks for what is new since the round before, and writes how far it came. So many rounds
    /// have failed in a row.
    pub(super) async fn round(
        &self,
        place: &Place,
        ready: &ReadySource,
        before: Option<Polled>,
        failures: u32,
    ) -> Ended {
        let start = before.as_ref().and_then(|polled| polled.cursor.clone());
        let mut came = Came { cursor: start.clone(), is_kept: true, ..Came::default() };
        let begun = ready.poll(start.as_deref(), self.shared.clock.now());
        let walked = match begun {
            Ok(round) => self.walk(place, ready, round, &mut came).await,
            Err(why) => Err(Failed::new(Verdict::Rejected, why)),
        };
        let cursor = came.cursor;
        let now = self.shared.clock.now();
        let succeeded_at = before.as_ref().and_then(|polled| polled.succeeded_at);
        let (succeeded_at, why, outcome) = match walked {
            Ok(is_cut) => (Some(now), None, self.went_well(place, is_cut, start != cursor)),
            Err(failed) => {
                let (why, outcome) = self.failed(place, ready, failed, failures);
                (succeeded_at, Some(why), outcome)
            }
        };
        let every = ready.connector().polls_every().unwrap_or(LONGEST);
        let next_at = Some(now + wait(outcome, every, self.shared.chance.fraction()));
        let polled = Polled { cursor, succeeded_at, why, at: now, next_at };
        if let Err(error) = self.write(place, polled.clone()).await {
            // What came is asked for again, and recognised.
            tracing::warn!(%error, "how far a source was polled could not be written");
        }
        let is_failed = matches!(outcome, Outcome::Failed { .. });
        Ended { polled, failures: if is_failed { failures.saturating_add(1) } else { 0 } }
    }

    fn went_well(&self, place: &Place, is_cut: bool, got_on: bool) -> Outcome {
        Metrics::count(&self.shared.metrics.polls, if is_cut { "cut" } else { "ok" });
        if is_cut && !got_on {
            tracing::error!(source.name = %place, "polling does not get on: there are more pages than `most` allows, and not the oldest first (hint: ask for the oldest first, or for more)");
        }
        if is_cut && got_on { Outcome::Cut } else { Outcome::Whole }
    }

    /// Why a round failed, as it is kept, and what follows.
    fn failed(
        &self,
        place: &Place,
        ready: &ReadySource,
        failed: Failed,
        before: u32,
    ) -> (String, Outcome) {
        let rests = failed.verdict == Verdict::KeyWrong;
        let name = if rests { "key_wrong" } else { "failed" };
        Metrics::count(&self.shared.metrics.polls, name);
        let why = ready.mask(&failed.why);
        if rests {
            tracing::error!(source.name = %place, why, "polling rests: the key was refused (hint: mend the source's settings; it is asked again at once when they change)");
        } else {
            tracing::warn!(source.name = %place, why, "a round of polling failed; it is repeated");
        }
        let after = match failed.verdict {
            Verdict::Again { after, .. } => after.unwrap_or(Duration::ZERO),
            Verdict::Sent
            | Verdict::Rejected
            | Verdict::Partial(_)
            | Verdict::KeyWrong
            | Verdict::SettingsWrong
            | Verdict::VersionRetired => Duration::ZERO,
        };
        let kept = if rests { name.to_owned() } else { why };
        (kept, Outcome::Failed { before, rests, after })
    }

    /// All pages; says whether more follow.
    pub(super) async fn walk(
        &self,
        place: &Place,
        ready: &ReadySource,
        mut round: Round,
        came: &mut Came,
    ) -> Result<bool, Failed> {
        let rates = round.limits();
        let mut request = round.request().clone();
        let mut share = self.asker.share();
        loop {
            let answer = self.asker.ask(ready, rates, request, &mut share).await;
            let answer = answer.map_err(|unanswered| match unanswered {
                Unanswered::Refused(why) => Failed::new(Verdict::SettingsWrong, why),
                Unanswered::Failed(why) => Failed::new(Verdict::AGAIN, why),
                Unanswered::NoRoom => {
                    let why = "there was no room for its answer beside others";
                    Failed::new(Verdict::AGAIN, why)
                }
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
            self.accept(place, ready, page.items, came).await?;
            drop(answer);
            share.give_back();
            if let Some(next) = page.cursor {
                if came.is_kept {
                    self.keep(place, &next, now).await?;
                }
                came.cursor = Some(next);
            }
            match page.next {
                Some(next) => request = next,
                None => {
                    if page.is_cut {
                        tracing::info!(source.name = %place, "there is more than one round of polling may ask for: the next one begins soon");
                    }
                    return Ok(page.is_cut);
                }
            }
        }
    }

    /// Makes the items of a page durable; what was here before is recognised.
    async fn accept(
        &self,
        place: &Place,
        ready: &ReadySource,
        items: Vec<Item>,
        came: &mut Came,
    ) -> Result<(), Failed> {
        let mut items = items.into_iter().peekable();
        while items.peek().is_some() {
            let batch = items.by_ref().take(MAX_BATCH);
            let batch = batch.map(|item| self.receipt(place, ready, item, came.verified)).collect();
            for accepted in self.shared.ledger.accept(batch).await {
                let accepted = accepted.map_err(|error| {
                    Metrics::count(&self.shared.metrics.store_errors, "accept");
                    Failed::new(Verdict::AGAIN, format!("what came could not be stored: {error}"))
                })?;
                match accepted {
                    Accepted::New(_) => came.accepted += 1,
                    Accepted::Duplicate(_) => came.known += 1,
                }
            }
        }
        Ok(())
    }

    fn receipt(
        &self,
        place: &Place,
        ready: &ReadySource,
        item: Item,
        verified: &str,
    ) -> NewReceipt {
        let now = self.shared.clock.now();
        let Place { owner, source } = place.clone();
        let request = Incoming::post(Headers::new(&[]), &item.body);
        let topic = item.topic.or_else(|| ready.topic(&request));
        let id = item.delivery_id.or_else(|| ready.delivery_id(&request));
        let dedupe = dedupe(&owner, &source, topic.as_deref(), id.as_deref(), &item.body);
        let unix_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
        NewReceipt {
            id: ReceiptId::at(unix_ms, self.shared.chance.bits()),
            owner,
            source,
            topic,
            received_at: now,
            dedupe,
            headers: Vec::new(),
            query: String::new(),
            verified: verified.to_owned(),
            accounts: Vec::new(),
            body: Body::Bytes(item.body),
        }
    }

    /// Remembers how far a round came that goes on.
    async fn keep(&self, place: &Place, cursor: &str, now: Timestamp) -> Result<(), Failed> {
        let cursor = Some(cursor.to_owned());
        let polled = Polled { cursor, succeeded_at: Some(now), why: None, at: now, next_at: None };
        let kept = self.write(place, polled).await;
        kept.map_err(|error| Failed::new(Verdict::AGAIN, error.to_string()))
    }

    async fn write(&self, place: &Place, polled: Polled) -> LedgerResult<()> {
        let (owner, source) = (place.owner.clone(), place.source.clone());
        let kept = self.shared.ledger.keep_polled(owner, source, polled).await;
        if kept.is_err() {
            Metrics::count(&self.shared.metrics.store_errors, "keep_polled");
        }
        kept
    }
}
