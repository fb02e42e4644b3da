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
    /// Writes that put something into the table and have not told it here yet.
    writes: Writes,
    /// What is in the table and not here, with the write that was the next to begin when that was seen.
    suspects: BTreeMap<i64, u64>,
}

/// Writes under way, in the order in which they began.
#[derive(Debug, Default)]
struct Writes {
    open: BTreeSet<u64>,
    next: u64,
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

    /// Looks at the next `most` that wait, behind a place in the table, for what is neither free nor handed
    /// out and not being told of just now, and frees it. Answers its ids, and where the look ended: nowhere
    /// when that was the end.
    pub(super) fn sweep(
        &self,
        connection: &Connection,
        after: i64,
        most: usize,
    ) -> rusqlite::Result<(Vec<[u8; 16]>, Option<i64>)> {
        // Held for the whole look: no write begins meanwhile that tells this queue of itself.
        let mut queue = self.queue();
        if !queue.is_read {
            return Ok((Vec::new(), None));
        }
        let rows: Vec<(bool, String, i64)> = connection
            .prepare_cached(
                "SELECT feed, owner, seq FROM receipts INDEXED BY receipts_open
                 WHERE state = 0 AND seq > ?1 ORDER BY seq LIMIT ?2",
            )?
            .query_map((after, i64::try_from(most).unwrap_or(i64::MAX)), |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let last = rows.last().map(|(_, _, seq)| *seq).filter(|_| rows.len() == most);
        let lost = queue.lost(rows, after..=last.unwrap_or(i64::MAX));
        let mut look = connection.prepare_cached("SELECT id FROM receipts WHERE seq = ?1")?;
        let mut found = Vec::with_capacity(lost.len());
        for (whose, seq) in lost {
            found.push(look.query_row([seq], |row| row.get(0))?);
            queue.free.entry(whose).or_default().insert(seq);
        }
        Ok((found, last))
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

    /// Of rows that wait, those that are missing here for certain. What a write under way may be about to
    /// tell is remembered, and missing when it still is once that write has ended.
    fn lost(
        &mut self,
        rows: Vec<(bool, String, i64)>,
        looked_at: std::ops::RangeInclusive<i64>,
    ) -> Vec<(Whose, i64)> {
        let handed: BTreeSet<i64> = self.handed.values().map(|(_, seq)| *seq).collect();
        let before = self.suspects.clone();
        self.suspects.retain(|seq, _| !looked_at.contains(seq));
        let mut lost = Vec::new();
        for (feed, owner, seq) in rows {
            let whose = (feed, owner);
            let is_free = self.free.get(&whose).is_some_and(|free| free.contains(&seq));
            if is_free || handed.contains(&seq) {
                continue;
            }
            let mark = before.get(&seq).copied().unwrap_or(self.writes.next);
            if self.writes.open.first().is_none_or(|first| *first >= mark) {
                lost.push((whose, seq));
            } else {
                self.suspects.insert(seq, mark);
            }
        }
        lost
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

/// A write that puts something into the table. It puts the queue in doubt unless it is told how it ended:
/// whoever waited for that may have been dropped.
pub(super) struct Doubt {
    waiting: Arc<Waiting>,
    number: u64,
    is_told: bool,
}

impl Doubt {
    pub(super) fn until_told(waiting: &Arc<Waiting>) -> Self {
        let mut queue = waiting.queue();
        let number = queue.writes.next;
        queue.writes.next += 1;
        queue.writes.open.insert(number);
        drop(queue);
        Self { waiting: Arc::clone(waiting), number, is_told: false }
    }

    /// It is known, and the queue has what was written.
    pub(super) fn told(mut self) {
        self.is_told = true;
    }
}

impl Drop for Doubt {
    fn drop(&mut self) {
        let mut queue = self.waiting.queue();
        queue.writes.open.remove(&self.number);
        queue.is_read &= self.is_told;
    }
}
