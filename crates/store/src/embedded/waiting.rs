//! Which receipts wait, and whose they are. Kept in memory, so that a receipt's coming and going
//! touches no index by owner; bodies stay on disk. The table tells it anew after a start, and after
//! a write of which nobody knows whether it happened.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use parcelwire_engine::ports::StoredReceipt;
use rusqlite::{Connection, OptionalExtension as _};

use super::rows::{self, id_bytes};

/// Whose a receipt is: whether it is a feed's, and the name.
pub(super) type Whose = (bool, String);

/// Receipts by their place in the table, which is the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    free: BTreeMap<Whose, BTreeSet<i64>>,
    /// Handed out and not settled yet.
    handed: BTreeMap<[u8; 16], (Whose, i64)>,
    /// Where the last look ended: the next begins behind it.
    last: Whose,
    /// Whether this is what the table says.
    is_read: bool,
}

impl Waiting {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands out what waits, owners in turn, oldest first within an owner.
    pub(super) fn hand_out(
        &self,
        connection: &Connection,
        per_owner: usize,
        limit: usize,
    ) -> rusqlite::Result<Vec<StoredReceipt>> {
        let taken = {
            let mut queue = self.queue();
            queue.read(connection)?;
            queue.take(per_owner, limit)
        };
        let found = whole(connection, taken);
        let mut queue = self.queue();
        // What was taken and cannot be read now is found in the table again.
        let found = found.inspect_err(|_| queue.is_read = false)?;
        Ok(found
            .into_iter()
            .map(|(whose, seq, receipt)| {
                queue.handed.insert(id_bytes(receipt.id.bits()), (whose, seq));
                receipt
            })
            .collect())
    }

    /// Something is written now and waits.
    pub(super) fn add(&self, whose: Whose, seq: i64) {
        self.queue().free.entry(whose).or_default().insert(seq);
    }

    /// Something was handed out and waits again.
    pub(super) fn give_back(&self, receipt: &[u8; 16]) {
        let mut queue = self.queue();
        if let Some((whose, seq)) = queue.handed.remove(receipt) {
            queue.free.entry(whose).or_default().insert(seq);
        }
    }

    /// Something was handed out and is settled.
    pub(super) fn done(&self, receipt: &[u8; 16]) {
        self.queue().handed.remove(receipt);
    }

    /// Nobody knows what was written: the table does.
    pub(super) fn doubt(&self) {
        self.queue().is_read = false;
    }

    /// The place of the first one that waits: of one owner, or of all.
    pub(super) fn first(
        &self,
        connection: &Connection,
        whose: Option<&Whose>,
    ) -> rusqlite::Result<Option<i64>> {
        let mut queue = self.queue();
        queue.read(connection)?;
        let is_wanted = |owner: &Whose| whose.is_none_or(|whose| whose == owner);
        let free = queue.free.iter().filter(|(owner, _)| is_wanted(owner));
        let free = free.filter_map(|(_, seqs)| seqs.first());
        let handed = queue.handed.values().filter(|(owner, _)| is_wanted(owner));
        Ok(free.chain(handed.map(|(_, seq)| seq)).min().copied())
    }
}

impl Queue {
    /// Reads what waits from the table, unless that is known.
    fn read(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if self.is_read {
            return Ok(());
        }
        let handed: BTreeSet<i64> = self.handed.values().map(|(_, seq)| *seq).collect();
        let mut free: BTreeMap<Whose, BTreeSet<i64>> = BTreeMap::new();
        let mut look = connection.prepare_cached(
            "SELECT feed, owner, seq FROM receipts INDEXED BY receipts_open WHERE state = 0",
        )?;
        let mut rows = look.query([])?;
        while let Some(row) = rows.next()? {
            let seq = row.get(2)?;
            if !handed.contains(&seq) {
                free.entry((row.get(0)?, row.get(1)?)).or_default().insert(seq);
            }
        }
        // What was added meanwhile may not have been in the table when it was read.
        for (whose, seqs) in std::mem::take(&mut self.free) {
            free.entry(whose).or_default().extend(seqs);
        }
        (self.free, self.is_read) = (free, true);
        Ok(())
    }

    fn take(&mut self, per_owner: usize, limit: usize) -> Vec<(Whose, i64)> {
        let (mut taken, mut emptied) = (Vec::new(), Vec::new());
        let behind = (std::ops::Bound::Excluded(&self.last), std::ops::Bound::Unbounded);
        let start: Vec<Whose> =
            self.free.range::<Whose, _>(behind).map(|(w, _)| w.clone()).collect();
        let turns = start.len();
        let rest = self.free.keys().take(self.free.len() - turns).cloned();
        let order: Vec<Whose> = start.into_iter().chain(rest).collect();
        for whose in order {
            let Some(seqs) = self.free.get_mut(&whose) else { continue };
            for _ in 0..per_owner.min(limit - taken.len()) {
                let Some(seq) = seqs.pop_first() else { break };
                taken.push((whose.clone(), seq));
            }
            if seqs.is_empty() {
                emptied.push(whose.clone());
            }
            if taken.len() >= limit {
                self.last = whose;
                break;
            }
        }
        for whose in emptied {
            self.free.remove(&whose);
        }
        taken
    }
}

/// Receipts with their bodies; those that are settled meanwhile are left out.
fn whole(
    connection: &Connection,
    taken: Vec<(Whose, i64)>,
) -> rusqlite::Result<Vec<(Whose, i64, StoredReceipt)>> {
    let sql = format!(
        "SELECT {} FROM {} WHERE r.seq = ?1 AND r.state = 0",
        rows::RECEIPT,
        rows::RECEIPTS
    );
    let mut look = connection.prepare_cached(&sql)?;
    let mut found = Vec::with_capacity(taken.len());
    for (whose, seq) in taken {
        if let Some(receipt) = look.query_row([seq], rows::receipt).optional()? {
            found.push((whose, seq, receipt));
        }
    }
    Ok(found)
}

/// Puts the queue in doubt unless it is told how a write ended: whoever waited for that may have
/// been dropped.
pub(super) struct Doubt(Option<Arc<Waiting>>);

impl Doubt {
    pub(super) fn until_told(waiting: &Arc<Waiting>) -> Self {
        Self(Some(Arc::clone(waiting)))
    }

    /// It is known.
    pub(super) fn told(mut self) {
        self.0 = None;
    }
}

impl Drop for Doubt {
    fn drop(&mut self) {
        if let Some(waiting) = &self.0 {
            waiting.doubt();
        }
    }
}
