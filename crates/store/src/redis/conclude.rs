//! The ends of attempts, pauses, and feed receipts that were split.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use parcelwire_domain::id::{DestinationName, MerchantId, Partition, ReceiptId};
use parcelwire_engine::ports::{
    CommitError, Conclusion, Held, LedgerResult, Next, Outcome, PauseChange, PortError,
};

use super::{Inner, commit::state, connect::Arguments, hands::Kind, records::json, scripts};
use crate::{moment::micros, packed::pack};

impl Inner {
    /// Writes the ends of attempts, one call for each partition.
    pub(super) async fn conclude(
        &self,
        held: &Held,
        batch: Vec<Conclusion>,
    ) -> Vec<Result<(), CommitError>> {
        let mut parts: BTreeMap<Partition, Vec<&Conclusion>> = BTreeMap::new();
        for end in &batch {
            parts.entry(Partition::of(&end.merchant)).or_default().push(end);
        }
        let written = join_all(parts.iter().map(|(partition, part)| async move {
            (*partition, self.conclude_part(held, *partition, part).await)
        }));
        let ended: BTreeMap<Partition, Result<(), CommitError>> =
            written.await.into_iter().collect();
        {
            let mut hands = self.hands();
            for end in &batch {
                let partition = Partition::of(&end.merchant);
                hands.stir(Kind::Ready, partition);
                if matches!(ended.get(&partition), Some(Ok(()))) {
                    hands.messages.remove(&end.message);
                }
            }
        }
        self.settle_leaving().await;
        self.news.notify_waiters();
        let result = |end: &Conclusion| {
            let ended = ended.get(&Partition::of(&end.merchant)).cloned();
            ended.unwrap_or(Err(CommitError::NotOwner))
        };
        batch.iter().map(result).collect()
    }

    async fn conclude_part(
        &self,
        held: &Held,
        partition: Partition,
        ends: &[&Conclusion],
    ) -> Result<(), CommitError> {
        let epoch = held.partitions.iter().find(|(place, _)| *place == partition);
        let Some((_, epoch)) = epoch else { return Err(CommitError::NotOwner) };
        let mut arguments = Arguments::default();
        arguments.number(ends.len());
        for end in ends {
            add_end(&mut arguments, end)?;
        }
        let ended = self.run_owned(&scripts::CONCLUDE, partition, *epoch, arguments).await;
        self.note(&ended);
        ended?.map(|_| ()).ok_or(CommitError::NotOwner)
    }

    /// Pauses or resumes a destination outside an attempt.
    pub(super) async fn pause(
        &self,
        merchant: MerchantId,
        destination: DestinationName,
        change: PauseChange,
    ) -> LedgerResult<()> {
        let partition = Partition::of(&merchant);
        let mut arguments = Arguments::default();
        arguments.add(merchant.as_str()).add(destination.as_str());
        add_pause(&mut arguments, Some(&change))?;
        self.run(&scripts::PAUSE, partition, &arguments).await?;
        self.hands().stir(Kind::Ready, partition);
        self.news.notify_waiters();
        self.tell("messages").await;
        Ok(())
    }

    /// Settles a feed's receipt that was handed out. Whoever lost the partition settles nothing: its
    /// next owner splits it again, into the same shares.
    pub(super) async fn settle_feed(
        &self,
        receipt: ReceiptId,
        outcome: &Outcome,
        unclaimed: &[String],
    ) -> LedgerResult<()> {
        let Ok(partition) = self.place_of(receipt) else { return Ok(()) };
        if let Some(epoch) = self.leases.epoch(partition) {
            let (after, why) = state(outcome);
            let at = micros(crate::moment::time((receipt.bits() >> 80) as i64 * 1000));
            let mut arguments = Arguments::default();
            arguments.add(receipt.to_string()).number(after).add(why).number(at);
            arguments.number(u8::from(*outcome == Outcome::Unclaimed)).number(unclaimed.len());
            for account in unclaimed {
                arguments.add(account.as_str());
            }
            self.run_owned(&scripts::SETTLE_FEED, partition, epoch, arguments).await?;
        }
        self.done(&[receipt]);
        self.news.notify_waiters();
        Ok(())
    }
}

fn add_end(to: &mut Arguments, end: &Conclusion) -> Result<(), PortError> {
    let (kind, value, counts) = match &end.next {
        Next::Again { at, counts } => ("again", micros(*at).to_string(), *counts),
        Next::Sent => ("1", String::new(), false),
        Next::Dead { why } => ("2", why.clone(), false),
        Next::Cancelled { why } => ("3", why.clone(), false),
    };
    to.add(end.merchant.as_str())
        .add(end.destination.as_str())
        .add(end.message.to_string())
        .add(kind)
        .number(micros(end.at))
        .add(value)
        .number(u8::from(counts && end.attempt.is_some()));
    match &end.attempt {
        Some(attempt) => to.number(attempt.number).add(pack(&json(attempt)?)),
        None => to.add("").add(""),
    };
    to.number(u8::from(end.backfill));
    add_pause(to, end.pause.as_ref())
}

fn add_pause(to: &mut Arguments, change: Option<&PauseChange>) -> Result<(), PortError> {
    match change {
        None => to.add("").add("").add(""),
        Some(PauseChange::Resume) => to.add("resume").add("").add(""),
        Some(PauseChange::Pause(pause)) => {
            to.add("pause").number(micros(pause.until)).add(json(pause)?)
        }
    };
    Ok(())
}
