//! What is kept: receipts, aggregates, messages, attempts, and how each ended.

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::{
    Alias,
    id::{
        AggregateId, DestinationName, FeedName, MerchantId, MessageId, OccurrenceId, ReceiptId,
        RefusedId, SourceName,
    },
    taxonomy::{Leg, Trigger},
};
use serde::{Deserialize, Serialize};

use super::{asking::KeptAnswer, story::StoryLine, unmapped::Unmapped};

/// Whose a receipt is: a merchant's, or (until it is split) a feed's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// A merchant's own source.
    Merchant(MerchantId),
    /// A feed, waiting to be split into one receipt per merchant.
    Feed(FeedName),
}

/// Where a receipt's body is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Here: to be written once.
    Bytes(Bytes),
    /// With this receipt: a share of a feed's webhook.
    SameAs(ReceiptId),
}

/// A verified webhook request, to be made durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReceipt {
    /// Its id.
    pub id: ReceiptId,
    /// Whose it is.
    pub owner: Owner,
    /// The source it came through (for a feed's own receipt: the feed's name).
    pub source: SourceName,
    /// The topic, where the connector has one.
    pub topic: Option<String>,
    /// When it was received.
    pub received_at: Timestamp,
    /// 128 bits over merchant, source, topic, delivery id and body hash.
    pub dedupe: [u8; 16],
    /// Only the headers that the connector names; names in small letters.
    pub headers: Vec<(String, String)>,
    /// The query string as received, where the connector reads it; else empty.
    pub query: String,
    /// How it was verified, e.g. `hmac sha256`.
    pub verified: String,
    /// The accounts of the feed that this share is for; empty for a merchant's own source.
    pub accounts: Vec<String>,
    /// The raw bytes.
    pub body: Body,
}

/// A receipt as it comes back for processing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReceipt {
    /// Its id.
    pub id: ReceiptId,
    /// Whose it is.
    pub owner: Owner,
    /// The source it came through.
    pub source: SourceName,
    /// The topic.
    pub topic: Option<String>,
    /// When it was received.
    pub received_at: Timestamp,
    /// How it came, as it was kept.
    pub verified: String,
    /// The stored headers.
    pub headers: Vec<(String, String)>,
    /// The stored query string.
    pub query: String,
    /// The accounts of the feed that this share is for.
    pub accounts: Vec<String>,
    /// The raw bytes.
    pub body: Bytes,
    /// What came of what had to be asked about it, once that is known.
    pub answer: Option<KeptAnswer>,
}

/// A refused request: counted and shown, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its id.
    pub id: RefusedId,
    /// Whose source it was sent to.
    pub owner: Owner,
    /// Which source.
    pub source: SourceName,
    /// When.
    pub at: Timestamp,
    /// The stable code, e.g. `signature_invalid`.
    pub code: String,
    /// What the sender was told.
    pub detail: String,
    /// The sender's address.
    pub client: String,
    /// The length of the body in bytes.
    pub body_bytes: u64,
}

/// What became of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "why", rename_all = "snake_case")]
pub enum Outcome {
    /// Verified facts that lack a recipient, kept until one is known.
    Parked,
    /// Useless; the code says why (`unreadable`, `no_subject`, `no_recipient`, …).
    Failed(String),
    /// At least one message was made.
    Forwarded,
    /// Nothing was made; the name of the rule says why (`remembered`, `late`, `off`, …).
    Filtered(String),
    /// A feed's webhook, now receipts of its merchants.
    Split,
    /// A feed's webhook whose accounts no merchant has; its body is dropped.
    Unclaimed,
}

/// An order aggregate as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAggregate {
    /// Its id.
    pub id: AggregateId,
    /// Rises with every write.
    pub version: u64,
    /// The aggregate, as `serde_json` wrote it.
    pub blob: Bytes,
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// Waiting to be sent.
    Pending,
    /// The destination has it.
    Sent,
    /// Given up, for a reason that a person may mend.
    Dead,
    /// Not to be sent: superseded, too old.
    Cancelled,
}

/// A trigger for one destination, to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Its id; follows from occurrence and destination.
    pub id: MessageId,
    /// Whose it is.
    pub merchant: MerchantId,
    /// Where it goes.
    pub destination: DestinationName,
    /// The aggregate; with the destination, the lane.
    pub aggregate: AggregateId,
    /// The receipt that made it.
    pub receipt: ReceiptId,
    /// The fact.
    pub occurrence: OccurrenceId,
    /// The trigger.
    pub trigger: Trigger,
    /// The leg, for superseding.
    pub leg: Leg,
    /// The rank, for superseding; `None` for what no step supersedes.
    pub rank: Option<u16>,
    /// Opaque id of the parcel, return or order it speaks of.
    pub subject: String,
    /// Made now.
    pub created_at: Timestamp,
    /// Not to be sent before: a hold.
    pub not_before: Timestamp,
    /// When it is too old to be news.
    pub fresh_until: Timestamp,
    /// To be recorded without starting anything.
    pub backfill: bool,
    /// Goes to the sandbox, not to the destination (`messages: sandbox`).
    pub sandbox: bool,
    /// Name, recipient, properties, time: the same in every retry. JSON.
    pub frozen: Bytes,
    /// The rule files in force, by content hash.
    pub rules: [u8; 16],
}

/// A message that waits, as the aggregate's next step sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingMessage {
    /// Its id.
    pub id: MessageId,
    /// Its aggregate.
    pub aggregate: AggregateId,
    /// Where it goes.
    pub destination: DestinationName,
    /// Its trigger.
    pub trigger: Trigger,
    /// Its leg.
    pub leg: Leg,
    /// Its rank.
    pub rank: Option<u16>,
    /// What it speaks of.
    pub subject: String,
    /// Whether it already goes out as backfill.
    pub backfill: bool,
}

/// A change to a message that is still unsent. Without effect on one that is being sent or done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revision {
    /// It is no longer to be sent.
    Cancel {
        /// Which.
        message: MessageId,
        /// Why: `superseded`, `too_old`.
        why: String,
    },
    /// It goes out without starting anything, and at once: what is no news waits for nothing.
    Backfill {
        /// Which.
        message: MessageId,
    },
    /// A second report filled gaps. Without effect once it was tried: retries say the same.
    Refill {
        /// Which.
        message: MessageId,
        /// What it says now, as [`NewMessage::frozen`].
        frozen: Bytes,
    },
}

/// One aggregate as a step leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AggregateWrite {
    /// Its id.
    pub id: AggregateId,
    /// The version that was read; `None` for one that was not there.
    pub read: Option<u64>,
    /// The new state; `None` when it was merged into another and goes.
    pub blob: Option<Bytes>,
    /// All its aliases (including those it is only found by).
    pub aliases: Vec<Alias>,
    /// When it wants to be looked at again.
    pub wake_at: Option<Timestamp>,
    /// For one that goes: who takes its messages, receipts and aliases.
    pub merged_into: Option<AggregateId>,
}

/// Everything that one step of *process* writes, together or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// Whose it is; one merchant is the unit of atomicity.
    pub merchant: MerchantId,
    /// Under these aliases exactly these aggregates were found, absences included.
    pub looked_up: Vec<(Alias, Vec<AggregateId>)>,
    /// Receipts that must still be unsettled (waiting or parked), and what became of them.
    pub outcomes: Vec<(ReceiptId, Outcome)>,
    /// The aggregates, with the versions that were read.
    pub aggregates: Vec<AggregateWrite>,
    /// Messages made. One that exists already (same id) is left as it is.
    pub messages: Vec<NewMessage>,
    /// Changes to unsent messages.
    pub revisions: Vec<Revision>,
    /// Explanations.
    pub story: Vec<StoryLine>,
    /// Codes that no row of a connector's table knew, to be counted.
    pub unmapped: Vec<Unmapped>,
    /// Now.
    pub at: Timestamp,
}

/// A message whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyMessage {
    /// The message as it was made (with what [`Revision`]s changed).
    pub message: NewMessage,
    /// Attempts so far that count against the retry budget.
    pub attempts: u32,
    /// Attempts so far in all: the next one's number is one more.
    pub tries: u32,
}

/// One try at sending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub took_ms: u64,
    /// The requests and answers, secrets masked, bodies capped.
    pub exchange: Vec<Exchanged>,
    /// The verdict's name.
    pub verdict: String,
    /// Plain words.
    pub detail: String,
}

/// One request and its answer, as shown to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchanged {
    /// Method and URL, secrets masked.
    pub request: String,
    /// The request's body, secrets masked, capped.
    pub body: String,
    /// The HTTP status, or why there is none.
    pub answer: String,
    /// The answer's body, capped.
    pub answer_body: String,
}

/// What follows an attempt, or the decision not to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The destination has it.
    Sent,
    /// Once more at this time.
    Again {
        /// Not before.
        at: Timestamp,
        /// Whether this attempt counts against the retry budget.
        counts: bool,
    },
    /// Given up.
    Dead {
        /// Why: `rejected`, `retries_exhausted`, `held_too_long`, `settings_wrong`, …
        why: String,
    },
    /// Not to be sent.
    Cancelled {
        /// Why: `too_old`, `superseded`.
        why: String,
    },
}

/// The end of one attempt. Written together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// Whose it is.
    pub merchant: MerchantId,
    /// The destination.
    pub destination: DestinationName,
    /// The message.
    pub message: MessageId,
    /// The attempt, when there was one.
    pub attempt: Option<Attempt>,
    /// What follows.
    pub next: Next,
    /// Whether it goes out (again) without starting anything.
    pub backfill: bool,
    /// The destination's new state, when this attempt changed it.
    pub pause: Option<PauseChange>,
    /// Now.
    pub at: Timestamp,
}

/// A change to whether a destination's messages are held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PauseChange {
    /// Hold them.
    Pause(Pause),
    /// Let them go.
    Resume,
}

/// Why a destination's messages are held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Since when.
    pub since: Timestamp,
    /// Tried again at this time, or at once when the settings change.
    pub until: Timestamp,
    /// `key_wrong`, `settings_wrong`, `version_retired`.
    pub why: String,
    /// A hash of the settings that were refused: others are tried at once.
    pub settings: String,
}

/// A parked or sleeping aggregate whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WakeUp {
    /// Whose it is.
    pub merchant: MerchantId,
    /// The aggregate.
    pub aggregate: StoredAggregate,
}

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Settled receipts, their events and finished messages.
    pub receipts_days: u32,
    /// Bodies of settled receipts.
    pub bodies_days: u32,
    /// Aggregates and claims without any news.
    pub memory_days: u32,
}

/// The books of one merchant, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Receipts.
    pub receipts: ReceiptCounts,
    /// Messages.
    pub messages: MessageCounts,
    /// Age of the oldest receipt that waits, in whole seconds; 0 when none does.
    pub oldest_waiting_seconds: u64,
    /// Whether both sums come out.
    pub balanced: bool,
}

/// `accepted` = waiting + forwarded + filtered + parked + failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the number of receipts in the state of its name")]
pub struct ReceiptCounts {
    pub accepted: u64,
    pub duplicate: u64,
    pub refused: u64,
    pub waiting: u64,
    pub forwarded: u64,
    pub filtered: u64,
    pub parked: u64,
    pub failed: u64,
}

/// `created` = sent + pending + dead + cancelled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the number of messages in the state of its name")]
pub struct MessageCounts {
    pub created: u64,
    pub sent: u64,
    pub pending: u64,
    pub dead: u64,
    pub cancelled: u64,
}

impl Stats {
    /// Whether the books come out.
    pub fn balances(&self) -> bool {
        let (r, m) = (&self.receipts, &self.messages);
        r.accepted == r.waiting + r.forwarded + r.filtered + r.parked + r.failed
            && m.created == m.sent + m.pending + m.dead + m.cancelled
    }
}
