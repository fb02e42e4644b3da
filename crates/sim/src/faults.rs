//! The real store, whose writing calls fail as the dice say. A crash is a call that never comes back:
//! the world then drops the engine and starts another on what was written.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::id::{DestinationName, MerchantId, MessageId, ReceiptId};
use parcelwire_engine::ports::{
    Accepted, Commit, CommitError, Conclusion, HandOut, Held, Ledger, LedgerResult, NewReceipt,
    Outcome, PauseChange, Place, PortError, ReadyMessage, Recalled, ReceiptLines, Refused,
    Retention, Shelf, StoredReceipt, Swept, Vault, WakeUp, Want,
};
use parcelwire_store::embedded::Embedded;
use tokio::sync::Notify;

use crate::dice::{Dice, Fault};

pub(crate) struct Faulty {
    pub(crate) store: Arc<Embedded>,
    dice: Arc<Dice>,
    dead: AtomicBool,
    died: Notify,
}

impl Faulty {
    pub(crate) fn new(store: Arc<Embedded>, dice: Arc<Dice>) -> Self {
        Self { store, dice, dead: AtomicBool::new(false), died: Notify::new() }
    }

    /// Comes back when the process dies.
    pub(crate) async fn died(&self) {
        let died = self.died.notified();
        tokio::pin!(died);
        died.as_mut().enable();
        if !self.dead.load(Ordering::Acquire) {
            died.await;
        }
    }

    async fn die<T>(&self) -> T {
        self.dead.store(true, Ordering::Release);
        self.died.notify_waiters();
        std::future::pending().await
    }

    /// A dead process asks for nothing.
    pub(crate) async fn alive(&self) {
        if self.dead.load(Ordering::Acquire) {
            std::future::pending::<()>().await;
        }
    }

    /// Runs a writing call with what the dice say about it.
    pub(crate) async fn write<T>(
        &self,
        name: &str,
        call: impl Future<Output = T>,
    ) -> Result<T, PortError> {
        self.alive().await;
        let why = || "the simulation said so".to_owned();
        match self.dice.call(name) {
            None => Ok(call.await),
            Some(Fault::NotApplied) => Err(PortError::NotApplied { why: why() }),
            Some(Fault::UnknownBefore) => Err(PortError::Unknown { why: why() }),
            Some(Fault::UnknownAfter) => {
                drop(call.await);
                Err(PortError::Unknown { why: why() })
            }
            Some(Fault::CrashBefore) => self.die().await,
            Some(Fault::CrashAfter) => {
                drop(call.await);
                self.die().await
            }
        }
    }
}

#[async_trait]
impl Ledger for Faulty {
    async fn accept(&self, batch: Vec<NewReceipt>) -> Vec<LedgerResult<Accepted>> {
        let count = batch.len();
        match self.write("accept", self.store.accept(batch)).await {
            Ok(answers) => answers,
            Err(error) => vec![Err(error); count],
        }
    }

    async fn refuse(&self, batch: Vec<Refused>) -> LedgerResult<()> {
        self.write("refuse", self.store.refuse(batch)).await?
    }

    async fn hold(&self) -> LedgerResult<Held> {
        self.alive().await;
        self.store.hold().await
    }

    async fn waiting(
        &self,
        held: &Held,
        per_owner: usize,
        limit: usize,
    ) -> LedgerResult<Vec<StoredReceipt>> {
        self.alive().await;
        self.store.waiting(held, per_owner, limit).await
    }

    async fn release(&self, receipts: Vec<ReceiptId>, messages: Vec<MessageId>) {
        self.alive().await;
        self.store.release(receipts, messages).await;
    }

    async fn recall(&self, wants: Vec<Want>) -> LedgerResult<Vec<Recalled>> {
        self.write("recall", self.store.recall(wants)).await?
    }

    async fn lines(
        &self,
        receipts: Vec<(MerchantId, ReceiptId)>,
    ) -> LedgerResult<Vec<ReceiptLines>> {
        self.alive().await;
        self.store.lines(receipts).await
    }

    async fn awake(&self, held: &Held, now: Timestamp, limit: usize) -> LedgerResult<Vec<WakeUp>> {
        self.alive().await;
        self.store.awake(held, now, limit).await
    }

    async fn commit(&self, held: &Held, batch: Vec<Commit>) -> Vec<Result<(), CommitError>> {
        let count = batch.len();
        match self.write("commit", self.store.commit(held, batch)).await {
            Ok(results) => results,
            Err(error) => vec![Err(CommitError::Port(error)); count],
        }
    }

    async fn settle_feed(
        &self,
        receipt: ReceiptId,
        outcome: Outcome,
        unclaimed: Vec<String>,
    ) -> LedgerResult<()> {
        self.write("settle_feed", self.store.settle_feed(receipt, outcome, unclaimed)).await?
    }

    async fn ready(
        &self,
        held: &Held,
        now: Timestamp,
        room: &HandOut,
    ) -> LedgerResult<Vec<ReadyMessage>> {
        self.alive().await;
        self.store.ready(held, now, room).await
    }

    async fn conclude(&self, held: &Held, batch: Vec<Conclusion>) -> Vec<Result<(), CommitError>> {
        let count = batch.len();
        match self.write("conclude", self.store.conclude(held, batch)).await {
            Ok(results) => results,
            Err(error) => vec![Err(CommitError::Port(error)); count],
        }
    }

    async fn pause(
        &self,
        merchant: MerchantId,
        destination: DestinationName,
        change: PauseChange,
    ) -> LedgerResult<()> {
        self.write("pause", self.store.pause(merchant, destination, change)).await?
    }

    async fn next_due(&self, held: &Held) -> LedgerResult<Option<Timestamp>> {
        self.alive().await;
        self.store.next_due(held).await
    }

    async fn keep_rules(&self, hash: [u8; 16], text: String) -> LedgerResult<()> {
        self.write("keep_rules", self.store.keep_rules(hash, text)).await?
    }

    async fn rules(&self, hash: [u8; 16]) -> LedgerResult<Option<String>> {
        self.alive().await;
        self.store.rules(hash).await
    }

    async fn prune(&self, now: Timestamp, retention: Retention) -> LedgerResult<bool> {
        self.write("prune", self.store.prune(now, retention)).await?
    }

    async fn sweep(
        &self,
        held: &Held,
        now: Timestamp,
        after: Option<String>,
    ) -> LedgerResult<Swept> {
        self.write("sweep", self.store.sweep(held, now, after)).await?
    }

    async fn news(&self) {
        self.alive().await;
        self.store.news().await;
    }
}

#[async_trait]
impl Vault for Faulty {
    async fn kept(&self, places: Vec<Place>) -> LedgerResult<Vec<Option<Bytes>>> {
        self.alive().await;
        self.store.kept(places).await
    }

    async fn keep(&self, things: Vec<(Place, Option<Bytes>)>) -> LedgerResult<()> {
        self.write("keep", self.store.keep(things)).await?
    }

    async fn shelf(
        &self,
        shelf: Shelf,
        of: Option<MerchantId>,
        after: Option<String>,
        limit: usize,
    ) -> LedgerResult<Vec<(String, Bytes)>> {
        self.alive().await;
        self.store.shelf(shelf, of, after, limit).await
    }
}
