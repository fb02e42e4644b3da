//! Records become rows. A step is one transaction with the mark of how far it is: no row comes twice.

use parcelwire_domain::id::MerchantId;
use rusqlite::{Connection, params};

use crate::{
    embedded::{
        accept, asking,
        counters::COLUMNS,
        rows::{id_bytes, misfit},
    },
    moving::{Code, Line, Message, Moved, Order, Receipt, Record, Refusal},
    packed::pack,
};

/// Writes one.
pub(super) fn record(connection: &Connection, moved: &Moved) -> rusqlite::Result<()> {
    match &moved.record {
        Record::Meta { name, value } => {
            put(connection, "INSERT OR REPLACE INTO meta VALUES (?1, ?2)", params![name, value])
        }
        Record::Sum { merchant, name, sum } => add_sum(connection, merchant, name, *sum),
        Record::Unmapped(code) => add_code(connection, code),
        Record::Unclaimed { feed, account, count } => put(
            connection,
            "INSERT INTO unclaimed VALUES (?1, ?2, ?3)",
            params![feed, account, count],
        ),
        Record::Pause { merchant, destination, until, pause } => put(
            connection,
            "INSERT INTO pauses VALUES (?1, ?2, ?3, ?4)",
            params![merchant, destination, until, pause],
        ),
        Record::Polled { owner, source, polled } => put(
            connection,
            "INSERT INTO polls VALUES (?1, ?2, ?3)",
            params![asking::merchant_of(owner), source, polled],
        ),
        Record::Refused(refusal) => add_refusal(connection, refusal),
        Record::Receipt(receipt) => add_receipt(connection, receipt),
        Record::Line(line) => add_line(connection, line),
        Record::Order(order) => add_order(connection, order),
        Record::Message(message) => add_message(connection, message, moved.order),
        Record::Kept { of, shelf, key, value } => put(
            connection,
            "INSERT OR REPLACE INTO kept VALUES (?1, ?2, ?3, ?4)",
            params![of.as_ref().map_or("", MerchantId::as_str), shelf, key, value],
        ),
        // Of what is looked at by a cursor that stays nowhere, a step may come again.
        Record::Dedupe { key, receipt, at, .. } => put(
            connection,
            "INSERT OR REPLACE INTO dedupe VALUES (?1, ?2, ?3)",
            params![key, id_bytes(receipt.bits()), at],
        ),
        Record::Rules { hash, text } => {
            put(connection, "INSERT OR REPLACE INTO rules VALUES (?1, ?2)", params![hash, text])
        }
    }
}

fn put(connection: &Connection, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute(values).map(|_| ())
}

fn add_sum(connection: &Connection, merchant: &str, name: &str, sum: i64) -> rusqlite::Result<()> {
    if !COLUMNS.contains(&name) {
        return Err(misfit(0, "not a sum"));
    }
    let sql = format!(
        "INSERT INTO counters (merchant, {name}) VALUES (?1, ?2)
         ON CONFLICT (merchant) DO UPDATE SET {name} = ?2"
    );
    put(connection, &sql, params![merchant, sum])
}

fn add_code(connection: &Connection, code: &Code) -> rusqlite::Result<()> {
    put(
        connection,
        "INSERT INTO unmapped_codes (merchant, source, code, count, first_at, last_at, receipt)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            code.merchant,
            code.source,
            code.code,
            code.count,
            code.first_at,
            code.last_at,
            code.receipt.map(|id| id_bytes(id.bits()))
        ],
    )
}

fn add_refusal(connection: &Connection, refusal: &Refusal) -> rusqlite::Result<()> {
    let (feed, owner) = accept::owner(&refusal.owner);
    put(
        connection,
        "INSERT INTO refused (id, feed, owner, source, at, code, detail, client, body_bytes)
         VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)",
        params![
            id_bytes(refusal.id.bits()),
            feed,
            owner,
            refusal.source,
            refusal.at,
            refusal.code,
            refusal.detail,
            refusal.client,
            refusal.body_bytes
        ],
    )
}

fn add_body(connection: &Connection, body: Option<&Vec<u8>>) -> rusqlite::Result<Option<i64>> {
    let Some(body) = body else { return Ok(None) };
    put(connection, "INSERT INTO bodies (body) VALUES (?1)", [pack(body)])?;
    Ok(Some(connection.last_insert_rowid()))
}

fn add_receipt(connection: &Connection, receipt: &Receipt) -> rusqlite::Result<()> {
    let (feed, owner) = accept::owner(&receipt.owner);
    let json =
        |value: &dyn Fn() -> serde_json::Result<String>| value().map_err(|_| misfit(0, "not JSON"));
    let body = add_body(connection, receipt.body.as_ref())?;
    let answer = add_body(connection, receipt.answer.as_ref())?;
    put(
        connection,
        "INSERT INTO receipts (id, feed, owner, source, topic, received_at, verified, headers, query,
         accounts, body, body_bytes, state, why, settled_at, answer, asks, ask_at)
         VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)",
        params![
            id_bytes(receipt.id.bits()),
            feed,
            owner,
            receipt.source,
            receipt.topic,
            receipt.received_at,
            receipt.verified,
            json(&|| serde_json::to_string(&receipt.headers))?,
            receipt.query,
            json(&|| serde_json::to_string(&receipt.accounts))?,
            body,
            receipt.body_bytes,
            receipt.state,
            receipt.why,
            receipt.settled_at,
            answer,
            receipt.asks,
            receipt.ask_at
        ],
    )
}

fn add_line(connection: &Connection, line: &Line) -> rusqlite::Result<()> {
    put(
        connection,
        "INSERT INTO lines (receipt, place, merchant, aggregate, status, occurred_at, outcome, rule,
         fields, decisions, at) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
        params![
            id_bytes(line.receipt.bits()),
            line.place,
            line.merchant,
            line.aggregate.map(|id| id_bytes(id.bits())),
            line.status,
            line.occurred_at,
            line.outcome,
            line.rule,
            pack(line.fields.as_bytes()),
            line.decisions,
            line.at
        ],
    )
}

fn add_order(connection: &Connection, order: &Order) -> rusqlite::Result<()> {
    let id = id_bytes(order.id.bits());
    let merchant = order.merchant.as_str();
    let list = serde_json::to_vec(&order.aliases).map_err(|_| misfit(0, "not JSON"))?;
    put(
        connection,
        "INSERT INTO aggregates (id, merchant, version, blob, aliases, wake_at, updated_at)
         VALUES (?1,?2,?3,?4,?5,?6,?7)",
        params![
            id,
            merchant,
            order.version,
            pack(&order.blob),
            pack(&list),
            order.wake_at,
            order.updated_at
        ],
    )?;
    for (kind, value) in &order.aliases {
        let values = params![merchant, kind, value, id];
        put(connection, "INSERT OR IGNORE INTO aliases VALUES (?1, ?2, ?3, ?4)", values)?;
    }
    Ok(())
}

fn add_message(connection: &Connection, message: &Message, order: i64) -> rusqlite::Result<()> {
    let id = id_bytes(message.id.bits());
    put(
        connection,
        "INSERT INTO messages (seq, id, merchant, destination, aggregate, receipt, occurrence, trigger,
         leg, rank, subject, created_at, not_before, fresh_until, backfill, sandbox, rules, state, why,
         attempts, tries, ended_at) VALUES
         (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22)",
        params![
            order,
            id,
            message.merchant.as_str(),
            message.destination,
            id_bytes(message.aggregate.bits()),
            id_bytes(message.receipt.bits()),
            message.occurrence.bytes(),
            message.trigger,
            message.leg,
            message.rank,
            message.subject,
            message.created_at,
            message.not_before,
            message.fresh_until,
            message.backfill,
            message.sandbox,
            message.rules,
            message.state,
            message.why,
            message.attempts,
            message.tries,
            message.ended_at
        ],
    )?;
    put(connection, "INSERT INTO frozen VALUES (?1, ?2)", params![order, pack(&message.frozen)])?;
    for (number, story) in (1_i64..).zip(&message.stories) {
        let values = params![id, number, pack(story)];
        put(connection, "INSERT INTO attempts VALUES (?1, ?2, ?3)", values)?;
    }
    Ok(())
}
