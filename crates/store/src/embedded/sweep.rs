//! Looks through what is unfinished for what nobody would ever come to, a bounded part at a time, and puts
//! that back. The reader looks; what it suspects is asked for again, and mended, in one transaction.
//!
//! Messages of this store are handed out by the rows themselves, so that a lane or a time cannot be
//! missing; and what is handed out is known to this process alone, which ends with it.

use parcelwire_domain::{
    id::{AggregateId, MessageId, ReceiptId},
    order::Order,
};
use parcelwire_engine::ports::{LedgerResult, Orphan, OrphanKind, Swept};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Embedded, counters::Changes, packed, waiting::Doubt};
use crate::packed::pack;

/// Receipts or messages of one part.
const ROWS: i64 = 1000;

/// Orders of one part: each is read.
const ORDERS: i64 = 200;

/// What is looked through, in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Round {
    /// What waits, against the queue in memory.
    Waiting,
    /// What is asked about, and what is parked.
    Receipts,
    Messages,
    Orders,
}

const ROUNDS: [Round; 4] = [Round::Waiting, Round::Receipts, Round::Messages, Round::Orders];

/// Something that may have nobody.
struct Suspect {
    kind: OrphanKind,
    seq: i64,
    id: [u8; 16],
}

/// What was looked at: what is suspected, and where the look ended unless that is the end.
type Looked = (Vec<Suspect>, Option<i64>);

impl Embedded {
    /// One part. A place that cannot be read is the beginning.
    pub(super) async fn sweep_part(&self, now: i64, after: Option<&str>) -> LedgerResult<Swept> {
        let place = after.and_then(|after| after.split_once('.'));
        let place = place.and_then(|(round, seq)| Some((round.parse().ok()?, seq.parse().ok()?)));
        let (number, seq): (usize, i64) = place.unwrap_or((0, 0));
        let Some(round) = ROUNDS.get(number) else { return Ok(Swept::default()) };
        let (found, last) = if *round == Round::Waiting {
            self.sweep_waiting(seq).await?
        } else {
            self.sweep_rows(*round, now, seq).await?
        };
        if !found.is_empty() {
            self.news.notify_waiters();
        }
        let next = match last {
            Some(last) => Some(format!("{number}.{last}")),
            None => (number + 1 < ROUNDS.len()).then(|| format!("{}.0", number + 1)),
        };
        Ok(Swept { found, next })
    }

    async fn sweep_waiting(&self, after: i64) -> LedgerResult<(Vec<Orphan>, Option<i64>)> {
        let waiting = std::sync::Arc::clone(&self.waiting);
        let look = move |connection: &Connection| waiting.sweep(connection, after, ROWS as usize);
        let (ids, last) = self.desk.read(look).await?;
        let found = ids.iter().map(|id| orphan(OrphanKind::Receipt, id)).collect();
        Ok((found, last))
    }

    async fn sweep_rows(
        &self,
        round: Round,
        now: i64,
        after: i64,
    ) -> LedgerResult<(Vec<Orphan>, Option<i64>)> {
        let look = move |connection: &Connection| match round {
            Round::Waiting | Round::Receipts => receipts(connection, after),
            Round::Messages => messages(connection, after),
            Round::Orders => orders(connection, after),
        };
        let (suspects, last) = self.desk.read(look).await?;
        if suspects.is_empty() {
            return Ok((Vec::new(), last));
        }
        let doubt = Doubt::until_told(&self.waiting);
        let mend = move |connection: &Connection| {
            let (mut found, mut waits) = (Vec::new(), Vec::new());
            for suspect in &suspects {
                let is_one = match suspect.kind {
                    OrphanKind::Question => question(connection, suspect.seq)?,
                    OrphanKind::Receipt | OrphanKind::Fact => {
                        let end = fact(connection, suspect, now)?;
                        let is_one = end != FactEnd::Fine;
                        if let FactEnd::Waits(owner) = end {
                            waits.push((owner, suspect.seq));
                        }
                        is_one
                    }
                    OrphanKind::Message => message(connection, suspect.seq)?,
                    OrphanKind::Order => order(connection, suspect.seq)?,
                };
                if is_one {
                    found.push(orphan(suspect.kind, &suspect.id));
                }
            }
            Ok((found, waits))
        };
        let (found, waits) = self.desk.write(mend).await?;
        for (owner, seq) in waits {
            self.waiting.add((false, owner), seq);
        }
        doubt.told();
        Ok((found, last))
    }
}

fn orphan(kind: OrphanKind, id: &[u8; 16]) -> Orphan {
    let bits = u128::from_be_bytes(*id);
    let id = match kind {
        OrphanKind::Receipt | OrphanKind::Question | OrphanKind::Fact => {
            ReceiptId::from_bits(bits).to_string()
        }
        OrphanKind::Message => MessageId::from_bits(bits).to_string(),
        OrphanKind::Order => AggregateId::from_bits(bits).to_string(),
    };
    Orphan { kind, id }
}

/// Where a look over a table's places ends that begins behind `after`; nothing at the table's end.
fn end(
    connection: &Connection,
    newest: &str,
    after: i64,
    most: i64,
) -> rusqlite::Result<Option<i64>> {
    let newest: Option<i64> = connection.prepare_cached(newest)?.query_row([], |row| row.get(0))?;
    Ok(newest.filter(|newest| *newest > after + most).map(|_| after + most))
}

/// Whether none of the orders that a parked receipt `r` is told with wakes: its facts would never end.
const ENDLESS: &str = "NOT EXISTS (SELECT 1 FROM lines l JOIN aggregates a ON a.id = l.aggregate
    WHERE l.receipt = r.id AND a.wake_at IS NOT NULL)";

fn receipts(connection: &Connection, after: i64) -> rusqlite::Result<Looked> {
    let sql = format!(
        "SELECT r.seq, r.id, r.state FROM receipts r WHERE r.seq > ?1 AND r.seq <= ?1 + {ROWS}
         AND ((r.state = 7 AND r.ask_at IS NULL) OR (r.state = 3 AND {ENDLESS}))"
    );
    let mut look = connection.prepare_cached(&sql)?;
    let rows = look.query_map([after], |row| {
        let is_parked = row.get::<_, i64>(2)? == 3;
        let kind = if is_parked { OrphanKind::Fact } else { OrphanKind::Question };
        Ok(Suspect { kind, seq: row.get(0)?, id: row.get(1)? })
    })?;
    let suspects = rows.collect::<rusqlite::Result<_>>()?;
    Ok((suspects, end(connection, "SELECT MAX(seq) FROM receipts", after, ROWS)?))
}

/// Asked at once, where it was not to be asked at any time.
fn question(connection: &Connection, seq: i64) -> rusqlite::Result<bool> {
    let mended = connection
        .prepare_cached(
            "UPDATE receipts SET ask_at = 0 WHERE seq = ?1 AND state = 7 AND ask_at IS NULL",
        )?
        .execute([seq])?;
    Ok(mended == 1)
}

/// What became of a parked receipt that was suspected.
#[derive(Debug, PartialEq, Eq)]
enum FactEnd {
    /// It is no orphan.
    Fine,
    /// Its orders wake at once.
    Woken,
    /// It waits to be decided anew: this merchant's.
    Waits(String),
}

/// The orders of a parked receipt wake at once; one that has none waits to be decided anew.
fn fact(connection: &Connection, suspect: &Suspect, now: i64) -> rusqlite::Result<FactEnd> {
    let sql =
        format!("SELECT r.owner FROM receipts r WHERE r.seq = ?1 AND r.state = 3 AND {ENDLESS}");
    let owner: Option<String> =
        connection.prepare_cached(&sql)?.query_row([suspect.seq], |row| row.get(0)).optional()?;
    let Some(owner) = owner else { return Ok(FactEnd::Fine) };
    let woken = connection
        .prepare_cached(
            "UPDATE aggregates SET wake_at = ?2 WHERE id IN
             (SELECT aggregate FROM lines WHERE receipt = ?1 AND aggregate IS NOT NULL)",
        )?
        .execute(params![suspect.id, now])?;
    if woken > 0 {
        return Ok(FactEnd::Woken);
    }
    connection
        .prepare_cached("UPDATE receipts SET state = 0, why = NULL WHERE seq = ?1")?
        .execute([suspect.seq])?;
    let mut changes = Changes::default();
    changes.add(&owner, "parked", -1);
    changes.add(&owner, "waiting", 1);
    changes.write(connection)?;
    Ok(FactEnd::Waits(owner))
}

/// Whether there is nothing that message `m` says: it is never handed out, nor is what stands behind it.
const MUTE: &str = "m.state = 0 AND NOT EXISTS (SELECT 1 FROM frozen f WHERE f.message = m.seq)";

fn messages(connection: &Connection, after: i64) -> rusqlite::Result<Looked> {
    let sql = format!(
        "SELECT m.seq, m.id FROM messages m
         WHERE m.seq > ?1 AND m.seq <= ?1 + {ROWS} AND {MUTE}"
    );
    let mut look = connection.prepare_cached(&sql)?;
    let rows = look.query_map([after], |row| {
        Ok(Suspect { kind: OrphanKind::Message, seq: row.get(0)?, id: row.get(1)? })
    })?;
    let suspects = rows.collect::<rusqlite::Result<_>>()?;
    Ok((suspects, end(connection, "SELECT MAX(seq) FROM messages", after, ROWS)?))
}

/// What it said is lost. It comes up, and ends as one that cannot be read: seen, and in nobody's way.
fn message(connection: &Connection, seq: i64) -> rusqlite::Result<bool> {
    let sql =
        format!("INSERT INTO frozen SELECT m.seq, ?2 FROM messages m WHERE m.seq = ?1 AND {MUTE}");
    let mended = connection.prepare_cached(&sql)?.execute(params![seq, pack(b"")])?;
    Ok(mended == 1)
}

fn orders(connection: &Connection, after: i64) -> rusqlite::Result<Looked> {
    let sql = format!(
        "SELECT rowid, id, blob FROM aggregates
         WHERE rowid > ?1 AND rowid <= ?1 + {ORDERS} AND wake_at IS NULL"
    );
    let mut look = connection.prepare_cached(&sql)?;
    let mut rows = look.query([after])?;
    let mut suspects = Vec::new();
    while let Some(row) = rows.next()? {
        // One that cannot be read does not keep the others from being looked at.
        let blob = packed::column(row, 2).ok();
        if blob.as_deref().and_then(wants_to_wake).is_some() {
            let (seq, id) = (row.get(0)?, row.get(1)?);
            suspects.push(Suspect { kind: OrphanKind::Order, seq, id });
        }
    }
    Ok((suspects, end(connection, "SELECT MAX(rowid) FROM aggregates", after, ORDERS)?))
}

/// When an order says that it wants to be looked at; nothing of what is no order.
fn wants_to_wake(blob: &[u8]) -> Option<i64> {
    Order::read(blob).ok()?.wake_at().map(crate::moment::micros)
}

/// It wakes when it says it wants to.
fn order(connection: &Connection, seq: i64) -> rusqlite::Result<bool> {
    let blob = connection
        .prepare_cached("SELECT blob FROM aggregates WHERE rowid = ?1 AND wake_at IS NULL")?
        .query_row([seq], |row| packed::column(row, 0))
        .optional()?;
    let Some(wake_at) = blob.as_deref().and_then(wants_to_wake) else { return Ok(false) };
    connection
        .prepare_cached("UPDATE aggregates SET wake_at = ?2 WHERE rowid = ?1")?
        .execute([seq, wake_at])
        .map(|changed| changed == 1)
}
