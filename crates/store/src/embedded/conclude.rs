//! The ends of attempts, pauses, and feed receipts that were split.

use parcelwire_domain::id::ReceiptId;
use parcelwire_engine::ports::{Conclusion, Next, Outcome, PauseChange};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    commit::state,
    counters::{Changes, message_column},
    rows::{id_bytes, misfit},
};
use crate::{moment::micros, packed::pack};

/// Writes the end of one attempt. One that is already settled is left as it is, and one that was
/// written before too: the number of the try tells.
pub(super) fn conclude(
    connection: &Connection,
    end: &Conclusion,
    changes: &mut Changes,
) -> rusqlite::Result<()> {
    let id = id_bytes(end.message.bits());
    let tries: Option<u32> = connection
        .prepare_cached("SELECT tries FROM messages WHERE id = ?1 AND state = 0")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let Some(tries) = tries else { return Ok(()) };
    if end.attempt.as_ref().is_some_and(|attempt| attempt.number <= tries) {
        return Ok(());
    }
    let merchant = end.merchant.as_str();
    let at = micros(end.at);
    let tried = i64::from(end.attempt.is_some());
    match &end.next {
        Next::Again { at: again, counts } => {
            connection
                .prepare_cached(
                    "UPDATE messages SET not_before = ?2, attempts = attempts + ?3, tries = tries + ?4,
                     backfill = ?5 WHERE id = ?1",
                )?
                .execute(params![id, micros(*again), i64::from(*counts) * tried, tried, end.backfill])?;
        }
        next @ (Next::Sent | Next::Dead { .. } | Next::Cancelled { .. }) => {
            let (after, why) = match next {
                Next::Sent | Next::Again { .. } => (1, None),
                Next::Dead { why } => (2, Some(why)),
                Next::Cancelled { why } => (3, Some(why)),
            };
            connection
                .prepare_cached(
                    "UPDATE messages SET state = ?2, why = ?3, ended_at = ?4, tries = tries + ?5,
                     backfill = ?6 WHERE id = ?1",
                )?
                .execute(params![id, after, why, at, tried, end.backfill])?;
            changes.add(merchant, "pending", -1);
            changes.add(merchant, message_column(after), 1);
        }
    }
    if let Some(attempt) = &end.attempt {
        let story = serde_json::to_vec(attempt).map_err(|_| misfit(0, "not JSON"))?;
        connection.prepare_cached("INSERT INTO attempts VALUES (?1, ?2, ?3)")?.execute(params![
            id,
            attempt.number,
            pack(&story)
        ])?;
    }
    if let Some(change) = &end.pause {
        pause(connection, merchant, end.destination.as_str(), change)?;
    }
    Ok(())
}

/// Pauses or resumes a destination. What it holds is due when the pause ends.
pub(super) fn pause(
    connection: &Connection,
    merchant: &str,
    destination: &str,
    change: &PauseChange,
) -> rusqlite::Result<()> {
    match change {
        PauseChange::Pause(pause) => {
            let text = serde_json::to_string(pause).map_err(|_| misfit(0, "not JSON"))?;
            connection
                .prepare_cached("INSERT OR REPLACE INTO pauses VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![merchant, destination, micros(pause.until), text])?;
        }
        PauseChange::Resume => {
            let until: Option<i64> = connection
                .prepare_cached(
                    "DELETE FROM pauses WHERE merchant = ?1 AND destination = ?2 RETURNING until",
                )?
                .query_row(params![merchant, destination], |row| row.get(0))
                .optional()?;
            // Messages that wait for the pause's end go at once.
            if let Some(until) = until {
                connection
                    .prepare_cached(
                        "UPDATE messages SET not_before = 0 WHERE state = 0 AND merchant = ?1
                         AND destination = ?2 AND not_before = ?3",
                    )?
                    .execute(params![merchant, destination, until])?;
            }
        }
    }
    Ok(())
}

/// Settles a feed's receipt; the body of one that nobody claims is dropped.
pub(super) fn settle_feed(
    connection: &Connection,
    receipt: ReceiptId,
    outcome: &Outcome,
    unclaimed: &[String],
    now: i64,
) -> rusqlite::Result<()> {
    let id = id_bytes(receipt.bits());
    let feed: Option<String> = connection
        .prepare_cached("SELECT owner FROM receipts WHERE id = ?1 AND feed = 1 AND state = 0")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let Some(feed) = feed else { return Ok(()) };
    let (after, why) = state(outcome);
    connection
        .prepare_cached("UPDATE receipts SET state = ?2, why = ?3, settled_at = ?4 WHERE id = ?1")?
        .execute(params![id, after, why, now])?;
    if *outcome == Outcome::Unclaimed {
        connection
            .prepare_cached(
                "DELETE FROM bodies WHERE id = (SELECT body FROM receipts WHERE id = ?1)",
            )?
            .execute([id])?;
        connection
            .prepare_cached("UPDATE receipts SET body = NULL WHERE id = ?1")?
            .execute([id])?;
    }
    for account in unclaimed {
        connection
            .prepare_cached(
                "INSERT INTO unclaimed VALUES (?1, ?2, 1)
                 ON CONFLICT (feed, account) DO UPDATE SET count = count + 1",
            )?
            .execute(params![feed, account])?;
    }
    Ok(())
}
