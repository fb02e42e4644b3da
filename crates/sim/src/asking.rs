//! What other systems are asked, on a store whose writing calls fail as the dice say.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_domain::id::{MerchantId, ReceiptId, SourceName};
use parcelwire_engine::ports::{
    Asked, Asking, Held, LedgerResult, Limits, Owner, Polled, ToAsk, TurnWish, Turns, Turnstile,
};

use crate::faults::{Faulty, owned};

#[async_trait]
impl Asking for Faulty {
    async fn ask(&self, receipts: Vec<ReceiptId>, at: Timestamp) -> LedgerResult<()> {
        self.write("ask", async { owned!(self.ask(receipts, at)) }).await?
    }

    async fn asking(
        &self,
        held: &Held,
        now: Timestamp,
        each: usize,
        limit: usize,
    ) -> LedgerResult<Vec<ToAsk>> {
        self.read(async { owned!(self.asking(held, now, each, limit)) }).await
    }

    async fn asked(
        &self,
        merchant: MerchantId,
        receipt: ReceiptId,
        end: Asked,
    ) -> LedgerResult<()> {
        self.write("asked", async { owned!(self.asked(merchant, receipt, end)) }).await?
    }

    async fn hurry(&self, why: String) -> LedgerResult<()> {
        self.write("hurry", self.store.hurry(why)).await?
    }

    async fn polled(&self, of: Vec<(Owner, SourceName)>) -> LedgerResult<Vec<Option<Polled>>> {
        self.read(self.store.polled(of)).await
    }

    async fn keep_polled(
        &self,
        owner: Owner,
        source: SourceName,
        polled: Polled,
    ) -> LedgerResult<()> {
        self.write("keep_polled", self.store.keep_polled(owner, source, polled)).await?
    }
}

#[async_trait]
impl Turnstile for Faulty {
    async fn turns(&self, wish: TurnWish, now: Timestamp) -> LedgerResult<Turns> {
        self.read(self.store.turns(wish, now)).await
    }

    async fn rest(
        &self,
        credential: [u8; 16],
        limits: Limits,
        span: Duration,
        now: Timestamp,
    ) -> LedgerResult<()> {
        self.read(self.store.rest(credential, limits, span, now)).await
    }
}
