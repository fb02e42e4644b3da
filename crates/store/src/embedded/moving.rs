//! This store as records, and made of records: one end of a move. One connection, used by whoever moves.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_engine::ports::PortError;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{FILE, OpenError, open};
use crate::moving::{MARK, Mark, MoveError, Moved, Place, Side, Step};

mod facts;
mod read;
mod write;

/// Bytes after which a step ends, however few its records are.
const MOST_BYTES: usize = 16 << 20;

/// A directory that nobody works on.
pub(crate) struct Directory {
    path: PathBuf,
    connection: Connection,
    _lock: File,
}

/// What is moved from.
pub(crate) fn source(directory: &Path) -> Result<Directory, MoveError> {
    if !directory.join(FILE).is_file() {
        return Err(MoveError::NoData { place: directory.display().to_string() });
    }
    target(directory)
}

/// What is moved to; made if it is not there.
pub(crate) fn target(directory: &Path) -> Result<Directory, MoveError> {
    let lock = match open::lock(directory) {
        Err(OpenError::Locked { .. }) => {
            return Err(MoveError::InUse { place: directory.display().to_string(), seconds: 0 });
        }
        lock => lock?,
    };
    let connection = open::writer(&directory.join(FILE))?;
    Ok(Directory { path: directory.to_owned(), connection, _lock: lock })
}

fn failed(error: &rusqlite::Error) -> PortError {
    PortError::NotApplied { why: error.to_string() }
}

/// How far a move to this database has come.
pub(super) fn mark(connection: &Connection) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .query_row("SELECT value FROM meta WHERE name = ?1", [MARK], |row| row.get(0))
        .optional()
}

#[async_trait(?Send)]
impl Side for Directory {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    async fn is_empty(&mut self) -> Result<bool, PortError> {
        // A relay that was started once has noted that it was there.
        let things = "kept WHERE owner <> '' OR shelf <> 'hearing'";
        for table in ["receipts", "aggregates", "counters", "refused", "polls", things] {
            let sql = format!("SELECT EXISTS (SELECT 1 FROM {table})");
            let filled = self.connection.query_row(&sql, [], |row| row.get::<_, bool>(0));
            if filled.map_err(|error| failed(&error))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn fingerprint(&mut self) -> Result<String, PortError> {
        facts::fingerprint(&self.connection).map_err(|error| failed(&error))
    }

    async fn read(&mut self, place: &Place, most: usize, _: Timestamp) -> Result<Step, PortError> {
        read::step(&self.connection, place, most).map_err(|error| failed(&error))
    }

    async fn write(
        &mut self,
        records: Vec<Moved>,
        mark: &Mark,
        _: Timestamp,
    ) -> Result<(), PortError> {
        let mark = serde_json::to_vec(mark)
            .map_err(|error| PortError::NotApplied { why: error.to_string() })?;
        let written = self.connection.transaction().and_then(|transaction| {
            for moved in &records {
                write::record(&transaction, moved)?;
            }
            transaction
                .execute("INSERT OR REPLACE INTO meta VALUES (?1, ?2)", params![MARK, mark])?;
            transaction.commit()
        });
        written.map_err(|error| failed(&error))
    }

    async fn mark(&mut self) -> Result<Option<Mark>, PortError> {
        let mark = mark(&self.connection).map_err(|error| failed(&error))?;
        mark.map(|mark| {
            serde_json::from_slice(&mark)
                .map_err(|error| PortError::NotApplied { why: error.to_string() })
        })
        .transpose()
    }

    async fn finish(&mut self) -> Result<(), PortError> {
        let ended = self.connection.execute("DELETE FROM meta WHERE name = ?1", [MARK]);
        let ended = ended.and_then(|_| {
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        });
        ended.map_err(|error| failed(&error))
    }

    async fn close(&mut self) -> Result<(), PortError> {
        Ok(())
    }
}

/// All rows of a query.
fn all<T>(
    connection: &Connection,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare(sql)?.query_map([], read)?.collect()
}
