//! From what the store keeps to the structured form of an explanation. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use parcelwire_domain::{
    Value,
    id::{DestinationName, MessageId, ReceiptId},
    order::{Order, Policy, Prospect, Stands},
    taxonomy::Trigger,
};
use parcelwire_mapping::merchant::Merchant;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value as Json;

use super::story::{Entry, LastTry, Message, OrderStory, Paused, Planned, Recipient, Refusals};
use crate::ports::{
    Attempt, CONNECTOR_LINE, FOLLOWED, MOST_OF_TIMELINE, ORDERS_JOINED, Pause, Row, StoryDecision,
    Timeline,
};

/// What all orders of an answer are told with.
pub(super) struct Desk<'a> {
    pub(super) merchant: &'a Merchant,
    pub(super) policy: Policy<'a>,
    pub(super) pauses: &'a BTreeMap<DestinationName, Pause>,
    pub(super) now: Timestamp,
}

/// An event as lists show it.
#[derive(Deserialize)]
struct EventRow {
    receipt: ReceiptId,
    index: u16,
    status: String,
    occurred_at: Timestamp,
    outcome: String,
    rule: String,
    fields: Json,
    decisions: Vec<StoryDecision>,
    at: Timestamp,
}

/// A message as lists show it, with its attempts.
#[derive(Deserialize)]
struct MessageRow {
    id: MessageId,
    destination: DestinationName,
    trigger: Trigger,
    name: Option<String>,
    state: String,
    why: Option<String>,
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
    attempts: u64,
    receipt: ReceiptId,
    backfill: bool,
    not_before: Timestamp,
    requests: Vec<Attempt>,
}

/// A refused request as lists show it.
#[derive(Deserialize)]
struct RefusedRow {
    source: String,
    code: String,
    at: Timestamp,
}

impl Desk<'_> {
    /// One order, still without words.
    pub(super) fn order(&self, order: &Order, life: Timeline) -> OrderStory {
        let cut = life.events.len().max(life.messages.len()) >= MOST_OF_TIMELINE;
        let rows: Vec<EventRow> = read(life.events);
        let mut messages: Vec<Message> =
            read(life.messages).into_iter().map(|row| self.message(row)).collect();
        let number = rows.iter().find_map(|row| text(&row.fields, "order_number"));
        let mut entries: Vec<Entry> = rows.into_iter().map(|row| entry(order, row)).collect();
        for entry in &mut entries {
            entry.waited_until = waited_until(entry, &messages);
        }
        for message in &mut messages {
            message.superseded_by = superseded_by(message, &entries);
        }
        let outlook = order.outlook(&self.policy, self.now);
        OrderStory {
            id: order.id(),
            order_number: number,
            names: names(order, self.now),
            recipient: recipient(order),
            entries,
            messages,
            planned: outlook.into_iter().map(|prospect| self.planned(prospect)).collect(),
            next_look: order.wake_at(),
            cut,
        }
    }

    fn message(&self, row: MessageRow) -> Message {
        let last = row.requests.last().map(|attempt| LastTry {
            at: attempt.at,
            verdict: attempt.verdict.clone(),
            detail: attempt.detail.clone(),
            answer: attempt.exchange.last().map(|exchanged| exchanged.answer.clone()),
        });
        let pause = self.pauses.get(&row.destination).filter(|_| row.state == "pending");
        Message {
            id: row.id,
            trigger: row.trigger,
            destination: row.destination,
            name: row.name,
            state: row.state,
            why: row.why,
            created_at: row.created_at,
            not_before: row.not_before,
            ended_at: row.ended_at,
            attempts: row.attempts,
            backfill: row.backfill,
            receipt: row.receipt,
            last,
            paused: pause.map(|pause| Paused {
                since: pause.since,
                until: pause.until,
                why: pause.why.clone(),
            }),
            superseded_by: None,
            text: String::new(),
        }
    }

    fn planned(&self, prospect: Prospect) -> Planned {
        let trigger = Trigger::Derived(prospect.derived);
        let line = |key: &str| self.merchant.line(trigger, key);
        let line = match prospect.stands {
            Stands::Planned | Stands::Suspended => line("after").or_else(|| line("on")),
            Stands::Off => line("on"),
            Stands::NotBelieved => line("only_from"),
        };
        Planned {
            trigger,
            stands: prospect.stands,
            at: prospect.at,
            subject: prospect.tracking_number,
            follows: prospect.basis.name().to_owned(),
            since: prospect.since,
            after: prospect.after.map(|after| after.to_string()),
            line: line.map(ToString::to_string),
            text: String::new(),
        }
    }
}

/// Who is refused, by source and reason.
pub(super) fn refusals(rows: &[Row]) -> Vec<Refusals> {
    let mut found: BTreeMap<(String, String), (u64, Timestamp)> = BTreeMap::new();
    for row in read::<RefusedRow>(rows.to_vec()) {
        let known = found.entry((row.source, row.code)).or_insert((0, row.at));
        *known = (known.0 + 1, known.1.max(row.at));
    }
    let one = |((source, code), (count, last_at))| Refusals { source, code, count, last_at };
    found.into_iter().map(one).collect()
}

/// Rows as they are shown. One that an earlier version wrote otherwise is left out.
fn read<T: DeserializeOwned>(rows: Vec<Row>) -> Vec<T> {
    let read = |row| match serde_json::from_value(row) {
        Ok(row) => Some(row),
        Err(error) => {
            tracing::warn!(%error, "a kept row cannot be explained; it is left out");
            None
        }
    };
    rows.into_iter().filter_map(read).collect()
}

fn text(fields: &Json, name: &str) -> Option<String> {
    match &fields[name] {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

fn entry(order: &Order, row: EventRow) -> Entry {
    let of = |name: &str| text(&row.fields, name);
    let subject = ["tracking_number", "return_id", "parcel_id"].iter().find_map(|name| of(name));
    let parked = (row.outcome == "parked").then(|| order.parked_until((row.receipt, row.index)));
    Entry {
        at: row.at,
        occurred_at: row.occurred_at,
        derived: row.index >= FOLLOWED,
        receipt: row.receipt,
        index: row.index,
        source: of("raw_source"),
        reason: of("reason"),
        subject,
        raw_code: of("raw_code"),
        line: of(CONNECTOR_LINE),
        orders_joined: row.fields[ORDERS_JOINED].as_u64().unwrap_or(0),
        status: row.status,
        outcome: row.outcome,
        rule: row.rule,
        parked_until: parked.flatten(),
        waited_until: None,
        decisions: row.decisions,
        text: String::new(),
    }
}

/// A fact whose message was made later than it came had nobody to tell it to until then.
fn waited_until(entry: &Entry, messages: &[Message]) -> Option<Timestamp> {
    let status = Trigger::parse(&entry.status)?;
    let own = entry.decisions.iter().filter(|decision| decision.trigger == status);
    let made = own.filter_map(|decision| decision.message);
    let made = made.filter_map(|id| messages.iter().find(|message| message.id == id));
    let first = made.map(|message| message.created_at).min()?;
    (!entry.derived && first > entry.at).then_some(first)
}

/// The status of the event that was written together with the end of a message.
fn superseded_by(message: &Message, entries: &[Entry]) -> Option<String> {
    let ended_at = message.ended_at.filter(|_| message.why.as_deref() == Some("superseded"))?;
    let mut same = entries.iter().filter(|entry| entry.at == ended_at && !entry.derived);
    same.next_back().map(|entry| entry.status.clone())
}

fn names(order: &Order, now: Timestamp) -> Vec<(&'static str, String)> {
    let aliases = order.aliases(now).into_iter().filter(|alias| alias.joins());
    aliases.map(|alias| (alias.kind.name(), alias.value)).collect()
}

fn recipient(order: &Order) -> Recipient {
    let known = order.recipient();
    let of = |name: &str| known.get(name).and_then(Value::as_id).map(str::to_owned);
    Recipient { email: of("email"), phone: of("phone"), external_id: of("external_id") }
}
