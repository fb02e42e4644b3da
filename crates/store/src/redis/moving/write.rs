//! From records to keys: some of a partition in one call, each whole or not at all.

use jiff::Timestamp;
use parcelwire_domain::{
    id::{MerchantId, Partition, SourceName},
    taxonomy::{Leg, Trigger},
};
use parcelwire_engine::ports::{LedgerResult, Owner};

use super::Server;
use crate::{
    moment::{micros, time},
    moving::{Code, Line, Message, Moved, Order, Receipt, Record, Refusal},
    packed::pack,
    redis::{
        accept::DEDUPE_MS,
        answer::misfit,
        commit::read_json,
        connect::Arguments,
        keys, meta,
        records::{LineFixed, LineTold, MessageHead, ReceiptHead, json},
        scripts,
    },
    shown::RefusedRow,
};

/// What one call brings at most, in bytes or so.
const MOST_BYTES: usize = 1 << 20;

/// Calls that are being put together, by the beginning of the keys.
#[derive(Default)]
struct Calls(std::collections::BTreeMap<String, (usize, Arguments)>);

impl Server {
    /// Writes records.
    pub(super) async fn put(&self, records: Vec<Moved>, now: Timestamp) -> LedgerResult<()> {
        let mut calls = Calls::default();
        for Moved { record, .. } in records {
            if let Record::Meta { name, value } = &record {
                meta::write(&self.link, name, value).await?;
                continue;
            }
            if let Record::Rules { hash, text } = &record {
                meta::keep_rules(&self.link, *hash, text).await?;
                continue;
            }
            for begin in begins(&record)? {
                let (count, arguments) = calls.0.entry(begin.clone()).or_default();
                *count += usize::from(add(arguments, &record, now)?);
                if arguments.bytes() > MOST_BYTES {
                    self.send(&begin, &mut calls).await?;
                }
            }
        }
        let begins: Vec<String> = calls.0.keys().cloned().collect();
        for begin in begins {
            self.send(&begin, &mut calls).await?;
        }
        Ok(())
    }

    async fn send(&self, begin: &str, calls: &mut Calls) -> LedgerResult<()> {
        let Some((count, some)) = calls.0.remove(begin) else { return Ok(()) };
        let mut arguments = Arguments::default();
        arguments.number(count).append(some);
        self.link.run(&scripts::PUT, begin, &arguments).await.map(|_| ())
    }
}

fn of_merchant(name: &str) -> LedgerResult<String> {
    let merchant = MerchantId::parse(name).map_err(|_| misfit("not a merchant"))?;
    Ok(keys::of(Partition::of(&merchant)))
}

/// The beginning of the keys in which a record stands. A key against repeats whose webhook is forgotten
/// says not whose it is: it stands everywhere.
fn begins(record: &Record) -> LedgerResult<Vec<String>> {
    let one = |owner: &Owner| keys::of(keys::partition(owner));
    Ok(vec![match record {
        Record::Sum { merchant, .. } | Record::Pause { merchant, .. } => of_merchant(merchant)?,
        Record::Unmapped(code) => of_merchant(&code.merchant)?,
        Record::Line(line) => of_merchant(&line.merchant)?,
        Record::Unclaimed { feed, .. } => {
            let feed = keys::parse_owner(&format!("~{feed}")).ok_or_else(|| misfit("a feed"))?;
            one(&feed)
        }
        Record::Polled { owner, .. } => one(owner),
        Record::Refused(refusal) => one(&refusal.owner),
        Record::Receipt(receipt) => one(&receipt.owner),
        Record::Order(order) => keys::of(Partition::of(&order.merchant)),
        Record::Message(message) => keys::of(Partition::of(&message.merchant)),
        Record::Kept { of: Some(merchant), .. } => keys::of(Partition::of(merchant)),
        Record::Kept { of: None, .. } | Record::Meta { .. } | Record::Rules { .. } => {
            keys::META.to_owned()
        }
        Record::Dedupe { owner: Some(owner), .. } => one(owner),
        Record::Dedupe { owner: None, .. } => {
            return Ok(Partition::all().map(keys::of).collect());
        }
    }])
}

/// Adds a record to a call; whether there was anything to add.
fn add(to: &mut Arguments, record: &Record, now: Timestamp) -> LedgerResult<bool> {
    match record {
        Record::Sum { merchant, name, sum } => {
            to.add("sum").add(merchant.as_str()).add(name.as_str()).number(sum);
        }
        Record::Unmapped(code) => add_code(to, code),
        Record::Unclaimed { feed, account, count } => {
            to.add("unclaimed").add(format!("~{feed}")).add(account.as_str()).number(count);
        }
        Record::Pause { merchant, destination, until, pause } => {
            let place = format!("{merchant}/{destination}");
            to.add("pause").add(place).add(format!("{until}|{pause}"));
        }
        Record::Polled { owner, source, polled } => {
            let owner = keys::owner(owner);
            to.add("polled").add(owner).add(source.as_str()).add(polled.as_str());
        }
        Record::Refused(refusal) => add_refusal(to, refusal)?,
        Record::Receipt(receipt) => add_receipt(to, receipt)?,
        Record::Line(line) => add_line(to, line)?,
        Record::Order(order) => add_order(to, order),
        Record::Message(message) => add_message(to, message)?,
        Record::Kept { of, shelf, key, value } => {
            let owner = of.as_ref().map_or("", MerchantId::as_str);
            to.add("kept").add(owner).add(shelf.as_str()).add(key.as_str()).add(value.clone());
        }
        Record::Dedupe { key, receipt, at, .. } => {
            let left = at / 1000 + DEDUPE_MS as i64 - micros(now) / 1000;
            if left <= 0 {
                return Ok(false);
            }
            let key = format!("{:032x}", u128::from_be_bytes(*key));
            to.add("repeats").add(key).add(receipt.to_string()).number(left);
        }
        Record::Meta { .. } | Record::Rules { .. } => return Ok(false),
    }
    Ok(true)
}

fn add_code(to: &mut Arguments, code: &Code) {
    let (first, last) = (code.first_at.unwrap_or(0), code.last_at.unwrap_or(0));
    let receipt = code.receipt.map(|id| id.to_string()).unwrap_or_default();
    to.add("code").add(code.merchant.as_str()).add(code.source.as_str()).add(code.code.as_str());
    to.add(format!("|{}|{first}|{last}|{receipt}", code.count));
}

fn add_refusal(to: &mut Arguments, refusal: &Refusal) -> LedgerResult<()> {
    let (feed, owner) = match &refusal.owner {
        Owner::Merchant(id) => (false, id.to_string()),
        Owner::Feed(name) => (true, name.to_string()),
    };
    let row = RefusedRow {
        id: refusal.id,
        feed,
        owner,
        source: refusal.source.clone(),
        at: time(refusal.at),
        code: refusal.code.clone(),
        detail: refusal.detail.clone(),
        client: refusal.client.clone(),
        body_bytes: refusal.body_bytes,
    };
    to.add("refused").add(refusal.id.to_string()).add(keys::owner(&refusal.owner));
    to.number(refusal.at).add(json(&row.json())?);
    Ok(())
}

fn add_receipt(to: &mut Arguments, receipt: &Receipt) -> LedgerResult<()> {
    let head = ReceiptHead {
        source: SourceName::parse(&receipt.source).map_err(|_| misfit("not a source"))?,
        topic: receipt.topic.clone(),
        verified: receipt.verified.clone(),
        headers: receipt.headers.clone(),
        query: receipt.query.clone(),
        accounts: receipt.accounts.clone(),
        body_bytes: receipt.body_bytes,
    };
    let packed = |text: &Option<Vec<u8>>| text.as_ref().map(|text| pack(text)).unwrap_or_default();
    to.add("receipt")
        .add(receipt.id.to_string())
        .add(keys::owner(&receipt.owner))
        .number(receipt.received_at)
        .number(receipt.state)
        .add(receipt.why.clone().unwrap_or_default())
        .maybe(Some(receipt.asks).filter(|asks| *asks != 0))
        .maybe(receipt.ask_at)
        .add(json(&head)?)
        .add(packed(&receipt.body))
        .add(packed(&receipt.answer))
        .maybe(receipt.settled_at);
    Ok(())
}

fn add_line(to: &mut Arguments, line: &Line) -> LedgerResult<()> {
    let fixed = LineFixed {
        merchant: line.merchant.clone(),
        status: line.status.clone(),
        occurred_at: line.occurred_at,
        at: line.at,
        fields: line.fields.clone(),
    };
    let told = LineTold {
        outcome: line.outcome.clone(),
        rule: line.rule.clone(),
        decisions: read_json(line.decisions.as_bytes())?,
    };
    to.add("line")
        .add(line.receipt.to_string())
        .add(format!("{:05}", line.place))
        .add(line.merchant.as_str())
        .add(line.aggregate.map(|id| id.to_string()).unwrap_or_default())
        .add(line.status.as_str())
        .number(line.at)
        .add(pack(&json(&fixed)?))
        .add(pack(&json(&told)?));
    Ok(())
}

fn add_order(to: &mut Arguments, order: &Order) {
    to.add("order")
        .add(order.merchant.as_str())
        .add(order.id.to_string())
        .number(order.version)
        .add(pack(&order.blob))
        .maybe(order.wake_at)
        .number(order.updated_at)
        .number(order.aliases.len());
    for (kind, value) in &order.aliases {
        to.add(format!("{kind}:{value}"));
    }
}

fn add_message(to: &mut Arguments, message: &Message) -> LedgerResult<()> {
    let head = MessageHead {
        occurrence: message.occurrence,
        trigger: Trigger::parse(&message.trigger).ok_or_else(|| misfit("not a trigger"))?,
        leg: Leg::parse(&message.leg).ok_or_else(|| misfit("not a leg"))?,
        rank: message.rank,
        subject: message.subject.clone(),
        fresh_until: message.fresh_until,
        sandbox: message.sandbox,
        rules: message.rules,
    };
    to.add("message")
        .add(message.merchant.as_str())
        .add(message.id.to_string())
        .add(message.destination.as_str())
        .add(message.aggregate.to_string())
        .add(message.receipt.to_string())
        .number(message.created_at)
        .number(message.not_before)
        .number(u8::from(message.backfill))
        .number(message.state)
        .add(message.why.clone().unwrap_or_default())
        .number(message.attempts)
        .number(message.tries)
        .maybe(message.ended_at)
        .add(json(&head)?)
        .add(pack(&message.frozen))
        .number(message.stories.len());
    for story in &message.stories {
        to.add(pack(story));
    }
    Ok(())
}
