//! Who works on which partition. A lease lasts ten seconds by the server's clock and has an epoch, which
//! every write names: whoever lost one, however late they notice, writes nothing.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use parcelwire_domain::id::{PARTITIONS, Partition};
use parcelwire_engine::ports::{Held, LedgerResult};
use tokio::time::Instant;

use super::{
    Inner,
    answer::{optional, texts},
    connect::Arguments,
    keys, meta, scripts,
};

/// How often the shares of all instances are looked at. Leases are renewed when a third has passed.
const TICK: Duration = Duration::from_secs(1);

/// A lease is not used for its last second: answers take time to come.
const MARGIN: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy)]
struct Lease {
    epoch: u64,
    /// When its last renewal was sent.
    renewed: Instant,
    /// Nothing is taken up any more; it goes when what is under way has ended.
    is_leaving: bool,
}

#[derive(Debug, Default)]
struct State {
    leases: BTreeMap<Partition, Lease>,
    ticked: Option<Instant>,
    /// This instance stops: it takes nothing any more.
    is_closing: bool,
}

/// The leases of this instance.
#[derive(Debug)]
pub(super) struct Leases {
    state: Mutex<State>,
    /// One renewal at a time.
    turn: tokio::sync::Mutex<()>,
    length: Duration,
}

impl Leases {
    pub(super) fn new(length: Duration) -> Self {
        Self { state: Mutex::default(), turn: tokio::sync::Mutex::default(), length }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is held by what is known here.
    fn held(&self) -> Held {
        let now = Instant::now();
        let mut state = self.state();
        let length = self.length.saturating_sub(MARGIN);
        state.leases.retain(|_, lease| now.duration_since(lease.renewed) < length);
        let held = state.leases.iter().map(|(partition, lease)| (*partition, lease.epoch));
        Held { partitions: held.collect() }
    }

    /// The epoch under which a partition is held.
    pub(super) fn epoch(&self, partition: Partition) -> Option<u64> {
        let held = self.held().partitions;
        held.into_iter().find(|(place, _)| *place == partition).map(|(_, epoch)| epoch)
    }

    /// Whether nothing is taken up from a partition: it is not held, or goes.
    pub(super) fn is_resting(&self, partition: Partition) -> bool {
        self.state().leases.get(&partition).is_none_or(|lease| lease.is_leaving)
    }

    /// How long one lasts.
    pub(super) fn length(&self) -> Duration {
        self.length
    }

    fn is_fresh(&self) -> bool {
        let ticked = self.state().ticked;
        ticked.is_some_and(|ticked| Instant::now().duration_since(ticked) < TICK)
    }

    /// A write under this lease was refused: somebody else has the partition, or Redis forgot it.
    pub(super) fn lost(&self, partition: Partition, epoch: u64) {
        let mut state = self.state();
        if state.leases.get(&partition).is_some_and(|lease| lease.epoch == epoch) {
            state.leases.remove(&partition);
        }
        state.ticked = None;
    }

    /// There is news of leases: look at once.
    pub(super) fn stir(&self) {
        self.state().ticked = None;
    }
}

impl Inner {
    /// Renews, or takes, as many partitions as are this instance's share.
    pub(super) async fn hold(&self) -> LedgerResult<Held> {
        if self.leases.is_fresh() {
            return Ok(self.leases.held());
        }
        let turn = self.leases.turn.lock().await;
        if self.leases.is_fresh() {
            return Ok(self.leases.held());
        }
        let renewed = self.renew().await;
        drop(turn);
        let held = self.leases.held();
        match renewed {
            Err(error) if held.partitions.is_empty() => Err(error),
            // What is held is held until it runs out.
            Ok(()) | Err(_) => Ok(held),
        }
    }

    async fn renew(&self) -> LedgerResult<()> {
        let settings = self.settings_seen().clone();
        meta::still_there(&self.link, self.instance_key, &settings).await?;
        let verb = if self.leases.state().is_closing { "go" } else { "come" };
        let mut arguments = Arguments::default();
        arguments.add(verb).add(self.me.as_str()).number(self.leases.length.as_millis());
        let key = keys::INSTANCES;
        let seen = self.link.run(&scripts::INSTANCES_SEEN, key, &arguments).await?;
        let share = share(&texts(seen)?, &self.me);
        self.keep_all().await?;
        self.let_go_of_surplus(share).await?;
        self.take_missing(share).await?;
        self.leases.state().ticked = Some(Instant::now());
        Ok(())
    }

    /// Renews what was not renewed for a while.
    async fn keep_all(&self) -> LedgerResult<()> {
        let held: Vec<(Partition, u64)> = {
            let (state, now) = (self.leases.state(), Instant::now());
            let is_old =
                |lease: &Lease| now.duration_since(lease.renewed) >= self.leases.length / 3;
            let old = state.leases.iter().filter(|(_, lease)| is_old(lease));
            old.map(|(partition, lease)| (*partition, lease.epoch)).collect()
        };
        let asked = held.iter().map(|(partition, epoch)| self.lease("keep", *partition, *epoch));
        let sent = Instant::now();
        let answers = join_all(asked).await;
        let mut failed = Ok(());
        let mut state = self.leases.state();
        for ((partition, _), answer) in held.into_iter().zip(answers) {
            match answer {
                Ok(Some(epoch)) => {
                    if let Some(lease) = state.leases.get_mut(&partition) {
                        (lease.renewed, lease.epoch) = (sent, epoch);
                    }
                }
                Ok(None) => {
                    tracing::info!(partition = partition.number(), "another instance took it over");
                    state.leases.remove(&partition);
                }
                Err(error) => failed = Err(error),
            }
        }
        failed
    }

    /// More than its share: the rest goes, each part once nothing of it is under way.
    async fn let_go_of_surplus(&self, share: usize) -> LedgerResult<()> {
        let leaving: Vec<Partition> = {
            let mut state = self.leases.state();
            let share = if state.is_closing { 0 } else { share };
            // The last ones go, so that it is the same ones the next time.
            for (n, lease) in state.leases.values_mut().enumerate() {
                lease.is_leaving = n >= share;
            }
            let leaving = state.leases.iter().filter(|(_, lease)| lease.is_leaving);
            leaving.map(|(partition, _)| *partition).collect()
        };
        self.give_idle(leaving).await
    }

    /// Gives back those in which nothing is under way.
    async fn give_idle(&self, leaving: Vec<Partition>) -> LedgerResult<()> {
        let idle: Vec<(Partition, u64)> = {
            let (hands, mut state) = (self.hands(), self.leases.state());
            let idle = leaving.into_iter().filter(|partition| !hands.is_busy(*partition));
            idle.filter_map(|partition| {
                state.leases.remove(&partition).map(|lease| (partition, lease.epoch))
            })
            .collect()
        };
        if idle.is_empty() {
            return Ok(());
        }
        let given = idle.iter().map(|(partition, epoch)| self.lease("give", *partition, *epoch));
        let answers = join_all(given).await;
        self.tell("leases").await;
        answers.into_iter().try_for_each(|answer| answer.map(|_| ()))
    }

    /// Something has ended: if its partition was only waiting for that, it goes now.
    pub(super) async fn settle_leaving(&self) {
        let leaving: Vec<Partition> = {
            let state = self.leases.state();
            let leaving = state.leases.iter().filter(|(_, lease)| lease.is_leaving);
            leaving.map(|(partition, _)| *partition).collect()
        };
        if !leaving.is_empty()
            && let Err(error) = self.give_idle(leaving).await
        {
            tracing::warn!(%error, "a lease could not be given back; it runs out by itself");
        }
    }

    async fn take_missing(&self, share: usize) -> LedgerResult<()> {
        let missing: Vec<Partition> = {
            let state = self.leases.state();
            if state.is_closing || state.leases.len() >= share {
                return Ok(());
            }
            Partition::all().filter(|partition| !state.leases.contains_key(partition)).collect()
        };
        let mut failed = Ok(());
        let mut wanted = share - (usize::from(PARTITIONS) - missing.len());
        // A few at a time: another instance that is short of some takes its own.
        for some in missing.chunks(8) {
            if wanted == 0 {
                break;
            }
            let some = &some[..some.len().min(wanted)];
            let sent = Instant::now();
            let asked = some.iter().map(|partition| self.lease("take", *partition, 0));
            for (partition, answer) in some.iter().zip(join_all(asked).await) {
                match answer {
                    Ok(Some(epoch)) => {
                        let lease = Lease { epoch, renewed: sent, is_leaving: false };
                        self.leases.state().leases.insert(*partition, lease);
                        self.hands().stir_all(*partition);
                        wanted -= 1;
                    }
                    Ok(None) => {}
                    Err(error) => failed = Err(error),
                }
            }
        }
        failed
    }

    async fn lease(
        &self,
        verb: &str,
        partition: Partition,
        epoch: u64,
    ) -> LedgerResult<Option<u64>> {
        let mut arguments = Arguments::default();
        arguments
            .add(verb)
            .add(self.me.as_str())
            .number(epoch)
            .number(self.leases.length.as_millis());
        let answer = self.link.run(&scripts::LEASE, &keys::of(partition), &arguments).await?;
        Ok(optional(answer)?.and_then(|epoch| epoch.parse().ok()))
    }

    /// Takes nothing up any more and gives back what nothing is under way in; the rest follows as it
    /// ends.
    pub(super) async fn leave(&self) {
        self.leases.state().is_closing = true;
        let turn = self.leases.turn.lock().await;
        if let Err(error) = self.renew().await {
            tracing::warn!(%error, "leases could not be given back; they run out by themselves");
        }
        drop(turn);
    }

    /// Gives back everything, whatever is under way: nothing of it is written any more.
    pub(super) async fn give_up(&self) {
        self.leave().await;
        let held: Vec<(Partition, u64)> = {
            let mut state = self.leases.state();
            let held = state.leases.iter().map(|(partition, lease)| (*partition, lease.epoch));
            let held = held.collect();
            state.leases.clear();
            held
        };
        let given = held.iter().map(|(partition, epoch)| self.lease("give", *partition, *epoch));
        drop(join_all(given).await);
    }
}

/// How many partitions are `me`'s: all of them shared evenly, the rest to those that come first.
fn share(seen: &[String], me: &str) -> usize {
    let Some(place) = seen.iter().position(|one| one == me) else { return 0 };
    let (all, many) = (usize::from(PARTITIONS), seen.len());
    all / many + usize::from(place < all % many)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_come_to_all_of_them() {
        for many in 1..=70 {
            let seen: Vec<String> = (0..many).map(|n| format!("{n:03}")).collect();
            let shares: Vec<usize> = seen.iter().map(|me| share(&seen, me)).collect();
            assert_eq!(shares.iter().sum::<usize>(), usize::from(PARTITIONS), "{many}");
            let (least, most) = (shares.iter().min(), shares.iter().max());
            assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1), "{many}");
        }
        assert_eq!(share(&["a".to_owned()], "b"), 0);
    }
}
