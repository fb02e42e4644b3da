//! The port [`Archive`]: lists, stories, the books.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_domain::{
    Alias, AliasKind,
    id::{DestinationName, MerchantId, MessageId, OccurrenceId, ReceiptId, RefusedId},
};
use parcelwire_engine::ports::{
    Archive, Cursor, Filter, LedgerResult, List, Page, Pause, Row, Stats, StoreHealth,
};
use rusqlite::{Connection, OptionalExtension as _, Row as Line, types::Value as Sql};
use serde_json::{Value as Json, json};

use super::{
    Embedded, asking, counters, packed, ready,
    rows::{bits, id_bytes, parsed},
    unmapped,
};
use crate::{
    moment::{micros, time},
    shown::{
        self, ASKING, EventRow, MESSAGE_STATES, MessageRow, RECEIPT_STATES, ReceiptRow, RefusedRow,
        state_number,
    },
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
            .read(move |connection| page(connection, list, &filter, after.as_ref(), limit))
            .await
    }

    async fn story(&self, receipt: ReceiptId) -> LedgerResult<Option<Json>> {
        self.desk.read(move |connection| story(connection, receipt)).await
    }

    async fn timeline(&self, merchant: MerchantId, order: String) -> LedgerResult<Vec<Row>> {
        let filter = Filter { merchant: Some(merchant), order: Some(order), ..Filter::default() };
        let mut page = self.page(List::Events, filter, None, 1000).await?;
        page.rows.reverse();
        Ok(page.rows)
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

/// Conditions and their values.
#[derive(Default)]
struct Conditions {
    sql: Vec<String>,
    values: Vec<Sql>,
}

impl Conditions {
    fn add(&mut self, sql: &str, value: impl Into<Sql>) {
        self.values.push(value.into());
        self.sql.push(sql.replace("??", &format!("?{}", self.values.len())));
    }
}

fn page(
    connection: &Connection,
    list: List,
    filter: &Filter,
    after: Option<&Cursor>,
    limit: usize,
) -> rusqlite::Result<Page> {
    let (table, at, status) = match list {
        List::Receipts => ("receipts", "received_at", "state"),
        List::Events => ("lines", "at", "status"),
        List::Messages => ("messages", "created_at", "state"),
        List::Refused => ("refused", "at", "code"),
    };
    let mut conditions = Conditions::default();
    // What a merchant's receipts led to is found by way of the receipts: one index serves all lists.
    let by_receipt = filter.merchant.is_some() && matches!(list, List::Events | List::Messages);
    let from = if by_receipt {
        format!("receipts r INDEXED BY receipts_owner CROSS JOIN {table} t ON t.receipt = r.id")
    } else {
        format!("{table} t")
    };
    if let Some(merchant) = &filter.merchant {
        let owner = if by_receipt { "r.owner" } else { "t.owner" };
        conditions.add(&format!("{owner} = ??"), merchant.as_str().to_owned());
        conditions.sql.push(if by_receipt { "r.feed = 0" } else { "t.feed = 0" }.to_owned());
    }
    if let Some(since) = filter.since {
        conditions.add(&format!("t.{at} >= ??"), micros(since));
    }
    if let Some(until) = filter.until {
        conditions.add(&format!("t.{at} < ??"), micros(until));
    }
    if let Some(wanted) = &filter.status {
        match list {
            List::Receipts if wanted == RECEIPT_STATES[0] => {
                // What waits for an answer of another system waits as well.
                conditions.sql.push(format!("t.state IN (0, {ASKING})"));
            }
            List::Receipts => {
                conditions.add("t.state = ??", state_number(&RECEIPT_STATES, wanted));
            }
            List::Messages => {
                conditions.add("t.state = ??", state_number(&MESSAGE_STATES, wanted));
            }
            List::Events | List::Refused => {
                conditions.add(&format!("t.{status} = ??"), wanted.clone())
            }
        }
    }
    for (kind, wanted) in [
        ("order", &filter.order),
        ("email", &filter.email),
        ("tracking_number", &filter.tracking_number),
    ] {
        if let Some(wanted) = wanted {
            subject(&mut conditions, list, kind, wanted);
        }
    }
    if let Some((first, second)) = after.map(|cursor| place(&cursor.0)) {
        if by_receipt {
            conditions.add("r.seq <= ??", first);
            let first = conditions.values.len();
            conditions.add(&format!("(r.seq < ?{first} OR t.seq < ??)"), second);
        } else {
            conditions.add("t.seq < ??", second);
        }
    }
    let filter = if conditions.sql.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", conditions.sql.join(" AND "))
    };
    let (first, order) =
        if by_receipt { ("r.seq", "r.seq DESC, t.seq") } else { ("t.seq", "t.seq") };
    let sql = format!(
        "SELECT t.seq, {}, {first} FROM {from} {filter} ORDER BY {order} DESC LIMIT {}",
        columns(list),
        limit + 1
    );
    let mut statement = connection.prepare(&sql)?;
    let values = rusqlite::params_from_iter(conditions.values);
    let last = statement.column_count() - 1;
    let mut rows: Vec<((i64, i64), Row)> = statement
        .query_map(values, |line| Ok(((line.get(last)?, line.get(0)?), row(list, line)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more);
    let next = next.map(|((first, second), _)| Cursor(format!("{first}.{second}")));
    Ok(Page { rows: rows.into_iter().map(|(_, row)| row).collect(), next })
}

/// Where a cursor stands: the receipt's row, and the row of the list.
fn place(cursor: &str) -> (i64, i64) {
    let (first, second) = cursor.split_once('.').unwrap_or(("0", "0"));
    (first.parse().unwrap_or(0), second.parse().unwrap_or(0))
}

/// Narrows a list to the orders that a name leads to.
fn subject(conditions: &mut Conditions, list: List, kind: &str, wanted: &str) {
    let of_list: fn(&str) -> String = match list {
        List::Events | List::Messages => |found| format!("t.aggregate IN ({found})"),
        List::Receipts => {
            |found| format!("t.id IN (SELECT receipt FROM lines WHERE aggregate IN ({found}))")
        }
        // What was refused was not understood: it belongs to no order.
        List::Refused => {
            conditions.sql.push("0".to_owned());
            return;
        }
    };
    let kinds: &[AliasKind] = match kind {
        "order" => &[AliasKind::OrderId, AliasKind::OrderNumber],
        "email" => &[AliasKind::Email],
        _ => &[AliasKind::TrackingNumber],
    };
    let mut places = Vec::new();
    for kind in kinds {
        if let Some(alias) = Alias::new(*kind, wanted) {
            conditions.values.push(alias.value.into());
            places.push(format!(
                "(kind = '{}' AND value = ?{})",
                kind.name(),
                conditions.values.len()
            ));
        }
    }
    let names = if places.is_empty() { "0".to_owned() } else { places.join(" OR ") };
    let found = format!("SELECT aggregate FROM aliases WHERE {names}");
    conditions.sql.push(of_list(&found));
}

fn columns(list: List) -> &'static str {
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

fn row(list: List, line: &Line<'_>) -> rusqlite::Result<Row> {
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

fn attempts(connection: &Connection, message: &[u8; 16]) -> rusqlite::Result<Vec<Json>> {
    connection
        .prepare_cached("SELECT story FROM attempts WHERE message = ?1 ORDER BY number")?
        .query_map([message], |line| {
            Ok(serde_json::from_slice(&packed::column(line, 0)?).unwrap_or(Json::Null))
        })?
        .collect()
}
