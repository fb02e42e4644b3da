//! Codes that no row of a connector's table knew, counted by merchant and source in the commit that
//! settles their receipt.

use parcelwire_domain::id::ReceiptId;
use parcelwire_engine::ports::{Cursor, Page, Unmapped};
use rusqlite::{Connection, Row, params};
use serde_json::Value as Json;

use super::rows::{bits, id_bytes};
use crate::{moment::time, shown::UnmappedRow};

/// Most codes of one source: whoever puts a number into every code fills no disk.
const MAX_CODES: i64 = crate::MAX_CODES as i64;

/// The row that counts all further codes of a source. No code is empty.
const FURTHER: &str = "";

/// Counts one.
pub(super) fn count(
    connection: &Connection,
    merchant: &str,
    told: &Unmapped,
    at: i64,
) -> rusqlite::Result<()> {
    let source = told.source.as_str();
    let mut again = connection.prepare_cached(
        "UPDATE unmapped_codes SET count = count + 1, last_at = ?4, receipt = ?5,
         first_at = COALESCE(first_at, ?4) WHERE merchant = ?1 AND source = ?2 AND code = ?3",
    )?;
    let receipt = id_bytes(told.receipt.bits());
    let mut seen = |code: &str| {
        again.execute(params![merchant, source, code, at, receipt]).map(|changed| changed > 0)
    };
    if seen(&told.code)? {
        return Ok(());
    }
    let known: i64 = connection
        .prepare_cached("SELECT COUNT(*) FROM unmapped_codes WHERE merchant = ?1 AND source = ?2")?
        .query_row([merchant, source], |row| row.get(0))?;
    let code = if known < MAX_CODES { told.code.as_str() } else { FURTHER };
    if seen(code)? {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO unmapped_codes (merchant, source, code, count, first_at, last_at, receipt)
             VALUES (?1, ?2, ?3, 1, ?4, ?4, ?5)",
        )?
        .execute(params![merchant, source, code, at, receipt])
        .map(|_| ())
}

/// A page of one merchant's codes, or of all: those first seen last come first.
pub(super) fn page(
    connection: &Connection,
    merchant: Option<&str>,
    after: Option<&Cursor>,
    limit: usize,
) -> rusqlite::Result<Page> {
    let before = after.and_then(|cursor| cursor.0.parse::<i64>().ok()).unwrap_or(i64::MAX);
    let of = if merchant.is_some() { "merchant = ?1" } else { "?1 IS NULL" };
    let sql = format!(
        "SELECT seq, merchant, source, code, count, first_at, last_at, receipt FROM unmapped_codes
         WHERE {of} AND seq < ?2 ORDER BY seq DESC LIMIT ?3"
    );
    let mut rows: Vec<(i64, Json)> = connection
        .prepare_cached(&sql)?
        .query_map(params![merchant, before, limit as i64 + 1], |row| {
            Ok((row.get(0)?, row_of(row)?.json()))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|(seq, _)| Cursor(seq.to_string()));
    Ok(Page { rows: rows.into_iter().map(|(_, row)| row).collect(), next })
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<UnmappedRow> {
    let code: String = row.get(3)?;
    let receipt = match row.get::<_, Option<[u8; 16]>>(7)? {
        Some(_) => Some(ReceiptId::from_bits(bits(row, 7)?)),
        None => None,
    };
    Ok(UnmappedRow {
        merchant: row.get(1)?,
        source: row.get(2)?,
        code: (code != FURTHER).then_some(code),
        count: row.get(4)?,
        first_at: row.get::<_, Option<i64>>(5)?.map(time),
        last_at: row.get::<_, Option<i64>>(6)?.map(time),
        receipt,
    })
}
