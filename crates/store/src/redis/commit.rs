//! Steps of *process*: one call for each partition, each step whole or not at all; and what a step reads
//! before.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use jiff::Timestamp;
use parcelwire_domain::{
    Alias,
    id::{AggregateId, MerchantId, Partition, ReceiptId},
};
use parcelwire_engine::ports::{
    AggregateWrite, Commit, CommitError, Held, LedgerResult, NewMessage, Outcome, PortError,
    Recalled, ReceiptLines, Revision, StoredAggregate, StoryLine, WakeUp, Want,
};
use redis::Value;

use super::{
    Inner,
    answer::{Fields, misfit, text, texts},
    connect::Arguments,
    hands::{KINDS, Kind},
    ready::next,
    records::{self, LineFixed, LineTold, MessageHead, json},
    scripts,
};
use crate::{MAX_CODES, moment::micros, packed::pack};

/// Most steps of one call: the server does nothing else meanwhile.
const MAX_STEPS: usize = 16;

impl Inner {
    /// Writes steps, in order within a partition.
    pub(super) async fn commit(
        &self,
        held: &Held,
        batch: Vec<Commit>,
    ) -> Vec<Result<(), CommitError>> {
        let count = batch.len();
        let mut parts: BTreeMap<Partition, Vec<(usize, Commit)>> = BTreeMap::new();
        for (place, step) in batch.into_iter().enumerate() {
            parts.entry(Partition::of(&step.merchant)).or_default().push((place, step));
        }
        let written = join_all(parts.into_iter().map(|(partition, part)| async move {
            let mut ended = Vec::with_capacity(part.len());
            for some in part.chunks(MAX_STEPS) {
                let results = self.commit_part(held, partition, some).await;
                ended.extend(some.iter().map(|(place, _)| *place).zip(results));
            }
            let mut hands = self.hands();
            for kind in KINDS {
                if kind != Kind::Asking {
                    hands.stir(kind, partition);
                }
            }
            ended
        }));
        let mut results: Vec<Result<(), CommitError>> =
            (0..count).map(|_| Err(CommitError::Port(misfit("an answer is missing")))).collect();
        for (place, result) in written.await.into_iter().flatten() {
            results[place] = result;
        }
        self.news.notify_waiters();
        results
    }

    async fn commit_part(
        &self,
        held: &Held,
        partition: Partition,
        steps: &[(usize, Commit)],
    ) -> Vec<Result<(), CommitError>> {
        let all = |error: CommitError| vec![Err(error); steps.len()];
        let epoch = held.partitions.iter().find(|(place, _)| *place == partition);
        let Some((_, epoch)) = epoch else { return all(CommitError::NotOwner) };
        let mut arguments = Arguments::default();
        arguments.number(MAX_CODES).number(steps.len());
        for (_, step) in steps {
            if let Err(error) = add_step(&mut arguments, step) {
                return all(CommitError::Port(error));
            }
        }
        let ended = self.run_owned(&scripts::COMMIT, partition, *epoch, arguments).await;
        self.note(&ended);
        let told = match ended {
            Ok(Some(answer)) => texts(answer),
            Ok(None) => return all(CommitError::NotOwner),
            Err(error) => Err(error),
        };
        match told {
            Ok(told) => {
                steps.iter().zip(told).map(|((_, step), told)| self.ended(step, &told)).collect()
            }
            Err(error) => all(CommitError::Port(error)),
        }
    }

    fn ended(&self, step: &Commit, told: &str) -> Result<(), CommitError> {
        if told != "yes" {
            return Err(CommitError::Stale);
        }
        let receipts: Vec<ReceiptId> = step.outcomes.iter().map(|(id, _)| *id).collect();
        self.done(&receipts);
        Ok(())
    }

    /// What is known, for each want.
    pub(super) async fn recall(&self, wants: Vec<Want>) -> LedgerResult<Vec<Recalled>> {
        let mut parts: BTreeMap<Partition, Vec<usize>> = BTreeMap::new();
        for (place, want) in wants.iter().enumerate() {
            parts.entry(Partition::of(&want.merchant)).or_default().push(place);
        }
        let mut recalled: Vec<Recalled> = wants.iter().map(|_| Recalled::default()).collect();
        let wants = &wants;
        let asked = parts.into_iter().map(|(partition, places)| async move {
            let mut arguments = Arguments::default();
            arguments.number(places.len());
            for want in places.iter().filter_map(|place| wants.get(*place)) {
                add_want(&mut arguments, want);
            }
            (places, self.run(&scripts::RECALL, partition, &arguments).await)
        });
        for (places, answer) in join_all(asked).await {
            for (place, answer) in places.into_iter().zip(Fields::of(answer?)?.rest()) {
                recalled[place] = recalled_of(&wants[place].aliases, answer)?;
            }
        }
        Ok(recalled)
    }

    /// What became of the events of receipts so far.
    pub(super) async fn lines(
        &self,
        receipts: Vec<(MerchantId, ReceiptId)>,
    ) -> LedgerResult<Vec<ReceiptLines>> {
        let mut parts: BTreeMap<Partition, Vec<ReceiptId>> = BTreeMap::new();
        for (merchant, receipt) in receipts {
            parts.entry(Partition::of(&merchant)).or_default().push(receipt);
        }
        let mut found = Vec::new();
        for (partition, receipts) in parts {
            let mut arguments = Arguments::default();
            arguments.number(receipts.len());
            for receipt in &receipts {
                arguments.add(receipt.to_string());
            }
            let answer = self.run(&scripts::LINES, partition, &arguments).await?;
            for (receipt, fields) in receipts.into_iter().zip(Fields::of(answer)?.rest()) {
                let kept = KeptLines::read(fields)?.0;
                let lines = kept
                    .into_iter()
                    .map(|(place, line)| Ok((place, line.told.outcome, line.told.rule)));
                found.push(ReceiptLines { receipt, lines: lines.collect::<LedgerResult<_>>()? });
            }
        }
        Ok(found)
    }

    /// Aggregates whose time has come.
    pub(super) async fn awake(
        &self,
        held: &Held,
        now: Timestamp,
        limit: usize,
    ) -> LedgerResult<Vec<WakeUp>> {
        let partitions = self.working(held);
        let partitions = self.hands().look_into(Kind::Awake, &partitions, Some(now));
        let mut arguments = Arguments::default();
        arguments.number(micros(now)).number(limit);
        let looks = partitions.iter().map(|partition| {
            let look = self.run(&scripts::AWAKE, *partition, &arguments);
            async move { (*partition, look.await) }
        });
        let mut found = Vec::new();
        for (partition, answer) in join_all(looks).await {
            let answer = answer.inspect_err(|_| self.stir(Kind::Awake, &partitions))?;
            let mut answer = Fields::of(answer)?;
            let rows = Fields::of(answer.value())?.rest();
            self.hands().due(Kind::Awake, partition, next(&mut answer)?);
            for row in rows {
                // Nobody notes what was woken: what is not settled is found again.
                self.hands().stir(Kind::Awake, partition);
                if found.len() < limit {
                    let mut row = Fields::of(row)?;
                    let merchant = row.parsed(MerchantId::parse)?;
                    found.push(WakeUp { merchant, aggregate: aggregate(&mut row)? });
                }
            }
        }
        Ok(found)
    }
}

fn add_want(arguments: &mut Arguments, want: &Want) {
    arguments.add(want.merchant.as_str()).number(want.aliases.len());
    for alias in &want.aliases {
        arguments.add(alias_key(alias));
    }
    arguments.number(want.aggregates.len());
    for id in &want.aggregates {
        arguments.add(id.to_string());
    }
}

/// Kind and value, as they stand in keys.
pub(super) fn alias_key(alias: &Alias) -> String {
    format!("{}:{}", alias.kind.name(), alias.value)
}

fn recalled_of(aliases: &[Alias], answer: Value) -> LedgerResult<Recalled> {
    let mut answer = Fields::of(answer)?;
    let mut recalled = Recalled::default();
    for (alias, leads) in aliases.iter().zip(Fields::of(answer.value())?.rest()) {
        let ids = texts(leads)?
            .into_iter()
            .map(|id| AggregateId::parse(&id).map_err(|_| misfit("not an aggregate's id")));
        recalled.found.push((alias.clone(), ids.collect::<LedgerResult<_>>()?));
    }
    for row in Fields::of(answer.value())?.rest() {
        recalled.aggregates.push(aggregate(&mut Fields::of(row)?)?);
    }
    for row in Fields::of(answer.value())?.rest() {
        recalled.pending.push(records::pending(row)?);
    }
    Ok(recalled)
}

fn aggregate(row: &mut Fields) -> LedgerResult<StoredAggregate> {
    Ok(StoredAggregate {
        id: row.parsed(AggregateId::parse)?,
        version: row.number()? as u64,
        blob: row.packed()?,
    })
}

/// A line as it is kept.
pub(super) struct KeptLine {
    pub(super) fixed: LineFixed,
    pub(super) told: LineTold,
}

/// The lines of a receipt by the place of their event.
pub(super) struct KeptLines(pub(super) BTreeMap<u16, KeptLine>);

impl KeptLines {
    /// Reads fields and values in turn: `00000f` is what is fixed of the first line, `00000v` the rest.
    pub(super) fn read(fields: Value) -> LedgerResult<Self> {
        let mut rest = Fields::of(fields)?.rest();
        let (mut fixed, mut told) = (BTreeMap::new(), BTreeMap::new());
        while let (Some(field), Some(value)) = (rest.next(), rest.next()) {
            let field = text(field)?;
            let Some((place, kind)) = field.split_at_checked(5) else { continue };
            let place: u16 = place.parse().map_err(|_| misfit("not a line"))?;
            let mut value = Fields::of(Value::Array(vec![value]))?;
            match kind {
                "f" => drop(fixed.insert(place, read_json(&value.packed()?)?)),
                "v" => drop(told.insert(place, read_json(&value.packed()?)?)),
                _ => {}
            }
        }
        let lines = fixed.into_iter().filter_map(|(place, fixed)| {
            told.remove(&place).map(|told| (place, KeptLine { fixed, told }))
        });
        Ok(Self(lines.collect()))
    }
}

/// What we wrote as JSON.
pub(super) fn read_json<T: serde::de::DeserializeOwned>(text: &[u8]) -> LedgerResult<T> {
    serde_json::from_slice(text).map_err(|_| misfit("not the JSON that was written"))
}

/// The number of an outcome, and why.
pub(super) fn state(outcome: &Outcome) -> (i64, &str) {
    match outcome {
        Outcome::Forwarded => (1, ""),
        Outcome::Filtered(rule) => (2, rule),
        Outcome::Parked => (3, ""),
        Outcome::Failed(rule) => (4, rule),
        Outcome::Split => (5, ""),
        Outcome::Unclaimed => (6, ""),
    }
}

fn add_step(to: &mut Arguments, step: &Commit) -> Result<(), PortError> {
    let at = micros(step.at);
    to.add(step.merchant.as_str()).number(at).number(step.outcomes.len());
    for (receipt, outcome) in &step.outcomes {
        let (after, why) = state(outcome);
        to.add(receipt.to_string()).number(after).add(why);
    }
    to.number(step.aggregates.len());
    for write in &step.aggregates {
        add_aggregate(to, write);
    }
    to.number(step.looked_up.len());
    for (alias, leads) in &step.looked_up {
        to.add(alias_key(alias)).number(leads.len());
        for id in leads {
            to.add(id.to_string());
        }
    }
    to.number(step.messages.len());
    for message in &step.messages {
        add_message(to, message)?;
    }
    to.number(step.revisions.len());
    for revision in &step.revisions {
        add_revision(to, revision);
    }
    to.number(step.story.len());
    for line in &step.story {
        add_line(to, line, &step.merchant, at)?;
    }
    to.number(step.unmapped.len());
    for told in &step.unmapped {
        to.add(told.source.as_str()).add(told.code.as_str()).add(told.receipt.to_string());
    }
    Ok(())
}

fn add_aggregate(to: &mut Arguments, write: &AggregateWrite) {
    to.add(write.id.to_string())
        .maybe(write.read.map(|read| read as i64))
        .add(write.blob.as_ref().map(|blob| pack(blob)).unwrap_or_default())
        .maybe(write.wake_at.map(micros))
        .add(write.merged_into.map(|id| id.to_string()).unwrap_or_default())
        .number(write.aliases.len());
    for alias in &write.aliases {
        to.add(alias_key(alias));
    }
}

fn add_message(to: &mut Arguments, message: &NewMessage) -> Result<(), PortError> {
    to.add(message.id.to_string())
        .add(message.destination.as_str())
        .add(message.aggregate.to_string())
        .add(message.receipt.to_string())
        .number(micros(message.created_at))
        .number(micros(message.not_before))
        .number(u8::from(message.backfill))
        .add(json(&MessageHead::of(message))?)
        .add(pack(&message.frozen));
    Ok(())
}

fn add_revision(to: &mut Arguments, revision: &Revision) {
    match revision {
        Revision::Cancel { message, why } => {
            to.add("cancel").add(message.to_string()).add(why.as_str())
        }
        Revision::Backfill { message } => to.add("backfill").add(message.to_string()).add(""),
        Revision::Refill { message, frozen } => {
            to.add("refill").add(message.to_string()).add(pack(frozen))
        }
    };
}

fn add_line(
    to: &mut Arguments,
    line: &StoryLine,
    merchant: &MerchantId,
    at: i64,
) -> Result<(), PortError> {
    to.add(line.receipt.to_string())
        .add(format!("{:05}", line.index))
        .add(line.aggregate.map(|id| id.to_string()).unwrap_or_default())
        .add(line.status.as_str())
        .add(pack(&json(&LineFixed::of(line, merchant, at))?))
        .add(pack(&json(&LineTold::of(line)?)?));
    Ok(())
}
