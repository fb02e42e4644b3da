//! What other systems are asked: the port [`Asking`], on Redis.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures_util::future::join_all;
use jiff::Timestamp;
use parcelwire_domain::id::{MerchantId, Partition, ReceiptId, SourceName};
use parcelwire_engine::ports::{
    Asked, Asking, Held, KeptAnswer, LedgerResult, Owner, Polled, ToAsk,
};

use super::{
    Inner, Redis,
    answer::optional,
    commit::read_json,
    connect::Arguments,
    hands::{Kind, counts, in_turn},
    keys,
    records::json,
    scripts,
};
use crate::{moment::micros, packed::pack, shown::ASKING};

#[async_trait]
impl Asking for Redis {
    async fn ask(&self, receipts: Vec<ReceiptId>, at: Timestamp) -> LedgerResult<()> {
        self.inner.ask_about(&receipts, at).await
    }

    async fn asking(
        &self,
        held: &Held,
        now: Timestamp,
        each: usize,
        limit: usize,
    ) -> LedgerResult<Vec<ToAsk>> {
        self.inner.asking(held, now, each, limit).await
    }

    async fn asked(
        &self,
        merchant: MerchantId,
        receipt: ReceiptId,
        end: Asked,
    ) -> LedgerResult<()> {
        self.inner.asked(&merchant, receipt, &end).await
    }

    async fn hurry(&self, why: String) -> LedgerResult<()> {
        let mut arguments = Arguments::default();
        arguments.add(why.as_str());
        let asked = Partition::all()
            .map(|partition| self.inner.run(&scripts::HURRY, partition, &arguments));
        for answer in join_all(asked).await {
            answer?;
        }
        let all: Vec<Partition> = Partition::all().collect();
        self.inner.stir(Kind::Asking, &all);
        Ok(())
    }

    async fn polled(&self, of: Vec<(Owner, SourceName)>) -> LedgerResult<Vec<Option<Polled>>> {
        let looks = of.iter().map(|(owner, source)| async move {
            let mut look = redis::cmd("HGET");
            look.arg(polls_key(owner)).arg(source.as_str());
            let text = optional(self.inner.link.ask(&look).await?)?;
            text.map(|text| read_json(text.as_bytes())).transpose()
        });
        join_all(looks).await.into_iter().collect()
    }

    async fn keep_polled(
        &self,
        owner: Owner,
        source: SourceName,
        polled: Polled,
    ) -> LedgerResult<()> {
        // Whoever looks at all that is there finds it.
        let mut note = redis::cmd("SADD");
        note.arg(format!("{}ms", keys::of(keys::partition(&owner)))).arg(keys::owner(&owner));
        self.inner.link.ask(&note).await?;
        let mut write = redis::cmd("HSET");
        write.arg(polls_key(&owner)).arg(source.as_str()).arg(json(&polled)?);
        self.inner.link.ask(&write).await.map(|_| ())
    }
}

fn polls_key(owner: &Owner) -> String {
    format!("{}polls:{}", keys::of(keys::partition(owner)), keys::owner(owner))
}

impl Inner {
    async fn ask_about(&self, receipts: &[ReceiptId], at: Timestamp) -> LedgerResult<()> {
        let mut parts: BTreeMap<Partition, Vec<ReceiptId>> = BTreeMap::new();
        for receipt in receipts {
            if let Ok(partition) = self.place_of(*receipt) {
                parts.entry(partition).or_default().push(*receipt);
            }
        }
        for (partition, part) in parts {
            let mut arguments = Arguments::default();
            arguments.number(micros(at)).number(part.len());
            for receipt in &part {
                arguments.add(receipt.to_string());
            }
            if let Some(epoch) = self.leases.epoch(partition) {
                self.run_owned(&scripts::ASK, partition, epoch, arguments).await?;
            }
            self.done(&part);
            let mut hands = self.hands();
            hands.stir(Kind::Asking, partition);
            // One that has its answer already goes on waiting to be decided.
            hands.stir(Kind::Waiting, partition);
        }
        Ok(())
    }

    async fn asking(
        &self,
        held: &Held,
        now: Timestamp,
        each: usize,
        limit: usize,
    ) -> LedgerResult<Vec<ToAsk>> {
        let partitions = self.working(held);
        let partitions = self.hands().look_into(Kind::Asking, &partitions, Some(now));
        let due = self.what_is_due(Kind::Asking, &partitions, now, each).await;
        let due = due.inspect_err(|_| self.stir(Kind::Asking, &partitions))?;
        let mut found = Vec::new();
        for (partition, ids) in self.take_asking(due, each, limit) {
            let rows = self.receipts(partition, ASKING, &ids).await;
            let rows = rows.inspect_err(|_| self.drop_asking(&ids, partition))?;
            let missing: Vec<String> = ids
                .into_iter()
                .filter(|id| !rows.iter().any(|(receipt, _)| receipt.id.to_string() == *id))
                .collect();
            self.drop_asking(&missing, partition);
            found.extend(rows.into_iter().map(|(receipt, tries)| ToAsk { receipt, tries }));
        }
        Ok(found)
    }

    fn drop_asking(&self, ids: &[String], partition: Partition) {
        let mut hands = self.hands();
        for id in ids.iter().filter_map(|id| ReceiptId::parse(id).ok()) {
            hands.asking.remove(&id);
            hands.stir(Kind::Asking, partition);
        }
    }

    /// Of each merchant as many as there is room for, in the order of turns.
    fn take_asking(
        &self,
        due: BTreeMap<String, (Partition, Vec<String>)>,
        each: usize,
        limit: usize,
    ) -> Vec<(Partition, Vec<String>)> {
        let mut hands = self.hands();
        let last = hands.last.get(&Kind::Asking).cloned().unwrap_or_default();
        let busy = counts(hands.asking.values());
        let mut taken = Vec::new();
        let mut count = 0;
        for (merchant, (partition, ids)) in in_turn(due, &last) {
            let free: Vec<(ReceiptId, String)> = ids
                .into_iter()
                .filter_map(|text| ReceiptId::parse(&text).ok().map(|id| (id, text)))
                .filter(|(id, _)| !hands.asking.contains_key(id))
                .collect();
            let under_way = busy.get(&merchant).copied().unwrap_or(0);
            let room = each.saturating_sub(under_way).min(limit - count);
            if free.len() > room && limit - count <= room {
                hands.stir(Kind::Asking, partition);
            }
            if count >= limit {
                continue;
            }
            let some: Vec<(ReceiptId, String)> = free.into_iter().take(room).collect();
            count += some.len();
            for (id, _) in &some {
                hands.asking.insert(*id, (partition, merchant.clone()));
            }
            taken.push((partition, some.into_iter().map(|(_, text)| text).collect()));
            hands.last.insert(Kind::Asking, merchant);
        }
        taken
    }

    /// Whoever lost the partition writes nothing: its next owner asks again.
    async fn asked(
        &self,
        merchant: &MerchantId,
        receipt: ReceiptId,
        end: &Asked,
    ) -> LedgerResult<()> {
        let partition = Partition::of(merchant);
        let (kind, answer, why, tries, at) = match end {
            Asked::Kept(KeptAnswer::Body(body)) => ("kept", pack(body), "", 0, None),
            Asked::Kept(KeptAnswer::Failed(why)) => ("kept", Vec::new(), why.as_str(), 0, None),
            Asked::NotNeeded => ("kept", Vec::new(), "", 0, None),
            Asked::Again { tries, at, why } => {
                ("again", Vec::new(), why.as_deref().unwrap_or_default(), *tries, Some(micros(*at)))
            }
        };
        if let Some(epoch) = self.leases.epoch(partition) {
            let mut arguments = Arguments::default();
            arguments.add(receipt.to_string()).add(kind).add(answer).add(why);
            arguments.number(tries).maybe(at);
            self.run_owned(&scripts::ASKED, partition, epoch, arguments).await?;
        }
        {
            let mut hands = self.hands();
            hands.asking.remove(&receipt);
            hands.stir(Kind::Asking, partition);
            hands.stir(Kind::Waiting, partition);
        }
        self.settle_leaving().await;
        self.news.notify_waiters();
        Ok(())
    }
}
