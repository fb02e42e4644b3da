//! What there is much of, a step at a time, in the order in which it was written.

use parcelwire_domain::id::{AggregateId, MerchantId, MessageId, OccurrenceId, ReceiptId};
use rusqlite::{Connection, Row, params};

use super::{MOST_BYTES, facts};
use crate::{
    embedded::{
        packed,
        rows::{bits, misfit, parsed},
    },
    moving::{Line, Message, Moved, Order, Place, Receipt, Record, Step, ordered},
    shown::ASKING,
};

/// The parts, in the order in which they are moved, after the facts: statement, and how a row is read.
/// The first column is the place behind which the next step begins.
const PARTS: [(&str, Reader); 7] = [
    (
        "SELECT r.seq, r.id, r.feed, r.owner, r.source, r.topic, r.received_at, r.verified, r.headers,
         r.query, r.accounts, b.body, r.body_bytes, r.state, r.why, r.settled_at, a.body, r.asks, r.ask_at
         FROM receipts r LEFT JOIN bodies b ON b.id = r.body LEFT JOIN bodies a ON a.id = r.answer
         WHERE r.seq > CAST(?1 AS INTEGER) ORDER BY r.seq LIMIT ?2",
        receipt,
    ),
    (
        "SELECT seq, receipt, place, merchant, aggregate, status, occurred_at, outcome, rule, fields,
         decisions, at FROM lines WHERE seq > CAST(?1 AS INTEGER) ORDER BY seq LIMIT ?2",
        line,
    ),
    (
        "SELECT rowid, id, merchant, version, blob, aliases, wake_at, updated_at FROM aggregates
         WHERE rowid > CAST(?1 AS INTEGER) ORDER BY rowid LIMIT ?2",
        order,
    ),
    (
        "SELECT m.seq, m.id, m.merchant, m.destination, m.aggregate, m.receipt, m.occurrence, m.trigger,
         m.leg, m.rank, m.subject, m.created_at, m.not_before, m.fresh_until, m.backfill, m.sandbox,
         m.rules, m.state, m.why, m.attempts, m.tries, m.ended_at, f.frozen
         FROM messages m JOIN frozen f ON f.message = m.seq
         WHERE m.seq > CAST(?1 AS INTEGER) ORDER BY m.seq LIMIT ?2",
        message,
    ),
    (
        "SELECT row_number() OVER (ORDER BY owner, shelf, key), owner, shelf, key, value FROM kept
         ORDER BY 1 LIMIT ?2 OFFSET CAST(?1 AS INTEGER)",
        kept,
    ),
    (
        "SELECT hex(d.key), d.key, d.receipt, d.at, r.feed, r.owner FROM dedupe d
         LEFT JOIN receipts r ON r.id = d.receipt
         WHERE d.key > unhex(?1) ORDER BY d.key LIMIT ?2",
        dedupe,
    ),
    (
        "SELECT hex(hash), hash, text FROM rules WHERE hash > unhex(?1) ORDER BY hash LIMIT ?2",
        rules,
    ),
];

type Reader = fn(&Connection, &Row<'_>) -> rusqlite::Result<Record>;

/// One step.
pub(super) fn step(connection: &Connection, place: &Place, most: usize) -> rusqlite::Result<Step> {
    let next = |part| Some(Place { part, at: String::new() });
    let Some(part) = place.part.checked_sub(1) else {
        let records = facts::facts(connection)?.into_iter().map(Moved::from).collect();
        return Ok(Step { records, next: next(1), can_resume: true });
    };
    let Some((sql, read)) = PARTS.get(usize::from(part)) else {
        return Ok(Step { records: Vec::new(), next: None, can_resume: true });
    };
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![place.at, most as i64])?;
    let (mut records, mut last, mut bytes) = (Vec::new(), None, 0);
    while let Some(row) = rows.next()? {
        let record = read(connection, row)?;
        bytes += weight(&record);
        let at = match row.get_ref(0)?.as_i64() {
            Ok(seq) => seq.to_string(),
            Err(_) => row.get(0)?,
        };
        records.push(Moved { record, order: at.parse().unwrap_or(0) });
        last = Some(at);
        if bytes > MOST_BYTES {
            break;
        }
    }
    let next = match last {
        Some(at) => Some(Place { part: place.part, at }),
        None => next(place.part + 1),
    };
    Ok(Step { records, next, can_resume: true })
}

fn weight(record: &Record) -> usize {
    if let Record::Receipt(receipt) = record {
        return receipt.body.as_ref().map_or(0, Vec::len);
    }
    let Record::Message(message) = record else { return 0 };
    message.stories.iter().map(Vec::len).sum()
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, place: usize) -> rusqlite::Result<T> {
    let text: String = row.get(place)?;
    serde_json::from_str(&text).map_err(|_| misfit(place, "not JSON"))
}

fn receipt(_: &Connection, row: &Row<'_>) -> rusqlite::Result<Record> {
    let state: i64 = row.get(13)?;
    let ask_at: Option<i64> = row.get(18)?;
    Ok(Record::Receipt(Box::new(Receipt {
        id: ReceiptId::from_bits(bits(row, 1)?),
        owner: facts::owner(row, 2, 3)?,
        source: row.get(4)?,
        topic: row.get(5)?,
        received_at: row.get(6)?,
        verified: row.get(7)?,
        headers: json(row, 8)?,
        query: row.get(9)?,
        accounts: json(row, 10)?,
        body: packed::optional(row, 11)?,
        body_bytes: row.get(12)?,
        state,
        why: row.get(14)?,
        settled_at: row.get(15)?,
        answer: packed::optional(row, 16)?,
        asks: row.get(17)?,
        ask_at: ask_at.filter(|_| state == ASKING),
    })))
}

fn text(row: &Row<'_>, place: usize) -> rusqlite::Result<String> {
    String::from_utf8(packed::column(row, place)?).map_err(|_| misfit(place, "not UTF-8"))
}

fn line(_: &Connection, row: &Row<'_>) -> rusqlite::Result<Record> {
    let aggregate = match row.get::<_, Option<[u8; 16]>>(4)? {
        Some(_) => Some(AggregateId::from_bits(bits(row, 4)?)),
        None => None,
    };
    Ok(Record::Line(Box::new(Line {
        receipt: ReceiptId::from_bits(bits(row, 1)?),
        place: row.get(2)?,
        merchant: row.get(3)?,
        aggregate,
        status: row.get(5)?,
        occurred_at: row.get(6)?,
        outcome: row.get(7)?,
        rule: row.get(8)?,
        fields: text(row, 9)?,
        decisions: ordered(&json(row, 10)?),
        at: row.get(11)?,
    })))
}

fn order(_: &Connection, row: &Row<'_>) -> rusqlite::Result<Record> {
    let mut aliases: Vec<(String, String)> = serde_json::from_slice(&packed::column(row, 5)?)
        .map_err(|_| misfit(5, "not a list of names"))?;
    aliases.sort_unstable();
    aliases.dedup();
    Ok(Record::Order(Box::new(Order {
        id: AggregateId::from_bits(bits(row, 1)?),
        merchant: parsed(row, 2, MerchantId::parse)?,
        version: row.get(3)?,
        blob: packed::column(row, 4)?,
        aliases,
        wake_at: row.get(6)?,
        updated_at: row.get(7)?,
    })))
}

fn message(connection: &Connection, row: &Row<'_>) -> rusqlite::Result<Record> {
    let id: [u8; 16] = row.get(1)?;
    let stories = connection
        .prepare_cached("SELECT story FROM attempts WHERE message = ?1 ORDER BY number, rowid")?
        .query_map([id], |row| packed::column(row, 0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Record::Message(Box::new(Message {
        id: MessageId::from_bits(bits(row, 1)?),
        merchant: parsed(row, 2, MerchantId::parse)?,
        destination: row.get(3)?,
        aggregate: AggregateId::from_bits(bits(row, 4)?),
        receipt: ReceiptId::from_bits(bits(row, 5)?),
        occurrence: OccurrenceId::from_bytes(row.get(6)?),
        trigger: row.get(7)?,
        leg: row.get(8)?,
        rank: row.get(9)?,
        subject: row.get(10)?,
        created_at: row.get(11)?,
        not_before: row.get(12)?,
        fresh_until: row.get(13)?,
        backfill: row.get(14)?,
        sandbox: row.get(15)?,
        rules: row.get(16)?,
        state: row.get(17)?,
        why: row.get(18)?,
        attempts: row.get(19)?,
        tries: row.get(20)?,
        ended_at: row.get(21)?,
        frozen: packed::column(row, 22)?,
        stories,
    })))
}

fn kept(_: &Connection, row: &Row<'_>) -> rusqlite::Result<Record> {
    let owner: String = row.get(1)?;
    let of = if owner.is_empty() { None } else { Some(parsed(row, 1, MerchantId::parse)?) };
    Ok(Record::Kept { of, shelf: row.get(2)?, key: row.get(3)?, value: row.get(4)? })
}

fn dedupe(_: &Connection, row: &Row<'_>) -> rusqlite::Result<Record> {
    let is_known = row.get::<_, Option<bool>>(4)?.is_some();
    let owner = if is_known { Some(facts::owner(row, 4, 5)?) } else { None };
    let receipt = ReceiptId::from_bits(bits(row, 2)?);
    Ok(Record::Dedupe { owner, key: row.get(1)?, receipt, at: row.get(3)? })
}

fn rules(_: &Connection, row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record::Rules { hash: row.get(1)?, text: row.get(2)? })
}
