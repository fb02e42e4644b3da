//! The books: counters that change in the same commit as what they count.

use std::collections::BTreeMap;

use parcelwire_engine::ports::{MessageCounts, ReceiptCounts, Stats};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::asking;
use crate::shown::ASKING;

/// What is counted of each merchant.
pub(super) const COLUMNS: [&str; 13] = [
    "accepted",
    "duplicate",
    "refused",
    "waiting",
    "forwarded",
    "filtered",
    "parked",
    "failed",
    "created",
    "sent",
    "pending",
    "dead",
    "cancelled",
];

/// Changes of one job, by merchant.
#[derive(Debug, Default)]
pub(super) struct Changes(BTreeMap<String, [i64; 13]>);

impl Changes {
    pub(super) fn add(&mut self, merchant: &str, column: &str, by: i64) {
        if let Some(place) = COLUMNS.iter().position(|known| *known == column) {
            self.0.entry(merchant.to_owned()).or_default()[place] += by;
        }
    }

    pub(super) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(
            "INSERT INTO counters VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)
             ON CONFLICT (merchant) DO UPDATE SET accepted=accepted+?2, duplicate=duplicate+?3,
             refused=refused+?4, waiting=waiting+?5, forwarded=forwarded+?6, filtered=filtered+?7,
             parked=parked+?8, failed=failed+?9, created=created+?10, sent=sent+?11,
             pending=pending+?12, dead=dead+?13, cancelled=cancelled+?14",
        )?;
        for (merchant, by) in self.0 {
            statement.execute(rusqlite::params![
                merchant, by[0], by[1], by[2], by[3], by[4], by[5], by[6], by[7], by[8], by[9],
                by[10], by[11], by[12]
            ])?;
        }
        Ok(())
    }
}

/// The column of a receipt's state.
pub(super) fn receipt_column(state: i64) -> Option<&'static str> {
    Some(match state {
        0 | ASKING => "waiting",
        1 => "forwarded",
        2 => "filtered",
        3 => "parked",
        4 => "failed",
        _ => return None,
    })
}

/// The column of a message's state.
pub(super) fn message_column(state: i64) -> &'static str {
    match state {
        1 => "sent",
        2 => "dead",
        3 => "cancelled",
        _ => "pending",
    }
}

/// The sums of one merchant, or of all, and the age of the first receipt that waits.
pub(super) fn read(
    connection: &Connection,
    merchant: Option<&str>,
    first: Option<i64>,
    now_us: i64,
) -> rusqlite::Result<Stats> {
    let sums: Vec<String> = COLUMNS.iter().map(|name| format!("COALESCE(SUM({name}),0)")).collect();
    let filter = if merchant.is_some() { "WHERE merchant = ?1" } else { "WHERE ?1 IS NULL" };
    let sql = format!("SELECT {} FROM counters {filter}", sums.join(","));
    let mut stats = connection.prepare_cached(&sql)?.query_row([merchant], from_row)?;
    let oldest = came_first(connection, merchant, first)?;
    let age = oldest.map_or(0, |oldest| (now_us - oldest).max(0) / 1_000_000);
    stats.oldest_waiting_seconds = u64::try_from(age).unwrap_or(0);
    stats.balanced = stats.balances();
    Ok(stats)
}

/// When the one came that waits longest: `first` of those that wait to be decided, or one that waits for an
/// answer.
pub(super) fn came_first(
    connection: &Connection,
    merchant: Option<&str>,
    first: Option<i64>,
) -> rusqlite::Result<Option<i64>> {
    let came = "SELECT received_at FROM receipts WHERE seq = ?1";
    let oldest: Option<i64> = match first {
        Some(seq) => {
            connection.prepare_cached(came)?.query_row([seq], |row| row.get(0)).optional()?
        }
        None => None,
    };
    Ok([oldest, asking::oldest(connection, merchant)?].into_iter().flatten().min())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Stats> {
    let n = |place: usize| row.get::<_, i64>(place).map(|n| u64::try_from(n).unwrap_or(0));
    Ok(Stats {
        receipts: ReceiptCounts {
            accepted: n(0)?,
            duplicate: n(1)?,
            refused: n(2)?,
            waiting: n(3)?,
            forwarded: n(4)?,
            filtered: n(5)?,
            parked: n(6)?,
            failed: n(7)?,
        },
        messages: MessageCounts {
            created: n(8)?,
            sent: n(9)?,
            pending: n(10)?,
            dead: n(11)?,
            cancelled: n(12)?,
        },
        ..Stats::default()
    })
}
