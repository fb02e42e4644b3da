//! The schema and its steps: data of every earlier version is led to this one's, with a copy first.
//! A new database takes the same way, so that both are alike.

use std::{fs, io, path::Path};

use rusqlite::Connection;

use super::{
    backup::{BackupError, backup},
    open::OpenError,
};

/// What leads from each version to the next: the first one from 1 to 2. What was released is never
/// changed.
const STEPS: [&str; 6] = [
    include_str!("steps/2.sql"),
    include_str!("steps/3.sql"),
    include_str!("steps/4.sql"),
    include_str!("steps/5.sql"),
    include_str!("steps/6.sql"),
    include_str!("steps/7.sql"),
];

/// The schema that this version writes.
pub const SCHEMA_VERSION: i64 = 1 + STEPS.len() as i64;

/// Leads the database at `path` to this version.
pub(super) fn migrate(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let fail = |source| OpenError::of(path, source);
    let found = version(connection).map_err(fail)?;
    match found {
        SCHEMA_VERSION => Ok(()),
        0 => make(connection).map_err(fail),
        1..SCHEMA_VERSION => {
            keep_copy(path, found)?;
            steps(connection, found).map_err(fail)
        }
        _ => Err(OpenError::Newer { path: path.to_owned(), found, known: SCHEMA_VERSION }),
    }
}

pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// The data as they are, for whoever has to go back. What an earlier try left behind goes: the data
/// are still of that version.
fn keep_copy(path: &Path, found: i64) -> Result<(), OpenError> {
    let mut copy = path.as_os_str().to_owned();
    copy.push(format!(".schema-{found}"));
    let copy = Path::new(&copy);
    let made = match fs::remove_file(copy) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(BackupError::from(error)),
        Ok(()) | Err(_) => backup(path.parent().unwrap_or(Path::new(".")), copy),
    };
    made.map_err(|source| OpenError::Uncopied { path: copy.to_owned(), source })
}

/// A new database.
pub(super) fn make(connection: &Connection) -> rusqlite::Result<()> {
    use rand::{TryRngCore as _, rngs::OsRng};
    let mut key = [0_u8; 32];
    let drawn = OsRng.try_fill_bytes(&mut key);
    drawn.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    whole(connection, || {
        connection.execute_batch(include_str!("schema.sql"))?;
        connection.execute(
            "INSERT INTO meta VALUES ('instance_key', ?1), ('epoch', x'00')",
            [&key[..]],
        )?;
        follow(connection, 1)
    })
}

fn steps(connection: &Connection, found: i64) -> rusqlite::Result<()> {
    whole(connection, || follow(connection, found))
}

/// All steps from a version on.
fn follow(connection: &Connection, found: i64) -> rusqlite::Result<()> {
    for (from, step) in (1..).zip(STEPS) {
        if from >= found {
            connection.execute_batch(step)?;
        }
    }
    connection.execute_batch(&format!("PRAGMA user_version = {SCHEMA_VERSION}"))
}

/// All of it, or nothing.
fn whole(
    connection: &Connection,
    work: impl FnOnce() -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    match work() {
        Ok(()) => connection.execute_batch("COMMIT"),
        Err(error) => {
            connection.execute_batch("ROLLBACK")?;
            Err(error)
        }
    }
}
