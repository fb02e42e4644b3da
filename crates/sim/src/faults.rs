//! The ports of one process, and the one place that forwards them: to the real store, or to the leases
//! before it where several processes share it. Writing calls fail as the dice say. A crash is a call
//! that never comes back: the world then drops the engine and starts another on what was written.

use std::sync::Arc;

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
use tokio::time::sleep;

use crate::{
    dice::{Dice, Fault},
    lease::Tenant,
    process::Process,
};

/// Most milliseconds that a writing call takes on a store that several share.
const ON_THE_WAY: u64 = 12;

pub(crate) struct Faulty {
    pub(crate) store: Arc<Embedded>,
    /// Where several processes share the store.
    pub(crate) tenant: Option<Arc<Tenant>>,
    pub(crate) process: Arc<Process>,
    pub(crate) dice: Arc<Dice>,
}

/// Goes to whoever knows who owns what.
macro_rules! owned {
    ($port:ident.$call:ident($($argument:expr),*)) => {
        match &$port.tenant {
            Some(tenant) => tenant.$call($($argument),*).await,
            None => $port.store.$call($($argument),*).await,
        }
    };
}
pub(crate) use owned;

impl Faulty {
    /// Runs a reading call.
    pub(crate) async fn read<T>(&self, call: impl Future<Output = T>) -> T {
        self.process.alive().await;
        if self.tenant.is_some()
            && let Some(time) = self.dice.slow_read()
        {
            sleep(time).await;
            self.process.alive().await;
        }
        call.await
    }

    /// Runs a writing call with what the dice say about it.
    pub(crate) async fn write<T>(
        &self,
        name: &str,
        call: impl Future<Output = T>,
    ) -> Result<T, PortError> {
        self.process.alive().await;
        let fault = self.dice.call(&self.process.name, name);
        if self.tenant.is_some() {
            sleep(self.dice.millis(ON_THE_WAY)).await;
            self.process.alive().await;
        }
        let why = || "the simulation said so".to_owned();
        match fault {
            None => Ok(call.await),
            Some(Fault::NotApplied) => Err(PortError::NotApplied { why: why() }),
            Some(Fault::UnknownBefore) => Err(PortError::Unknown { why: why() }),
            Some(Fault::UnknownAfter) => {
                drop(call.await);
                Err(PortError::Unknown { why: why() })
            }
            Some(Fault::CrashBefore) => self.process.die().await,
            Some(Fault::CrashAfter) => {
                drop(call.await);
                self.process.die().await
            }
            Some(Fault::Slow) => {
                sleep(self.dice.millis(8000)).await;
                self.process.alive().await;
                Ok(call.await)
            }
            Some(Fault::FrozenBefore) => {
                self.process.freeze(self.dice.standstill());
                self.process.alive().await;
                Ok(call.await)
            }
            Some(Fault::FrozenAfter) => {
                let answer = call.await;
                self.process.freeze(self.dice.standstill());
                self.process.alive().await;
                Ok(answer)
            }
        }
    }
}

#[async_trait]
impl Ledger for Faulty {
    async fn accept(&self, batch: Vec<NewReceipt>) -> Vec<LedgerResult<Accepted>> {
        let count = batch.len();
        match self.write("accept", async { owned!(self.accept(batch)) }).await {
            Ok(answers) => answers,
            Err(error) => vec![Err(error); count],
        }
    }

    async fn refuse(&self, batch: Vec<Refused>) -> LedgerResult<()> {
        self.write("refuse", self.store.refuse(batch)).await?
    }

    async fn hold(&self) -> LedgerResult<Held> {
        self.process.alive().await;
        owned!(self.hold())
    }

    async fn waiting(
        &self,
        held: &Held,
        per_owner: usize,
        limit: usize,
    ) -> LedgerResult<Vec<StoredReceipt>> {
        self.read(async { owned!(self.waiting(held, per_owner, limit)) }).await
    }

    async fn release(&self, receipts: Vec<ReceiptId>, messages: Vec<MessageId>) {
        let release = async {
            match &self.tenant {
                Some(tenant) => tenant.release(receipts, messages),
                None => self.store.release(receipts, messages).await,
            }
        };
        self.read(release).await;
    }

    async fn recall(&self, wants: Vec<Want>) -> LedgerResult<Vec<Recalled>> {
        self.write("recall", self.store.recall(wants)).await?
    }

    async fn lines(
        &self,
        receipts: Vec<(MerchantId, ReceiptId)>,
    ) -> LedgerResult<Vec<ReceiptLines>> {
        self.read(self.store.lines(receipts)).await
    }

    async fn awake(&self, held: &Held, now: Timestamp, limit: usize) -> LedgerResult<Vec<WakeUp>> {
        self.read(async { owned!(self.awake(held, now, limit)) }).await
    }

    async fn commit(&self, held: &Held, batch: Vec<Commit>) -> Vec<Result<(), CommitError>> {
        let count = batch.len();
        match self.write("commit", async { owned!(self.commit(held, batch)) }).await {
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
        let call = async { owned!(self.settle_feed(receipt, outcome, unclaimed)) };
        self.write("settle_feed", call).await?
    }

    async fn ready(
        &self,
        held: &Held,
        now: Timestamp,
        room: &HandOut,
    ) -> LedgerResult<Vec<ReadyMessage>> {
        self.read(async { owned!(self.ready(held, now, room)) }).await
    }

    async fn conclude(&self, held: &Held, batch: Vec<Conclusion>) -> Vec<Result<(), CommitError>> {
        let count = batch.len();
        match self.write("conclude", async { owned!(self.conclude(held, batch)) }).await {
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
        self.write("pause", async { owned!(self.pause(merchant, destination, change)) }).await?
    }

    async fn next_due(&self, held: &Held) -> LedgerResult<Option<Timestamp>> {
        self.read(async { owned!(self.next_due(held)) }).await
    }

    async fn keep_rules(&self, hash: [u8; 16], text: String) -> LedgerResult<()> {
        self.write("keep_rules", self.store.keep_rules(hash, text)).await?
    }

    async fn rules(&self, hash: [u8; 16]) -> LedgerResult<Option<String>> {
        self.read(self.store.rules(hash)).await
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
        self.process.alive().await;
        owned!(self.news());
        self.process.alive().await;
    }
}

#[async_trait]
impl Vault for Faulty {
    async fn kept(&self, places: Vec<Place>) -> LedgerResult<Vec<Option<Bytes>>> {
        self.read(self.store.kept(places)).await
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
        self.read(self.store.shelf(shelf, of, after, limit)).await
    }
}
