//! Small notes of the relay and of merchants.

use bytes::Bytes;
use parcelwire_domain::id::MerchantId;
use rusqlite::{Connection, OptionalExtension as _};

/// The relay's own notes: no merchant is called so.
fn owner(of: Option<&MerchantId>) -> &str {
    of.map_or("", MerchantId::as_str)
}

pub(super) fn read(
    connection: &Connection,
    of: &[Option<MerchantId>],
) -> rusqlite::Result<Vec<Option<Bytes>>> {
    let mut look = connection.prepare_cached("SELECT note FROM notes WHERE owner = ?1")?;
    of.iter()
        .map(|of| {
            let note: Option<Vec<u8>> =
                look.query_row([owner(of.as_ref())], |row| row.get(0)).optional()?;
            Ok(note.map(Bytes::from))
        })
        .collect()
}

pub(super) fn keep(
    connection: &Connection,
    of: Option<&MerchantId>,
    note: &[u8],
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO notes VALUES (?1, ?2) ON CONFLICT (owner) DO UPDATE SET note = ?2",
        )?
        .execute((owner(of), note))
        .map(|_| ())
}
