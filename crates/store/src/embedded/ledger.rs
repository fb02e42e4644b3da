//! The port [`Ledger`], on SQLite.

use std::sync::{Arc, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_domain::id::{DestinationName, MerchantId, MessageId, Partition, ReceiptId};
use parcelwire_engine::ports::{
    Accepted, Commit, CommitError, Conclusion, HandOut, Held, Ledger, LedgerResult, NewReceipt,
    Outcome, PauseChange, PortError, ReadyMessage, Recalled, ReceiptLines, Refused, Retention,
    StoredReceipt, Swept, WakeUp, Want,
};
use rusqlite::{Connection, OptionalExtension as _};

use super::{
    Embedded, Handed, accept, commit,
    commit::{Sending, Written},
    conclude,
    counters::Changes,
    desk::{Begun, Rank},
    find, prune,
    ready::{self, Look},
    rows::id_bytes,
    waiting::{Doubt, Whose},
};
use crate::moment::{micros, time};

impl Embedded {
    fn begin_step(&self, step: Commit) -> Begun<Written> {
        let handed = Arc::clone(&self.handed);
        let weight = step.outcomes.len().max(1);
        let newest_before = self.newest_before;
        self.desk.begin(Rank::Usual, weight, move |connection| {
            let is_under_way = |message: &[u8; 16]| {
                let handed = handed.lock().unwrap_or_else(PoisonError::into_inner);
                handed.messages.contains_key(message)
            };
            let sending = Sending { is_under_way: &is_under_way, newest_before };
            commit::commit(connection, &step, &sending)
        })
    }

    pub(super) fn handed(&self) -> MutexGuard<'_, Handed> {
        self.handed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the lease that a step was taken under is this one.
    fn owns(&self, held: &Held, merchant: &MerchantId) -> bool {
        let wanted = Partition::of(merchant);
        held.partitions
            .iter()
            .any(|(partition, epoch)| *partition == wanted && *epoch == self.epoch)
    }
}

#[async_trait]
impl Ledger for Embedded {
    async fn accept(&self, batch: Vec<NewReceipt>) -> Vec<LedgerResult<Accepted>> {
        let count = batch.len();
        let owners: Vec<Whose> = batch
            .iter()
            .map(|receipt| accept::owner(&receipt.owner))
            .map(|(feed, name)| (feed, name.to_owned()))
            .collect();
        let doubt = Doubt::until_told(&self.waiting);
        let job = move |connection: &Connection| accept::accept(connection, &batch);
        let answers = self.desk.write_ranked(Rank::Urgent, count, job).await;
        self.note(answers.is_ok());
        let results = match answers {
            Ok(answers) => {
                let told = answers.into_iter().zip(owners).map(|((answer, seq), whose)| {
                    if let Some(seq) = seq {
                        self.waiting.add(whose, seq);
                    }
                    Ok(answer)
                });
                let told = told.collect();
                doubt.told();
                told
            }
            Err(error) => {
                match &error {
                    PortError::NotApplied { .. } => doubt.told(),
                    PortError::Unknown { .. } => drop(doubt),
                }
                vec![Err(error); count]
            }
        };
        self.news.notify_waiters();
        results
    }

    async fn refuse(&self, batch: Vec<Refused>) -> LedgerResult<()> {
        self.desk.write(move |connection| accept::refuse(connection, &batch)).await
    }

    async fn hold(&self) -> LedgerResult<Held> {
        // The directory is locked: whoever has it open owns everything.
        let partitions = Partition::all().map(|partition| (partition, self.epoch)).collect();
        Ok(Held { partitions })
    }

    async fn waiting(
        &self,
        _: &Held,
        per_owner: usize,
        limit: usize,
    ) -> LedgerResult<Vec<StoredReceipt>> {
        let waiting = Arc::clone(&self.waiting);
        self.desk.read(move |connection| waiting.hand_out(connection, per_owner, limit)).await
    }

    async fn release(&self, receipts: Vec<ReceiptId>, messages: Vec<MessageId>) {
        for receipt in receipts {
            self.waiting.give_back(&id_bytes(receipt.bits()));
        }
        for message in messages {
            self.handed().messages.remove(&id_bytes(message.bits()));
        }
        self.news.notify_waiters();
    }

    async fn recall(&self, wants: Vec<Want>) -> LedgerResult<Vec<Recalled>> {
        self.desk
            .read(move |connection| {
                wants.iter().map(|want| find::recall(connection, want)).collect()
            })
            .await
    }

    async fn lines(
        &self,
        receipts: Vec<(MerchantId, ReceiptId)>,
    ) -> LedgerResult<Vec<ReceiptLines>> {
        let receipts: Vec<ReceiptId> = receipts.into_iter().map(|(_, receipt)| receipt).collect();
        self.desk.read(move |connection| find::lines(connection, &receipts)).await
    }

    async fn awake(&self, _: &Held, now: Timestamp, limit: usize) -> LedgerResult<Vec<WakeUp>> {
        self.desk.read(move |connection| find::awake(connection, micros(now), limit)).await
    }

    async fn commit(&self, held: &Held, batch: Vec<Commit>) -> Vec<Result<(), CommitError>> {
        // A job for each step: what is pressing goes in between, not behind all of them.
        let begun: Vec<_> = batch
            .into_iter()
            .map(|step| {
                let receipts: Vec<[u8; 16]> =
                    step.outcomes.iter().map(|(id, _)| id_bytes(id.bits())).collect();
                let owned = self.owns(held, &step.merchant);
                (receipts, owned.then(|| self.begin_step(step)))
            })
            .collect();
        let mut results = Vec::with_capacity(begun.len());
        for (receipts, step) in begun {
            results.push(match step {
                None => Err(CommitError::NotOwner),
                Some(step) => match step.ended().await {
                    Ok(Written::Yes) => {
                        for receipt in &receipts {
                            self.waiting.done(receipt);
                        }
                        Ok(())
                    }
                    Ok(Written::Stale) => Err(CommitError::Stale),
                    Err(error) => {
                        self.note(false);
                        Err(CommitError::Port(error))
                    }
                },
            });
        }
        self.news.notify_waiters();
        results
    }

    async fn settle_feed(
        &self,
        receipt: ReceiptId,
        outcome: Outcome,
        unclaimed: Vec<String>,
    ) -> LedgerResult<()> {
        let now = micros(time((receipt.bits() >> 80) as i64 * 1000));
        self.desk
            .write(move |connection| {
                conclude::settle_feed(connection, receipt, &outcome, &unclaimed, now)
            })
            .await?;
        self.waiting.done(&id_bytes(receipt.bits()));
        self.news.notify_waiters();
        Ok(())
    }

    async fn ready(
        &self,
        _: &Held,
        now: Timestamp,
        room: &HandOut,
    ) -> LedgerResult<Vec<ReadyMessage>> {
        let handed = Arc::clone(&self.handed);
        let resting = room.resting.iter().filter(|(_, until)| **until > now);
        let resting = resting.map(|((merchant, to), _)| (merchant.to_string(), to.to_string()));
        let look = Look {
            now: micros(now),
            each: room.each,
            limit: room.limit,
            resting: resting.collect(),
        };
        self.desk
            .read(move |connection| {
                let mut handed = handed.lock().unwrap_or_else(PoisonError::into_inner);
                ready::ready(connection, &mut handed, &look)
            })
            .await
    }

    async fn conclude(&self, held: &Held, batch: Vec<Conclusion>) -> Vec<Result<(), CommitError>> {
        let owned: Vec<bool> = batch.iter().map(|end| self.owns(held, &end.merchant)).collect();
        let messages: Vec<[u8; 16]> =
            batch.iter().map(|end| id_bytes(end.message.bits())).collect();
        let mine = batch.into_iter().zip(&owned).filter_map(|(end, owned)| owned.then_some(end));
        let mine: Vec<Conclusion> = mine.collect();
        let weight = mine.len();
        let job = move |connection: &Connection| {
            let mut changes = Changes::default();
            for end in &mine {
                conclude::conclude(connection, end, &mut changes)?;
            }
            changes.write(connection)
        };
        let written = self.desk.write_ranked(Rank::Usual, weight, job).await;
        let results = owned
            .into_iter()
            .map(|owned| match &written {
                Err(error) => Err(CommitError::Port(error.clone())),
                Ok(()) if owned => Ok(()),
                Ok(()) => Err(CommitError::NotOwner),
            })
            .collect();
        if written.is_ok() {
            let mut handed = self.handed();
            for message in &messages {
                handed.messages.remove(message);
            }
        }
        self.news.notify_waiters();
        results
    }

    async fn pause(
        &self,
        merchant: MerchantId,
        destination: DestinationName,
        change: PauseChange,
    ) -> LedgerResult<()> {
        self.desk
            .write(move |connection| {
                conclude::pause(connection, merchant.as_str(), destination.as_str(), &change)
            })
            .await?;
        self.news.notify_waiters();
        Ok(())
    }

    async fn next_due(&self, _: &Held) -> LedgerResult<Option<Timestamp>> {
        // What is due already is found by `ready`; this is about what is still to come.
        let due = self.desk.read(move |connection| ready::next_due(connection, 0)).await?;
        Ok(due.map(time))
    }

    async fn keep_rules(&self, hash: [u8; 16], text: String) -> LedgerResult<()> {
        self.desk
            .write(move |connection| {
                connection
                    .prepare_cached("INSERT OR IGNORE INTO rules VALUES (?1, ?2)")?
                    .execute((hash, &text))
                    .map(|_| ())
            })
            .await
    }

    async fn rules(&self, hash: [u8; 16]) -> LedgerResult<Option<String>> {
        self.desk
            .read(move |connection| {
                connection
                    .query_row("SELECT text FROM rules WHERE hash = ?1", [hash], |row| row.get(0))
                    .optional()
            })
            .await
    }

    async fn prune(&self, now: Timestamp, retention: Retention) -> LedgerResult<bool> {
        self.desk.write(move |connection| prune::prune(connection, micros(now), retention)).await
    }

    async fn sweep(&self, _: &Held, now: Timestamp, after: Option<String>) -> LedgerResult<Swept> {
        self.sweep_part(micros(now), after.as_deref()).await
    }

    async fn news(&self) {
        self.news.notified().await;
    }
}
