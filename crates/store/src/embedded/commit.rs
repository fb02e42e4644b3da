//! One step of *process*: everything together, or nothing.

use parcelwire_engine::ports::{AggregateWrite, Commit, NewMessage, Outcome, Revision, StoryLine};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{
    counters::{Changes, receipt_column},
    find::by_alias,
    packed::{self, pack},
    rows::{id_bytes, micros, misfit},
    unmapped,
};

/// Whether a step was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Yes,
    Stale,
}

/// Checks all that was read, then writes. `is_sending` says whether a message is under way; those up to
/// `last_message` are of an earlier process, which may have sent them.
pub(super) fn commit(
    connection: &Connection,
    step: &Commit,
    is_sending: &dyn Fn(&[u8; 16]) -> bool,
    last_message: i64,
) -> rusqlite::Result<Written> {
    let Some(before) = states(connection, step)? else { return Ok(Written::Stale) };
    if !is_current(connection, step)? {
        return Ok(Written::Stale);
    }
    let mut changes = Changes::default();
    let merchant = step.merchant.as_str();
    let at = micros(step.at);
    for ((receipt, outcome), before) in step.outcomes.iter().zip(before) {
        let receipt = id_bytes(receipt.bits());
        settle(connection, &receipt, before, outcome, at, merchant, &mut changes)?;
    }
    for aggregate in &step.aggregates {
        write_aggregate(connection, merchant, aggregate, at)?;
    }
    for message in &step.messages {
        write_message(connection, message, &mut changes)?;
    }
    for revision in &step.revisions {
        if let Revision::Refill { message, frozen } = revision {
            refill(connection, &id_bytes(message.bits()), frozen, is_sending, last_message)?;
        } else {
            revise(connection, revision, at, merchant, is_sending, &mut changes)?;
        }
    }
    for line in &step.story {
        write_line(connection, merchant, line, at)?;
    }
    for told in &step.unmapped {
        unmapped::count(connection, merchant, told, at)?;
    }
    changes.write(connection)?;
    Ok(Written::Yes)
}

/// The states of the step's receipts; nothing when one of them is settled already.
fn states(connection: &Connection, step: &Commit) -> rusqlite::Result<Option<Vec<i64>>> {
    let mut states = Vec::with_capacity(step.outcomes.len());
    for (receipt, _) in &step.outcomes {
        match state_of(connection, &id_bytes(receipt.bits()))? {
            Some(state @ (0 | 3)) => states.push(state),
            Some(_) | None => return Ok(None),
        }
    }
    Ok(Some(states))
}

fn is_current(connection: &Connection, step: &Commit) -> rusqlite::Result<bool> {
    for aggregate in &step.aggregates {
        let version: Option<i64> = connection
            .prepare_cached("SELECT version FROM aggregates WHERE id = ?1")?
            .query_row([id_bytes(aggregate.id.bits())], |row| row.get(0))
            .optional()?;
        if version.map(|version| version as u64) != aggregate.read {
            return Ok(false);
        }
    }
    for (alias, expected) in &step.looked_up {
        let mut expected = expected.clone();
        expected.sort_unstable();
        if by_alias(connection, step.merchant.as_str(), alias)? != expected {
            return Ok(false);
        }
    }
    Ok(true)
}

fn state_of(connection: &Connection, receipt: &[u8; 16]) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT state FROM receipts WHERE id = ?1")?
        .query_row([receipt], |row| row.get(0))
        .optional()
}

/// The number of an outcome, and why.
pub(super) fn state(outcome: &Outcome) -> (i64, Option<&str>) {
    match outcome {
        Outcome::Forwarded => (1, None),
        Outcome::Filtered(rule) => (2, Some(rule)),
        Outcome::Parked => (3, None),
        Outcome::Failed(rule) => (4, Some(rule)),
        Outcome::Split => (5, None),
        Outcome::Unclaimed => (6, None),
    }
}

fn settle(
    connection: &Connection,
    receipt: &[u8; 16],
    before: i64,
    outcome: &Outcome,
    at: i64,
    merchant: &str,
    changes: &mut Changes,
) -> rusqlite::Result<()> {
    let (after, why) = state(outcome);
    // What is parked is not settled yet.
    let settled_at = (after != 3).then_some(at);
    connection
        .prepare_cached("UPDATE receipts SET state = ?2, why = ?3, settled_at = ?4 WHERE id = ?1")?
        .execute(params![receipt, after, why, settled_at])?;
    if let (Some(before), Some(after)) = (receipt_column(before), receipt_column(after)) {
        changes.add(merchant, before, -1);
        changes.add(merchant, after, 1);
    }
    Ok(())
}

fn write_aggregate(
    connection: &Connection,
    merchant: &str,
    write: &AggregateWrite,
    at: i64,
) -> rusqlite::Result<()> {
    let id = id_bytes(write.id.bits());
    if let Some(kept) = write.merged_into {
        let kept = id_bytes(kept.bits());
        for table in ["messages", "lines"] {
            connection
                .prepare_cached(&format!("UPDATE {table} SET aggregate = ?2 WHERE aggregate = ?1"))?
                .execute(params![id, kept])?;
        }
    }
    let known = match write.read {
        Some(_) => aliases_of(connection, &id)?,
        None => Vec::new(),
    };
    let Some(blob) = &write.blob else {
        for alias in &known {
            forget_alias(connection, merchant, alias, &id)?;
        }
        connection.prepare_cached("DELETE FROM aggregates WHERE id = ?1")?.execute([id])?;
        return Ok(());
    };
    let version = write.read.map_or(1, |read| read + 1) as i64;
    let wake_at = write.wake_at.map(micros);
    let named: Vec<(&str, &str)> =
        write.aliases.iter().map(|alias| (alias.kind.name(), alias.value.as_str())).collect();
    let list = serde_json::to_vec(&named).map_err(|_| misfit(0, "not JSON"))?;
    connection
        .prepare_cached(
            "INSERT INTO aggregates (id, merchant, version, blob, aliases, wake_at, updated_at)
             VALUES (?1,?2,?3,?4,?5,?6,?7) ON CONFLICT (id) DO UPDATE SET
             version = ?3, blob = ?4, aliases = ?5, wake_at = ?6, updated_at = ?7",
        )?
        .execute(params![id, merchant, version, pack(blob), pack(&list), wake_at, at])?;
    for (kind, value) in &named {
        if !known.iter().any(|known| known.0 == *kind && known.1 == *value) {
            connection
                .prepare_cached("INSERT OR IGNORE INTO aliases VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![merchant, kind, value, id])?;
        }
    }
    for alias in &known {
        if !named.contains(&(alias.0.as_str(), alias.1.as_str())) {
            forget_alias(connection, merchant, alias, &id)?;
        }
    }
    Ok(())
}

/// Kind and value of each name that leads to an aggregate.
pub(super) fn aliases_of(
    connection: &Connection,
    aggregate: &[u8; 16],
) -> rusqlite::Result<Vec<(String, String)>> {
    let list = connection
        .prepare_cached("SELECT aliases FROM aggregates WHERE id = ?1")?
        .query_row([aggregate], |row| packed::column(row, 0))
        .optional()?;
    let Some(list) = list else { return Ok(Vec::new()) };
    serde_json::from_slice(&list).map_err(|_| misfit(0, "not a list of names"))
}

pub(super) fn forget_alias(
    connection: &Connection,
    merchant: &str,
    (kind, value): &(String, String),
    aggregate: &[u8; 16],
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM aliases WHERE merchant = ?1 AND kind = ?2 AND value = ?3 AND aggregate = ?4",
        )?
        .execute(params![merchant, kind, value, aggregate])
        .map(|_| ())
}

fn write_message(
    connection: &Connection,
    message: &NewMessage,
    changes: &mut Changes,
) -> rusqlite::Result<()> {
    let made = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO messages (id, merchant, destination, aggregate, receipt, occurrence,
             trigger, leg, rank, subject, created_at, not_before, fresh_until, backfill, sandbox, rules)
             VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)",
        )?
        .execute(params![
            id_bytes(message.id.bits()),
            message.merchant.as_str(),
            message.destination.as_str(),
            id_bytes(message.aggregate.bits()),
            id_bytes(message.receipt.bits()),
            message.occurrence.bytes(),
            message.trigger.name(),
            message.leg.name(),
            message.rank,
            message.subject,
            micros(message.created_at),
            micros(message.not_before),
            micros(message.fresh_until),
            message.backfill,
            message.sandbox,
            message.rules,
        ])?;
    if made == 1 {
        connection
            .prepare_cached("INSERT INTO frozen VALUES (?1, ?2)")?
            .execute(params![connection.last_insert_rowid(), pack(&message.frozen)])?;
        changes.add(message.merchant.as_str(), "created", 1);
        changes.add(message.merchant.as_str(), "pending", 1);
    }
    Ok(())
}

fn revise(
    connection: &Connection,
    revision: &Revision,
    at: i64,
    merchant: &str,
    is_sending: &dyn Fn(&[u8; 16]) -> bool,
    changes: &mut Changes,
) -> rusqlite::Result<()> {
    let message = match revision {
        Revision::Cancel { message, .. }
        | Revision::Backfill { message }
        | Revision::Refill { message, .. } => id_bytes(message.bits()),
    };
    // What is under way says what it says.
    if is_sending(&message) {
        return Ok(());
    }
    match revision {
        // A hold ends here; the wait before a retry does not.
        Revision::Backfill { .. } => {
            connection
                .prepare_cached(
                    "UPDATE messages SET backfill = 1,
                     not_before = CASE WHEN tries = 0 THEN MIN(not_before, ?2) ELSE not_before END
                     WHERE id = ?1 AND state = 0",
                )?
                .execute(params![message, at])?;
        }
        Revision::Refill { .. } => {}
        Revision::Cancel { why, .. } => {
            let cancelled = connection
                .prepare_cached(
                    "UPDATE messages SET state = 3, why = ?2, ended_at = ?3 WHERE id = ?1 AND state = 0",
                )?
                .execute(params![message, why, at])?;
            if cancelled == 1 {
                changes.add(merchant, "pending", -1);
                changes.add(merchant, "cancelled", 1);
            }
        }
    }
    Ok(())
}

/// Other words for what nobody was told yet. What may have been sent says the same again.
fn refill(
    connection: &Connection,
    message: &[u8; 16],
    frozen: &[u8],
    is_sending: &dyn Fn(&[u8; 16]) -> bool,
    last_message: i64,
) -> rusqlite::Result<()> {
    if is_sending(message) {
        return Ok(());
    }
    connection
        .prepare_cached(
            "UPDATE frozen SET frozen = ?2 WHERE message =
             (SELECT seq FROM messages WHERE id = ?1 AND state = 0 AND tries = 0 AND seq > ?3)",
        )?
        .execute(params![message, pack(frozen), last_message])
        .map(|_| ())
}

fn write_line(
    connection: &Connection,
    merchant: &str,
    line: &StoryLine,
    at: i64,
) -> rusqlite::Result<()> {
    let mut fields = String::new();
    line.fields.write_json(&mut fields);
    let decisions = serde_json::to_string(&line.decisions).map_err(|_| misfit(0, "not JSON"))?;
    connection
        .prepare_cached(
            "INSERT INTO lines (receipt, place, merchant, aggregate, status, occurred_at, outcome, rule,
             fields, decisions, at) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)
             ON CONFLICT (receipt, place) DO UPDATE SET aggregate = ?4, outcome = ?7, rule = ?8,
             decisions = ?10",
        )?
        .execute(params![
            id_bytes(line.receipt.bits()),
            line.index,
            merchant,
            line.aggregate.map(|id| id_bytes(id.bits())),
            line.status,
            micros(line.occurred_at),
            line.outcome,
            line.rule,
            pack(fields.as_bytes()),
            decisions,
            at,
        ])?;
    Ok(())
}
