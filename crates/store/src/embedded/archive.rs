//! The port [`Archive`]: lists, stories, the books.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_domain::id::{
    AggregateId, DestinationName, MerchantId, MessageId, OccurrenceId, ReceiptId, RefusedId,
};
use parcelwire_engine::ports::{
    Archive, Cursor, Filter, LedgerResult, List, Page, Pause, Row, Stats, StoreHealth, Timeline,
};
use rusqlite::{Connection, OptionalExtension as _, Row as Line};
use serde_json::{Value as Json, json};

use super::{
    Embedded, asking, counters, packed, pages, ready,
    rows::{bits, id_bytes, parsed},
    timeline, unmapped,
};
use crate::{
    moment::{micros, time},
    shown::{self, EventRow, MessageRow, ReceiptRow, RefusedRow},
};

#[async_trait]
impl Archive for Embedded {
    async fn page(
        &self,
        list: List,
        filter: Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> LedgerResult<Page> {
        self.desk
            .read(move |connection| pages::page(connection, list, &filter, after.as_ref(), limit))
            .await
    }

    async fn story(&self, receipt: ReceiptId) -> LedgerResult<Option<Json>> {
        self.desk.read(move |connection| story(connection, receipt)).await
    }

    async fn timeline(&self, merchant: MerchantId, order: AggregateId) -> LedgerResult<Timeline> {
        self.desk.read(move |connection| timeline::of(connection, &merchant, order)).await
    }

    async fn stats(&self, merchant: Option<MerchantId>, now: Timestamp) -> LedgerResult<Stats> {
        let waiting = Arc::clone(&self.waiting);
        self.desk
            .read(move |connection| {
                let whose = merchant.as_ref().map(|merchant| (false, merchant.to_string()));
                let first = waiting.first(connection, whose.as_ref())?;
                let merchant = merchant.as_ref().map(MerchantId::as_str);
                counters::read(connection, merchant, first, micros(now))
            })
            .await
    }

    async fn unmapped(
        &self,
        merchant: Option<MerchantId>,
        after: Option<Cursor>,
        limit: usize,
    ) -> LedgerResult<Page> {
        let of = move |connection: &Connection| {
            let merchant = merchant.as_ref().map(MerchantId::as_str);
            unmapped::page(connection, merchant, after.as_ref(), limit)
        };
        self.desk.read(of).await
    }

    async fn pauses(&self) -> LedgerResult<Vec<(MerchantId, DestinationName, Pause)>> {
        self.desk
            .read(|connection| {
                connection
                    .prepare_cached("SELECT merchant, destination, pause FROM pauses")?
                    .query_map([], |row| {
                        Ok((
                            parsed(row, 0, MerchantId::parse)?,
                            parsed(row, 1, DestinationName::parse)?,
                            parsed(row, 2, |text| serde_json::from_str::<Pause>(text))?,
                        ))
                    })?
                    .collect()
            })
            .await
    }

    async fn health(&self) -> LedgerResult<StoreHealth> {
        self.can_write().await?;
        let waiting = Arc::clone(&self.waiting);
        self.desk
            .read(move |connection| {
                let count = |sql: &str| -> rusqlite::Result<u64> {
                    connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|n| n as u64)
                };
                let pages = count("PRAGMA page_count")?;
                let size = count("PRAGMA page_size")?;
                let first = waiting.first(connection, None)?;
                Ok(StoreHealth {
                    waiting: count("SELECT COALESCE(SUM(waiting),0) FROM counters")?,
                    oldest_waiting: counters::came_first(connection, None, first)?.map(time),
                    pending: count("SELECT COALESCE(SUM(pending),0) FROM counters")?,
                    oldest_due: ready::first_due(connection)?.map(time),
                    bytes: Some(pages * size),
                })
            })
            .await
    }
}

pub(super) fn columns(list: List) -> &'static str {
    match list {
        List::Receipts => {
            "t.id, t.feed, t.owner, t.source, t.topic, t.received_at, t.state, t.why, t.body_bytes"
        }
        List::Events => {
            "t.receipt, t.place, t.merchant, t.status, t.occurred_at, t.outcome, t.rule, t.fields, t.decisions, t.at"
        }
        List::Messages => {
            "t.id, t.merchant, t.destination, t.trigger, t.state, t.why, t.created_at, t.ended_at, t.tries, t.receipt, t.backfill, t.occurrence, t.not_before, (SELECT f.frozen FROM frozen f WHERE f.message = t.seq)"
        }
        List::Refused => {
            "t.id, t.feed, t.owner, t.source, t.at, t.code, t.detail, t.client, t.body_bytes"
        }
    }
}

pub(super) fn row(list: List, line: &Line<'_>) -> rusqlite::Result<Row> {
    Ok(match list {
        List::Receipts => receipt_row(line)?.json(),
        List::Events => event_row(line)?.json(),
        List::Messages => message_row(line)?.json(),
        List::Refused => refused_row(line)?.json(),
    })
}

fn receipt_row(line: &Line<'_>) -> rusqlite::Result<ReceiptRow> {
    Ok(ReceiptRow {
        id: ReceiptId::from_bits(bits(line, 1)?),
        feed: line.get(2)?,
        owner: line.get(3)?,
        source: line.get(4)?,
        topic: line.get(5)?,
        received_at: time(line.get(6)?),
        state: line.get(7)?,
        why: line.get(8)?,
        body_bytes: line.get(9)?,
    })
}

fn event_row(line: &Line<'_>) -> rusqlite::Result<EventRow> {
    let decisions: String = line.get(9)?;
    Ok(EventRow {
        receipt: ReceiptId::from_bits(bits(line, 1)?),
        index: line.get(2)?,
        merchant: line.get(3)?,
        status: line.get(4)?,
        occurred_at: time(line.get(5)?),
        outcome: line.get(6)?,
        rule: line.get(7)?,
        fields: serde_json::from_slice(&packed::column(line, 8)?).unwrap_or(Json::Null),
        decisions: serde_json::from_str(&decisions).unwrap_or(Json::Null),
        at: time(line.get(10)?),
    })
}

fn message_row(line: &Line<'_>) -> rusqlite::Result<MessageRow> {
    Ok(MessageRow {
        id: MessageId::from_bits(bits(line, 1)?),
        merchant: line.get(2)?,
        destination: line.get(3)?,
        trigger: line.get(4)?,
        state: line.get(5)?,
        why: line.get(6)?,
        created_at: time(line.get(7)?),
        ended_at: line.get::<_, Option<i64>>(8)?.map(time),
        tries: line.get(9)?,
        receipt: ReceiptId::from_bits(bits(line, 10)?),
        backfill: line.get(11)?,
        occurrence: OccurrenceId::from_bytes(line.get(12)?),
        not_before: time(line.get(13)?),
        frozen: serde_json::from_slice(&packed::column(line, 14)?).unwrap_or(Json::Null),
    })
}

fn refused_row(line: &Line<'_>) -> rusqlite::Result<RefusedRow> {
    Ok(RefusedRow {
        id: RefusedId::from_bits(bits(line, 1)?),
        feed: line.get(2)?,
        owner: line.get(3)?,
        source: line.get(4)?,
        at: time(line.get(5)?),
        code: line.get(6)?,
        detail: line.get(7)?,
        client: line.get(8)?,
        body_bytes: line.get(9)?,
    })
}

/// One receipt, whole.
fn story(connection: &Connection, receipt: ReceiptId) -> rusqlite::Result<Option<Json>> {
    let id = id_bytes(receipt.bits());
    let sql = format!("SELECT t.seq, {} FROM receipts t WHERE t.id = ?1", columns(List::Receipts));
    let head = connection.query_row(&sql, [id], |line| row(List::Receipts, line)).optional()?;
    let Some(mut story) = head else { return Ok(None) };
    let request = connection.query_row(
        "SELECT r.headers, r.query, r.accounts, r.verified, b.body FROM receipts r
         LEFT JOIN bodies b ON b.id = r.body WHERE r.id = ?1",
        [id],
        |line| {
            let json_text = |place: usize| -> rusqlite::Result<Json> {
                let text: String = line.get(place)?;
                Ok(serde_json::from_str(&text).unwrap_or(Json::Null))
            };
            let body = shown::body(packed::optional(line, 4)?);
            let query: String = line.get(1)?;
            let verified: String = line.get(3)?;
            Ok((json!({ "headers": json_text(0)?, "query": query, "accounts": json_text(2)?, "body": body }), verified))
        },
    )?;
    story["request"] = request.0;
    story["verification"] = json!({ "method": request.1 });
    if let Some(lookup) = asking::story(connection, &id)? {
        story["lookup"] = lookup;
    }
    let events: Vec<Json> = connection
        .prepare_cached(&format!(
            "SELECT t.seq, {} FROM lines t WHERE t.receipt = ?1 ORDER BY t.place",
            columns(List::Events)
        ))?
        .query_map([id], |line| row(List::Events, line))?
        .collect::<rusqlite::Result<_>>()?;
    story["events"] = Json::Array(events);
    let messages: Vec<Json> = connection
        .prepare_cached(&format!(
            "SELECT t.seq, {} FROM messages t WHERE t.receipt = ?1 ORDER BY t.seq",
            columns(List::Messages)
        ))?
        .query_map([id], |line| {
            let mut message = row(List::Messages, line)?;
            let frozen = packed::column(line, 14)?;
            message["frozen"] = serde_json::from_slice(&frozen).unwrap_or(Json::Null);
            let id: [u8; 16] = line.get(1)?;
            message["requests"] = json!(attempts(connection, &id)?);
            Ok(message)
        })?
        .collect::<rusqlite::Result<_>>()?;
    story["messages"] = Json::Array(messages);
    Ok(Some(story))
}

pub(super) fn attempts(connection: &Connection, message: &[u8; 16]) -> rusqlite::Result<Vec<Json>> {
    connection
        .prepare_cached("SELECT story FROM attempts WHERE message = ?1 ORDER BY number")?
        .query_map([message], |line| {
            Ok(serde_json::from_slice(&packed::column(line, 0)?).unwrap_or(Json::Null))
        })?
        .collect()
}
