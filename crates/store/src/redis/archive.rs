//! The port [`Archive`], on Redis: lists of all partitions are put together here.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures_util::future::join_all;
use jiff::Timestamp;
use parcelwire_domain::id::{AggregateId, DestinationName, MerchantId, Partition, ReceiptId};
use parcelwire_engine::ports::{
    Archive, Cursor, Filter, LedgerResult, List, Page, Pause, Stats, StoreHealth, Timeline,
};
use serde_json::Value as Json;

use super::{
    Inner, Redis,
    answer::{Fields, misfit, number, text, texts},
    commit::read_json,
    connect::Arguments,
    meta, scripts,
};
use crate::{
    moment::{micros, time},
    shown::UnmappedRow,
};

#[async_trait]
impl Archive for Redis {
    async fn page(
        &self,
        list: List,
        filter: Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> LedgerResult<Page> {
        self.inner.page(list, &filter, after.as_ref(), limit).await
    }

    async fn story(&self, receipt: ReceiptId) -> LedgerResult<Option<Json>> {
        self.inner.story(receipt).await
    }

    async fn timeline(&self, merchant: MerchantId, order: AggregateId) -> LedgerResult<Timeline> {
        self.inner.timeline(&merchant, order).await
    }

    async fn stats(&self, merchant: Option<MerchantId>, now: Timestamp) -> LedgerResult<Stats> {
        self.inner.stats(merchant.as_ref(), now).await
    }

    async fn unmapped(
        &self,
        merchant: Option<MerchantId>,
        after: Option<Cursor>,
        limit: usize,
    ) -> LedgerResult<Page> {
        self.inner.unmapped(merchant.as_ref(), after.as_ref(), limit).await
    }

    async fn pauses(&self) -> LedgerResult<Vec<(MerchantId, DestinationName, Pause)>> {
        self.inner.pauses().await
    }

    async fn health(&self) -> LedgerResult<StoreHealth> {
        self.inner.health().await
    }
}

/// The partitions in which something of a merchant can be, or of all of them.
pub(super) fn places(merchant: Option<&MerchantId>) -> Vec<Partition> {
    merchant.map_or_else(|| Partition::all().collect(), |one| vec![Partition::of(one)])
}

impl Inner {
    async fn stats(&self, merchant: Option<&MerchantId>, now: Timestamp) -> LedgerResult<Stats> {
        let mut arguments = Arguments::default();
        arguments.add(merchant.map(MerchantId::as_str).unwrap_or_default());
        let asked = places(merchant)
            .into_iter()
            .map(|partition| self.run(&scripts::STATS, partition, &arguments));
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        let mut oldest: Option<i64> = None;
        for answer in join_all(asked).await {
            let mut answer = Fields::of(answer?)?;
            let first = answer.optional()?.filter(|text| !text.is_empty());
            let first = first.map(|text| number(&text)).transpose()?;
            oldest = [oldest, first].into_iter().flatten().min();
            let mut rest = answer.rest();
            while let (Some(name), Some(sum)) = (rest.next(), rest.next()) {
                let sum = u64::try_from(number(&text(sum)?)?).unwrap_or(0);
                *sums.entry(text(name)?).or_default() += sum;
            }
        }
        let mut stats = counted(&sums);
        let age = oldest.map_or(0, |oldest| (micros(now) - oldest).max(0) / 1_000_000);
        stats.oldest_waiting_seconds = u64::try_from(age).unwrap_or(0);
        stats.balanced = stats.balances();
        Ok(stats)
    }

    async fn unmapped(
        &self,
        merchant: Option<&MerchantId>,
        after: Option<&Cursor>,
        limit: usize,
    ) -> LedgerResult<Page> {
        let mut arguments = Arguments::default();
        arguments.add("unmapped").add(merchant.map(MerchantId::as_str).unwrap_or_default());
        let asked = places(merchant).into_iter().map(|partition| {
            let look = self.run(&scripts::FACTS, partition, &arguments);
            async move { (partition, look.await) }
        });
        let mut codes = Vec::new();
        for (partition, answer) in join_all(asked).await {
            for of_one in Fields::of(answer?)?.rest() {
                let mut of_one = Fields::of(of_one)?;
                let merchant = of_one.text()?;
                let mut rows = texts(of_one.value())?.into_iter();
                while let (Some(field), Some(row)) = (rows.next(), rows.next()) {
                    codes.push(code(&merchant, partition, &field, &row)?);
                }
            }
        }
        // Those first seen last come first.
        codes.sort_by(|(a, _), (b, _)| b.cmp(a));
        let behind = after.map(|cursor| parse_place(&cursor.0));
        codes.retain(|(place, _)| behind.is_none_or(|behind| *place < behind));
        let more = codes.len() > limit;
        codes.truncate(limit);
        let next = codes.last().filter(|_| more);
        let next = next.map(|((at, seq, partition), _)| Cursor(format!("{at}.{seq}.{partition}")));
        Ok(Page { rows: codes.into_iter().map(|(_, row)| row.json()).collect(), next })
    }

    async fn pauses(&self) -> LedgerResult<Vec<(MerchantId, DestinationName, Pause)>> {
        let mut arguments = Arguments::default();
        arguments.add("pauses").add("");
        let asked =
            Partition::all().map(|partition| self.run(&scripts::FACTS, partition, &arguments));
        let mut found = Vec::new();
        for answer in join_all(asked).await {
            let mut rows = texts(answer?)?.into_iter();
            while let (Some(place), Some(pause)) = (rows.next(), rows.next()) {
                let (merchant, destination) =
                    place.split_once('/').ok_or_else(|| misfit("not a destination"))?;
                let (_, pause) = pause.split_once('|').ok_or_else(|| misfit("not a pause"))?;
                found.push((
                    MerchantId::parse(merchant).map_err(|_| misfit("not a merchant"))?,
                    DestinationName::parse(destination).map_err(|_| misfit("not a destination"))?,
                    read_json(pause.as_bytes())?,
                ));
            }
        }
        found.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        Ok(found)
    }

    async fn health(&self) -> LedgerResult<StoreHealth> {
        self.can_write().await?;
        let stats = self.stats(None, Timestamp::UNIX_EPOCH).await?;
        Ok(StoreHealth {
            waiting: stats.receipts.waiting,
            pending: stats.messages.pending,
            bytes: self.used().await?,
        })
    }

    /// Whether it could write just now. After a failure it is tried, with a value of no meaning.
    async fn can_write(&self) -> LedgerResult<()> {
        if !self.failing.load(std::sync::atomic::Ordering::Acquire) {
            return Ok(());
        }
        let tried = meta::write(&self.link, "tried", b"1").await;
        self.note(&tried);
        tried
    }

    /// What the masters use, in bytes.
    async fn used(&self) -> LedgerResult<Option<u64>> {
        let mut sum = None;
        for told in self.link.ask_all(redis::cmd("INFO").arg("memory")).await? {
            let told = text(told)?;
            let used = told.lines().find_map(|line| line.strip_prefix("used_memory:"));
            let used = used.and_then(|used| used.trim().parse::<u64>().ok());
            sum = [sum, used].into_iter().flatten().reduce(|a, b| a + b);
        }
        Ok(sum)
    }
}

/// When it came, its number in its partition, the partition.
type Place = (i64, i64, u8);

fn parse_place(cursor: &str) -> Place {
    let mut parts = cursor.split('.');
    let mut next = || parts.next().unwrap_or_default();
    let (at, seq) = (next().parse().unwrap_or(0), next().parse().unwrap_or(0));
    (at, seq, next().parse().unwrap_or(0))
}

fn code(
    merchant: &str,
    partition: Partition,
    field: &str,
    row: &str,
) -> LedgerResult<(Place, UnmappedRow)> {
    let (source, code) = field.split_once('/').ok_or_else(|| misfit("not a code"))?;
    let parts: Vec<&str> = row.split('|').collect();
    let [seq, count, first, last, receipt] = parts[..] else { return Err(misfit("not a code")) };
    let (seq, first, last) = (number(seq)?, number(first)?, number(last)?);
    let row = UnmappedRow {
        merchant: merchant.to_owned(),
        source: source.to_owned(),
        code: (!code.is_empty()).then(|| code.to_owned()),
        count: number(count)?,
        first_at: Some(time(first)),
        last_at: Some(time(last)),
        receipt: ReceiptId::parse(receipt).ok(),
    };
    Ok(((first, seq, partition.number()), row))
}

fn counted(sums: &BTreeMap<String, u64>) -> Stats {
    let of = |name: &str| sums.get(name).copied().unwrap_or(0);
    let mut stats = Stats::default();
    let (receipts, messages) = (&mut stats.receipts, &mut stats.messages);
    receipts.accepted = of("accepted");
    receipts.duplicate = of("duplicate");
    receipts.refused = of("refused");
    receipts.waiting = of("waiting");
    receipts.forwarded = of("forwarded");
    receipts.filtered = of("filtered");
    receipts.parked = of("parked");
    receipts.failed = of("failed");
    messages.created = of("created");
    messages.sent = of("sent");
    messages.pending = of("pending");
    messages.dead = of("dead");
    messages.cancelled = of("cancelled");
    stats
}
