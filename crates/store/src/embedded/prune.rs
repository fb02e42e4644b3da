//! Forgetting what is settled and old, a bounded amount at a time. Nothing unfinished goes, and no
//! counter changes.

use parcelwire_engine::ports::Retention;
use rusqlite::{Connection, params};

use super::{
    asking,
    commit::{aliases_of, forget_alias},
};

/// Most rows of a kind that go in one step.
const STEP: i64 = 500;

/// Dedupe keys are kept at least so long: senders repeat for days.
const DEDUPE_DAYS: i64 = 8;

const DAY: i64 = 86_400_000_000;

/// One step; answers whether there is more.
pub(super) fn prune(connection: &Connection, now: i64, keep: Retention) -> rusqlite::Result<bool> {
    let before = |days: u32| now - i64::from(days) * DAY;
    let mut gone = 0;
    let bodies = before(keep.bodies_days.min(keep.receipts_days));
    gone += bodies_of(connection, bodies)?;
    gone += asking::prune(connection, bodies, STEP)?;
    gone += receipts(connection, before(keep.receipts_days))?;
    gone += connection.execute(
        "DELETE FROM dedupe WHERE key IN (SELECT key FROM dedupe WHERE at < ?1 LIMIT ?2)",
        params![now - DEDUPE_DAYS.max(i64::from(keep.receipts_days)) * DAY, STEP],
    )?;
    gone += memory(connection, before(keep.memory_days))?;
    Ok(gone > 0)
}

/// Bodies of settled receipts, once no share of the same webhook waits for them.
fn bodies_of(connection: &Connection, before: i64) -> rusqlite::Result<usize> {
    let ids: Vec<i64> = connection
        .prepare_cached(
            "SELECT DISTINCT r.body FROM receipts r WHERE r.settled_at < ?1 AND r.body IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM receipts o WHERE o.body = r.body AND
               (o.settled_at IS NULL OR o.settled_at >= ?1)) LIMIT ?2",
        )?
        .query_map(params![before, STEP], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in &ids {
        connection
            .prepare_cached("UPDATE receipts SET body = NULL WHERE body = ?1")?
            .execute([id])?;
        connection.prepare_cached("DELETE FROM bodies WHERE id = ?1")?.execute([id])?;
    }
    Ok(ids.len())
}

/// Settled receipts whose messages have all ended, with everything told of them. Those of orders of
/// which something may still follow stay: what follows is told with them.
fn receipts(connection: &Connection, before: i64) -> rusqlite::Result<usize> {
    let ids: Vec<[u8; 16]> = connection
        .prepare_cached(
            "SELECT r.id FROM receipts r WHERE r.settled_at < ?1 AND r.body IS NULL AND r.answer IS NULL
             AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.receipt = r.id AND m.state = 0)
             AND NOT EXISTS (SELECT 1 FROM lines l JOIN aggregates a ON a.id = l.aggregate
               WHERE l.receipt = r.id AND a.wake_at IS NOT NULL) LIMIT ?2",
        )?
        .query_map(params![before, STEP], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for id in &ids {
        for sql in [
            "DELETE FROM attempts WHERE message IN (SELECT id FROM messages WHERE receipt = ?1)",
            "DELETE FROM frozen WHERE message IN (SELECT seq FROM messages WHERE receipt = ?1)",
            "DELETE FROM messages WHERE receipt = ?1",
            "DELETE FROM lines WHERE receipt = ?1",
            "DELETE FROM receipts WHERE id = ?1",
        ] {
            connection.prepare_cached(sql)?.execute([id])?;
        }
    }
    Ok(ids.len())
}

/// Orders without any news, whose facts wait for nothing.
fn memory(connection: &Connection, before: i64) -> rusqlite::Result<usize> {
    let ids: Vec<([u8; 16], String)> = connection
        .prepare_cached(
            "SELECT a.id, a.merchant FROM aggregates a WHERE a.updated_at < ?1 AND a.wake_at IS NULL
             AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.aggregate = a.id AND m.state = 0) LIMIT ?2",
        )?
        .query_map(params![before, STEP], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (id, merchant) in &ids {
        for alias in aliases_of(connection, id)? {
            forget_alias(connection, merchant, &alias, id)?;
        }
        connection.prepare_cached("DELETE FROM aggregates WHERE id = ?1")?.execute([id])?;
    }
    Ok(ids.len())
}
