//! What one store tells another: neutral records, each whole by itself. No id, time or number changes on
//! the way.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher as _},
};

use parcelwire_domain::id::{
    AggregateId, MerchantId, MessageId, OccurrenceId, ReceiptId, RefusedId,
};
use parcelwire_engine::ports::Owner;
use serde::{Deserialize, Serialize};

/// One thing that is kept. Times are microseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Record {
    /// A setting of the instance: its key, the hash of the admin token, …
    Meta { name: String, value: Vec<u8> },
    /// One sum of the books.
    Sum { merchant: String, name: String, sum: i64 },
    /// A code that no table knew.
    Unmapped(Code),
    /// An account that nobody claimed, and how often.
    Unclaimed { feed: String, account: String, count: i64 },
    /// A destination that rests.
    Pause { merchant: String, destination: String, until: i64, pause: String },
    /// How far a source was polled.
    Polled { owner: Owner, source: String, polled: String },
    /// A refused request.
    Refused(Refusal),
    /// A webhook.
    Receipt(Box<Receipt>),
    /// What became of one of its events.
    Line(Box<Line>),
    /// An order.
    Order(Box<Order>),
    /// A message, with its attempts.
    Message(Box<Message>),
    /// A small thing on its shelf.
    Kept { of: Option<MerchantId>, shelf: String, key: String, value: Vec<u8> },
    /// Under this key a webhook was accepted. Whose it is, where that is known.
    Dedupe { owner: Option<Owner>, key: [u8; 16], receipt: ReceiptId, at: i64 },
    /// Rule files.
    Rules { hash: [u8; 16], text: String },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::struct_field_names, reason = "a code is what a source calls one")]
pub(crate) struct Code {
    pub(crate) merchant: String,
    pub(crate) source: String,
    pub(crate) code: String,
    pub(crate) count: i64,
    pub(crate) first_at: Option<i64>,
    pub(crate) last_at: Option<i64>,
    pub(crate) receipt: Option<ReceiptId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Refusal {
    pub(crate) id: RefusedId,
    pub(crate) owner: Owner,
    pub(crate) source: String,
    pub(crate) at: i64,
    pub(crate) code: String,
    pub(crate) detail: String,
    pub(crate) client: String,
    pub(crate) body_bytes: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Receipt {
    pub(crate) id: ReceiptId,
    pub(crate) owner: Owner,
    pub(crate) source: String,
    pub(crate) topic: Option<String>,
    pub(crate) received_at: i64,
    pub(crate) verified: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) query: String,
    pub(crate) accounts: Vec<String>,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) body_bytes: i64,
    pub(crate) state: i64,
    pub(crate) why: Option<String>,
    pub(crate) settled_at: Option<i64>,
    pub(crate) answer: Option<Vec<u8>>,
    pub(crate) asks: i64,
    /// Only while it waits for an answer.
    pub(crate) ask_at: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Line {
    pub(crate) receipt: ReceiptId,
    pub(crate) place: u16,
    pub(crate) merchant: String,
    pub(crate) aggregate: Option<AggregateId>,
    pub(crate) status: String,
    pub(crate) occurred_at: i64,
    pub(crate) outcome: String,
    pub(crate) rule: String,
    /// JSON, as it was written.
    pub(crate) fields: String,
    /// JSON in the order of its names: stores write it differently.
    pub(crate) decisions: String,
    pub(crate) at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Order {
    pub(crate) id: AggregateId,
    pub(crate) merchant: MerchantId,
    pub(crate) version: i64,
    pub(crate) blob: Vec<u8>,
    /// Kinds and values, ascending.
    pub(crate) aliases: Vec<(String, String)>,
    pub(crate) wake_at: Option<i64>,
    pub(crate) updated_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Message {
    pub(crate) id: MessageId,
    pub(crate) merchant: MerchantId,
    pub(crate) destination: String,
    pub(crate) aggregate: AggregateId,
    pub(crate) receipt: ReceiptId,
    pub(crate) occurrence: OccurrenceId,
    pub(crate) trigger: String,
    pub(crate) leg: String,
    pub(crate) rank: Option<u16>,
    pub(crate) subject: String,
    pub(crate) created_at: i64,
    pub(crate) not_before: i64,
    pub(crate) fresh_until: i64,
    pub(crate) backfill: bool,
    pub(crate) sandbox: bool,
    pub(crate) rules: [u8; 16],
    pub(crate) state: i64,
    pub(crate) why: Option<String>,
    pub(crate) attempts: i64,
    pub(crate) tries: i64,
    pub(crate) ended_at: Option<i64>,
    pub(crate) frozen: Vec<u8>,
    /// Its attempts, as they were written.
    pub(crate) stories: Vec<Vec<u8>>,
}

/// A record on its way.
pub(crate) struct Moved {
    pub(crate) record: Record,
    /// Of messages: those of a lane go in this order.
    pub(crate) order: i64,
}

impl From<Record> for Moved {
    fn from(record: Record) -> Self {
        Self { record, order: 0 }
    }
}

/// JSON in the order of its names.
pub(crate) fn ordered(json: &serde_json::Value) -> String {
    match json {
        serde_json::Value::Object(map) => {
            let mut names: Vec<_> = map.iter().collect();
            names.sort_by_key(|(name, _)| *name);
            let parts = names.iter().map(|(name, value)| {
                format!("{}:{}", serde_json::Value::from(name.as_str()), ordered(value))
            });
            format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
        }
        serde_json::Value::Array(items) => {
            format!("[{}]", items.iter().map(ordered).collect::<Vec<_>>().join(","))
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => json.to_string(),
    }
}

impl Record {
    /// What it is called when it is counted.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Meta { .. } => "settings",
            Self::Sum { .. } => "sums",
            Self::Unmapped(_) => "codes",
            Self::Unclaimed { .. } => "accounts",
            Self::Pause { .. } => "pauses",
            Self::Polled { .. } => "polls",
            Self::Refused(_) => "refused requests",
            Self::Receipt(_) => "receipts",
            Self::Line(_) => "events",
            Self::Order(_) => "orders",
            Self::Message(_) => "messages",
            Self::Kept { .. } => "small things",
            Self::Dedupe { .. } => "repeat keys",
            Self::Rules { .. } => "rule files",
        }
    }

    /// Whether both stores list these, and only these. Keys against repeats run out by themselves.
    pub(crate) fn is_compared(&self) -> bool {
        !matches!(self, Self::Dedupe { .. } | Self::Rules { .. })
    }
}

/// How many of each kind, and what they say: the same in whatever order they come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally(pub(crate) BTreeMap<String, (u64, u64)>);

impl Tally {
    pub(crate) fn add(&mut self, record: &Record) {
        let mut hasher = DefaultHasher::new();
        record.hash(&mut hasher);
        let (count, sum) = self.0.entry(record.kind().to_owned()).or_default();
        *count += 1;
        *sum = sum.wrapping_add(hasher.finish());
    }

    /// What differs from another tally, by kind.
    pub(crate) fn differs(&self, other: &Self) -> Vec<String> {
        let kinds = self.0.keys().chain(other.0.keys());
        let kinds: std::collections::BTreeSet<&String> = kinds.collect();
        let of = |tally: &Self, kind: &String| tally.0.get(kind).copied().unwrap_or_default();
        kinds
            .into_iter()
            .filter(|kind| of(self, kind) != of(other, kind))
            .map(|kind| format!("{kind} ({} here, {} there)", of(self, kind).0, of(other, kind).0))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_knows_no_order_and_misses_nothing() {
        let sum = |sum| Record::Sum { merchant: "hey".to_owned(), name: "sent".to_owned(), sum };
        let tally = |records: &[Record]| {
            let mut tally = Tally::default();
            for record in records {
                tally.add(record);
            }
            tally
        };
        let whole = tally(&[sum(1), sum(2)]);
        assert!(whole.differs(&tally(&[sum(2), sum(1)])).is_empty());
        assert_eq!(whole.differs(&tally(&[sum(1), sum(3)])), ["sums (2 here, 2 there)"]);
        assert_eq!(whole.differs(&tally(&[])), ["sums (2 here, 0 there)"]);
    }

    #[test]
    fn names_of_maps_are_put_in_order() {
        let json = serde_json::json!({ "b": [{ "d": 1, "c": "x\"" }], "a": null });
        assert_eq!(ordered(&json), r#"{"a":null,"b":[{"c":"x\"","d":1}]}"#);
    }
}
