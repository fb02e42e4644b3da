//! The structured form of an explanation: what sentences are made of, and what programs read.

use jiff::Timestamp;
use parcelwire_domain::{
    id::{AggregateId, DestinationName, MerchantId, MessageId, ReceiptId},
    order::Stands,
    taxonomy::Trigger,
};
use serde::Serialize;

use crate::ports::StoryDecision;

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explained {
    /// Whose order.
    pub merchant: MerchantId,
    /// The name that was asked for.
    pub asked: String,
    /// The merchant's time zone, in which the text tells times.
    pub timezone: String,
    /// When it was asked.
    pub now: Timestamp,
    /// Every order that the name leads to, the eldest first.
    pub orders: Vec<OrderStory>,
    /// When it leads to none: what may be the reason.
    pub unknown: Option<Unknown>,
    /// All of it in plain words.
    pub text: String,
}

/// One order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OrderStory {
    /// Its opaque id.
    pub id: AggregateId,
    /// Its number as the customer knows it, where that is known.
    pub order_number: Option<String>,
    /// Every name it is found by, by kind, as they are compared (small letters).
    pub names: Vec<(&'static str, String)>,
    /// Who is told.
    pub recipient: Recipient,
    /// What was heard and what followed, in the order in which it came.
    pub entries: Vec<Entry>,
    /// Its messages.
    pub messages: Vec<Message>,
    /// What would follow if nothing else were heard, what waits, and what is switched off.
    pub planned: Vec<Planned>,
    /// When the order is looked at next.
    pub next_look: Option<Timestamp>,
    /// Whether older events or messages are left out.
    pub cut: bool,
}

/// Who is told. The only place with personal data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "each is the field of its name")]
pub struct Recipient {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
}

impl Recipient {
    /// The same for those who need not know who it is: enough to recognise, not to write to.
    #[must_use]
    pub fn masked(&self) -> Self {
        let email = self.email.as_ref().map(|email| {
            let (name, domain) = email.split_once('@').unwrap_or((email, ""));
            let first = name.chars().next().map(String::from).unwrap_or_default();
            if domain.is_empty() { format!("{first}…") } else { format!("{first}…@{domain}") }
        });
        let end = |text: &String| {
            let count = text.chars().count();
            // Of a short one nothing is shown.
            let shown = if count >= 8 { 2 } else { 0 };
            format!("…{}", text.chars().skip(count - shown).collect::<String>())
        };
        Self {
            email,
            phone: self.phone.as_ref().map(end),
            external_id: self.external_id.as_ref().map(end),
        }
    }
}

/// A fact, or what followed when an order woke.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// When it was heard of, or looked at.
    pub at: Timestamp,
    /// When it happened, or was due.
    pub occurred_at: Timestamp,
    /// Whether no source said it: it followed when its time had come.
    pub derived: bool,
    /// The receipt that brought it, or what it follows from.
    pub receipt: ReceiptId,
    /// Which of its events.
    pub index: u16,
    /// The source that said it.
    pub source: Option<String>,
    /// The canonical status; of what followed, the trigger.
    pub status: String,
    /// Why, as the source stated it.
    pub reason: Option<String>,
    /// The parcel or return it speaks of.
    pub subject: Option<String>,
    /// The source's own code.
    pub raw_code: Option<String>,
    /// The line of the connector's file that gave it its status: `path:line`.
    pub line: Option<String>,
    /// How many orders it showed to be the same as this one.
    pub orders_joined: u64,
    /// `forwarded`, `filtered`, `parked` or `failed`.
    pub outcome: String,
    /// The rule that decided.
    pub rule: String,
    /// Until when it waits for a recipient.
    pub parked_until: Option<Timestamp>,
    /// When it was told who is to be told, after it had waited for that.
    pub waited_until: Option<Timestamp>,
    /// What it came to, by trigger and destination.
    pub decisions: Vec<StoryDecision>,
    /// In plain words.
    pub text: String,
}

/// A message with what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// What it tells.
    pub trigger: Trigger,
    /// Where to.
    pub destination: DestinationName,
    /// Under which name.
    pub name: Option<String>,
    /// `pending`, `sent`, `dead` or `cancelled`.
    pub state: String,
    /// Why it is dead or cancelled.
    pub why: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it goes out, if it waits.
    pub not_before: Timestamp,
    /// When it was done.
    pub ended_at: Option<Timestamp>,
    /// How often it was tried.
    pub attempts: u64,
    /// Whether it is recorded without starting anything.
    pub backfill: bool,
    /// The receipt that made it.
    pub receipt: ReceiptId,
    /// The last try.
    pub last: Option<LastTry>,
    /// Why all messages of its destination wait.
    pub paused: Option<Paused>,
    /// The status that took its place, where it was cancelled for one.
    pub superseded_by: Option<String>,
    /// In plain words.
    pub text: String,
}

/// The last try of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastTry {
    /// When.
    pub at: Timestamp,
    /// `sent`, `again`, `rejected`, …
    pub verdict: String,
    /// Plain words, where there are any.
    pub detail: String,
    /// The HTTP status, or why there is none.
    pub answer: Option<String>,
}

/// A destination whose messages wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Paused {
    /// Since when.
    pub since: Timestamp,
    /// When it is tried again, or at once under other settings.
    pub until: Timestamp,
    /// `key_wrong` or `version_retired`.
    pub why: String,
}

/// A trigger that would follow.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Planned {
    /// Which.
    pub trigger: Trigger,
    /// `planned`, `suspended`, `off` or `not_believed`.
    pub stands: Stands,
    /// When it is due.
    pub at: Timestamp,
    /// The parcel's number.
    pub subject: Option<String>,
    /// The status it follows from.
    pub follows: String,
    /// When that was, or since when nothing is heard.
    pub since: Timestamp,
    /// How long it waits: `12h`, `3d`, `3bd` (business days).
    pub after: Option<String>,
    /// The line of the files that says so; none where a default holds.
    pub line: Option<String>,
    /// In plain words.
    pub text: String,
}

/// Why nothing may be known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unknown {
    /// Requests that were refused, as far as they are kept.
    pub refused: Vec<Refusals>,
    /// Receipts that are not looked into yet.
    pub waiting: u64,
    /// Receipts of which nothing could be made.
    pub failed: u64,
}

/// What a source refused, by reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusals {
    /// The source.
    pub source: String,
    /// The stable code, as in `signature_invalid`.
    pub code: String,
    /// How many.
    pub count: u64,
    /// The last one.
    pub last_at: Timestamp,
}
