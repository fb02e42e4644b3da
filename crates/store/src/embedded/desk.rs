//! Who does the work: a thread that writes in groups, and one that reads; or, for simulation,
//! whoever calls.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::Duration,
};

use parcelwire_engine::ports::PortError;
use rusqlite::Connection;
use tokio::sync::oneshot;

/// Most work of one transaction, in rows or so.
const MAX_GROUP: usize = 96;

/// The same while a sender waits for its answer: it waits no longer than for this.
const MAX_BESIDE_URGENT: usize = 24;

/// How a transaction ended.
pub(super) type Ended = Result<(), PortError>;

/// A job's work inside a transaction, which may be done again in another one, and its end.
pub(super) trait Job: Send {
    /// Works. What it fails in is for [`Job::reply`]; the transaction is taken back then.
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()>;

    /// Tells whoever asked how it ended.
    fn reply(self: Box<Self>, ended: Ended);
}

/// A job with what it has come to so far.
struct Work<T, F> {
    job: F,
    result: Option<T>,
    answer: oneshot::Sender<Result<T, PortError>>,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: FnMut(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.result = None;
        self.result = Some((self.job)(connection)?);
        Ok(())
    }

    fn reply(self: Box<Self>, ended: Ended) {
        let Self { result, answer, .. } = *self;
        // Whoever asked may have gone.
        drop(answer.send(ended.and_then(|()| result.ok_or_else(gone))));
    }
}

/// Reads.
pub(super) type Read = Box<dyn FnOnce(&Connection) + Send>;

/// Where jobs go.
pub(super) enum Desk {
    Threads(Threads),
    Inline(Mutex<Connection>),
}

/// Who goes first when both wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rank {
    /// A sender waits for its answer.
    Urgent,
    /// Nobody outside does.
    Usual,
}

/// Jobs that wait for the next transaction, each with how much work it is.
#[derive(Default)]
struct Waiting {
    urgent: VecDeque<(usize, Box<dyn Job>)>,
    usual: VecDeque<(usize, Box<dyn Job>)>,
    closed: bool,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    bell: Condvar,
}

pub(super) struct Threads {
    writes: Arc<Queue>,
    reads: Mutex<Option<mpsc::Sender<Read>>>,
    joins: Mutex<Vec<JoinHandle<()>>>,
}

pub(super) fn not_applied(error: &rusqlite::Error) -> PortError {
    PortError::NotApplied { why: error.to_string() }
}

fn gone() -> PortError {
    PortError::NotApplied { why: "the store is closed, or failed inside".to_owned() }
}

/// A job under way.
pub(super) struct Begun<T>(oneshot::Receiver<Result<T, PortError>>);

impl<T> Begun<T> {
    /// Comes back when its transaction has ended.
    pub(super) async fn ended(self) -> Result<T, PortError> {
        self.0.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Desk {
    /// Two connections to one file, each with its thread.
    pub(super) fn threads(writer: Connection, reader: Connection, moved: Arc<AtomicBool>) -> Self {
        let writes = Arc::new(Queue::default());
        let jobs = Arc::clone(&writes);
        let writing = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_in_groups(&writer, &jobs, &moved));
        let (reads, looks) = mpsc::channel::<Read>();
        let reading =
            std::thread::Builder::new().name("store-reader".to_owned()).spawn(move || {
                while let Ok(look) = looks.recv() {
                    // As with jobs: whoever asked hears that there is no answer.
                    if catch_unwind(AssertUnwindSafe(|| look(&reader))).is_err() {
                        tracing::error!("a look into the store ended in a panic");
                    }
                }
            });
        let joins = [writing, reading].into_iter().flatten().collect();
        Self::Threads(Threads { writes, reads: Mutex::new(Some(reads)), joins: Mutex::new(joins) })
    }

    /// One connection, used by whoever calls.
    pub(super) fn inline(connection: Connection) -> Self {
        Self::Inline(Mutex::new(connection))
    }

    /// Runs a job inside a transaction; comes back when that has ended.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        job: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, PortError> {
        self.write_ranked(Rank::Usual, 1, job).await
    }

    /// The same, with how pressing and how much work it is.
    pub(super) async fn write_ranked<T: Send + 'static>(
        &self,
        rank: Rank,
        weight: usize,
        job: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, PortError> {
        self.begin(rank, weight, job).ended().await
    }

    /// Hands a job over; its end may be waited for later.
    pub(super) fn begin<T: Send + 'static>(
        &self,
        rank: Rank,
        weight: usize,
        job: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Begun<T> {
        let (answer, answered) = oneshot::channel();
        let whole: Box<dyn Job> = Box::new(Work { job, result: None, answer });
        match self {
            Self::Inline(connection) => {
                let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                group(&connection, vec![whole]);
            }
            // A closed store drops the job, and with it the answer.
            Self::Threads(threads) => threads.writes.put(rank, weight, whole),
        }
        Begun(answered)
    }

    /// Runs a look outside any transaction.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, PortError> {
        let (answer, answered) = oneshot::channel();
        let whole: Read = Box::new(move |connection| {
            let result = look(connection).map_err(|error| not_applied(&error));
            drop(answer.send(result));
        });
        match self {
            Self::Inline(connection) => {
                let connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                whole(&connection);
            }
            Self::Threads(threads) => threads.read(whole)?,
        }
        answered.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Ends the threads after what is queued.
    pub(super) fn close(&self) {
        if let Self::Threads(threads) = self {
            threads.close();
        }
    }
}

impl Queue {
    fn put(&self, rank: Rank, weight: usize, job: Box<dyn Job>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.closed {
            return;
        }
        match rank {
            Rank::Urgent => waiting.urgent.push_back((weight, job)),
            Rank::Usual => waiting.usual.push_back((weight, job)),
        }
        self.bell.notify_one();
    }

    /// What goes into one transaction: all that is urgent, and of the rest what there is room for.
    /// Nothing when it is closed and empty.
    fn take(&self) -> Option<Vec<Box<dyn Job>>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while waiting.urgent.is_empty() && waiting.usual.is_empty() {
            if waiting.closed {
                return None;
            }
            waiting = self.bell.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let urgent = std::mem::take(&mut waiting.urgent);
        let mut jobs: Vec<Box<dyn Job>> = urgent.into_iter().map(|(_, job)| job).collect();
        let most = if jobs.is_empty() { MAX_GROUP } else { MAX_BESIDE_URGENT };
        let mut weight = 0;
        // At least one, however heavy: else it would wait for ever.
        while weight < most
            && let Some((heavy, job)) = waiting.usual.pop_front()
        {
            weight += heavy;
            jobs.push(job);
        }
        Some(jobs)
    }

    fn close(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.bell.notify_all();
    }
}

impl Threads {
    fn read(&self, look: Read) -> Result<(), PortError> {
        let reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        reads.as_ref().and_then(|reads| reads.send(look).ok()).ok_or_else(gone)
    }

    fn close(&self) {
        self.writes.close();
        drop(self.reads.lock().unwrap_or_else(PoisonError::into_inner).take());
        let joins = std::mem::take(&mut *self.joins.lock().unwrap_or_else(PoisonError::into_inner));
        for join in joins {
            if join.join().is_err() {
                tracing::error!("a thread of the store ended in a panic");
            }
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.close();
    }
}

fn write_in_groups(connection: &Connection, jobs: &Queue, moved: &AtomicBool) {
    while let Some(jobs) = jobs.take() {
        if moved.swap(false, Ordering::AcqRel) {
            start_over(connection);
        }
        group(connection, jobs);
    }
    if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::warn!(%error, "the log was not moved into the database; the next start does it");
    }
}

/// Most of the log was moved just now: with its rest moved too, between two transactions, the next
/// one writes at its beginning again. Else it would grow for as long as the load lasts.
fn start_over(connection: &Connection) {
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        tracing::warn!(%error, "the log could not be moved into the database");
    }
}

/// One transaction for all that has queued. Where a job fails, each gets a transaction of its own:
/// it takes back only itself, and the others are not held up by it.
fn group(connection: &Connection, mut jobs: Vec<Box<dyn Job>>) {
    let together = in_transaction(connection, || {
        jobs.iter_mut().try_for_each(|job| run(connection, job.as_mut()))
    });
    match together {
        Err(Fault::Job(_)) if jobs.len() > 1 => {
            for mut job in jobs {
                let alone = in_transaction(connection, || run(connection, job.as_mut()));
                job.reply(alone.map_err(Fault::into_error));
            }
        }
        ended => {
            let ended = ended.map_err(Fault::into_error);
            for job in jobs {
                job.reply(ended.clone());
            }
        }
    }
}

/// Why nothing of a transaction was kept, or may not have been.
enum Fault {
    /// It could not begin, or not end.
    Transaction(PortError),
    /// A job in it failed.
    Job(PortError),
}

impl Fault {
    fn into_error(self) -> PortError {
        match self {
            Self::Transaction(error) | Self::Job(error) => error,
        }
    }
}

/// Keeps all of `work`, or nothing.
fn in_transaction(
    connection: &Connection,
    work: impl FnOnce() -> Result<(), PortError>,
) -> Result<(), Fault> {
    control(connection, "BEGIN IMMEDIATE")
        .map_err(|error| Fault::Transaction(not_applied(&error)))?;
    if let Err(error) = work() {
        // A failing disk ends a transaction by itself.
        if !connection.is_autocommit() {
            drop(connection.execute_batch("ROLLBACK"));
        }
        return Err(Fault::Job(error));
    }
    end(connection).map_err(Fault::Transaction)
}

/// Runs one job. A mistake of ours in it must not end the thread that all others need.
fn run(connection: &Connection, job: &mut dyn Job) -> Result<(), PortError> {
    let ran = catch_unwind(AssertUnwindSafe(|| job.run(connection)));
    ran.unwrap_or_else(|_| {
        tracing::error!("a job of the store ended in a panic; nothing of it is kept");
        Err(rusqlite::Error::InvalidQuery)
    })
    .map_err(|error| not_applied(&error))
}

fn end(connection: &Connection) -> Ended {
    if connection.is_autocommit() {
        // A full disk ends a transaction by itself: nothing of it was kept.
        return Err(PortError::NotApplied { why: "the disk is full or failing".to_owned() });
    }
    let Err(error) = control(connection, "COMMIT") else { return Ok(()) };
    if !connection.is_autocommit() {
        drop(connection.execute_batch("ROLLBACK"));
    }
    let full = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull);
    let why = error.to_string();
    Err(if full { PortError::NotApplied { why } } else { PortError::Unknown { why } })
}

/// Begins, ends or takes back: statements without rows, read once.
fn control(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}

/// Pages of the log from which on it is worth starting over: 64 MB. Less, and the writer would stop
/// for it too often; more, and a start after a crash would read too long.
const MANY_PAGES: i64 = 16_000;

/// How often the log is moved into the database.
const MOVE_EVERY: Duration = Duration::from_secs(1);

/// Moves what it can; says how many pages of the log are moved by now.
fn move_log(connection: &Connection) -> Option<i64> {
    let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(2));
    moved
        .inspect_err(|error| tracing::warn!(%error, "the log could not be moved into the database"))
        .ok()
}

/// Moves the log into the database now and then, from a connection of its own, and says so by
/// `moved` when that was much.
pub(super) fn checkpoints(
    connection: Connection,
    stop: &Arc<(Mutex<bool>, Condvar)>,
    moved: Arc<AtomicBool>,
) -> Option<JoinHandle<()>> {
    let stop = Arc::clone(stop);
    let thread = std::thread::Builder::new().name("store-checkpoint".to_owned()).spawn(move || {
        let (flag, bell) = &*stop;
        let mut stopped = flag.lock().unwrap_or_else(PoisonError::into_inner);
        while !*stopped {
            stopped =
                bell.wait_timeout(stopped, MOVE_EVERY).unwrap_or_else(PoisonError::into_inner).0;
            let many = move_log(&connection).is_some_and(|pages| pages > MANY_PAGES);
            // What came meanwhile is moved as well, so that little is left for the writer to move.
            if many && move_log(&connection).is_some() {
                moved.store(true, Ordering::Release);
            }
        }
    });
    thread.ok()
}
