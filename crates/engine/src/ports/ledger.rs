//! The books: what was accepted, what is to be done, what was done.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_domain::{
    Alias,
    id::{AggregateId, DestinationName, MerchantId, MessageId, Partition, ReceiptId},
};

use super::asking::Asking;
use super::records::{
    Commit, Conclusion, NewReceipt, Outcome, Owner, PauseChange, PendingMessage, ReadyMessage,
    Refused, Retention, StoredAggregate, StoredReceipt, WakeUp,
};
use super::{sweep::Swept, turns::Turnstile};

/// Why a store did not answer as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// Nothing was written. `why` is for people.
    #[error("the store could not do it: {why}")]
    NotApplied {
        /// What happened.
        why: String,
    },
    /// It may have been written, or not. Repeating is harmless, and the answer to this.
    #[error("the store did not say whether it did it: {why}")]
    Unknown {
        /// What happened.
        why: String,
    },
}

/// The answer of most calls.
pub type LedgerResult<T> = Result<T, PortError>;

/// What a commit came to when it was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Something that was read has changed, or is already done. Load and decide again.
    #[error("what was read has changed")]
    Stale,
    /// Somebody else owns the partition now. Drop the work.
    #[error("the partition has another owner")]
    NotOwner,
    /// The store failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The answer to one receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is durable.
    New(ReceiptId),
    /// It was accepted before, under this id, and that one is durable.
    Duplicate(ReceiptId),
}

/// The partitions that this instance owns, each under the epoch of its lease.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// Partition and epoch.
    pub partitions: Vec<(Partition, u64)>,
}

impl Held {
    /// Whether the partition of `owner` is among them.
    pub fn has(&self, owner: &Owner) -> bool {
        self.epoch(owner).is_some()
    }

    /// The epoch under which the partition of `owner` is held.
    pub fn epoch(&self, owner: &Owner) -> Option<u64> {
        let wanted = match owner {
            Owner::Merchant(merchant) => Partition::of(merchant),
            Owner::Feed(feed) => Partition::of_feed(feed),
        };
        let own = self.partitions.iter().find(|(partition, _)| *partition == wanted);
        own.map(|(_, epoch)| *epoch)
    }
}

/// What one step wants to know before it decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// Whose it is.
    pub merchant: MerchantId,
    /// Whatever these lead to.
    pub aliases: Vec<Alias>,
    /// And these.
    pub aggregates: Vec<AggregateId>,
}

/// The answer to one [`Want`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recalled {
    /// For each wanted alias, in order: the aggregates it leads to, ascending; none is an answer.
    pub found: Vec<(Alias, Vec<AggregateId>)>,
    /// The aggregates, each once.
    pub aggregates: Vec<StoredAggregate>,
    /// Their unsent messages, in the order in which they were made.
    pub pending: Vec<PendingMessage>,
}

/// How many messages are handed out, and to whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HandOut {
    /// Most of one destination, those under way included.
    pub each: usize,
    /// Most in all.
    pub limit: usize,
    /// Destinations that get none before then: there is no turn for them.
    pub resting: BTreeMap<(MerchantId, DestinationName), Timestamp>,
}

impl HandOut {
    /// So many of each destination and in all, whoever they are.
    pub fn of(each: usize, limit: usize) -> Self {
        Self { each, limit, resting: BTreeMap::new() }
    }
}

/// What became of the events of one receipt so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptLines {
    /// The receipt.
    pub receipt: ReceiptId,
    /// Index of the event, its outcome, the rule that decided.
    pub lines: Vec<(u16, String, String)>,
}

/// The books. One implementation per store; one list of contract tests for all.
#[async_trait]
pub trait Ledger: Asking + Turnstile + Send + Sync {
    /// Makes receipts durable. When an item is answered, it is on disk (as the operator chose). One
    /// that is written already under its own id is told so as it was: repeating a call is harmless.
    async fn accept(&self, batch: Vec<NewReceipt>) -> Vec<LedgerResult<Accepted>>;

    /// Counts refused requests and keeps the newest, bounded.
    async fn refuse(&self, batch: Vec<Refused>) -> LedgerResult<()>;

    /// Renews, or takes, as many partitions as are this instance's share.
    async fn hold(&self) -> LedgerResult<Held>;

    /// Receipts that wait, at most `per_owner` of one merchant or feed and `limit` in all, oldest
    /// first within an owner, owners in turn. A receipt handed out is not handed out again until
    /// its commit, or [`Ledger::release`], or a new start.
    async fn waiting(
        &self,
        held: &Held,
        per_owner: usize,
        limit: usize,
    ) -> LedgerResult<Vec<StoredReceipt>>;

    /// Gives receipts and messages back that were handed out and not settled.
    async fn release(&self, receipts: Vec<ReceiptId>, messages: Vec<MessageId>);

    /// What is known, for each want.
    async fn recall(&self, wants: Vec<Want>) -> LedgerResult<Vec<Recalled>>;

    /// The explanation lines of receipts as far as they are written: index and outcome (`parked`,
    /// `failed`, `forwarded`, `filtered: RULE`) of each event. For receipts of which a parked fact
    /// was released, each with whose it is.
    async fn lines(
        &self,
        receipts: Vec<(MerchantId, ReceiptId)>,
    ) -> LedgerResult<Vec<ReceiptLines>>;

    /// Aggregates whose time has come, at most `limit`.
    async fn awake(&self, held: &Held, now: Timestamp, limit: usize) -> LedgerResult<Vec<WakeUp>>;

    /// Writes steps of *process*, in order, each whole or not at all.
    async fn commit(&self, held: &Held, batch: Vec<Commit>) -> Vec<Result<(), CommitError>>;

    /// Settles feed receipts that were split (or that nobody claims). Harmless when repeated.
    async fn settle_feed(
        &self,
        receipt: ReceiptId,
        outcome: Outcome,
        unclaimed: Vec<String>,
    ) -> LedgerResult<()>;

    /// Messages whose turn it is: the first unsent of each lane, due, their destination not
    /// paused nor without a turn; as many as `room` says, destinations in turn. Each is handed out
    /// once until it is concluded or released.
    async fn ready(
        &self,
        held: &Held,
        now: Timestamp,
        room: &HandOut,
    ) -> LedgerResult<Vec<ReadyMessage>>;

    /// Writes the ends of attempts. One that is already settled is left as it is.
    async fn conclude(&self, held: &Held, batch: Vec<Conclusion>) -> Vec<Result<(), CommitError>>;

    /// Pauses or resumes a destination outside an attempt (its settings changed).
    async fn pause(
        &self,
        merchant: MerchantId,
        destination: DestinationName,
        change: PauseChange,
    ) -> LedgerResult<()>;

    /// When the next thing becomes due: a hold, a retry, a wake-up, the end of a pause.
    async fn next_due(&self, held: &Held) -> LedgerResult<Option<Timestamp>>;

    /// Keeps rule files by content hash. Harmless when repeated.
    async fn keep_rules(&self, hash: [u8; 16], text: String) -> LedgerResult<()>;

    /// The rule files of this hash.
    async fn rules(&self, hash: [u8; 16]) -> LedgerResult<Option<String>>;

    /// Forgets what is settled and older than `retention`, a bounded amount per call; answers
    /// whether there is more. Changes no counter.
    async fn prune(&self, now: Timestamp, retention: Retention) -> LedgerResult<bool>;

    /// Looks at a bounded part of what is unfinished for things that nobody would ever come to, and puts
    /// them back where they belong. What is in hand is no such thing, nor is what is being written just
    /// now. Begins behind `after`, where the last part ended, or at the beginning.
    async fn sweep(
        &self,
        held: &Held,
        now: Timestamp,
        after: Option<String>,
    ) -> LedgerResult<Swept>;

    /// Comes back when there may be something new to process or to send. May come back for
    /// nothing; polls are the truth.
    async fn news(&self);
}
