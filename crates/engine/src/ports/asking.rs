//! The part of the books about what other systems are asked: receipts that wait for an answer, and how
//! far a source was polled.

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::id::{MerchantId, ReceiptId, SourceName};
use serde::{Deserialize, Serialize};

use super::{
    ledger::{Held, LedgerResult},
    records::{Owner, StoredReceipt},
};

/// What came of a lookup, kept with its receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptAnswer {
    /// The answer.
    Body(Bytes),
    /// There is none, and there will be none: the rule's name (`lookup_refused`, …).
    Failed(String),
}

/// A receipt about which something is to be asked now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToAsk {
    /// The receipt.
    pub receipt: StoredReceipt,
    /// How often it was tried already, as far as that counts.
    pub tries: u32,
}

/// How one try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// It is over: the receipt can be decided with this.
    Kept(KeptAnswer),
    /// Nothing has to be asked after all: other files are in force by now.
    NotNeeded,
    /// Once more.
    Again {
        /// Tries that count, this one included.
        tries: u32,
        /// Not before.
        at: Timestamp,
        /// Why, for people: `lookup_key_wrong`, or nothing worth a word.
        why: Option<String>,
    },
}

/// How far a source, or a feed, was polled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Polled {
    /// What the next round begins after.
    pub cursor: Option<String>,
    /// When the last round ended well; nothing when none did.
    pub succeeded_at: Option<Timestamp>,
    /// Why the last round failed: `key_wrong`, or in plain words.
    pub why: Option<String>,
    /// When the last round ended, or came so far.
    pub at: Timestamp,
    /// When the next one begins, at the latest; nothing while one is under way.
    #[serde(default)]
    pub next_at: Option<Timestamp>,
}

/// What other systems are asked. Every call is harmless when repeated.
#[async_trait]
pub trait Asking: Send + Sync {
    /// Lets receipts that were handed out wait for what is asked about them. They count as waiting
    /// and are handed out again once they are [`Asked::Kept`].
    async fn ask(&self, receipts: Vec<ReceiptId>, at: Timestamp) -> LedgerResult<()>;

    /// What is to be asked by now, merchants in turn, at most `each` of one merchant (those under
    /// way included) and `limit` in all. Each is handed out once until it is [`Asking::asked`].
    async fn asking(
        &self,
        held: &Held,
        now: Timestamp,
        each: usize,
        limit: usize,
    ) -> LedgerResult<Vec<ToAsk>>;

    /// Writes how a try ended. An answer that is there already stays.
    async fn asked(&self, merchant: MerchantId, receipt: ReceiptId, end: Asked)
    -> LedgerResult<()>;

    /// Asks at once what waits for this reason: somebody may have mended it.
    async fn hurry(&self, why: String) -> LedgerResult<()>;

    /// How far sources of merchants, and feeds, were polled: one answer for each, in their order.
    async fn polled(&self, of: Vec<(Owner, SourceName)>) -> LedgerResult<Vec<Option<Polled>>>;

    /// Remembers it.
    async fn keep_polled(
        &self,
        owner: Owner,
        source: SourceName,
        polled: Polled,
    ) -> LedgerResult<()>;
}
