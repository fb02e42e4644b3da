//! Group commit at the front door: while one batch becomes durable, the next one gathers.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{Notify, oneshot};

use crate::ports::{Accepted, Ledger, LedgerResult, NewReceipt, PortError};

/// Most requests that wait to become durable; what comes beyond is told to come again.
const MAX_WAITING: usize = 4096;

/// Most receipts of one batch.
const MAX_BATCH: usize = 512;

/// Batches under way at once: one is written while the next is handed over.
const BATCHES: usize = 2;

/// Too many requests wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

type Waiting = (NewReceipt, oneshot::Sender<LedgerResult<Accepted>>);

pub(super) struct Coalescer(Arc<Inner>);

struct Inner {
    ledger: Arc<dyn Ledger>,
    queue: Mutex<Vec<Waiting>>,
    batches: AtomicUsize,
    idle: Notify,
}

impl Coalescer {
    pub(super) fn new(ledger: Arc<dyn Ledger>) -> Self {
        Self(Arc::new(Inner {
            ledger,
            queue: Mutex::new(Vec::new()),
            batches: AtomicUsize::new(0),
            idle: Notify::new(),
        }))
    }

    /// Comes back when the receipt is durable, or could not be made so.
    pub(super) async fn accept(&self, receipt: NewReceipt) -> Result<LedgerResult<Accepted>, Full> {
        let (answer, answered) = oneshot::channel();
        {
            let mut queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner);
            if queue.len() >= MAX_WAITING {
                return Err(Full);
            }
            queue.push((receipt, answer));
        }
        self.0.begin();
        let lost = || PortError::Unknown { why: "the batch was dropped".to_owned() };
        Ok(answered.await.unwrap_or_else(|_| Err(lost())))
    }

    /// Comes back when nothing waits any more.
    pub(super) async fn finish(&self) {
        loop {
            let idle = self.0.idle.notified();
            tokio::pin!(idle);
            idle.as_mut().enable();
            if self.0.batches.load(Ordering::Acquire) == 0 {
                return;
            }
            idle.await;
        }
    }
}

impl Inner {
    /// Starts a batch if there is one to start and room for it.
    fn begin(self: &Arc<Self>) {
        let room = self.batches.fetch_update(Ordering::AcqRel, Ordering::Acquire, |batches| {
            (batches < BATCHES).then_some(batches + 1)
        });
        if room.is_ok() {
            drop(tokio::spawn(Arc::clone(self).work()));
        }
    }

    async fn work(self: Arc<Self>) {
        loop {
            let batch: Vec<Waiting> = {
                let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
                let count = queue.len().min(MAX_BATCH);
                queue.drain(..count).collect()
            };
            if batch.is_empty() {
                break;
            }
            let (receipts, answers): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
            let results = self.ledger.accept(receipts).await;
            for (answer, result) in answers.into_iter().zip(results) {
                // The sender may have gone: the receipt is durable all the same.
                drop(answer.send(result));
            }
        }
        self.batches.fetch_sub(1, Ordering::AcqRel);
        self.idle.notify_waiters();
        // Something may have been queued between the last look and the count.
        let waits = !self.queue.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if waits {
            self.begin();
        }
    }
}
