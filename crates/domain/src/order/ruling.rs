//! What became of a fact when it was joined with its order.

use jiff::Timestamp;

use crate::{
    Map,
    event::Moment,
    id::{AggregateId, DestinationName, OccurrenceId, ParcelId, ReceiptId, ReturnId, SourceName},
    taxonomy::{Leg, Status, Trigger},
};

/// Of what a fact speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The order as a whole.
    Order(AggregateId),
    /// One parcel.
    Parcel(ParcelId),
    /// One return.
    Return(ReturnId),
}

/// What became of one fact.
#[derive(Debug, Clone, PartialEq)]
pub struct Ruling {
    /// The receipt that brought it.
    pub receipt: ReceiptId,
    /// Which of its events.
    pub index: u16,
    /// Of what it speaks.
    pub subject: Subject,
    /// Every id under which that was spoken of before: of two that turned out to be one, both.
    pub known_as: Vec<Subject>,
    /// Canonical status.
    pub status: Status,
    /// When it happened.
    pub occurred_at: Moment,
    /// How it stands among the others.
    pub standing: Standing,
    /// What follows, if anything.
    pub firings: Vec<Firing>,
    /// The step that it reached, if it is the highest of its leg.
    pub passed: Option<Passed>,
    /// Occurrences that it showed to be one.
    pub united: Vec<United>,
    /// The event's flat fields as the source stated them.
    pub fields: Map,
}

/// How a fact stands among all that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// First report of something that holds.
    New,
    /// Said before, by this or another source. Its firings are claimed, or were not wanted then.
    Repeated,
    /// A step behind a higher one: never news.
    Late,
    /// Contradicts a terminal status: shown, not sent.
    Conflict,
    /// Only to be remembered: a quiet fact, or one that taught us an order.
    Remembered,
    /// The status is `unknown`.
    Unknown,
    /// The reason is on the sensitive list: stored and never sent.
    Sensitive,
    /// Kept until a recipient is known.
    Parked,
    /// No recipient became known in time.
    NoRecipient,
}

/// A trigger that a fact raises.
#[derive(Debug, Clone, PartialEq)]
pub struct Firing {
    /// Which.
    pub trigger: Trigger,
    /// Its fact, the same from every source and in every retry.
    pub occurrence: OccurrenceId,
    /// Of what it speaks.
    pub subject: Subject,
    /// Who said it.
    pub source: SourceName,
    /// Its leg.
    pub leg: Leg,
    /// Its rank, for steps.
    pub rank: Option<u16>,
    /// When it happened.
    pub occurred_at: Moment,
    /// When it was heard of.
    pub received_at: Timestamp,
    /// Behind a higher step of its leg: goes out as backfill or not at all.
    pub late: bool,
    /// Why the rules stop it for every destination: `off`, `only_from`. Such a one is only told.
    pub stopped: Option<&'static str>,
    /// The receipt and the index of the event that raised it.
    pub receipt: ReceiptId,
    /// See `receipt`.
    pub index: u16,
    /// What is told beside what is known: of a derived trigger.
    pub fields: Map,
}

/// The highest step of a leg moved here: lower unsent steps are superseded (never `dispatched`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// On which leg.
    pub leg: Leg,
    /// To which rank.
    pub rank: u16,
}

/// Two occurrences that turned out to be one: parcels that were taken for two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct United {
    /// The elder.
    pub kept: OccurrenceId,
    /// The one that is no more.
    pub gone: OccurrenceId,
    /// Destinations that both were claimed for: one message too many each.
    pub twice: Vec<DestinationName>,
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Order(id) => id.fmt(f),
            Self::Parcel(id) => id.fmt(f),
            Self::Return(id) => id.fmt(f),
        }
    }
}
