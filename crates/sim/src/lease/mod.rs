//! What a store that several relays share knows of who works on what, in front of the embedded core,
//! which knows one owner only. As on Redis: a lease lasts ten seconds by the store's clock and has an
//! epoch, which every write of work names; messages that go out are marked with it. No rule of the
//! business is here.

mod hands;
mod tenant;
mod work;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use parcelwire_domain::id::{MessageId, Partition, ReceiptId};
use parcelwire_engine::ports::{
    Asking as _, HandOut, Held, Ledger as _, LedgerResult, ReadyMessage, Revision, StoredReceipt,
    ToAsk,
};
use parcelwire_store::embedded::Embedded;
use tokio::{sync::Notify, task::unconstrained, time::Instant};

pub(crate) use tenant::Tenant;

/// How long a lease lasts.
pub(crate) const LEASE: Duration = Duration::from_secs(10);

/// More than there ever is in a world.
const ALL: usize = 100_000;

/// The store's part.
pub(crate) struct Registry {
    core: Arc<Embedded>,
    /// What the core asks of its only owner.
    whole: Held,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Who gave a sign of life, and when.
    seen: BTreeMap<String, Instant>,
    leases: BTreeMap<Partition, Lease>,
    /// Messages that are under way, each with the epoch under which it went out.
    marks: BTreeMap<MessageId, u64>,
    /// What is to be asked by now: the core hands it out once only.
    asks: BTreeMap<ReceiptId, ToAsk>,
    /// Who hears of news.
    ears: BTreeMap<String, Arc<Notify>>,
    /// How often leases were given back.
    given: u64,
}

struct Lease {
    owner: Option<String>,
    epoch: u64,
    ends: Instant,
}

impl Registry {
    pub(crate) async fn over(core: Arc<Embedded>) -> Self {
        let whole = core.hold().await.expect("the core owns everything");
        Self { core, whole, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `me` is there. Answers who is, in an order that is the same for all.
    fn come(&self, me: &str) -> Vec<String> {
        self.state().seen.insert(me.to_owned(), Instant::now());
        self.seen()
    }

    /// `me` goes.
    fn go(&self, me: &str) -> Vec<String> {
        self.state().seen.remove(me);
        self.seen()
    }

    fn seen(&self) -> Vec<String> {
        let (mut state, now) = (self.state(), Instant::now());
        state.seen.retain(|_, at| now.duration_since(*at) <= LEASE);
        state.seen.keys().cloned().collect()
    }

    /// Takes a lease that nobody has, or whose time is over.
    fn take(&self, me: &str, partition: Partition) -> Option<u64> {
        let (mut state, now) = (self.state(), Instant::now());
        let free = Lease { owner: None, epoch: 0, ends: now };
        let lease = state.leases.entry(partition).or_insert(free);
        if lease.owner.as_ref().is_some_and(|owner| owner != me && lease.ends > now) {
            return None;
        }
        *lease = Lease { owner: Some(me.to_owned()), epoch: lease.epoch + 1, ends: now + LEASE };
        Some(lease.epoch)
    }

    /// Lets a lease last longer; `false` when somebody else has it.
    fn keep(&self, me: &str, partition: Partition, epoch: u64) -> bool {
        let mut state = self.state();
        let own = state.leases.get_mut(&partition).filter(|lease| lease.is_of(me, epoch));
        own.map(|lease| lease.ends = Instant::now() + LEASE).is_some()
    }

    fn give(&self, me: &str, partition: Partition, epoch: u64) {
        let mut state = self.state();
        if let Some(lease) = state.leases.get_mut(&partition).filter(|it| it.is_of(me, epoch)) {
            lease.owner = None;
        }
    }

    /// Whether a write under this lease counts.
    fn is_owner(&self, me: &str, partition: Partition, epoch: u64) -> bool {
        self.state().leases.get(&partition).is_some_and(|lease| lease.is_of(me, epoch))
    }

    /// The number of the turn in a partition, where it is this one's.
    fn turn(&self, me: &str, partition: Partition) -> Option<u64> {
        let state = self.state();
        let own = |lease: &&Lease| lease.owner.as_deref() == Some(me);
        state.leases.get(&partition).filter(own).map(|lease| lease.epoch)
    }

    /// Marks a message as being under way, for the partition's owner only.
    fn claim(&self, me: &str, partition: Partition, epoch: u64, message: MessageId) -> bool {
        let is_owner = self.is_owner(me, partition, epoch);
        if is_owner {
            self.state().marks.insert(message, epoch);
        }
        is_owner
    }

    /// A message is not under way any more.
    fn unmark(&self, message: MessageId) {
        self.state().marks.remove(&message);
    }

    /// What is under way says what it says. Under a later lease the mark keeps other words away only:
    /// whoever left it may have told them.
    fn may_revise(&self, revision: &Revision, epoch: u64) -> bool {
        let mark = |message: &MessageId| self.state().marks.get(message).copied();
        match revision {
            Revision::Refill { message, .. } => mark(message).is_none(),
            Revision::Cancel { message, .. } | Revision::Backfill { message } => {
                mark(message) != Some(epoch)
            }
        }
    }

    /// All that waits to be decided. The core does not remember that it was asked.
    async fn waiting(&self) -> LedgerResult<Vec<StoredReceipt>> {
        let look = async {
            let found = self.core.waiting(&self.whole, ALL, ALL).await?;
            self.core.release(found.iter().map(|it| it.id).collect(), Vec::new()).await;
            Ok(found)
        };
        unconstrained(look).await
    }

    /// All messages whose turn it is, in the same way.
    async fn ready(&self, now: Timestamp) -> LedgerResult<Vec<ReadyMessage>> {
        let look = async {
            let found = self.core.ready(&self.whole, now, &HandOut::of(ALL, ALL)).await?;
            self.core.release(Vec::new(), found.iter().map(|it| it.message.id).collect()).await;
            Ok(found)
        };
        unconstrained(look).await
    }

    /// All that is to be asked by now.
    async fn asking(&self, now: Timestamp) -> LedgerResult<Vec<ToAsk>> {
        let look = async {
            let found = self.core.asking(&self.whole, now, ALL, ALL).await?;
            let mut state = self.state();
            state.asks.extend(found.into_iter().map(|it| (it.receipt.id, it)));
            Ok(state.asks.values().cloned().collect())
        };
        unconstrained(look).await
    }

    /// Something about a receipt was asked.
    fn is_asked(&self, receipt: ReceiptId) {
        self.state().asks.remove(&receipt);
    }

    /// Listens under a name.
    fn listen(&self, me: &str) -> Arc<Notify> {
        Arc::clone(self.state().ears.entry(me.to_owned()).or_default())
    }

    /// This one is gone, and hears nothing any more.
    pub(crate) fn forget(&self, me: &str) {
        self.state().ears.remove(me);
    }

    /// There is news for all.
    fn tell(&self) {
        self.state().ears.values().for_each(|ear| ear.notify_waiters());
    }

    /// Leases were given back: all look at their shares at once.
    fn tell_of_leases(&self) {
        self.state().given += 1;
        self.tell();
    }

    fn given(&self) -> u64 {
        self.state().given
    }
}

impl Lease {
    fn is_of(&self, me: &str, epoch: u64) -> bool {
        self.owner.as_deref() == Some(me) && self.epoch == epoch
    }
}
