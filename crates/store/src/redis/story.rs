//! One receipt's whole story, one order's life, and the rows of lists.

use futures_util::future::join_all;
use parcelwire_domain::id::{AggregateId, MerchantId, MessageId, Partition, ReceiptId};
use parcelwire_engine::ports::{LedgerResult, MOST_OF_TIMELINE, Owner, Row, Timeline};
use redis::Value;
use serde_json::{Value as Json, json};

use super::{
    Inner,
    answer::{Fields, misfit, number},
    commit::{KeptLine, KeptLines, read_json},
    connect::Arguments,
    keys,
    records::{MessageHead, ReceiptHead},
    scripts,
};
use crate::{
    moment::time,
    packed::unpack,
    shown::{self, EventRow, MessageRow, ReceiptRow},
};

impl Inner {
    /// One receipt, whole; it may be in any partition.
    pub(super) async fn story(&self, receipt: ReceiptId) -> LedgerResult<Option<Json>> {
        let mut arguments = Arguments::default();
        arguments.add(receipt.to_string());
        let asked =
            Partition::all().map(|partition| self.run(&scripts::STORY, partition, &arguments));
        let mut found = None;
        for answer in join_all(asked).await {
            let answer = answer?;
            if answer != Value::Nil {
                found = Some(told(receipt, answer)?);
            }
        }
        Ok(found)
    }

    /// One order's life.
    pub(super) async fn timeline(
        &self,
        merchant: &MerchantId,
        order: AggregateId,
    ) -> LedgerResult<Timeline> {
        let mut arguments = Arguments::default();
        arguments.add(merchant.as_str()).add(order.to_string()).number(MOST_OF_TIMELINE);
        let answer = self.run(&scripts::TIMELINE, Partition::of(merchant), &arguments).await?;
        let mut answer = Fields::of(answer)?;
        let (mut events, mut messages) = (Vec::new(), Vec::new());
        for row in Fields::of(answer.value())?.rest() {
            events.extend(event_row(&mut Fields::of(row)?)?);
        }
        for row in Fields::of(answer.value())?.rest() {
            let mut row = Fields::of(row)?;
            let (seq, id) = (row.number()?, row.text()?);
            let Some((mut message, _)) = message_row(&id, row.value())? else { continue };
            message["requests"] = attempts(row.value())?.into();
            messages.push((seq, message));
        }
        messages.sort_by_key(|(seq, _)| *seq);
        Ok(Timeline { events, messages: messages.into_iter().map(|(_, row)| row).collect() })
    }
}

fn told(receipt: ReceiptId, answer: Value) -> LedgerResult<Json> {
    let mut answer = Fields::of(answer)?;
    let mut r = Fields::of(answer.value())?;
    let (owner, came) = (r.text()?, r.number()?);
    let (state, why) = (r.number()?, r.optional()?);
    let tries = r.count()?;
    let next_at = r.optional()?.map(|at| number(&at)).transpose()?;
    let head: ReceiptHead = r.json()?;
    let (body, lookup) = (r.unpacked()?, r.unpacked()?);
    let row = receipt_of(receipt, &owner, came, state, why, &head)?;
    let mut story = row.json();
    story["request"] = json!({
        "headers": head.headers, "query": head.query, "accounts": head.accounts,
        "body": shown::body(body),
    });
    story["verification"] = json!({ "method": head.verified });
    if let Some(lookup) = shown::lookup(state, tries, next_at.map(time), lookup) {
        story["lookup"] = lookup;
    }
    let lines = KeptLines::read(answer.value())?.0;
    let events = lines.into_iter().map(|(place, line)| event(receipt, place.into(), line));
    story["events"] = events.collect::<Vec<Json>>().into();
    let mut messages = Vec::new();
    for message in Fields::of(answer.value())?.rest() {
        let mut message = Fields::of(message)?;
        let id = message.text()?;
        let Some((mut row, frozen)) = message_row(&id, message.value())? else { continue };
        row["frozen"] = frozen;
        row["requests"] = attempts(message.value())?.into();
        messages.push(row);
    }
    story["messages"] = messages.into();
    Ok(story)
}

fn attempts(value: Value) -> LedgerResult<Vec<Json>> {
    let mut rows = Fields::of(value)?.rest().map(|kept| {
        let kept = super::answer::bytes(kept)?.unwrap_or_default();
        let text = unpack(&kept).ok_or_else(|| misfit("not soundly packed"))?;
        read_json::<Json>(&text)
    });
    let mut attempts = rows.by_ref().collect::<LedgerResult<Vec<Json>>>()?;
    attempts.sort_by_key(|attempt| attempt["number"].as_u64());
    Ok(attempts)
}

fn receipt_of(
    id: ReceiptId,
    owner: &str,
    came: i64,
    state: i64,
    why: Option<String>,
    head: &ReceiptHead,
) -> LedgerResult<ReceiptRow> {
    let (feed, owner) = match keys::parse_owner(owner) {
        Some(Owner::Merchant(id)) => (false, id.to_string()),
        Some(Owner::Feed(name)) => (true, name.to_string()),
        None => return Err(misfit("not an owner")),
    };
    Ok(ReceiptRow {
        id,
        feed,
        owner,
        source: head.source.to_string(),
        topic: head.topic.clone(),
        received_at: time(came),
        state,
        why,
        body_bytes: head.body_bytes,
    })
}

/// A receipt in a list; nothing when it is gone.
pub(super) fn receipt_row(row: &mut Fields) -> LedgerResult<Option<Row>> {
    let id = row.parsed(ReceiptId::parse)?;
    let Some(owner) = row.optional()? else { return Ok(None) };
    let (came, state, why) = (row.number()?, row.number()?, row.optional()?);
    let head: ReceiptHead = row.json()?;
    Ok(Some(receipt_of(id, &owner, came, state, why, &head)?.json()))
}

fn event(receipt: ReceiptId, index: i64, line: KeptLine) -> Row {
    EventRow {
        receipt,
        index,
        merchant: line.fixed.merchant,
        status: line.fixed.status,
        occurred_at: time(line.fixed.occurred_at),
        outcome: line.told.outcome,
        rule: line.told.rule,
        fields: serde_json::from_str(&line.fixed.fields).unwrap_or(Json::Null),
        decisions: line.told.decisions,
        at: time(line.fixed.at),
    }
    .json()
}

/// An event in a list; nothing when it is gone.
pub(super) fn event_row(row: &mut Fields) -> LedgerResult<Option<Row>> {
    let (receipt, index) = (row.parsed(ReceiptId::parse)?, row.number()?);
    let Some(fixed) = row.unpacked()? else { return Ok(None) };
    let (fixed, told) = (read_json(&fixed)?, read_json(&row.packed()?)?);
    Ok(Some(event(receipt, index, KeptLine { fixed, told })))
}

/// A message in a list, and what it says; nothing when it is gone.
pub(super) fn message_row(id: &str, row: Value) -> LedgerResult<Option<(Row, Json)>> {
    let mut m = Fields::of(row)?;
    let Some(merchant) = m.optional()? else { return Ok(None) };
    let destination = m.text()?;
    let receipt = m.parsed(ReceiptId::parse)?;
    let (created_at, not_before) = (m.number()?, m.number()?);
    let backfill = m.text()? == "1";
    let (state, why, tries) = (m.number()?, m.optional()?, m.count()?);
    let ended_at = m.optional()?.map(|at| number(&at)).transpose()?;
    let head: MessageHead = m.json()?;
    let frozen: Json = read_json(&m.packed()?)?;
    let row = MessageRow {
        id: MessageId::parse(id).map_err(|_| misfit("not a message's id"))?,
        merchant,
        destination,
        trigger: head.trigger.name().to_owned(),
        state,
        why,
        created_at: time(created_at),
        ended_at: ended_at.map(time),
        tries,
        receipt,
        backfill,
        occurrence: head.occurrence,
        not_before: time(not_before),
        frozen: frozen.clone(),
    };
    Ok(Some((row.json(), frozen)))
}
