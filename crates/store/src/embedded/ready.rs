//! Messages whose turn it is: of each lane the first unsent one, destinations in turn.

use std::collections::{BTreeMap, BTreeSet};

use parcelwire_engine::ports::ReadyMessage;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{
    Handed,
    rows::{self, id_bytes},
};

/// What to look for.
pub(super) struct Look {
    pub(super) now: i64,
    pub(super) each: usize,
    pub(super) limit: usize,
    /// Destinations for which there is no turn.
    pub(super) resting: Vec<(String, String)>,
}

/// How many messages of each destination are under way.
type Busy = BTreeMap<(String, String), usize>;

/// Hands out what is ready. The caller holds the list of what is handed out.
pub(super) fn ready(
    connection: &Connection,
    handed: &mut Handed,
    look: &Look,
) -> rusqlite::Result<Vec<ReadyMessage>> {
    let mut paused = paused(connection, look.now)?;
    paused.extend(look.resting.iter().cloned());
    let mut busy = Busy::new();
    for destination in handed.messages.values() {
        *busy.entry(destination.clone()).or_default() += 1;
    }
    let found = match all_due(connection, handed, look, &paused, &mut busy)? {
        Some(found) => found,
        None => in_turn(connection, handed, look, &paused, &busy)?,
    };
    for ready in &found {
        let message = &ready.message;
        let destination = (message.merchant.to_string(), message.destination.to_string());
        handed.messages.insert(id_bytes(message.id.bits()), destination);
    }
    Ok(found)
}

/// All that is due and not under way, in one look; nothing where that is more than there is room
/// for, and destinations have to take turns.
fn all_due(
    connection: &Connection,
    handed: &Handed,
    look: &Look,
    paused: &[(String, String)],
    busy: &mut Busy,
) -> rusqlite::Result<Option<Vec<ReadyMessage>>> {
    let mut due = connection.prepare_cached(
        "SELECT seq, id, merchant, destination FROM messages INDEXED BY messages_time
         WHERE state = 0 AND not_before <= ?1 ORDER BY not_before, seq LIMIT ?2",
    )?;
    let most = look.limit + handed.messages.len();
    let mut rows = due.query((look.now, i64::try_from(most + 1).unwrap_or(i64::MAX)))?;
    let (mut free, mut seen) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        seen += 1;
        if !handed.messages.contains_key(&row.get::<_, [u8; 16]>(1)?) {
            let destination: (String, String) = (row.get(2)?, row.get(3)?);
            free.push((row.get::<_, i64>(0)?, destination));
        }
    }
    if seen > most {
        return Ok(None);
    }
    let sql = format!(
        "SELECT {} FROM messages m JOIN frozen f ON f.message = m.seq WHERE m.seq = ?1 AND {FIRST}",
        rows::MESSAGE
    );
    let mut one = connection.prepare_cached(&sql)?;
    let mut found = Vec::new();
    for (seq, destination) in free {
        let under_way = busy.get(&destination).copied().unwrap_or(0);
        if under_way >= look.each || paused.contains(&destination) {
            continue;
        }
        if let Some(ready) = one.query_row([seq], handed_out).optional()? {
            busy.insert(destination, under_way + 1);
            found.push(ready);
        }
    }
    Ok(Some(found))
}

/// Each destination's turn begins where the last look ended.
fn in_turn(
    connection: &Connection,
    handed: &mut Handed,
    look: &Look,
    paused: &[(String, String)],
    under_way: &Busy,
) -> rusqlite::Result<Vec<ReadyMessage>> {
    let mut found = Vec::new();
    let start = handed.last_destination.clone();
    let mut at = start.clone();
    let mut wrapped = false;
    while found.len() < look.limit {
        let Some(next) = next_destination(connection, &at)? else {
            if wrapped {
                break;
            }
            wrapped = true;
            at = (String::new(), String::new());
            continue;
        };
        if wrapped && next > start {
            break;
        }
        at = next;
        if paused.contains(&at) {
            continue;
        }
        let busy = under_way.get(&at).copied().unwrap_or(0);
        let room = look.each.saturating_sub(busy).min(look.limit - found.len());
        if room > 0 {
            of_destination(connection, handed, &at, look.now, room, busy, &mut found)?;
            handed.last_destination = at.clone();
        }
    }
    Ok(found)
}

/// Whether message `m` is the first unsent one of its lane.
const FIRST: &str =
    "NOT EXISTS (SELECT 1 FROM messages e WHERE e.state = 0 AND e.aggregate = m.aggregate
           AND e.destination = m.destination AND e.seq < m.seq)";

fn handed_out(row: &Row<'_>) -> rusqlite::Result<ReadyMessage> {
    Ok(ReadyMessage { message: rows::message(row)?, attempts: row.get(17)?, tries: row.get(18)? })
}

fn paused(connection: &Connection, now: i64) -> rusqlite::Result<Vec<(String, String)>> {
    connection
        .prepare_cached("SELECT merchant, destination FROM pauses WHERE until > ?1")?
        .query_map([now], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn next_destination(
    connection: &Connection,
    after: &(String, String),
) -> rusqlite::Result<Option<(String, String)>> {
    // Not as `(merchant, destination) > (?1, ?2)`: that would pass over all messages of this one.
    let same = connection
        .prepare_cached(
            "SELECT merchant, destination FROM messages INDEXED BY messages_due
             WHERE state = 0 AND merchant = ?1 AND destination > ?2 ORDER BY destination LIMIT 1",
        )?
        .query_row(params![after.0, after.1], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if same.is_some() {
        return Ok(same);
    }
    connection
        .prepare_cached(
            "SELECT merchant, destination FROM messages INDEXED BY messages_due
             WHERE state = 0 AND merchant > ?1 ORDER BY merchant, destination LIMIT 1",
        )?
        .query_row([&after.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

fn of_destination(
    connection: &Connection,
    handed: &Handed,
    destination: &(String, String),
    now: i64,
    room: usize,
    busy: usize,
    found: &mut Vec<ReadyMessage>,
) -> rusqlite::Result<()> {
    let sql = format!(
        "SELECT {} FROM messages m INDEXED BY messages_due JOIN frozen f ON f.message = m.seq
         WHERE m.state = 0 AND m.merchant = ?1 AND m.destination = ?2 AND m.not_before <= ?3
         AND {FIRST} ORDER BY m.not_before, m.seq LIMIT ?4",
        rows::MESSAGE
    );
    let most = i64::try_from(room + busy).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![destination.0, destination.1, now, most], handed_out)?;
    let mut taken = 0;
    for row in rows {
        let ready = row?;
        if handed.messages.contains_key(&id_bytes(ready.message.id.bits())) {
            continue;
        }
        found.push(ready);
        taken += 1;
        if taken == room {
            break;
        }
    }
    Ok(())
}

/// Most messages of one destination that are looked at for the first of a lane.
const LOOKED_AT: usize = 64;

/// When the first message of a lane is or was due whose destination is not paused. A look for each
/// destination that has something unsent, however much that is.
pub(super) fn first_due(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let paused: BTreeSet<(String, String)> = connection
        .prepare_cached("SELECT merchant, destination FROM pauses")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let sql = format!(
        "SELECT m.not_before FROM (SELECT seq, aggregate, destination, not_before FROM messages
         INDEXED BY messages_due WHERE state = 0 AND merchant = ?1 AND destination = ?2
         ORDER BY not_before, seq LIMIT {LOOKED_AT}) m WHERE {FIRST} LIMIT 1"
    );
    let mut look = connection.prepare_cached(&sql)?;
    let (mut at, mut first) = ((String::new(), String::new()), None);
    while let Some(next) = next_destination(connection, &at)? {
        at = next;
        if !paused.contains(&at) {
            let due: Option<i64> = look.query_row((&at.0, &at.1), |row| row.get(0)).optional()?;
            first = [first, due].into_iter().flatten().min();
        }
    }
    Ok(first)
}

/// When the next thing becomes due after `now`.
pub(super) fn next_due(connection: &Connection, now: i64) -> rusqlite::Result<Option<i64>> {
    let one = |sql: &str| -> rusqlite::Result<Option<i64>> {
        connection.prepare_cached(sql)?.query_row([now], |row| row.get(0))
    };
    let due = [
        one("SELECT MIN(not_before) FROM messages WHERE state = 0 AND not_before > ?1")?,
        one("SELECT MIN(wake_at) FROM aggregates WHERE wake_at > ?1")?,
        one("SELECT MIN(until) FROM pauses WHERE until > ?1")?,
    ];
    Ok(due.into_iter().flatten().min())
}
