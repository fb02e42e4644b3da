//! The store of a story: the real one in memory, with somebody who writes down what was said and
//! decided.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::{
    Map, Value,
    id::{DestinationName, MerchantId, MessageId, ReceiptId, SourceName},
};
use parcelwire_engine::ports::{
    Accepted, Asked, Asking, Commit, CommitError, Conclusion, HandOut, Held, Ledger, LedgerResult,
    Limits, NewMessage, NewReceipt, Next, Outcome, Owner, PauseChange, Polled, ReadyMessage,
    Recalled, ReceiptLines, Refused, Retention, StoredReceipt, StoryLine, Swept, ToAsk, Transport,
    TransportError, TurnWish, Turns, Turnstile, WakeUp, Want,
};
use parcelwire_mapping::{
    destination::Frozen,
    http::{HttpAnswer, HttpRequest},
    scenario::Told,
};
use parcelwire_store::embedded::Embedded;

use super::Lived;

/// Marketing tools that take everything.
pub(super) struct Marketing;

#[async_trait]
impl Transport for Marketing {
    async fn send(&self, _: HttpRequest) -> Result<HttpAnswer, TransportError> {
        Ok(HttpAnswer {
            status: 200,
            headers: Vec::new(),
            body: Bytes::from_static(b"{}"),
            truncated: false,
            took: Duration::ZERO,
        })
    }
}

/// What was decided of one event.
#[derive(Debug, Clone)]
pub(crate) struct Decided {
    /// When.
    pub(crate) at: Timestamp,
    /// The explanation.
    pub(crate) line: StoryLine,
}

/// Writes down what passes.
pub(super) struct Recorder {
    store: Arc<Embedded>,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    /// Messages that were handed out to be sent.
    ready: BTreeMap<MessageId, NewMessage>,
    told: Vec<Told>,
    decided: Vec<Decided>,
}

impl Recorder {
    pub(super) fn over(store: Arc<Embedded>) -> Self {
        Self { store, notes: Mutex::default() }
    }

    pub(super) fn lived(&self) -> Lived {
        let notes = self.notes();
        let mut told = notes.told.clone();
        told.sort_by_key(|told| told.at);
        Lived { told, decided: notes.decided.clone() }
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whatever the tool's answer should look like: what was said counts as taken.
    fn as_taken(&self, mut end: Conclusion) -> Conclusion {
        let was_asked = end.attempt.as_ref().is_some_and(|attempt| !attempt.exchange.is_empty());
        if was_asked {
            let mut notes = self.notes();
            if let Some(message) = notes.ready.remove(&end.message) {
                notes.told.push(Told { at: end.at, fields: said(&message, end.backfill) });
            }
            end.next = Next::Sent;
            end.pause = None;
        }
        end
    }
}

/// A message under the names of a scenario's `sends:`.
fn said(message: &NewMessage, backfill: bool) -> Map {
    let frozen = Frozen::read(&message.frozen).unwrap_or_default();
    let field = |name: &str| frozen.fields.get(name).cloned();
    let to = ["email", "external_id", "phone"].iter().find_map(|name| field(name));
    let mut said = Map::new();
    said.set("trigger", Value::text(message.trigger.name()));
    said.set("name", Value::text(frozen.name.clone()));
    said.set_some("to", to);
    said.set("destination", Value::text(message.destination.as_str()));
    said.set("backfill", Value::Bool(backfill || message.backfill));
    said.set_some("order", field("order_number"));
    said.set_some("tracking_number", field("tracking_number"));
    said.set("properties", frozen.properties);
    said
}

#[async_trait]
impl Ledger for Recorder {
    async fn accept(&self, batch: Vec<NewReceipt>) -> Vec<LedgerResult<Accepted>> {
        self.store.accept(batch).await
    }

    async fn refuse(&self, batch: Vec<Refused>) -> LedgerResult<()> {
        self.store.refuse(batch).await
    }

    async fn hold(&self) -> LedgerResult<Held> {
        self.store.hold().await
    }

    async fn waiting(
        &self,
        held: &Held,
        per_owner: usize,
        limit: usize,
    ) -> LedgerResult<Vec<StoredReceipt>> {
        self.store.waiting(held, per_owner, limit).await
    }

    async fn release(&self, receipts: Vec<ReceiptId>, messages: Vec<MessageId>) {
        self.store.release(receipts, messages).await;
    }

    async fn recall(&self, wants: Vec<Want>) -> LedgerResult<Vec<Recalled>> {
        self.store.recall(wants).await
    }

    async fn lines(
        &self,
        receipts: Vec<(MerchantId, ReceiptId)>,
    ) -> LedgerResult<Vec<ReceiptLines>> {
        self.store.lines(receipts).await
    }

    async fn awake(&self, held: &Held, now: Timestamp, limit: usize) -> LedgerResult<Vec<WakeUp>> {
        self.store.awake(held, now, limit).await
    }

    async fn commit(&self, held: &Held, batch: Vec<Commit>) -> Vec<Result<(), CommitError>> {
        let lines: Vec<Vec<Decided>> = batch
            .iter()
            .map(|commit| {
                let decided = |line: &StoryLine| Decided { at: commit.at, line: line.clone() };
                commit.story.iter().map(decided).collect()
            })
            .collect();
        let written = self.store.commit(held, batch).await;
        let kept = lines.into_iter().zip(&written).filter(|(_, written)| written.is_ok());
        self.notes().decided.extend(kept.flat_map(|(lines, _)| lines));
        written
    }

    async fn settle_feed(
        &self,
        receipt: ReceiptId,
        outcome: Outcome,
        unclaimed: Vec<String>,
    ) -> LedgerResult<()> {
        self.store.settle_feed(receipt, outcome, unclaimed).await
    }

    async fn ready(
        &self,
        held: &Held,
        now: Timestamp,
        room: &HandOut,
    ) -> LedgerResult<Vec<ReadyMessage>> {
        let ready = self.store.ready(held, now, room).await?;
        let known = ready.iter().map(|ready| (ready.message.id, ready.message.clone()));
        self.notes().ready.extend(known);
        Ok(ready)
    }

    async fn conclude(&self, held: &Held, batch: Vec<Conclusion>) -> Vec<Result<(), CommitError>> {
        let batch = batch.into_iter().map(|end| self.as_taken(end)).collect();
        self.store.conclude(held, batch).await
    }

    async fn pause(
        &self,
        merchant: MerchantId,
        destination: DestinationName,
        change: PauseChange,
    ) -> LedgerResult<()> {
        self.store.pause(merchant, destination, change).await
    }

    async fn next_due(&self, held: &Held) -> LedgerResult<Option<Timestamp>> {
        self.store.next_due(held).await
    }

    async fn keep_rules(&self, hash: [u8; 16], text: String) -> LedgerResult<()> {
        self.store.keep_rules(hash, text).await
    }

    async fn rules(&self, hash: [u8; 16]) -> LedgerResult<Option<String>> {
        self.store.rules(hash).await
    }

    async fn prune(&self, now: Timestamp, retention: Retention) -> LedgerResult<bool> {
        self.store.prune(now, retention).await
    }

    async fn sweep(
        &self,
        held: &Held,
        now: Timestamp,
        after: Option<String>,
    ) -> LedgerResult<Swept> {
        self.store.sweep(held, now, after).await
    }

    async fn news(&self) {
        self.store.news().await;
    }
}

#[async_trait]
impl Asking for Recorder {
    async fn ask(&self, receipts: Vec<ReceiptId>, at: Timestamp) -> LedgerResult<()> {
        self.store.ask(receipts, at).await
    }

    async fn asking(
        &self,
        held: &Held,
        now: Timestamp,
        each: usize,
        limit: usize,
    ) -> LedgerResult<Vec<ToAsk>> {
        self.store.asking(held, now, each, limit).await
    }

    async fn asked(
        &self,
        merchant: MerchantId,
        receipt: ReceiptId,
        end: Asked,
    ) -> LedgerResult<()> {
        self.store.asked(merchant, receipt, end).await
    }

    async fn hurry(&self, why: String) -> LedgerResult<()> {
        self.store.hurry(why).await
    }

    async fn polled(&self, of: Vec<(Owner, SourceName)>) -> LedgerResult<Vec<Option<Polled>>> {
        self.store.polled(of).await
    }

    async fn keep_polled(
        &self,
        owner: Owner,
        source: SourceName,
        polled: Polled,
    ) -> LedgerResult<()> {
        self.store.keep_polled(owner, source, polled).await
    }
}

#[async_trait]
impl Turnstile for Recorder {
    async fn turns(&self, wish: TurnWish, now: Timestamp) -> LedgerResult<Turns> {
        self.store.turns(wish, now).await
    }

    async fn rest(
        &self,
        credential: [u8; 16],
        limits: Limits,
        span: Duration,
        now: Timestamp,
    ) -> LedgerResult<()> {
        self.store.rest(credential, limits, span, now).await
    }
}
