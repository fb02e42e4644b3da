//! What there is little of: settings, books, pauses, codes. Read whole.

use parcelwire_domain::id::{FeedName, MerchantId, ReceiptId, RefusedId};
use parcelwire_engine::ports::Owner;
use rusqlite::{Connection, Row};

use super::all;
use crate::{
    embedded::{
        counters::COLUMNS,
        rows::{bits, parsed},
    },
    moving::{Code, Record, Refusal, SETTINGS},
};

/// What changes whenever somebody works on the database: the epoch rises with every start.
pub(super) fn fingerprint(connection: &Connection) -> rusqlite::Result<String> {
    let names = ["instance_key", "epoch"].map(|name| {
        let sql = "SELECT hex(value) FROM meta WHERE name = ?1";
        connection.query_row(sql, [name], |row| row.get::<_, String>(0))
    });
    let names = names.into_iter().collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(format!("embedded {}", names.join(" ")))
}

pub(super) fn owner(row: &Row<'_>, feed: usize, name: usize) -> rusqlite::Result<Owner> {
    if row.get(feed)? {
        return Ok(Owner::Feed(parsed(row, name, FeedName::parse)?));
    }
    Ok(Owner::Merchant(parsed(row, name, MerchantId::parse)?))
}

/// All of them.
pub(super) fn facts(connection: &Connection) -> rusqlite::Result<Vec<Record>> {
    let mut found = all(connection, "SELECT name, value FROM meta ORDER BY name", |row| {
        Ok(Record::Meta { name: row.get(0)?, value: row.get(1)? })
    })?;
    let is_moved = |name: &String| SETTINGS.contains(&name.as_str());
    found.retain(|one| matches!(one, Record::Meta { name, .. } if is_moved(name)));
    found.extend(sums(connection)?);
    found.extend(codes(connection)?);
    found.extend(all(connection, "SELECT feed, account, count FROM unclaimed", |row| {
        Ok(Record::Unclaimed { feed: row.get(0)?, account: row.get(1)?, count: row.get(2)? })
    })?);
    found.extend(all(
        connection,
        "SELECT merchant, destination, until, pause FROM pauses",
        |row| {
            let (merchant, destination) = (row.get(0)?, row.get(1)?);
            Ok(Record::Pause { merchant, destination, until: row.get(2)?, pause: row.get(3)? })
        },
    )?);
    found.extend(all(connection, "SELECT merchant, source, polled FROM polls", polled)?);
    let sql = "SELECT id, feed, owner, source, at, code, detail, client, body_bytes FROM refused
        ORDER BY seq";
    found.extend(all(connection, sql, refused)?);
    Ok(found)
}

fn sums(connection: &Connection) -> rusqlite::Result<Vec<Record>> {
    let sql = format!("SELECT merchant, {} FROM counters", COLUMNS.join(", "));
    let rows = all(connection, &sql, |row| {
        let merchant: String = row.get(0)?;
        let sums = COLUMNS.iter().enumerate().map(|(n, name)| {
            let (merchant, name) = (merchant.clone(), (*name).to_owned());
            Ok(Record::Sum { merchant, name, sum: row.get(n + 1)? })
        });
        sums.collect::<rusqlite::Result<Vec<_>>>()
    })?;
    let is_one = |record: &Record| !matches!(record, Record::Sum { sum: 0, .. });
    Ok(rows.into_iter().flatten().filter(is_one).collect())
}

fn codes(connection: &Connection) -> rusqlite::Result<Vec<Record>> {
    let sql = "SELECT merchant, source, code, count, first_at, last_at, receipt FROM unmapped_codes
        ORDER BY seq";
    all(connection, sql, |row| {
        let receipt = match row.get::<_, Option<[u8; 16]>>(6)? {
            Some(_) => Some(ReceiptId::from_bits(bits(row, 6)?)),
            None => None,
        };
        Ok(Record::Unmapped(Code {
            merchant: row.get(0)?,
            source: row.get(1)?,
            code: row.get(2)?,
            count: row.get(3)?,
            first_at: row.get(4)?,
            last_at: row.get(5)?,
            receipt,
        }))
    })
}

/// A feed stands under no merchant, with its own name as source.
fn polled(row: &Row<'_>) -> rusqlite::Result<Record> {
    let merchant: String = row.get(0)?;
    let owner = if merchant.is_empty() {
        Owner::Feed(parsed(row, 1, FeedName::parse)?)
    } else {
        Owner::Merchant(parsed(row, 0, MerchantId::parse)?)
    };
    Ok(Record::Polled { owner, source: row.get(1)?, polled: row.get(2)? })
}

fn refused(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record::Refused(Refusal {
        id: RefusedId::from_bits(bits(row, 0)?),
        owner: owner(row, 1, 2)?,
        source: row.get(3)?,
        at: row.get(4)?,
        code: row.get(5)?,
        detail: row.get(6)?,
        client: row.get(7)?,
        body_bytes: row.get(8)?,
    }))
}
