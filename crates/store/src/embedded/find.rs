//! What waits, and what is known.

use parcelwire_domain::{
    Alias,
    id::{AggregateId, MerchantId, ReceiptId},
};
use parcelwire_engine::ports::{
    PendingMessage, Recalled, ReceiptLines, StoredAggregate, StoredReceipt, WakeUp, Want,
};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    Handed, packed,
    rows::{self, bits, id_bytes, parsed},
};

/// Receipts that wait, owners in turn. The caller holds the list of what is handed out, so that
/// nothing is settled between the look and the note.
pub(super) fn waiting(
    connection: &Connection,
    handed: &mut Handed,
    per_owner: usize,
    limit: usize,
) -> rusqlite::Result<Vec<StoredReceipt>> {
    let found = match all_waiting(connection, handed, per_owner, limit)? {
        Some(found) => found,
        None => in_turn(connection, handed, per_owner, limit)?,
    };
    for receipt in &found {
        handed.receipts.insert(id_bytes(receipt.id.bits()));
    }
    Ok(found)
}

/// All that waits and is not handed out, in one look; nothing where that is more than there is room
/// for, and owners have to take turns.
fn all_waiting(
    connection: &Connection,
    handed: &Handed,
    per_owner: usize,
    limit: usize,
) -> rusqlite::Result<Option<Vec<StoredReceipt>>> {
    let mut look = connection.prepare_cached(
        "SELECT seq, id, feed, owner FROM receipts INDEXED BY receipts_waiting WHERE state = 0 LIMIT ?1",
    )?;
    let most = limit + handed.receipts.len();
    let mut rows = look.query([i64::try_from(most + 1).unwrap_or(i64::MAX)])?;
    let (mut seqs, mut seen) = (Vec::new(), 0);
    let (mut owner, mut of_owner) = ((false, String::new()), 0);
    while let Some(row) = rows.next()? {
        seen += 1;
        let id: [u8; 16] = row.get(1)?;
        if handed.receipts.contains(&id) {
            continue;
        }
        let (feed, name) = (row.get(2)?, row.get_ref(3)?.as_str()?);
        if owner.0 != feed || owner.1 != name {
            (owner, of_owner) = ((feed, name.to_owned()), 0);
        }
        of_owner += 1;
        if of_owner <= per_owner {
            seqs.push(row.get(0)?);
        }
    }
    if seen > most {
        return Ok(None);
    }
    let mut found = Vec::with_capacity(seqs.len());
    whole(connection, seqs, &mut found)?;
    Ok(Some(found))
}

/// Each owner's turn begins where the last look ended.
fn in_turn(
    connection: &Connection,
    handed: &mut Handed,
    per_owner: usize,
    limit: usize,
) -> rusqlite::Result<Vec<StoredReceipt>> {
    let mut found = Vec::new();
    let start = handed.last_owner.clone();
    let mut at = start.clone();
    let mut wrapped = false;
    loop {
        let next = next_owner(connection, &at)?;
        let Some(owner) = next else {
            if wrapped {
                break;
            }
            wrapped = true;
            at = (false, String::new());
            continue;
        };
        if wrapped && owner > start {
            break;
        }
        at = owner;
        let room = per_owner.min(limit - found.len());
        of_owner(connection, handed, &at, room, &mut found)?;
        handed.last_owner = at.clone();
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

/// The next merchant or feed that has something waiting.
pub(super) fn next_owner(
    connection: &Connection,
    after: &(bool, String),
) -> rusqlite::Result<Option<(bool, String)>> {
    // Not as `(feed, owner) > (?1, ?2)`: that would pass over all that waits of this owner.
    let mut next = connection.prepare_cached(
        "SELECT owner FROM receipts INDEXED BY receipts_waiting
         WHERE state = 0 AND feed = ?1 AND owner > ?2 ORDER BY owner LIMIT 1",
    )?;
    let feeds: &[(bool, &str)] = match after {
        (false, name) => &[(false, name), (true, "")],
        (true, name) => &[(true, name)],
    };
    for (feed, name) in feeds {
        if let Some(owner) = next.query_row((feed, name), |row| row.get(0)).optional()? {
            return Ok(Some((*feed, owner)));
        }
    }
    Ok(None)
}

fn of_owner(
    connection: &Connection,
    handed: &Handed,
    owner: &(bool, String),
    room: usize,
    found: &mut Vec<StoredReceipt>,
) -> rusqlite::Result<()> {
    // Ids first: what is handed out already is passed over without reading its body.
    let mut seqs = connection.prepare_cached(
        "SELECT seq, id FROM receipts INDEXED BY receipts_waiting
         WHERE state = 0 AND feed = ?1 AND owner = ?2 ORDER BY seq LIMIT ?3",
    )?;
    let most = i64::try_from(room + handed.receipts.len()).unwrap_or(i64::MAX);
    let rows = seqs.query_map(params![owner.0, owner.1, most], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 16]>(1)?))
    })?;
    let mut free = Vec::new();
    for row in rows {
        let (seq, id) = row?;
        if !handed.receipts.contains(&id) {
            free.push(seq);
            if free.len() >= room {
                break;
            }
        }
    }
    whole(connection, free, found)
}

/// Receipts with their bodies.
fn whole(
    connection: &Connection,
    seqs: Vec<i64>,
    found: &mut Vec<StoredReceipt>,
) -> rusqlite::Result<()> {
    for seq in seqs {
        found.push(one(connection, seq)?);
    }
    Ok(())
}

/// One receipt with its body and what was asked about it.
pub(super) fn one(connection: &Connection, seq: i64) -> rusqlite::Result<StoredReceipt> {
    let sql = format!(
        "SELECT {} FROM receipts r LEFT JOIN bodies b ON b.id = r.body
         LEFT JOIN bodies a ON a.id = r.answer WHERE r.seq = ?1",
        rows::RECEIPT
    );
    connection.prepare_cached(&sql)?.query_row([seq], rows::receipt)
}

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
