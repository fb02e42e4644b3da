//! A look at a data directory from outside: nothing is made, changed or kept from anybody.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use super::{FILE, LOCK, migrate, open::OpenError};

/// What is in a data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Who works with it: its process id as far as that is known.
    pub holder: Option<String>,
    /// The shape of the data; nothing where there are none yet.
    pub schema: Option<i64>,
}

/// Looks who has the directory, and whether this version can read what is in it.
pub fn look(directory: &Path) -> Result<Found, OpenError> {
    Ok(Found { holder: holder(directory)?, schema: schema(&directory.join(FILE))? })
}

fn holder(directory: &Path) -> Result<Option<String>, OpenError> {
    let path = directory.join(LOCK);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(OpenError::NotWritable { path: directory.to_owned(), source }),
    };
    // Given back at once, with the file.
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            Ok(Some(fs::read_to_string(&path).unwrap_or_default().trim().to_owned()))
        }
        Err(TryLockError::Error(source)) => {
            Err(OpenError::NotWritable { path: directory.to_owned(), source })
        }
    }
}

fn schema(path: &Path) -> Result<Option<i64>, OpenError> {
    if !path.exists() {
        return Ok(None);
    }
    let fail = |source| OpenError::of(path, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(fail)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(fail)?;
    let (found, known) = (migrate::version(&connection).map_err(fail)?, migrate::SCHEMA_VERSION);
    if found > known {
        return Err(OpenError::Newer { path: path.to_owned(), found, known });
    }
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::open;

    #[test]
    fn a_directory_is_looked_at_whoever_works_with_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("data");
        let nothing = Found { holder: None, schema: None };
        assert_eq!(look(&path).expect("it looks"), nothing);
        assert!(!path.exists(), "looking makes nothing");
        let store = open(&path).expect("it opens");
        let found = look(&path).expect("it looks");
        assert_eq!(found.holder, Some(std::process::id().to_string()));
        assert_eq!(found.schema, Some(migrate::SCHEMA_VERSION));
        drop(store);
        assert_eq!(look(&path).expect("it looks").holder, None);
        drop(open(&path).expect("the look has let go of it"));
        let connection = Connection::open(path.join(FILE)).expect("it opens");
        connection.execute_batch("PRAGMA user_version = 99").expect("it is set");
        assert!(matches!(look(&path), Err(OpenError::Newer { found: 99, .. })));
        drop(connection);
        fs::write(path.join(FILE), "no database, and longer than a header of one would be")
            .expect("it is written");
        assert!(matches!(look(&path), Err(OpenError::Database { .. })));
    }
}
