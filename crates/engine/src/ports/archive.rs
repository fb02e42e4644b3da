//! Looking at what happened: lists, one receipt's whole story, the books.

use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_domain::id::{AggregateId, DestinationName, MerchantId, ReceiptId};
use serde_json::Value as Json;

use super::{
    ledger::LedgerResult,
    records::{Pause, Stats},
};

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum List {
    /// Accepted webhooks.
    Receipts,
    /// Canonical events.
    Events,
    /// Messages.
    Messages,
    /// Refused requests.
    Refused,
}

/// What to look for. Every given part must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this merchant; all when absent.
    pub merchant: Option<MerchantId>,
    /// Of the order of this id or number.
    pub order: Option<String>,
    /// Of orders of this recipient.
    pub email: Option<String>,
    /// Of the order with this parcel.
    pub tracking_number: Option<String>,
    /// In this state: a receipt's outcome (`waiting`, `forwarded`, `filtered`, `parked`,
    /// `failed`), an event's canonical status, a message's state, a refusal's code.
    pub status: Option<String>,
    /// Received, or made, at or after.
    pub since: Option<Timestamp>,
    /// Received, or made, before.
    pub until: Option<Timestamp>,
}

/// Where a page begins: opaque to whoever pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// One row of a list, as the API shows it.
pub type Row = Json;

/// A page, newest first, stable under inserts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Row>,
    /// The next page, when there is one.
    pub next: Option<Cursor>,
}

/// Most events, and most messages, of a [`Timeline`]: of more the newest.
pub const MOST_OF_TIMELINE: usize = 1000;

/// What happened to one order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    /// Its events and what followed from them, oldest first, as [`List::Events`] shows them.
    pub events: Vec<Row>,
    /// Its messages, oldest first, as [`List::Messages`] shows them, each with its attempts in
    /// `requests`.
    pub messages: Vec<Row>,
}

/// How the store is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreHealth {
    /// Receipts that wait.
    pub waiting: u64,
    /// Messages that are unsent.
    pub pending: u64,
    /// Bytes on disk or in memory, where known.
    pub bytes: Option<u64>,
}

/// Reading what happened. Never blocks what happens.
#[async_trait]
pub trait Archive: Send + Sync {
    /// One page of a list.
    async fn page(
        &self,
        list: List,
        filter: Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> LedgerResult<Page>;

    /// One receipt, whole: request, verification, events, rule by rule, messages, attempts.
    async fn story(&self, receipt: ReceiptId) -> LedgerResult<Option<Json>>;

    /// One order's life, as far as it is kept; nothing of another merchant's order.
    async fn timeline(&self, merchant: MerchantId, order: AggregateId) -> LedgerResult<Timeline>;

    /// The books of one merchant, or of all.
    async fn stats(&self, merchant: Option<MerchantId>, now: Timestamp) -> LedgerResult<Stats>;

    /// A page of the codes that no table knew: `merchant`, `source`, `code` (null for all that are
    /// beyond the bound of codes per source), `count`, `first_seen`, `last_seen`, `receipt`.
    async fn unmapped(
        &self,
        merchant: Option<MerchantId>,
        after: Option<Cursor>,
        limit: usize,
    ) -> LedgerResult<Page>;

    /// The destinations whose messages are held.
    async fn pauses(&self) -> LedgerResult<Vec<(MerchantId, DestinationName, Pause)>>;

    /// How the store is.
    async fn health(&self) -> LedgerResult<StoreHealth>;
}
