//! How records are kept: what never changes is one text, written once; what changes are fields.

use bytes::Bytes;
use parcelwire_domain::{
    id::{
        AggregateId, DestinationName, MerchantId, MessageId, OccurrenceId, ReceiptId, SourceName,
    },
    taxonomy::{Leg, Trigger},
};
use parcelwire_engine::ports::{
    KeptAnswer, LedgerResult, NewMessage, NewReceipt, PendingMessage, ReadyMessage, StoredReceipt,
    StoryLine,
};
use redis::Value;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{
    answer::{Fields, misfit},
    keys,
};
use crate::moment::{micros, time};

/// What never changes of a receipt.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ReceiptHead {
    pub(super) source: SourceName,
    pub(super) topic: Option<String>,
    pub(super) verified: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) query: String,
    pub(super) accounts: Vec<String>,
    pub(super) body_bytes: i64,
}

impl ReceiptHead {
    pub(super) fn of(receipt: &NewReceipt, body_bytes: i64) -> Self {
        Self {
            source: receipt.source.clone(),
            topic: receipt.topic.clone(),
            verified: receipt.verified.clone(),
            headers: receipt.headers.clone(),
            query: receipt.query.clone(),
            accounts: receipt.accounts.clone(),
            body_bytes,
        }
    }
}

/// As JSON: what we write ourselves always is.
pub(super) fn json(value: &impl Serialize) -> LedgerResult<Vec<u8>> {
    serde_json::to_vec(value).map_err(|_| misfit("not JSON"))
}

/// A receipt for processing, with how often something was asked about it.
pub(super) fn receipt(row: Value) -> LedgerResult<(StoredReceipt, u32)> {
    let mut row = Fields::of(row)?;
    let id = row.parsed(ReceiptId::parse)?;
    let owner = keys::parse_owner(&row.text()?).ok_or_else(|| misfit("not an owner"))?;
    let received_at = time(row.number()?);
    let why = row.optional()?;
    let tries = u32::try_from(row.count()?).unwrap_or(u32::MAX);
    let head: ReceiptHead = row.json()?;
    let body = row.unpacked()?.unwrap_or_default();
    let answer = match row.unpacked()? {
        Some(body) => Some(KeptAnswer::Body(body.into())),
        // Only a receipt that waits again says why there is no answer.
        None => why.map(KeptAnswer::Failed),
    };
    let receipt = StoredReceipt {
        id,
        owner,
        source: head.source,
        topic: head.topic,
        received_at,
        verified: head.verified,
        headers: head.headers,
        query: head.query,
        accounts: head.accounts,
        body: body.into(),
        answer,
    };
    Ok((receipt, tries))
}

/// What never changes of a message.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MessageHead {
    pub(super) occurrence: OccurrenceId,
    pub(super) trigger: Trigger,
    pub(super) leg: Leg,
    pub(super) rank: Option<u16>,
    pub(super) subject: String,
    pub(super) fresh_until: i64,
    pub(super) sandbox: bool,
    pub(super) rules: [u8; 16],
}

impl MessageHead {
    pub(super) fn of(message: &NewMessage) -> Self {
        Self {
            occurrence: message.occurrence,
            trigger: message.trigger,
            leg: message.leg,
            rank: message.rank,
            subject: message.subject.clone(),
            fresh_until: micros(message.fresh_until),
            sandbox: message.sandbox,
            rules: message.rules,
        }
    }
}

/// A message as the aggregate's next step sees it.
pub(super) fn pending(row: Value) -> LedgerResult<PendingMessage> {
    let mut row = Fields::of(row)?;
    let id = row.parsed(MessageId::parse)?;
    let aggregate = row.parsed(AggregateId::parse)?;
    let destination = row.parsed(DestinationName::parse)?;
    let backfill = row.text()? == "1";
    let head: MessageHead = row.json()?;
    Ok(PendingMessage {
        id,
        aggregate,
        destination,
        trigger: head.trigger,
        leg: head.leg,
        rank: head.rank,
        subject: head.subject,
        backfill,
    })
}

/// A message whose turn it is.
pub(super) fn ready(row: Value) -> LedgerResult<ReadyMessage> {
    let mut row = Fields::of(row)?;
    let id = row.parsed(MessageId::parse)?;
    let merchant = row.parsed(MerchantId::parse)?;
    let destination = row.parsed(DestinationName::parse)?;
    let aggregate = row.parsed(AggregateId::parse)?;
    let receipt = row.parsed(ReceiptId::parse)?;
    let created_at = time(row.number()?);
    let not_before = time(row.number()?);
    let backfill = row.text()? == "1";
    let attempts = u32::try_from(row.count()?).unwrap_or(u32::MAX);
    let tries = u32::try_from(row.count()?).unwrap_or(u32::MAX);
    let head: MessageHead = row.json()?;
    let frozen: Bytes = row.packed()?;
    let message = NewMessage {
        id,
        merchant,
        destination,
        aggregate,
        receipt,
        occurrence: head.occurrence,
        trigger: head.trigger,
        leg: head.leg,
        rank: head.rank,
        subject: head.subject,
        created_at,
        not_before,
        fresh_until: time(head.fresh_until),
        backfill,
        sandbox: head.sandbox,
        frozen,
        rules: head.rules,
    };
    Ok(ReadyMessage { message, attempts, tries })
}

/// What stays of a line when the event is decided anew: a parked one, later.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LineFixed {
    pub(super) merchant: String,
    pub(super) status: String,
    pub(super) occurred_at: i64,
    pub(super) at: i64,
    /// As they were written: a number of 40 digits stays one.
    pub(super) fields: String,
}

impl LineFixed {
    pub(super) fn of(line: &StoryLine, merchant: &MerchantId, at: i64) -> Self {
        let mut fields = String::new();
        line.fields.write_json(&mut fields);
        Self {
            merchant: merchant.as_str().to_owned(),
            status: line.status.clone(),
            occurred_at: micros(line.occurred_at),
            at,
            fields,
        }
    }
}

/// What does not.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LineTold {
    pub(super) outcome: String,
    pub(super) rule: String,
    pub(super) decisions: Json,
}

impl LineTold {
    pub(super) fn of(line: &StoryLine) -> LedgerResult<Self> {
        Ok(Self {
            outcome: line.outcome.clone(),
            rule: line.rule.clone(),
            decisions: serde_json::to_value(&line.decisions).map_err(|_| misfit("not JSON"))?,
        })
    }
}
