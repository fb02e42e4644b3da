//! What is known, and whose time has come.

use parcelwire_domain::{
    Alias,
    id::{AggregateId, MerchantId, ReceiptId},
};
use parcelwire_engine::ports::{
    PendingMessage, Recalled, ReceiptLines, StoredAggregate, WakeUp, Want,
};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    packed,
    rows::{self, bits, id_bytes, parsed},
};

pub(super) fn by_alias(
    connection: &Connection,
    merchant: &str,
    alias: &Alias,
) -> rusqlite::Result<Vec<AggregateId>> {
    connection
        .prepare_cached(
            "SELECT aggregate FROM aliases WHERE merchant = ?1 AND kind = ?2 AND value = ?3 ORDER BY aggregate",
        )?
        .query_map(params![merchant, alias.kind.name(), alias.value], |row| bits(row, 0))?
        .map(|bits| bits.map(AggregateId::from_bits))
        .collect()
}

/// What is known, for one want.
pub(super) fn recall(connection: &Connection, want: &Want) -> rusqlite::Result<Recalled> {
    let mut recalled = Recalled::default();
    let mut ids: Vec<AggregateId> = want.aggregates.clone();
    for alias in &want.aliases {
        let found = by_alias(connection, want.merchant.as_str(), alias)?;
        ids.extend(&found);
        recalled.found.push((alias.clone(), found));
    }
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        let stored = connection
            .prepare_cached("SELECT version, blob FROM aggregates WHERE id = ?1")?
            .query_row([id_bytes(id.bits())], |row| {
                let version: i64 = row.get(0)?;
                let blob = packed::column(row, 1)?;
                Ok(StoredAggregate { id, version: version as u64, blob: blob.into() })
            })
            .optional()?;
        if let Some(stored) = stored {
            recalled.aggregates.push(stored);
            recalled.pending.extend(pending(connection, id)?);
        }
    }
    Ok(recalled)
}

fn pending(connection: &Connection, id: AggregateId) -> rusqlite::Result<Vec<PendingMessage>> {
    let sql = format!(
        "SELECT {} FROM messages WHERE state = 0 AND aggregate = ?1 ORDER BY seq",
        rows::PENDING
    );
    connection.prepare_cached(&sql)?.query_map([id_bytes(id.bits())], rows::pending)?.collect()
}

/// What became of the events of receipts so far.
pub(super) fn lines(
    connection: &Connection,
    receipts: &[ReceiptId],
) -> rusqlite::Result<Vec<ReceiptLines>> {
    let mut statement = connection.prepare_cached(
        "SELECT place, outcome, rule FROM lines WHERE receipt = ?1 ORDER BY place",
    )?;
    receipts
        .iter()
        .map(|receipt| {
            let lines = statement
                .query_map([id_bytes(receipt.bits())], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?
                .collect::<rusqlite::Result<_>>()?;
            Ok(ReceiptLines { receipt: *receipt, lines })
        })
        .collect()
}

/// Aggregates whose time has come.
pub(super) fn awake(
    connection: &Connection,
    now: i64,
    limit: usize,
) -> rusqlite::Result<Vec<WakeUp>> {
    connection
        .prepare_cached(
            "SELECT merchant, id, version, blob FROM aggregates WHERE wake_at <= ?1 ORDER BY wake_at LIMIT ?2",
        )?
        .query_map(params![now, limit as i64], |row| {
            let version: i64 = row.get(2)?;
            let blob = packed::column(row, 3)?;
            Ok(WakeUp {
                merchant: parsed(row, 0, MerchantId::parse)?,
                aggregate: StoredAggregate {
                    id: AggregateId::from_bits(bits(row, 1)?),
                    version: version as u64,
                    blob: blob.into(),
                },
            })
        })?
        .collect()
}
