//! From keys to records. Nobody writes meanwhile: a place in a list stays what it is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use parcelwire_domain::id::{
    AggregateId, MerchantId, MessageId, PARTITIONS, Partition, ReceiptId, RefusedId,
};
use parcelwire_engine::ports::{LedgerResult, Owner, Shelf};

use super::{Server, at::At, pairs, place, rows, scanned};
use crate::{
    moment::micros,
    moving::{
        Code, Line, Message, Moved, Order, Place, Receipt, Record, Refusal, SETTINGS, Step, ordered,
    },
    packed::unpack,
    redis::{
        accept::DEDUPE_MS,
        answer::{Fields, bytes, misfit, number, texts},
        commit::read_json,
        connect::Arguments,
        keys, meta,
        records::{LineFixed, LineTold, MessageHead, ReceiptHead},
        scripts,
    },
    shown::{ASKING, MESSAGE_STATES},
};

/// The parts in the order in which they are moved.
const FACTS: u8 = 0;
const LISTS: [&str; 5] = ["receipts", "lines", "orders", "messages", "kept"];
const REPEATS: u8 = 6;
const RULES: u8 = 7;

/// Where small things of the relay itself are: behind all partitions.
const RELAY: u8 = PARTITIONS;

/// Receipts and messages have bodies: fewer of them make a step.
const MOST_WITH_BODIES: usize = 50;

impl Server {
    /// One step.
    pub(super) async fn step(
        &mut self,
        place: &Place,
        most: usize,
        now: Timestamp,
    ) -> LedgerResult<Step> {
        match place.part {
            FACTS => {
                let records = self.facts().await?.into_iter().map(Moved::from).collect();
                let next = Some(Place { part: 1, at: String::new() });
                Ok(Step { records, next, can_resume: true })
            }
            REPEATS | RULES => self.scan(place, now).await,
            part if usize::from(part) <= LISTS.len() => self.some(part, &place.at, most).await,
            _ => Ok(Step { records: Vec::new(), next: None, can_resume: true }),
        }
    }

    async fn facts(&self) -> LedgerResult<Vec<Record>> {
        let mut found = Vec::new();
        for name in SETTINGS {
            if let Some(value) = meta::read(&self.link, name).await? {
                found.push(Record::Meta { name: name.to_owned(), value });
            }
        }
        let (mut codes, mut refused) = (Vec::new(), Vec::new());
        let mut arguments = Arguments::default();
        arguments.add("facts");
        for partition in Partition::all() {
            let answer = self.link.run(&scripts::LOOK, &keys::of(partition), &arguments).await?;
            let mut answer = Fields::of(answer)?;
            for (place, pause) in pairs(answer.value())? {
                found.push(paused(&place, &pause)?);
            }
            for of_one in answer.rest() {
                let mut of_one = Fields::of(of_one)?;
                let owner = of_one.text()?;
                for (name, sum) in pairs(of_one.value())? {
                    let sum = number(&sum)?;
                    if sum != 0 {
                        found.push(Record::Sum { merchant: owner.clone(), name, sum });
                    }
                }
                for (field, row) in pairs(of_one.value())? {
                    codes.push(code(&owner, partition, &field, &row)?);
                }
                for (account, count) in pairs(of_one.value())? {
                    let feed = owner.trim_start_matches('~').to_owned();
                    found.push(Record::Unclaimed { feed, account, count: number(&count)? });
                }
                for (source, polled) in pairs(of_one.value())? {
                    found.push(Record::Polled { owner: owner_of(&owner)?, source, polled });
                }
                for row in texts(of_one.value())? {
                    refused.push(refusal(&owner, &row)?);
                }
            }
        }
        // In the order in which they came, whoever's they are.
        codes.sort_by_key(|(place, _)| *place);
        found.extend(codes.into_iter().map(|(_, code)| Record::Unmapped(code)));
        refused.sort_by_key(|refusal| (refusal.at, refusal.id));
        found.extend(refused.into_iter().map(Record::Refused));
        Ok(found)
    }

    /// Some rows of a list, and where the next begin.
    async fn some(&mut self, part: u8, from: &str, most: usize) -> LedgerResult<Step> {
        let name = LISTS[usize::from(part) - 1];
        let most = if matches!(name, "receipts" | "messages") { MOST_WITH_BODIES } else { most };
        let mut at = At::parse(from);
        loop {
            let Some((begin, list)) = self.list(name, &mut at).await? else {
                let next = Some(Place { part: part + 1, at: String::new() });
                return Ok(Step { records: Vec::new(), next, can_resume: true });
            };
            let mut look = redis::cmd("ZRANGE");
            look.arg(format!("{begin}{list}")).arg(at.rank).arg(at.rank + most - 1);
            let members = texts(self.link.ask(&look).await?)?;
            if members.is_empty() {
                at = At { list: at.list + 1, rank: 0, ..at };
                continue;
            }
            let records = self.whole(name, &begin, &list, at.partition, &members).await?;
            at.rank += members.len();
            return Ok(Step { records, next: Some(at.shown(part)), can_resume: true });
        }
    }

    /// The list at a place, or the next one there is.
    async fn list(&mut self, name: &str, at: &mut At) -> LedgerResult<Option<(String, String)>> {
        loop {
            let is_relay = at.partition == RELAY;
            if at.partition > RELAY || is_relay && name != "kept" {
                return Ok(None);
            }
            let begin =
                if is_relay { keys::META.to_owned() } else { keys::of(place(at.partition)?) };
            // Orders of all merchants stand in one list; the relay has no name.
            let owners = if is_relay || name == "orders" {
                vec![String::new()]
            } else {
                self.owners(at.partition).await?
            };
            let Some(owner) = owners.get(at.owner) else {
                *at = At { partition: at.partition + 1, ..At::default() };
                continue;
            };
            match lists(name, owner).into_iter().nth(at.list) {
                Some(list) => return Ok(Some((begin, list))),
                None => *at = At { owner: at.owner + 1, list: 0, rank: 0, ..*at },
            }
        }
    }

    async fn whole(
        &mut self,
        name: &str,
        begin: &str,
        list: &str,
        partition: u8,
        members: &[String],
    ) -> LedgerResult<Vec<Moved>> {
        if name == "kept" {
            return self.things(begin, list, members).await;
        }
        let mut arguments = Arguments::default();
        arguments.add(name).number(members.len());
        for member in members {
            arguments.add(member.as_str());
        }
        let answer = self.link.run(&scripts::LOOK, begin, &arguments).await?;
        let mut found = Vec::new();
        for mut row in rows(answer)? {
            let moved = match name {
                "receipts" => receipt(&mut row)?.map(Moved::from),
                "lines" => line(&mut row)?.map(Moved::from),
                "orders" => order(&mut row)?.map(Moved::from),
                _ => {
                    let before = self.before(partition).await?;
                    let found = message(&mut row)?;
                    found.map(|(record, seq)| Moved { record, order: before + seq })
                }
            };
            found.extend(moved);
        }
        Ok(found)
    }

    async fn things(
        &self,
        begin: &str,
        list: &str,
        members: &[String],
    ) -> LedgerResult<Vec<Moved>> {
        let (shelf, owner) = list
            .strip_prefix("vi:")
            .and_then(|rest| rest.split_once(':'))
            .ok_or_else(|| misfit("not a shelf"))?;
        let of = if owner.is_empty() { None } else { Some(merchant(owner)?) };
        let mut look = redis::cmd("HMGET");
        look.arg(format!("{begin}v:{shelf}:{owner}"));
        for member in members {
            look.arg(member);
        }
        let values = super::list(self.link.ask(&look).await?)?;
        let things = members.iter().zip(values).map(|(key, value)| {
            let value = bytes(value)?.ok_or_else(|| misfit("a thing without a value"))?;
            let (of, shelf, key) = (of.clone(), shelf.to_owned(), key.clone());
            Ok(Moved::from(Record::Kept { of, shelf, key, value }))
        });
        things.collect()
    }

    /// The number before the first message of a partition: together they stand in one row.
    async fn before(&mut self, partition: u8) -> LedgerResult<i64> {
        if self.before.is_none() {
            let mut before = Vec::new();
            let mut sum = 0;
            for last in self.each("seq").await? {
                before.push(sum);
                sum += last.map(|last| number(&last)).transpose()?.unwrap_or(0);
            }
            self.before = Some(before);
        }
        let before = self.before.as_ref().and_then(|before| before.get(usize::from(partition)));
        before.copied().ok_or_else(|| misfit("not a partition"))
    }

    /// Keys that stand in no list are looked for among all; that is begun anew when it is cut short.
    async fn scan(&self, at: &Place, now: Timestamp) -> LedgerResult<Step> {
        let pattern = if at.part == RULES { "pw:{meta}:rules:*" } else { "pw:{p*}:dd:*" };
        let (node, cursor) = at.at.split_once('.').unwrap_or(("0", "0"));
        let node: usize = node.parse().unwrap_or(0);
        let nodes = self.link.nodes().await?;
        let Some(address) = nodes.get(node) else {
            let next = Place { part: at.part + 1, at: String::new() };
            return Ok(Step { records: Vec::new(), next: Some(next), can_resume: true });
        };
        let mut look = redis::cmd("SCAN");
        look.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(1000);
        let (cursor, keys) = scanned(self.link.ask_node(address.as_ref(), &look).await?)?;
        let records = if at.part == RULES {
            self.rules(&keys).await?
        } else {
            self.repeats(&keys, now).await?
        };
        let next =
            if cursor == "0" { format!("{}.0", node + 1) } else { format!("{node}.{cursor}") };
        let next = Some(Place { part: at.part, at: next });
        Ok(Step { records, next, can_resume: false })
    }

    async fn rules(&self, keys: &[String]) -> LedgerResult<Vec<Moved>> {
        let mut found = Vec::new();
        for key in keys {
            let hash = key.rsplit(':').next().and_then(|hash| u128::from_str_radix(hash, 16).ok());
            let hash = hash.ok_or_else(|| misfit("not a hash"))?.to_be_bytes();
            if let Some(text) = meta::rules(&self.link, hash).await? {
                found.push(Record::Rules { hash, text }.into());
            }
        }
        Ok(found)
    }

    async fn repeats(&self, keys: &[String], now: Timestamp) -> LedgerResult<Vec<Moved>> {
        let mut parts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for key in keys {
            let (begin, dedupe) = key.split_once("dd:").ok_or_else(|| misfit("not a key"))?;
            parts.entry(begin.to_owned()).or_default().push(dedupe);
        }
        let mut found = Vec::new();
        for (begin, dedupes) in parts {
            let mut arguments = Arguments::default();
            arguments.add("repeats").number(dedupes.len());
            for dedupe in dedupes {
                arguments.add(dedupe);
            }
            for mut row in rows(self.link.run(&scripts::LOOK, &begin, &arguments).await?)? {
                let key = u128::from_str_radix(&row.text()?, 16).map_err(|_| misfit("a key"))?;
                let Some(receipt) = row.optional()? else { continue };
                let receipt = ReceiptId::parse(&receipt).map_err(|_| misfit("not a receipt"))?;
                let left = row.number()?;
                let at = micros(now) - (DEDUPE_MS as i64 - left) * 1000;
                let key = key.to_be_bytes();
                let owner = row.optional()?.map(|owner| owner_of(&owner)).transpose()?;
                found.push(Record::Dedupe { owner, key, receipt, at }.into());
            }
        }
        Ok(found)
    }
}

/// The lists of one owner, as their keys end.
fn lists(name: &str, owner: &str) -> Vec<String> {
    match name {
        "receipts" => (0..=ASKING).map(|state| format!("i:{owner}:r{state}")).collect(),
        "lines" => vec![format!("i:{owner}:e")],
        "orders" => vec!["u".to_owned()],
        "messages" => {
            (0..MESSAGE_STATES.len()).map(|state| format!("i:{owner}:m{state}")).collect()
        }
        _ => Shelf::ALL.iter().map(|shelf| format!("vi:{}:{owner}", shelf.name())).collect(),
    }
}

fn merchant(name: &str) -> LedgerResult<MerchantId> {
    MerchantId::parse(name).map_err(|_| misfit("not a merchant"))
}

fn owner_of(name: &str) -> LedgerResult<Owner> {
    keys::parse_owner(name).ok_or_else(|| misfit("not an owner"))
}

fn paused(place: &str, pause: &str) -> LedgerResult<Record> {
    let (merchant, destination) =
        place.split_once('/').ok_or_else(|| misfit("not a destination"))?;
    let (until, pause) = pause.split_once('|').ok_or_else(|| misfit("not a pause"))?;
    Ok(Record::Pause {
        merchant: merchant.to_owned(),
        destination: destination.to_owned(),
        until: number(until)?,
        pause: pause.to_owned(),
    })
}

fn code(
    merchant: &str,
    partition: Partition,
    field: &str,
    row: &str,
) -> LedgerResult<((i64, i64, u8), Code)> {
    let (source, code) = field.split_once('/').ok_or_else(|| misfit("not a code"))?;
    let parts: Vec<&str> = row.split('|').collect();
    let [seq, count, first, last, receipt] = parts[..] else { return Err(misfit("not a code")) };
    let (first, last) = (number(first)?, number(last)?);
    let code = Code {
        merchant: merchant.to_owned(),
        source: source.to_owned(),
        code: code.to_owned(),
        count: number(count)?,
        first_at: Some(first).filter(|at| *at != 0),
        last_at: Some(last).filter(|at| *at != 0),
        receipt: ReceiptId::parse(receipt).ok(),
    };
    Ok(((first, number(seq)?, partition.number()), code))
}

fn refusal(owner: &str, row: &str) -> LedgerResult<Refusal> {
    let row: serde_json::Value = read_json(row.as_bytes())?;
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let at: Timestamp = text("at").parse().map_err(|_| misfit("not a time"))?;
    Ok(Refusal {
        id: RefusedId::parse(&text("id")).map_err(|_| misfit("not an id"))?,
        owner: owner_of(owner)?,
        source: text("source"),
        at: micros(at),
        code: text("code"),
        detail: text("detail"),
        client: text("client"),
        body_bytes: row["body_bytes"].as_i64().unwrap_or(0),
    })
}

fn whole_number(text: Option<String>) -> LedgerResult<Option<i64>> {
    text.filter(|text| !text.is_empty()).map(|text| number(&text)).transpose()
}

fn receipt(row: &mut Fields) -> LedgerResult<Option<Record>> {
    let id = row.parsed(ReceiptId::parse)?;
    let Some(owner) = row.optional()? else { return Ok(None) };
    let (received_at, state, why) = (row.number()?, row.number()?, row.optional()?);
    let (asks, ask_at) = (row.count()?, whole_number(row.optional()?)?);
    let head: ReceiptHead = row.json()?;
    let (body, answer) = (row.unpacked()?, row.unpacked()?);
    Ok(Some(Record::Receipt(Box::new(Receipt {
        id,
        owner: owner_of(&owner)?,
        source: head.source.to_string(),
        topic: head.topic,
        received_at,
        verified: head.verified,
        headers: head.headers,
        query: head.query,
        accounts: head.accounts,
        body,
        body_bytes: head.body_bytes,
        state,
        why,
        settled_at: whole_number(row.optional()?)?,
        answer,
        asks,
        ask_at: ask_at.filter(|_| state == ASKING),
    }))))
}

fn line(row: &mut Fields) -> LedgerResult<Option<Record>> {
    let receipt = row.parsed(ReceiptId::parse)?;
    let place = u16::try_from(row.number()?).map_err(|_| misfit("not a place"))?;
    let Some(fixed) = row.unpacked()? else { return Ok(None) };
    let fixed: LineFixed = read_json(&fixed)?;
    let aggregate = row.optional()?.filter(|id| !id.is_empty());
    let told: LineTold = read_json(&row.packed()?)?;
    let aggregate = aggregate.map(|id| AggregateId::parse(&id)).transpose();
    Ok(Some(Record::Line(Box::new(Line {
        receipt,
        place,
        merchant: fixed.merchant,
        aggregate: aggregate.map_err(|_| misfit("not an order's id"))?,
        status: fixed.status,
        occurred_at: fixed.occurred_at,
        outcome: told.outcome,
        rule: told.rule,
        fields: fixed.fields,
        decisions: ordered(&told.decisions),
        at: fixed.at,
    }))))
}

fn order(row: &mut Fields) -> LedgerResult<Option<Record>> {
    let merchant = row.parsed(MerchantId::parse)?;
    let id = row.parsed(AggregateId::parse)?;
    let Some(version) = whole_number(row.optional()?)? else { return Ok(None) };
    let blob = row.packed()?.to_vec();
    let wake_at = whole_number(row.optional()?)?;
    let updated_at = row.number()?;
    let names = texts(row.value())?.into_iter().map(|name| {
        let (kind, value) = name.split_once(':').ok_or_else(|| misfit("not a name"))?;
        Ok((kind.to_owned(), value.to_owned()))
    });
    let mut aliases = names.collect::<LedgerResult<Vec<_>>>()?;
    aliases.sort_unstable();
    let order = Order { id, merchant, version, blob, aliases, wake_at, updated_at };
    Ok(Some(Record::Order(Box::new(order))))
}

fn message(row: &mut Fields) -> LedgerResult<Option<(Record, i64)>> {
    let id = row.parsed(MessageId::parse)?;
    let mut m = Fields::of(row.value())?;
    let Some(owner) = m.optional()? else { return Ok(None) };
    let destination = m.text()?;
    let aggregate = m.parsed(AggregateId::parse)?;
    let receipt = m.parsed(ReceiptId::parse)?;
    let (created_at, not_before) = (m.number()?, m.number()?);
    let backfill = m.text()? == "1";
    let (state, why) = (m.number()?, m.optional()?);
    let (attempts, tries, ended_at) = (m.count()?, m.count()?, whole_number(m.optional()?)?);
    let seq = m.number()?;
    let head: MessageHead = m.json()?;
    let frozen = m.packed()?.to_vec();
    let stories = super::list(row.value())?.into_iter().map(|kept| {
        let kept = bytes(kept)?.unwrap_or_default();
        unpack(&kept).ok_or_else(|| misfit("not soundly packed"))
    });
    let message = Message {
        id,
        merchant: merchant(&owner)?,
        destination,
        aggregate,
        receipt,
        occurrence: head.occurrence,
        trigger: head.trigger.name().to_owned(),
        leg: head.leg.name().to_owned(),
        rank: head.rank,
        subject: head.subject,
        created_at,
        not_before,
        fresh_until: head.fresh_until,
        backfill,
        sandbox: head.sandbox,
        rules: head.rules,
        state,
        why,
        attempts,
        tries,
        ended_at,
        frozen,
        stories: stories.collect::<LedgerResult<_>>()?,
    };
    Ok(Some((Record::Message(Box::new(message)), seq)))
}
