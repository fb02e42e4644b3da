//! The leases of one process: its share, renewed in time, given back when there are others.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use parcelwire_domain::id::{MerchantId, PARTITIONS, Partition};
use parcelwire_engine::ports::{Held, LedgerResult, PortError};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};

use super::{LEASE, Registry, hands::Hands};
use crate::{
    dice::{Dice, Trip},
    process::Process,
};

/// How often the shares of all are looked at. Leases are renewed when a third has passed.
const TICK: Duration = Duration::from_secs(1);

/// A lease is not used for its last second: answers take time to come.
const MARGIN: Duration = Duration::from_secs(1);

pub(crate) struct Tenant {
    pub(super) registry: Arc<Registry>,
    pub(super) process: Arc<Process>,
    pub(super) news: Arc<Notify>,
    dice: Arc<Dice>,
    state: Mutex<State>,
    hands: Mutex<Hands>,
    /// One renewal at a time.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    leases: BTreeMap<Partition, Lease>,
    /// When shares were looked at, and how often leases had been given back by then.
    ticked: Option<(Instant, u64)>,
    is_closing: bool,
}

struct Lease {
    epoch: u64,
    /// When its last renewal was sent.
    renewed: Instant,
    /// Nothing is taken up any more; it goes when what is under way has ended.
    is_leaving: bool,
}

impl Tenant {
    pub(crate) fn new(registry: Arc<Registry>, process: Arc<Process>, dice: Arc<Dice>) -> Self {
        let news = registry.listen(&process.name);
        let (state, hands) = (Mutex::default(), Mutex::default());
        Self { registry, process, news, dice, state, hands, turn: tokio::sync::Mutex::default() }
    }

    /// Renews, or takes, as many partitions as are this one's share.
    pub(crate) async fn hold(&self) -> LedgerResult<Held> {
        if self.is_fresh() {
            return Ok(self.held());
        }
        let turn = self.turn.lock().await;
        if self.is_fresh() {
            return Ok(self.held());
        }
        let renewed = self.renew().await;
        drop(turn);
        let held = self.held();
        match renewed {
            Err(error) if held.partitions.is_empty() => Err(error),
            // What is held is held until it runs out.
            Ok(()) | Err(_) => Ok(held),
        }
    }

    /// The number of the turn, where the store says that it is this one's turn to speak for a merchant.
    pub(crate) fn turn_of(&self, merchant: &MerchantId, name: &str) -> Option<u64> {
        self.registry.turn(name, Partition::of(merchant))
    }

    /// Takes nothing up any more and gives back what nothing is under way in.
    pub(crate) async fn leave(&self) {
        self.state().is_closing = true;
        let turn = self.turn.lock().await;
        // What could not be given back runs out by itself.
        drop(self.renew().await);
        drop(turn);
    }

    /// Gives back everything, whatever is under way.
    pub(crate) async fn close(&self) {
        self.leave().await;
        let leases = std::mem::take(&mut self.state().leases);
        for (partition, lease) in leases {
            self.registry.give(self.me(), partition, lease.epoch);
        }
        self.registry.tell_of_leases();
    }

    pub(super) fn me(&self) -> &str {
        &self.process.name
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn hands(&self) -> MutexGuard<'_, Hands> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is held by what is known here.
    fn held(&self) -> Held {
        let (mut state, now) = (self.state(), Instant::now());
        state.leases.retain(|_, lease| now.duration_since(lease.renewed) + MARGIN < LEASE);
        let held = state.leases.iter().map(|(partition, lease)| (*partition, lease.epoch));
        Held { partitions: held.collect() }
    }

    /// The epoch under which a partition is held, as far as is known here.
    pub(super) fn epoch(&self, partition: Partition) -> Option<u64> {
        epoch_in(&self.held(), partition)
    }

    /// The partitions of `held` from which something may be taken up, with their epochs.
    pub(super) fn working(&self, held: &Held) -> BTreeMap<Partition, u64> {
        let state = self.state();
        let is_working = |partition: &Partition| {
            state.leases.get(partition).is_some_and(|lease| !lease.is_leaving)
        };
        held.partitions.iter().filter(|(partition, _)| is_working(partition)).copied().collect()
    }

    /// Whether a write under this lease counts. One that does not is a lease that was lost.
    pub(super) fn owns(&self, partition: Partition, epoch: u64) -> bool {
        let is_owner = self.registry.is_owner(self.me(), partition, epoch);
        if !is_owner {
            let mut state = self.state();
            if state.leases.get(&partition).is_some_and(|lease| lease.epoch == epoch) {
                state.leases.remove(&partition);
            }
            state.ticked = None;
        }
        is_owner
    }

    fn is_fresh(&self) -> bool {
        let (ticked, given) = (self.state().ticked, self.registry.given());
        ticked.is_some_and(|(at, then)| Instant::now().duration_since(at) < TICK && then == given)
    }

    async fn renew(&self) -> LedgerResult<()> {
        let sent = Instant::now();
        match self.dice.trip() {
            Trip::Fine => {}
            Trip::Slow(time) => {
                self.dice.note(format!("{} waits for its leases", self.me()));
                sleep(time).await;
                self.process.alive().await;
            }
            Trip::Fails => {
                self.dice.note(format!("{} cannot renew its leases", self.me()));
                let why = "the simulation said so".to_owned();
                return Err(PortError::Unknown { why });
            }
        }
        let is_closing = self.state().is_closing;
        let me = self.me();
        let seen = if is_closing { self.registry.go(me) } else { self.registry.come(me) };
        let share = if is_closing { 0 } else { share(&seen, me) };
        self.keep_all(sent);
        self.let_go_of_surplus(share);
        self.take_missing(share, sent);
        self.state().ticked = Some((Instant::now(), self.registry.given()));
        Ok(())
    }

    /// Renews what was not renewed for a while.
    fn keep_all(&self, sent: Instant) {
        let now = Instant::now();
        self.state().leases.retain(|partition, lease| {
            if now.duration_since(lease.renewed) < LEASE / 3 {
                return true;
            }
            lease.renewed = sent;
            self.registry.keep(&self.process.name, *partition, lease.epoch)
        });
    }

    /// More than its share: the rest goes, each part once nothing of it is under way.
    fn let_go_of_surplus(&self, share: usize) {
        for (n, lease) in self.state().leases.values_mut().enumerate() {
            // The last ones go, so that it is the same ones the next time.
            lease.is_leaving = n >= share;
        }
        self.settle_leaving();
    }

    /// Gives back what is leaving and has nothing under way.
    pub(super) fn settle_leaving(&self) {
        let mut gone = Vec::new();
        {
            let (hands, mut state) = (self.hands(), self.state());
            state.leases.retain(|partition, lease| {
                let goes = lease.is_leaving && !hands.is_busy(*partition);
                if goes {
                    gone.push((*partition, lease.epoch));
                }
                !goes
            });
        }
        for (partition, epoch) in &gone {
            self.dice.note(format!("{} gives back {}", self.me(), partition.number()));
            self.registry.give(self.me(), *partition, *epoch);
        }
        if !gone.is_empty() {
            self.registry.tell_of_leases();
        }
    }

    fn take_missing(&self, share: usize, sent: Instant) {
        let mut state = self.state();
        for partition in Partition::all() {
            if state.leases.len() >= share {
                break;
            }
            if state.leases.contains_key(&partition) {
                continue;
            }
            if let Some(epoch) = self.registry.take(&self.process.name, partition) {
                let lease = Lease { epoch, renewed: sent, is_leaving: false };
                state.leases.insert(partition, lease);
            }
        }
    }
}

pub(super) fn epoch_in(held: &Held, partition: Partition) -> Option<u64> {
    let found = held.partitions.iter().find(|(place, _)| *place == partition);
    found.map(|(_, epoch)| *epoch)
}

/// How many partitions are `me`'s: all of them shared evenly, the rest to those that come first.
fn share(seen: &[String], me: &str) -> usize {
    let Some(place) = seen.iter().position(|one| one == me) else { return 0 };
    let (all, many) = (usize::from(PARTITIONS), seen.len());
    all / many + usize::from(place < all % many)
}
