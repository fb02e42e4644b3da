//! Making receipts durable, and noting what was refused.

use parcelwire_domain::id::ReceiptId;
use parcelwire_engine::ports::{Accepted, Body, NewReceipt, Owner, Refused};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    counters::Changes,
    rows::{bits, id_bytes, misfit},
};
use crate::{moment::micros, packed::pack};

/// Refused requests that are kept, newest first; counted are all.
const MAX_REFUSED: i64 = 10_000;

pub(super) fn owner(owner: &Owner) -> (bool, &str) {
    match owner {
        Owner::Merchant(id) => (false, id.as_str()),
        Owner::Feed(name) => (true, name.as_str()),
    }
}

/// Writes a batch. Each item is new, with its place in the table, or a repeat; a batch that fails
/// fails whole.
pub(super) fn accept(
    connection: &Connection,
    batch: &[NewReceipt],
) -> rusqlite::Result<Vec<(Accepted, Option<i64>)>> {
    let mut changes = Changes::default();
    let mut answers = Vec::with_capacity(batch.len());
    for receipt in batch {
        let (feed, name) = owner(&receipt.owner);
        let known = connection
            .prepare_cached("SELECT receipt FROM dedupe WHERE key = ?1")?
            .query_row([receipt.dedupe], |row| bits(row, 0))
            .optional()?;
        if known == Some(receipt.id.bits()) {
            // This call was made before, and its answer was lost.
            answers.push((Accepted::New(receipt.id), None));
            continue;
        }
        if let Some(known) = known {
            if !feed {
                changes.add(name, "duplicate", 1);
            }
            answers.push((Accepted::Duplicate(ReceiptId::from_bits(known)), None));
            continue;
        }
        let seq = insert(connection, receipt, feed, name)?;
        if !feed {
            changes.add(name, "accepted", 1);
            changes.add(name, "waiting", 1);
        }
        answers.push((Accepted::New(receipt.id), Some(seq)));
    }
    changes.write(connection)?;
    Ok(answers)
}

fn insert(
    connection: &Connection,
    receipt: &NewReceipt,
    feed: bool,
    owner: &str,
) -> rusqlite::Result<i64> {
    let (body, bytes) = match &receipt.body {
        Body::Bytes(bytes) => {
            connection
                .prepare_cached("INSERT INTO bodies (body) VALUES (?1)")?
                .execute([pack(bytes)])?;
            (connection.last_insert_rowid(), bytes.len() as i64)
        }
        Body::SameAs(whole) => connection
            .prepare_cached(
                "SELECT body, body_bytes FROM receipts WHERE id = ?1 AND body IS NOT NULL",
            )?
            .query_row([id_bytes(whole.bits())], |row| Ok((row.get(0)?, row.get(1)?)))?,
    };
    let json = |value: &dyn erased::Json| value.json().map_err(|_| misfit(0, "not JSON"));
    connection
        .prepare_cached(
            "INSERT INTO receipts (id, feed, owner, source, topic, received_at, verified, headers,
             query, accounts, body, body_bytes) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
        )?
        .execute(params![
            id_bytes(receipt.id.bits()),
            feed,
            owner,
            receipt.source.as_str(),
            receipt.topic,
            micros(receipt.received_at),
            receipt.verified,
            json(&receipt.headers)?,
            receipt.query,
            json(&receipt.accounts)?,
            body,
            bytes,
        ])?;
    let seq = connection.last_insert_rowid();
    connection.prepare_cached("INSERT INTO dedupe VALUES (?1, ?2, ?3)")?.execute(params![
        receipt.dedupe,
        id_bytes(receipt.id.bits()),
        micros(receipt.received_at)
    ])?;
    Ok(seq)
}

/// So that one closure serves lists of different elements.
mod erased {
    pub(super) trait Json {
        fn json(&self) -> serde_json::Result<String>;
    }

    impl<T: serde::Serialize> Json for T {
        fn json(&self) -> serde_json::Result<String> {
            serde_json::to_string(self)
        }
    }
}

/// Counts refused requests and keeps the newest.
pub(super) fn refuse(connection: &Connection, batch: &[Refused]) -> rusqlite::Result<()> {
    let mut changes = Changes::default();
    let mut statement = connection.prepare_cached(
        "INSERT INTO refused (id, feed, owner, source, at, code, detail, client, body_bytes)
         VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)",
    )?;
    for refused in batch {
        let (feed, name) = owner(&refused.owner);
        statement.execute(params![
            id_bytes(refused.id.bits()),
            feed,
            name,
            refused.source.as_str(),
            micros(refused.at),
            refused.code,
            refused.detail,
            refused.client,
            i64::try_from(refused.body_bytes).unwrap_or(i64::MAX),
        ])?;
        if !feed {
            changes.add(name, "refused", 1);
        }
    }
    let newest = connection.last_insert_rowid();
    connection
        .prepare_cached("DELETE FROM refused WHERE seq <= ?1")?
        .execute([newest - MAX_REFUSED])?;
    changes.write(connection)
}
