//! The embedded store: SQLite in one directory. One thread writes, in groups; a commit is
//! answered once it is on disk. What is handed out is remembered in memory only: after a crash
//! everything unfinished is there to be handed out again.

mod accept;
mod archive;
mod asking;
mod backup;
mod commit;
mod conclude;
mod counters;
mod desk;
mod find;
mod ledger;
mod look;
mod migrate;
pub(crate) mod moving;
mod open;
mod packed;
mod pages;
mod prune;
mod ready;
mod rows;
mod sweep;
#[cfg(test)]
mod tests;
mod timeline;
mod turns;
mod unmapped;
mod vault;
mod waiting;

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use rusqlite::{Connection, OptionalExtension as _};
use tokio::sync::Notify;

use desk::Desk;
use waiting::Waiting;

use crate::meters::Meters;

pub use backup::{BackupError, backup};
pub use look::{Found, look};
pub use migrate::SCHEMA_VERSION;
pub use open::OpenError;

/// The database's file in its directory.
pub const FILE: &str = "parcelwire.db";

/// The file beside it whose lock says that somebody works with the directory.
const LOCK: &str = "parcelwire.lock";

/// The embedded store.
pub struct Embedded {
    desk: Arc<Desk>,
    waiting: Arc<Waiting>,
    handed: Arc<Mutex<Handed>>,
    news: Arc<Notify>,
    meters: Meters,
    /// Whether the last write failed: a full disk shows only when something is written.
    failing: AtomicBool,
    instance_key: [u8; 32],
    epoch: u64,
    /// The newest message of before this process.
    newest_before: i64,
    path: Option<PathBuf>,
    checkpoint: Option<(Arc<(Mutex<bool>, Condvar)>, Mutex<Option<JoinHandle<()>>>)>,
    lock: Option<File>,
}

/// Messages that are handed out and not settled yet.
#[derive(Debug, Default)]
struct Handed {
    /// Message → its destination.
    messages: BTreeMap<[u8; 16], (String, String)>,
    /// Receipt → its merchant, while something is asked about it.
    asking: BTreeMap<[u8; 16], String>,
    /// The merchant with whom the last look for those ended.
    last_asked: String,
    /// Where the last look among destinations ended: the next begins behind it.
    last_destination: (String, String),
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Opens the data in `directory`, or makes it.
pub fn open(directory: &Path) -> Result<Embedded, OpenError> {
    let lock = open::lock(directory)?;
    let path = directory.join(FILE);
    let writer = open::writer(&path)?;
    if moving::mark(&writer).map_err(|source| OpenError::of(&path, source))?.is_some() {
        return Err(OpenError::Unfinished { path: directory.to_owned() });
    }
    let start = begin(&writer).map_err(|source| OpenError::of(&path, source))?;
    let reader = open::reader(&path)?;
    let mover = open::writer(&path)?;
    let stop = Arc::new((Mutex::new(false), Condvar::new()));
    let moved = Arc::new(AtomicBool::new(false));
    let thread = desk::checkpoints(mover, &stop, Arc::clone(&moved));
    let desk = Arc::new(Desk::threads(writer, reader, moved));
    let mut store = Embedded::over(desk, start);
    store.path = Some(path);
    store.checkpoint = Some((stop, Mutex::new(thread)));
    store.lock = Some(lock);
    Ok(store)
}

/// The same store on a database in memory, worked on by whoever calls: for simulation.
pub fn in_memory() -> rusqlite::Result<Embedded> {
    let connection = open::in_memory()?;
    let start = begin(&connection)?;
    Ok(Embedded::over(Arc::new(Desk::inline(connection)), start))
}

/// What a process finds that starts after the one that worked on `before` was killed: all that was
/// written, and nothing of what was only remembered. For databases in memory.
pub async fn after_a_crash(
    before: &Embedded,
) -> Result<Embedded, parcelwire_engine::ports::PortError> {
    let start = before.desk.write(begin).await?;
    Ok(Embedded::over(Arc::clone(&before.desk), start))
}

/// What a process finds at its start.
struct Start {
    instance_key: [u8; 32],
    epoch: u64,
    newest_before: i64,
}

/// Raises the epoch: whoever held a lease under an earlier one holds it no more.
fn begin(connection: &Connection) -> rusqlite::Result<Start> {
    let instance_key: [u8; 32] =
        connection.query_row("SELECT value FROM meta WHERE name = 'instance_key'", [], |row| {
            row.get(0)
        })?;
    let epoch: Vec<u8> =
        connection
            .query_row("SELECT value FROM meta WHERE name = 'epoch'", [], |row| row.get(0))?;
    let epoch = epoch.iter().fold(0_u64, |n, byte| (n << 8) | u64::from(*byte)) + 1;
    connection
        .execute("UPDATE meta SET value = ?1 WHERE name = 'epoch'", [&epoch.to_be_bytes()[..]])?;
    let newest_before =
        connection.query_row("SELECT COALESCE(MAX(seq), 0) FROM messages", [], |row| row.get(0))?;
    Ok(Start { instance_key, epoch, newest_before })
}

impl Embedded {
    fn over(desk: Arc<Desk>, start: Start) -> Self {
        let Start { instance_key, epoch, newest_before } = start;
        Self {
            desk,
            waiting: Arc::default(),
            handed: Arc::default(),
            news: Arc::new(Notify::new()),
            meters: Meters::default(),
            failing: AtomicBool::new(false),
            instance_key,
            epoch,
            newest_before,
            path: None,
            checkpoint: None,
            lock: None,
        }
    }

    /// The key below which merchants' occurrence keys are made; random, made once, kept.
    pub fn instance_key(&self) -> [u8; 32] {
        self.instance_key
    }

    /// A small setting of the instance.
    pub async fn meta(
        &self,
        name: &str,
    ) -> Result<Option<Vec<u8>>, parcelwire_engine::ports::PortError> {
        let name = name.to_owned();
        self.desk
            .read(move |connection| {
                connection
                    .query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
                    .optional()
            })
            .await
    }

    /// Sets a small setting of the instance.
    pub async fn set_meta(
        &self,
        name: &str,
        value: &[u8],
    ) -> Result<(), parcelwire_engine::ports::PortError> {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.desk
            .write(move |connection| {
                connection
                    .execute("INSERT OR REPLACE INTO meta VALUES (?1, ?2)", (&name, &value))
                    .map(|_| ())
            })
            .await
    }

    /// Whether it could write just now. After a failure it is tried, with a row of no meaning.
    async fn can_write(&self) -> Result<(), parcelwire_engine::ports::PortError> {
        if !self.failing.load(Ordering::Acquire) {
            return Ok(());
        }
        let row = "INSERT OR REPLACE INTO meta VALUES ('tried', randomblob(8))";
        let tried = self.desk.write(move |connection| connection.execute_batch(row)).await;
        self.note(tried.is_ok());
        tried
    }

    /// Remembers how a write ended.
    fn note(&self, fine: bool) {
        self.failing.store(!fine, Ordering::Release);
    }

    /// Ends the threads after what is queued; the store answers nothing afterwards.
    pub fn close(&self) {
        if let Some((stop, thread)) = &self.checkpoint {
            *stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
            stop.1.notify_all();
            let thread = thread.lock().unwrap_or_else(PoisonError::into_inner).take();
            if thread.is_some_and(|thread| thread.join().is_err()) {
                tracing::error!("the checkpoint thread ended in a panic");
            }
        }
        self.desk.close();
    }

    /// Whether other processes are kept out.
    pub fn is_locked(&self) -> bool {
        self.lock.is_some()
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.close();
    }
}
