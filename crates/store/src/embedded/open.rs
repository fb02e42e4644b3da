//! Opening a data directory: the lock, the folder, connections.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, ErrorCode, config::DbConfig, ffi};

use super::{LOCK, backup::BackupError, migrate};

/// The page cache of each connection, in KiB.
const CACHE_KIB: i64 = 16 * 1024;

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be made or written to.
    #[error(
        "the data directory {path} cannot be written to (hint: check its owner and rights, or set store.path)"
    )]
    NotWritable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another process has it.
    #[error(
        "the data directory {path} is in use by another parcelwire{holder} (hint: stop that one, or set store.path to another directory)"
    )]
    Locked {
        /// Which.
        path: PathBuf,
        /// Its process id, where it is known.
        holder: String,
    },
    /// A newer parcelwire wrote it.
    #[error(
        "the data in {path} was written by a newer version (schema {found}, this one knows {known}; hint: use that version, or a backup made before)"
    )]
    Newer {
        /// Which.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// An earlier version wrote it, and it cannot be copied before it is changed.
    #[error(
        "the data of an earlier version cannot be copied to {path} before they are changed (hint: make room for a copy, or check the rights of its folder)"
    )]
    Uncopied {
        /// The copy.
        path: PathBuf,
        /// Why.
        #[source]
        source: BackupError,
    },
    /// Not all that was moved there has arrived.
    #[error(
        "not all that was moved to {path} has arrived (hint: run the same `parcelwire store copy` again; it goes on where it was)"
    )]
    Unfinished {
        /// Which.
        path: PathBuf,
    },
    /// There is no room left.
    #[error("there is no room to write {path} (hint: free some on its disk, or set store.path)")]
    Full {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The database does not open.
    #[error(
        "the database {path} cannot be opened (hint: if it is damaged, restore a backup; `sqlite3 FILE 'PRAGMA integrity_check'` tells)"
    )]
    Database {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
}

impl OpenError {
    /// What a failure of SQLite means for whoever opens `path`.
    pub(super) fn of(path: &Path, source: rusqlite::Error) -> Self {
        // A file that may not grow is told as a failing disk.
        let written = [ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_IOERR_SHMSIZE];
        let code = source.sqlite_error().map(|error| error.extended_code);
        let is_full = source.sqlite_error_code() == Some(ErrorCode::DiskFull)
            || code.is_some_and(|code| written.contains(&code));
        let path = path.to_owned();
        if is_full { Self::Full { path, source } } else { Self::Database { path, source } }
    }
}

/// Makes the directory and takes its lock; the lock is held as long as the file is.
pub(super) fn lock(directory: &Path) -> Result<File, OpenError> {
    let not_writable = |source| OpenError::NotWritable { path: directory.to_owned(), source };
    make_folder(directory).map_err(not_writable)?;
    let path = directory.join(LOCK);
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(not_writable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let pid = fs::read_to_string(&path).unwrap_or_default();
            let pid = pid.trim();
            let holder = if pid.is_empty() { String::new() } else { format!(" (process {pid})") };
            return Err(OpenError::Locked { path: directory.to_owned(), holder });
        }
        Err(TryLockError::Error(source)) => return Err(not_writable(source)),
    }
    // Only to be shown to whoever comes second.
    let written = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
    written.map_err(not_writable)?;
    Ok(file)
}

/// Makes a folder, with those above it, so that a power cut does not take it away again.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
        make_folder(above)?;
    }
    // Somebody else may make it at the same time.
    fs::create_dir_all(folder)?;
    sync_folder(folder)
}

/// Makes durable that `path` is in its folder.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Opens the database that is written to.
pub(super) fn writer(path: &Path) -> Result<Connection, OpenError> {
    let fail = |source| OpenError::of(path, source);
    let connection = Connection::open(path).map_err(fail)?;
    prepare(&connection).map_err(fail)?;
    migrate::migrate(&connection, path)?;
    Ok(connection)
}

/// Opens a connection that only reads.
pub(super) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let fail = |source| OpenError::of(path, source);
    let connection = Connection::open(path).map_err(fail)?;
    tune(&connection).map_err(fail)?;
    connection.execute_batch("PRAGMA query_only = ON").map_err(fail)?;
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
    )?;
    // A thread of its own moves the log into the database: commits do not wait for it.
    connection.execute_batch("PRAGMA wal_autocheckpoint = 0")?;
    tune(connection)
}

fn tune(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "PRAGMA cache_size = -{CACHE_KIB}; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF"
    ))?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    // A plan depends on the statement alone: else some are planned anew for each value bound to them.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

/// A database in memory, for simulation.
pub(super) fn in_memory() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    tune(&connection)?;
    migrate::make(&connection)?;
    Ok(connection)
}
