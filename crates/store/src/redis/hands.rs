//! What this instance has in hand: receipts and messages that were handed out and are not settled yet,
//! and when to look again for more. Only the owner of a partition hands out, so this needs no place in
//! Redis: who owns it next finds everything unfinished there.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use parcelwire_domain::id::{MessageId, Partition, ReceiptId};
use tokio::time::Instant;

/// Looks at least so often, whatever it was told: what other instances accept may come without a word.
const POLL: Duration = Duration::from_millis(900);

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Waiting,
    Ready,
    Asking,
    Awake,
}

/// All of them.
pub(super) const KINDS: [Kind; 4] = [Kind::Waiting, Kind::Ready, Kind::Asking, Kind::Awake];

/// When there may be something.
#[derive(Debug, Clone, Copy)]
struct Look {
    at: Instant,
    /// When the next thing becomes due, as far as that is known.
    next: Option<Timestamp>,
}

/// Nobody looked since something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unlooked;

/// What is in hand.
#[derive(Debug, Default)]
pub(super) struct Hands {
    /// Receipt → whose it is, and where.
    pub(super) receipts: BTreeMap<ReceiptId, (Partition, String)>,
    /// Message → its destination, and where.
    pub(super) messages: BTreeMap<MessageId, (Partition, String)>,
    /// Receipt → its merchant, and where, while something is asked about it.
    pub(super) asking: BTreeMap<ReceiptId, (Partition, String)>,
    /// Where the last look of each kind ended: the next begins behind it.
    pub(super) last: BTreeMap<Kind, String>,
    looked: BTreeMap<(Kind, Partition), Look>,
}

impl Hands {
    /// Of these partitions, those in which there may be something.
    pub(super) fn look_into(
        &mut self,
        kind: Kind,
        partitions: &[Partition],
        now: Option<Timestamp>,
    ) -> Vec<Partition> {
        let at = Instant::now();
        let may_have = |partition: &Partition| {
            self.looked.get(&(kind, *partition)).is_none_or(|look| {
                at.duration_since(look.at) >= POLL
                    || look.next.is_some_and(|next| now.is_none_or(|now| next <= now))
            })
        };
        let found: Vec<Partition> = partitions.iter().copied().filter(may_have).collect();
        for partition in &found {
            self.looked.insert((kind, *partition), Look { at, next: None });
        }
        found
    }

    /// Something becomes due then.
    pub(super) fn due(&mut self, kind: Kind, partition: Partition, next: Option<Timestamp>) {
        if let Some(look) = self.looked.get_mut(&(kind, partition)) {
            look.next = next;
        }
    }

    /// Something becomes due then, or sooner.
    pub(super) fn due_by(&mut self, kind: Kind, partition: Partition, at: Timestamp) {
        if let Some(look) = self.looked.get_mut(&(kind, partition)) {
            look.next = Some(look.next.map_or(at, |next| next.min(at)));
        }
    }

    /// When the next message or aggregate of a partition becomes due, as far as that is known: it may
    /// have to be looked at first.
    pub(super) fn next(&self, partition: Partition) -> Result<Option<Timestamp>, Unlooked> {
        let of = |kind| self.looked.get(&(kind, partition)).map(|look| look.next).ok_or(Unlooked);
        let both = [of(Kind::Ready)?, of(Kind::Awake)?];
        Ok(both.into_iter().flatten().min())
    }

    /// There may be something now.
    pub(super) fn stir(&mut self, kind: Kind, partition: Partition) {
        self.looked.remove(&(kind, partition));
    }

    /// There may be something of any kind.
    pub(super) fn stir_all(&mut self, partition: Partition) {
        for kind in KINDS {
            self.stir(kind, partition);
        }
    }

    /// Whether something is under way that another owner would begin again: what is being sent, or
    /// asked. A receipt is no such thing; its commit is refused then.
    pub(super) fn is_busy(&self, partition: Partition) -> bool {
        let mut all = self.messages.values().chain(self.asking.values());
        all.any(|(place, _)| *place == partition)
    }
}

/// Names in turn: those behind `last` first.
pub(super) fn in_turn<T>(found: BTreeMap<String, T>, last: &str) -> Vec<(String, T)> {
    let (before, mut behind): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(name, _)| name.as_str() <= last);
    behind.extend(before);
    behind
}

/// How often each name occurs.
pub(super) fn counts<'h>(
    held: impl Iterator<Item = &'h (Partition, String)>,
) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (_, name) in held {
        *counts.entry(name.clone()).or_default() += 1;
    }
    counts
}
