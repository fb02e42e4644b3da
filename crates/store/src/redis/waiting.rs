//! Handing out what waits to be decided: owners in turn, oldest first within an owner.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use parcelwire_domain::id::{Partition, ReceiptId};
use parcelwire_engine::ports::{Held, LedgerResult, StoredReceipt};

use super::{
    Inner,
    answer::{Fields, misfit, texts},
    connect::Arguments,
    hands::{Kind, in_turn},
    keys, scripts,
};

/// Owners that wait, each with its partition and its ids.
type Found = BTreeMap<String, (Partition, Vec<String>)>;

impl Inner {
    /// The partitions of `held` from which something may be taken up.
    pub(super) fn working(&self, held: &Held) -> Vec<Partition> {
        let held = held.partitions.iter().map(|(partition, _)| *partition);
        held.filter(|partition| !self.leases.is_resting(*partition)).collect()
    }

    /// Hands out what waits.
    pub(super) async fn waiting(
        &self,
        held: &Held,
        per_owner: usize,
        limit: usize,
    ) -> LedgerResult<Vec<StoredReceipt>> {
        let partitions = self.working(held);
        let partitions = self.hands().look_into(Kind::Waiting, &partitions, None);
        let found = self.who_waits(&partitions, per_owner).await;
        let found = found.inspect_err(|_| self.stir(Kind::Waiting, &partitions))?;
        let taken = self.take_waiting(found, per_owner, limit);
        let taken = self.only_replicated(taken).await;
        let asked = taken.iter().map(|(partition, ids)| self.receipts(*partition, 0, ids));
        let mut receipts = Vec::new();
        let mut failed = None;
        for ((partition, ids), rows) in taken.iter().zip(join_all(asked).await) {
            // What is not there any more was settled meanwhile; what was not answered waits again.
            let rows = rows.unwrap_or_else(|error| {
                failed = Some(error);
                Vec::new()
            });
            let mut hands = self.hands();
            for id in ids.iter().filter_map(|id| ReceiptId::parse(id).ok()) {
                if !rows.iter().any(|(receipt, _)| receipt.id == id) {
                    hands.receipts.remove(&id);
                    hands.stir(Kind::Waiting, *partition);
                }
            }
            receipts.extend(rows.into_iter().map(|(receipt, _)| receipt));
        }
        match failed {
            Some(error) if receipts.is_empty() => Err(error),
            _ => Ok(receipts),
        }
    }

    pub(super) fn stir(&self, kind: Kind, partitions: &[Partition]) {
        let mut hands = self.hands();
        for partition in partitions {
            hands.stir(kind, *partition);
        }
    }

    async fn who_waits(&self, partitions: &[Partition], each: usize) -> LedgerResult<Found> {
        let handed = self.in_hand();
        let looks = partitions.iter().map(|partition| {
            let here = handed.get(partition);
            let mut arguments = Arguments::default();
            arguments.number(each).number(here.map_or(0, BTreeMap::len));
            for (owner, count) in here.into_iter().flatten() {
                arguments.add(owner.as_str()).number(count);
            }
            async move { (*partition, self.run(&scripts::WAITING, *partition, &arguments).await) }
        });
        let mut found = Found::new();
        for (partition, rows) in join_all(looks).await {
            for row in Fields::of(rows?)?.rest() {
                let mut row = Fields::of(row)?;
                found.insert(row.text()?, (partition, texts(row.value())?));
            }
        }
        Ok(found)
    }

    /// Leaves out what too few replicas have: after a fail-over it could come again as another receipt, and
    /// be told under other ids. It was answered 503, and waits.
    async fn only_replicated(
        &self,
        mut taken: BTreeMap<Partition, Vec<String>>,
    ) -> BTreeMap<Partition, Vec<String>> {
        let Some(link) = self.waits.as_ref() else { return taken };
        let seals = taken.keys().map(|partition| async move {
            let (key, nothing) = (keys::of(*partition), Arguments::default());
            let sealed =
                link.run_replicated(&scripts::SEAL, &key, &nothing, self.settings.replicas);
            (*partition, sealed.await)
        });
        for (partition, sealed) in join_all(seals).await {
            if let Err(error) = sealed {
                tracing::warn!(%error, "what waits is not decided before replicas have it");
                let ids = taken.remove(&partition).unwrap_or_default();
                let ids: Vec<ReceiptId> =
                    ids.iter().filter_map(|id| ReceiptId::parse(id).ok()).collect();
                self.give_back(&ids);
            }
        }
        taken
    }

    /// How many receipts of each owner are in hand.
    fn in_hand(&self) -> BTreeMap<Partition, BTreeMap<String, usize>> {
        let mut counts: BTreeMap<Partition, BTreeMap<String, usize>> = BTreeMap::new();
        for (partition, owner) in self.hands().receipts.values() {
            *counts.entry(*partition).or_default().entry(owner.clone()).or_default() += 1;
        }
        counts
    }

    /// Takes of what was found what nobody has in hand. What is left is looked for again at once.
    fn take_waiting(
        &self,
        found: Found,
        per_owner: usize,
        limit: usize,
    ) -> BTreeMap<Partition, Vec<String>> {
        let mut hands = self.hands();
        let last = hands.last.get(&Kind::Waiting).cloned().unwrap_or_default();
        let mut taken: BTreeMap<Partition, Vec<String>> = BTreeMap::new();
        let mut count = 0;
        for (owner, (partition, ids)) in in_turn(found, &last) {
            let free: Vec<(ReceiptId, String)> = ids
                .into_iter()
                .filter_map(|text| ReceiptId::parse(&text).ok().map(|id| (id, text)))
                .filter(|(id, _)| !hands.receipts.contains_key(id))
                .collect();
            let room = per_owner.min(limit - count);
            // As many as there was room for: there may be more.
            if free.len() >= room && !free.is_empty() {
                hands.stir(Kind::Waiting, partition);
            }
            for (id, text) in free.into_iter().take(room) {
                hands.receipts.insert(id, (partition, owner.clone()));
                taken.entry(partition).or_default().push(text);
                count += 1;
            }
            if count < limit {
                continue;
            }
            if room > 0 {
                hands.last.insert(Kind::Waiting, owner);
            }
        }
        taken
    }

    /// Takes back what was handed out and not settled.
    pub(super) fn give_back(&self, receipts: &[ReceiptId]) {
        let mut hands = self.hands();
        for receipt in receipts {
            if let Some((partition, _)) = hands.receipts.remove(receipt) {
                hands.stir(Kind::Waiting, partition);
            }
        }
    }

    /// What was handed out is settled.
    pub(super) fn done(&self, receipts: &[ReceiptId]) {
        let mut hands = self.hands();
        for receipt in receipts {
            hands.receipts.remove(receipt);
        }
    }

    /// Where a receipt is that was handed out.
    pub(super) fn place_of(&self, receipt: ReceiptId) -> LedgerResult<Partition> {
        let place = self.hands().receipts.get(&receipt).map(|(partition, _)| *partition);
        place.ok_or_else(|| misfit("a receipt that was not handed out"))
    }
}
