//! The port [`Vault`]: small things, each on a shelf of its owner.

use async_trait::async_trait;
use bytes::Bytes;
use parcelwire_domain::id::MerchantId;
use parcelwire_engine::ports::{LedgerResult, Place, Shelf, Vault};
use rusqlite::{Connection, OptionalExtension as _};

use super::Embedded;

#[async_trait]
impl Vault for Embedded {
    async fn kept(&self, places: Vec<Place>) -> LedgerResult<Vec<Option<Bytes>>> {
        self.desk.read(move |connection| read(connection, &places)).await
    }

    async fn keep(&self, things: Vec<(Place, Option<Bytes>)>) -> LedgerResult<()> {
        self.desk
            .write(move |connection| things.iter().try_for_each(|thing| write(connection, thing)))
            .await
    }

    async fn shelf(
        &self,
        shelf: Shelf,
        of: Option<MerchantId>,
        after: Option<String>,
        limit: usize,
    ) -> LedgerResult<Vec<(String, Bytes)>> {
        self.desk
            .read(move |connection| list(connection, shelf, of.as_ref(), after.as_deref(), limit))
            .await
    }
}

/// The relay's own things: no merchant is called so.
fn owner(of: Option<&MerchantId>) -> &str {
    of.map_or("", MerchantId::as_str)
}

fn read(connection: &Connection, places: &[Place]) -> rusqlite::Result<Vec<Option<Bytes>>> {
    let mut look = connection
        .prepare_cached("SELECT value FROM kept WHERE owner = ?1 AND shelf = ?2 AND key = ?3")?;
    let values = places.iter().map(|place| {
        let place = (owner(place.of.as_ref()), place.shelf.name(), &place.key);
        let value: Option<Vec<u8>> = look.query_row(place, |row| row.get(0)).optional()?;
        Ok(value.map(Bytes::from))
    });
    values.collect()
}

fn write(connection: &Connection, thing: &(Place, Option<Bytes>)) -> rusqlite::Result<()> {
    let (place, value) = thing;
    let (owner, shelf, key) = (owner(place.of.as_ref()), place.shelf.name(), &place.key);
    let done = match value {
        Some(value) => connection
            .prepare_cached(
                "INSERT INTO kept VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (owner, shelf, key) DO UPDATE SET value = ?4",
            )?
            .execute((owner, shelf, key, &value[..])),
        None => connection
            .prepare_cached("DELETE FROM kept WHERE owner = ?1 AND shelf = ?2 AND key = ?3")?
            .execute((owner, shelf, key)),
    };
    done.map(|_| ())
}

fn list(
    connection: &Connection,
    shelf: Shelf,
    of: Option<&MerchantId>,
    after: Option<&str>,
    limit: usize,
) -> rusqlite::Result<Vec<(String, Bytes)>> {
    connection
        .prepare_cached(
            "SELECT key, value FROM kept WHERE owner = ?1 AND shelf = ?2 \
             AND (?3 IS NULL OR key > ?3) ORDER BY key LIMIT ?4",
        )?
        .query_map((owner(of), shelf.name(), after, limit as i64), |row| {
            Ok((row.get(0)?, Bytes::from(row.get::<_, Vec<u8>>(1)?)))
        })?
        .collect()
}
