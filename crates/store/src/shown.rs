//! Rows of lists as the API shows them: the same from every store.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use parcelwire_domain::{
    Alias, AliasKind,
    id::{MessageId, OccurrenceId, ReceiptId, RefusedId},
};
use parcelwire_engine::ports::Filter;
use serde_json::{Value as Json, json};

/// A receipt that waits for what is asked about it. It counts, and is shown, as waiting.
pub(crate) const ASKING: i64 = 7;

/// A receipt's states by their number.
pub(crate) const RECEIPT_STATES: [&str; 7] =
    ["waiting", "forwarded", "filtered", "parked", "failed", "split", "unclaimed"];

/// A message's states by their number.
pub(crate) const MESSAGE_STATES: [&str; 4] = ["pending", "sent", "dead", "cancelled"];

/// The number of a name in a list of states; -1 for a name that none has.
pub(crate) fn state_number(states: &[&str], name: &str) -> i64 {
    states.iter().position(|known| *known == name).map_or(-1, |place| place as i64)
}

/// The names by which a list is narrowed: one of each group must lead to the order.
pub(crate) fn named(filter: &Filter) -> Vec<Vec<Alias>> {
    let by: [(&[AliasKind], &Option<String>); 3] = [
        (&[AliasKind::OrderId, AliasKind::OrderNumber], &filter.order),
        (&[AliasKind::Email], &filter.email),
        (&[AliasKind::TrackingNumber], &filter.tracking_number),
    ];
    let given = by.into_iter().filter_map(|(kinds, wanted)| Some((kinds, wanted.as_ref()?)));
    given
        .map(|(kinds, wanted)| kinds.iter().filter_map(|kind| Alias::new(*kind, wanted)).collect())
        .collect()
}

fn state_name(states: &'static [&'static str], number: i64) -> &'static str {
    let known = usize::try_from(number).ok().and_then(|number| states.get(number));
    known.or(states.first()).copied().unwrap_or_default()
}

fn whose(feed: bool) -> &'static str {
    if feed { "feed" } else { "merchant" }
}

/// An accepted webhook.
pub(crate) struct ReceiptRow {
    pub(crate) id: ReceiptId,
    pub(crate) feed: bool,
    pub(crate) owner: String,
    pub(crate) source: String,
    pub(crate) topic: Option<String>,
    pub(crate) received_at: Timestamp,
    pub(crate) state: i64,
    pub(crate) why: Option<String>,
    pub(crate) body_bytes: i64,
}

impl ReceiptRow {
    pub(crate) fn json(self) -> Json {
        json!({
            "id": self.id, whose(self.feed): self.owner, "source": self.source, "topic": self.topic,
            "received_at": self.received_at.to_string(),
            "status": state_name(&RECEIPT_STATES, self.state), "why": self.why,
            "body_bytes": self.body_bytes,
        })
    }
}

/// A canonical event, with what it came to.
pub(crate) struct EventRow {
    pub(crate) receipt: ReceiptId,
    pub(crate) index: i64,
    pub(crate) merchant: String,
    pub(crate) status: String,
    pub(crate) occurred_at: Timestamp,
    pub(crate) outcome: String,
    pub(crate) rule: String,
    pub(crate) fields: Json,
    pub(crate) decisions: Json,
    pub(crate) at: Timestamp,
}

impl EventRow {
    pub(crate) fn json(self) -> Json {
        json!({
            "receipt": self.receipt, "index": self.index, "merchant": self.merchant,
            "status": self.status, "occurred_at": self.occurred_at.to_string(),
            "outcome": self.outcome, "rule": self.rule, "fields": self.fields,
            "decisions": self.decisions, "at": self.at.to_string(),
        })
    }
}

/// A message.
pub(crate) struct MessageRow {
    pub(crate) id: MessageId,
    pub(crate) merchant: String,
    pub(crate) destination: String,
    pub(crate) trigger: String,
    pub(crate) state: i64,
    pub(crate) why: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) tries: i64,
    pub(crate) receipt: ReceiptId,
    pub(crate) backfill: bool,
    pub(crate) occurrence: OccurrenceId,
    pub(crate) not_before: Timestamp,
    pub(crate) frozen: Json,
}

impl MessageRow {
    pub(crate) fn json(self) -> Json {
        let state = state_name(&MESSAGE_STATES, self.state);
        json!({
            "id": self.id, "merchant": self.merchant, "destination": self.destination,
            "trigger": self.trigger, "name": self.frozen["name"], "state": state, "status": state,
            "why": self.why, "created_at": self.created_at.to_string(),
            "ended_at": self.ended_at.map(|at| at.to_string()), "attempts": self.tries,
            "receipt": self.receipt, "backfill": self.backfill, "occurrence": self.occurrence,
            "not_before": self.not_before.to_string(),
        })
    }
}

/// A refused request.
pub(crate) struct RefusedRow {
    pub(crate) id: RefusedId,
    pub(crate) feed: bool,
    pub(crate) owner: String,
    pub(crate) source: String,
    pub(crate) at: Timestamp,
    pub(crate) code: String,
    pub(crate) detail: String,
    pub(crate) client: String,
    pub(crate) body_bytes: i64,
}

impl RefusedRow {
    pub(crate) fn json(self) -> Json {
        json!({
            "id": self.id, whose(self.feed): self.owner, "source": self.source,
            "at": self.at.to_string(), "code": self.code, "status": self.code,
            "detail": self.detail, "client": self.client, "body_bytes": self.body_bytes,
        })
    }
}

/// A raw body; nothing when it is gone.
pub(crate) fn body(body: Option<Vec<u8>>) -> Json {
    match body.map(String::from_utf8) {
        None => Json::Null,
        Some(Ok(text)) => json!({ "text": text }),
        Some(Err(error)) => json!({ "base64": STANDARD.encode(error.as_bytes()) }),
    }
}

/// What was asked about a receipt; nothing where nothing was.
pub(crate) fn lookup(
    state: i64,
    tries: i64,
    next_at: Option<Timestamp>,
    answer: Option<Vec<u8>>,
) -> Option<Json> {
    if tries == 0 && answer.is_none() && state != ASKING {
        return None;
    }
    let text = answer.map(|body| String::from_utf8_lossy(&body).into_owned());
    let next = next_at.map(|at| at.to_string());
    Some(json!({ "tries": tries, "next_at": next, "answer": text }))
}

/// A code that no table knew. `code` is nothing for all beyond the bound of a source.
pub(crate) struct UnmappedRow {
    pub(crate) merchant: String,
    pub(crate) source: String,
    pub(crate) code: Option<String>,
    pub(crate) count: i64,
    pub(crate) first_at: Option<Timestamp>,
    pub(crate) last_at: Option<Timestamp>,
    pub(crate) receipt: Option<ReceiptId>,
}

impl UnmappedRow {
    pub(crate) fn json(self) -> Json {
        json!({
            "merchant": self.merchant, "source": self.source, "code": self.code,
            "count": self.count, "first_seen": self.first_at.map(|at| at.to_string()),
            "last_seen": self.last_at.map(|at| at.to_string()), "receipt": self.receipt,
        })
    }
}
