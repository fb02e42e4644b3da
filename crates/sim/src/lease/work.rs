//! The calls that only a partition's owner may make, and what is handed out to it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use parcelwire_domain::id::{DestinationName, MerchantId, MessageId, Partition, ReceiptId};
use parcelwire_engine::ports::{
    Accepted, Asked, Asking as _, Commit, CommitError, Conclusion, HandOut, Held, Ledger as _,
    LedgerResult, NewReceipt, Next, Outcome, Owner, PauseChange, ReadyMessage, StoredReceipt,
    ToAsk, WakeUp,
};

use super::{
    ALL,
    hands::{Place, counts, partition},
    tenant::{Tenant, epoch_in},
};

impl Tenant {
    /// Any process accepts; all hear of it.
    pub(crate) async fn accept(&self, batch: Vec<NewReceipt>) -> Vec<LedgerResult<Accepted>> {
        let answers = self.registry.core.accept(batch).await;
        self.registry.tell();
        answers
    }

    pub(crate) async fn waiting(
        &self,
        held: &Held,
        per_owner: usize,
        limit: usize,
    ) -> LedgerResult<Vec<StoredReceipt>> {
        let working = self.working(held);
        let found = self.registry.waiting().await?;
        let mut hands = self.hands();
        let (mut taken, mut each) = (Vec::new(), BTreeMap::<Owner, usize>::new());
        for receipt in found {
            let place = partition(&receipt.owner);
            let count = each.entry(receipt.owner.clone()).or_default();
            let is_free = working.contains_key(&place) && !hands.receipts.contains_key(&receipt.id);
            if is_free && *count < per_owner && taken.len() < limit {
                *count += 1;
                hands.receipts.insert(receipt.id, place);
                taken.push(receipt);
            }
        }
        Ok(taken)
    }

    pub(crate) async fn awake(
        &self,
        held: &Held,
        now: Timestamp,
        limit: usize,
    ) -> LedgerResult<Vec<WakeUp>> {
        let working = self.working(held);
        let mut found = self.registry.core.awake(&self.registry.whole, now, ALL).await?;
        found.retain(|wake| working.contains_key(&Partition::of(&wake.merchant)));
        found.truncate(limit);
        Ok(found)
    }

    pub(crate) async fn ready(
        &self,
        held: &Held,
        now: Timestamp,
        room: &HandOut,
    ) -> LedgerResult<Vec<ReadyMessage>> {
        let working = self.working(held);
        let found = self.registry.ready(now).await?;
        let mut hands = self.hands();
        let mut busy: BTreeMap<Place, usize> = counts(hands.messages.values());
        let mut taken = Vec::new();
        for ready in found {
            let message = &ready.message;
            let (id, place) = (message.id, Partition::of(&message.merchant));
            let to = (message.merchant.clone(), message.destination.clone());
            let Some(epoch) = working.get(&place) else { continue };
            let is_resting = room.resting.get(&to).is_some_and(|until| *until > now);
            let count = busy.entry(to.clone()).or_default();
            let has_room = *count < room.each && taken.len() < room.limit;
            if is_resting || !has_room || hands.messages.contains_key(&id) {
                continue;
            }
            if self.registry.claim(self.me(), place, *epoch, id) {
                *count += 1;
                hands.messages.insert(id, (place, to));
                taken.push(ready);
            }
        }
        Ok(taken)
    }

    pub(crate) async fn asking(
        &self,
        held: &Held,
        now: Timestamp,
        each: usize,
        limit: usize,
    ) -> LedgerResult<Vec<ToAsk>> {
        let working = self.working(held);
        let found = self.registry.asking(now).await?;
        let mut hands = self.hands();
        let mut busy: BTreeMap<Owner, usize> = counts(hands.asking.values());
        let mut taken = Vec::new();
        for ask in found {
            let (id, owner) = (ask.receipt.id, ask.receipt.owner.clone());
            let place = partition(&owner);
            let count = busy.entry(owner.clone()).or_default();
            let has_room = *count < each && taken.len() < limit;
            if has_room && working.contains_key(&place) && !hands.asking.contains_key(&id) {
                *count += 1;
                hands.asking.insert(id, (place, owner));
                taken.push(ask);
            }
        }
        Ok(taken)
    }

    pub(crate) fn release(&self, receipts: Vec<ReceiptId>, messages: Vec<MessageId>) {
        {
            let mut hands = self.hands();
            for receipt in receipts {
                hands.receipts.remove(&receipt);
            }
        }
        for message in messages {
            let given = self.hands().messages.remove(&message);
            let Some((place, _)) = given else { continue };
            // Under a later lease the mark is somebody else's.
            if self.epoch(place).is_some_and(|epoch| self.owns(place, epoch)) {
                self.registry.unmark(message);
            }
        }
        self.settle_leaving();
        self.news.notify_waiters();
    }

    pub(crate) async fn commit(
        &self,
        held: &Held,
        batch: Vec<Commit>,
    ) -> Vec<Result<(), CommitError>> {
        let (mut owned, mut mine) = (Vec::new(), Vec::new());
        for mut step in batch {
            let place = Partition::of(&step.merchant);
            let epoch = epoch_in(held, place).filter(|epoch| self.owns(place, *epoch));
            owned.push(epoch.map(|_| step.outcomes.iter().map(|(id, _)| *id).collect::<Vec<_>>()));
            if let Some(epoch) = epoch {
                step.revisions.retain(|revision| self.registry.may_revise(revision, epoch));
                mine.push(step);
            }
        }
        let written = self.registry.core.commit(&self.registry.whole, mine).await;
        let mut written = written.into_iter();
        let mut results = Vec::with_capacity(owned.len());
        for receipts in owned {
            let Some(receipts) = receipts else {
                results.push(Err(CommitError::NotOwner));
                continue;
            };
            let result = written.next().expect("each step has its answer");
            if result.is_ok() {
                let mut hands = self.hands();
                for receipt in receipts {
                    hands.receipts.remove(&receipt);
                }
            }
            results.push(result);
        }
        self.news.notify_waiters();
        results
    }

    pub(crate) async fn conclude(
        &self,
        held: &Held,
        batch: Vec<Conclusion>,
    ) -> Vec<Result<(), CommitError>> {
        let (mut owned, mut mine) = (Vec::new(), Vec::new());
        for end in batch {
            let place = Partition::of(&end.merchant);
            let is_mine = epoch_in(held, place).is_some_and(|epoch| self.owns(place, epoch));
            owned.push(is_mine.then_some(end.message));
            if is_mine {
                if matches!(end.next, Next::Again { .. }) {
                    self.registry.unmark(end.message);
                }
                mine.push(end);
            }
        }
        let written = self.registry.core.conclude(&self.registry.whole, mine).await;
        let mut written = written.into_iter();
        let mut results = Vec::with_capacity(owned.len());
        for message in owned {
            let Some(message) = message else {
                results.push(Err(CommitError::NotOwner));
                continue;
            };
            let result = written.next().expect("each end has its answer");
            if result.is_ok() {
                self.hands().messages.remove(&message);
            }
            results.push(result);
        }
        self.settle_leaving();
        self.news.notify_waiters();
        results
    }

    /// Whoever lost the partition settles nothing: its next owner splits it again.
    pub(crate) async fn settle_feed(
        &self,
        receipt: ReceiptId,
        outcome: Outcome,
        unclaimed: Vec<String>,
    ) -> LedgerResult<()> {
        let place = self.hands().receipts.get(&receipt).copied();
        let Some(place) = place else { return Ok(()) };
        if self.epoch(place).is_some_and(|epoch| self.owns(place, epoch)) {
            self.registry.core.settle_feed(receipt, outcome, unclaimed).await?;
        }
        self.hands().receipts.remove(&receipt);
        self.news.notify_waiters();
        Ok(())
    }

    pub(crate) async fn ask(&self, receipts: Vec<ReceiptId>, at: Timestamp) -> LedgerResult<()> {
        let is_mine = |receipt: &ReceiptId| {
            let place = self.hands().receipts.get(receipt).copied();
            place.is_some_and(|place| self.epoch(place).is_some_and(|it| self.owns(place, it)))
        };
        let mine: Vec<ReceiptId> = receipts.iter().copied().filter(is_mine).collect();
        self.registry.core.ask(mine, at).await?;
        let mut hands = self.hands();
        for receipt in &receipts {
            hands.receipts.remove(receipt);
        }
        Ok(())
    }

    /// Whoever lost the partition writes nothing: its next owner asks again.
    pub(crate) async fn asked(
        &self,
        merchant: MerchantId,
        receipt: ReceiptId,
        end: Asked,
    ) -> LedgerResult<()> {
        let place = Partition::of(&merchant);
        if self.epoch(place).is_some_and(|epoch| self.owns(place, epoch)) {
            self.registry.is_asked(receipt);
            self.registry.core.asked(merchant, receipt, end).await?;
        }
        self.hands().asking.remove(&receipt);
        self.settle_leaving();
        self.news.notify_waiters();
        Ok(())
    }

    pub(crate) async fn pause(
        &self,
        merchant: MerchantId,
        destination: DestinationName,
        change: PauseChange,
    ) -> LedgerResult<()> {
        self.registry.core.pause(merchant, destination, change).await?;
        self.registry.tell();
        Ok(())
    }

    pub(crate) async fn next_due(&self, _: &Held) -> LedgerResult<Option<Timestamp>> {
        // Whoever looks too early finds nothing.
        self.registry.core.next_due(&self.registry.whole).await
    }

    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }
}
