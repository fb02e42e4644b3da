//! Receipts that cannot be read before another system was asked: beside the process stage, so that a
//! slow host holds up only the receipts that wait for it. What was answered is kept before it is used.

mod attempt;
mod cache;
mod schedule;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use parcelwire_domain::id::ReceiptId;
use parcelwire_mapping::{
    book::Book,
    merchant::Merchant,
    source::{Answered, LookupFault},
};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    asker::Asker,
    engine::{Shared, stopped},
    metrics::Metrics,
    ports::{KeptAnswer, Origin, StoredReceipt, ToAsk},
};
use cache::Cache;

/// Most that are asked about at once, in all and for one merchant.
const AT_ONCE: usize = 64;
const EACH: usize = 4;

/// Looks at least so often for what is to be asked again.
const LOOK: Duration = Duration::from_secs(1);

/// The stage.
pub(crate) struct Lookups {
    desk: Arc<Desk>,
}

/// What lookups share.
struct Desk {
    shared: Arc<Shared>,
    asker: Arc<Asker>,
    cache: Cache,
    /// Credentials that are not to be used before then, and why where they were refused.
    resting: Mutex<BTreeMap<[u8; 16], (Timestamp, Option<String>)>>,
}

impl Lookups {
    pub(crate) fn new(shared: &Arc<Shared>, asker: &Arc<Asker>) -> Self {
        let desk = Desk {
            shared: Arc::clone(shared),
            asker: Arc::clone(asker),
            cache: Cache::default(),
            resting: Mutex::new(BTreeMap::new()),
        };
        Self { desk: Arc::new(desk) }
    }

    /// Runs until it is time to stop; what is under way then is asked again after the next start.
    pub(crate) async fn run(&self, mut stop: watch::Receiver<bool>) {
        let shared = &self.desk.shared;
        let mut changes = shared.rules.changes();
        let mut under_way = JoinSet::new();
        self.desk.look_again().await;
        loop {
            if has_lookups(&shared.rules.book()) {
                self.begin(&mut under_way).await;
            }
            // Without a lookup in any file there is nothing to look for, however long it takes.
            let soon = shared.clock.now() + if under_way.is_empty() { LOOK } else { LOOK / 4 };
            let idle = !has_lookups(&shared.rules.book());
            tokio::select! {
                biased;
                () = stopped(&mut stop) => break,
                changed = changes.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    self.desk.look_again().await;
                }
                Some(_) = under_way.join_next() => {}
                () = shared.to_ask.notified() => {}
                () = shared.clock.until(soon), if !idle => {}
            }
        }
        under_way.shutdown().await;
    }

    /// Begins what is due; answers how much.
    async fn begin(&self, under_way: &mut JoinSet<()>) -> usize {
        let shared = &self.desk.shared;
        let room = AT_ONCE.saturating_sub(under_way.len());
        if room == 0 {
            return 0;
        }
        let Some(held) = shared.held().await else { return 0 };
        let due = shared.ledger.asking(&held, shared.clock.now(), EACH, room).await;
        let due: Vec<ToAsk> = match due {
            Ok(due) => due,
            Err(error) => {
                Metrics::count(&shared.metrics.store_errors, "asking");
                tracing::warn!(%error, "the store failed; what is to be asked waits");
                return 0;
            }
        };
        let count = due.len();
        for to_ask in due {
            let desk = Arc::clone(&self.desk);
            under_way.spawn(async move { desk.attempt(to_ask).await });
        }
        count
    }

    /// One round for tests: everything that is due is asked, and what came of it written.
    pub(crate) async fn turn_and_wait(&self) -> usize {
        let mut under_way = JoinSet::new();
        let count = self.begin(&mut under_way).await;
        while under_way.join_next().await.is_some() {}
        count
    }
}

impl Desk {
    /// Files have changed, or this is a start: what waited for a right key may have one now.
    async fn look_again(&self) {
        if !has_lookups(&self.shared.rules.book()) {
            return;
        }
        self.resting.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let why = LookupFault::KeyWrong.name().to_owned();
        if let Err(error) = self.shared.ledger.hurry(why).await {
            tracing::warn!(%error, "what waits for a right key is asked again later");
        }
    }
}

impl Shared {
    /// Lets receipts wait for what is asked about them.
    pub(crate) async fn ask(&self, receipts: Vec<ReceiptId>) {
        if receipts.is_empty() {
            return;
        }
        match self.ledger.ask(receipts.clone(), self.clock.now()).await {
            Ok(()) => self.to_ask.notify_one(),
            Err(error) => {
                Metrics::count(&self.metrics.store_errors, "ask");
                tracing::warn!(%error, "receipts that need an answer are looked at again");
                self.ledger.release(receipts, Vec::new()).await;
            }
        }
    }
}

fn has_lookups(book: &Book) -> bool {
    let merchants = book.merchants.keys().filter_map(|id| book.merchant(id.as_str()));
    merchants.flat_map(|merchant| merchant.sources.values()).any(|source| source.ready.has_lookup())
}

/// Whether a receipt has to wait for an answer that it does not have.
pub(crate) fn waits(merchant: &Merchant, receipt: &StoredReceipt) -> bool {
    let Some(source) = merchant.sources.get(&receipt.source) else { return false };
    let is_row = receipt.origin() == Origin::ImportedRow;
    if is_row || !source.ready.has_lookup() || receipt.answer.is_some() {
        return false;
    }
    let needs = || source.ready.needs_answer(&receipt.received());
    // Whoever reads it afterwards stumbles as well, and tells it.
    catch_unwind(AssertUnwindSafe(needs)).unwrap_or(false)
}

/// What was kept, as the source reads it.
pub(crate) fn answered(kept: &KeptAnswer) -> Answered<'_> {
    match kept {
        KeptAnswer::Body(body) => Answered::Body(body),
        KeptAnswer::Failed(why) => {
            Answered::Failed(LookupFault::parse(why).unwrap_or(LookupFault::Failed))
        }
    }
}
