//! The port [`Ledger`], on Redis.

use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_domain::id::{DestinationName, MerchantId, MessageId, ReceiptId};
use parcelwire_engine::ports::{
    Accepted, Commit, CommitError, Conclusion, HandOut, Held, Ledger, LedgerResult, NewReceipt,
    Outcome, PauseChange, ReadyMessage, Recalled, ReceiptLines, Refused, Retention, StoredReceipt,
    Swept, WakeUp, Want,
};

use super::{
    Inner, Redis,
    answer::{number, text},
    connect::Arguments,
    meta, scripts,
};
use crate::moment::micros;

const DAY: i64 = 86_400_000_000;

/// Most of a kind that one call forgets: the server does nothing else meanwhile.
const PRUNED: u32 = 200;

#[async_trait]
impl Ledger for Redis {
    async fn accept(&self, batch: Vec<NewReceipt>) -> Vec<LedgerResult<Accepted>> {
        self.inner.accept(batch).await
    }

    async fn refuse(&self, batch: Vec<Refused>) -> LedgerResult<()> {
        self.inner.refuse(batch).await
    }

    async fn hold(&self) -> LedgerResult<Held> {
        self.inner.hold().await
    }

    async fn waiting(
        &self,
        held: &Held,
        per_owner: usize,
        limit: usize,
    ) -> LedgerResult<Vec<StoredReceipt>> {
        self.inner.waiting(held, per_owner, limit).await
    }

    async fn release(&self, receipts: Vec<ReceiptId>, messages: Vec<MessageId>) {
        self.inner.give_back(&receipts);
        self.inner.let_messages_go(&messages).await;
        self.inner.settle_leaving().await;
        self.inner.news.notify_waiters();
    }

    async fn recall(&self, wants: Vec<Want>) -> LedgerResult<Vec<Recalled>> {
        self.inner.recall(wants).await
    }

    async fn lines(
        &self,
        receipts: Vec<(MerchantId, ReceiptId)>,
    ) -> LedgerResult<Vec<ReceiptLines>> {
        self.inner.lines(receipts).await
    }

    async fn awake(&self, held: &Held, now: Timestamp, limit: usize) -> LedgerResult<Vec<WakeUp>> {
        self.inner.awake(held, now, limit).await
    }

    async fn commit(&self, held: &Held, batch: Vec<Commit>) -> Vec<Result<(), CommitError>> {
        self.inner.commit(held, batch).await
    }

    async fn settle_feed(
        &self,
        receipt: ReceiptId,
        outcome: Outcome,
        unclaimed: Vec<String>,
    ) -> LedgerResult<()> {
        self.inner.settle_feed(receipt, &outcome, &unclaimed).await
    }

    async fn ready(
        &self,
        held: &Held,
        now: Timestamp,
        room: &HandOut,
    ) -> LedgerResult<Vec<ReadyMessage>> {
        self.inner.ready(held, now, room).await
    }

    async fn conclude(&self, held: &Held, batch: Vec<Conclusion>) -> Vec<Result<(), CommitError>> {
        self.inner.conclude(held, batch).await
    }

    async fn pause(
        &self,
        merchant: MerchantId,
        destination: DestinationName,
        change: PauseChange,
    ) -> LedgerResult<()> {
        self.inner.pause(merchant, destination, change).await
    }

    async fn next_due(&self, held: &Held) -> LedgerResult<Option<Timestamp>> {
        self.inner.next_due(held).await
    }

    async fn keep_rules(&self, hash: [u8; 16], text: String) -> LedgerResult<()> {
        meta::keep_rules(&self.inner.link, hash, &text).await
    }

    async fn rules(&self, hash: [u8; 16]) -> LedgerResult<Option<String>> {
        meta::rules(&self.inner.link, hash).await
    }

    async fn prune(&self, now: Timestamp, retention: Retention) -> LedgerResult<bool> {
        self.inner.prune(micros(now), retention).await
    }

    async fn sweep(
        &self,
        held: &Held,
        now: Timestamp,
        after: Option<String>,
    ) -> LedgerResult<Swept> {
        self.inner.sweep(held, now, after.as_deref()).await
    }

    async fn news(&self) {
        self.inner.news.notified().await;
    }
}

impl Inner {
    /// One step in each partition that is this instance's.
    async fn prune(&self, now: i64, keep: Retention) -> LedgerResult<bool> {
        let before = |days: u32| now - i64::from(days) * DAY;
        let mut arguments = Arguments::default();
        arguments
            .number(before(keep.bodies_days.min(keep.receipts_days)))
            .number(before(keep.receipts_days))
            .number(before(keep.memory_days))
            .number(PRUNED)
            .number(DAY);
        let mut gone = 0;
        for (partition, _) in self.hold().await?.partitions {
            let answer = self.run(&scripts::PRUNE, partition, &arguments).await?;
            gone += number(&text(answer)?)?;
        }
        Ok(gone > 0)
    }
}
