//! A long history of whatever can happen, from a seed: the same deeds on any store.

use std::collections::BTreeMap;

use parcelwire_domain::{Alias, AliasKind, Map, Value as Field, id::*};
use parcelwire_engine::ports::*;

pub(crate) use super::deeds::happens;
use super::*;

/// Whose things happen.
pub(crate) const MERCHANTS: [&str; 4] = ["hey", "anna", "ben", "lager"];
const DESTINATIONS: [&str; 2] = ["postkutsche", "helpdesk"];
const STATUSES: [&str; 5] = ["delivered", "dispatched", "lost", "in_transit", "ready_for_pickup"];
const RULES: [&str; 3] = ["off", "late", "remembered"];

/// One call of a store.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    Accept(NewReceipt),
    Refuse(Refused),
    Commit(Commit),
    Conclude(Conclusion),
    Ask(ReceiptId, Timestamp),
    Asked(MerchantId, ReceiptId, Asked),
    Settle(ReceiptId, Outcome, Vec<String>),
    Pause(MerchantId, DestinationName, PauseChange),
    Polled(Owner, SourceName, Polled),
    Rules([u8; 16], String),
    Prune(Timestamp),
}

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    /// One below `most`.
    fn below(&mut self, most: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % most
    }

    fn of(&mut self, list: &[&'static str]) -> &'static str {
        list[self.below(list.len())]
    }

    /// Takes one out of a list.
    fn take<T>(&mut self, list: &mut Vec<T>) -> Option<T> {
        (!list.is_empty()).then(|| {
            let place = self.below(list.len());
            list.swap_remove(place)
        })
    }
}

struct Order {
    id: AggregateId,
    version: u64,
    aliases: Vec<Alias>,
}

struct Pending {
    id: MessageId,
    merchant: MerchantId,
    destination: DestinationName,
    tries: u32,
}

/// What has happened so far, as far as the next deed needs it.
pub(crate) struct History {
    dice: Dice,
    at: Timestamp,
    pruned: Timestamp,
    number: u128,
    waiting: Vec<(ReceiptId, MerchantId)>,
    asked: Vec<(ReceiptId, MerchantId)>,
    feeds: Vec<ReceiptId>,
    parked: Vec<(ReceiptId, MerchantId)>,
    orders: BTreeMap<MerchantId, Vec<Order>>,
    pending: Vec<Pending>,
    dedupes: Vec<NewReceipt>,
}

impl History {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            dice: Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            at: now(),
            pruned: now(),
            number: 0,
            waiting: Vec::new(),
            asked: Vec::new(),
            feeds: Vec::new(),
            parked: Vec::new(),
            orders: BTreeMap::new(),
            pending: Vec::new(),
            dedupes: Vec::new(),
        }
    }

    /// The time it is.
    pub(crate) fn now(&self) -> Timestamp {
        self.at
    }

    /// What was accepted last, as it comes again.
    pub(crate) fn last_accepted(&mut self) -> NewReceipt {
        let id = ReceiptId::from_bits(self.fresh());
        NewReceipt { id, ..self.dedupes.last().expect("something was accepted").clone() }
    }

    /// What happens next. Time goes on with every deed.
    pub(crate) fn next(&mut self) -> Deed {
        let pause = self.dice.below(20_000_000_000) as u64;
        self.at += Duration::from_micros(1 + pause);
        match self.dice.below(100) {
            0..=29 => self.accept(),
            30..=34 => self.refuse(),
            35..=64 => self.decide(),
            65..=82 => self.conclude(),
            83..=86 => self.ask(),
            87..=90 => self.answered(),
            91..=92 => self.settle(),
            93..=94 => self.pause(),
            95..=96 => self.polled(),
            97 => Deed::Rules([self.dice.below(4) as u8; 16], "names: de".to_owned()),
            98 => self.prune(),
            _ => self.merge(),
        }
    }

    /// Not twice within a day: what is not finished is looked at again a day later.
    fn prune(&mut self) -> Deed {
        if self.at < self.pruned + Duration::from_hours(48) {
            return self.accept();
        }
        self.pruned = self.at;
        Deed::Prune(self.at)
    }

    fn fresh(&mut self) -> u128 {
        self.number += 1;
        // As ids of receipts are: they begin with the time.
        (u128::from(self.at.as_millisecond() as u64) << 80) | self.number
    }

    fn merchant(&mut self) -> MerchantId {
        merchant(self.dice.of(&MERCHANTS))
    }

    fn accept(&mut self) -> Deed {
        if self.dice.below(8) == 0
            && let Some(again) = self.dedupes.last()
        {
            let again = again.clone();
            return Deed::Accept(NewReceipt { id: ReceiptId::from_bits(self.fresh()), ..again });
        }
        let n = self.fresh();
        let whose = self.merchant();
        let mut one = receipt(n, whose.as_str(), &"{\"parcel\":1}".repeat(1 + self.dice.below(40)));
        one.received_at = self.at;
        one.topic = (self.dice.below(3) > 0).then(|| "orders/create".to_owned());
        if self.dice.below(9) == 0 {
            "a=b".clone_into(&mut one.query);
        }
        if self.dice.below(10) == 0 {
            one.owner = Owner::Feed(FeedName::parse("lager").expect("a name"));
            one.source = SourceName::parse("lager").expect("a name");
            self.feeds.push(one.id);
        } else {
            self.waiting.push((one.id, whose));
        }
        self.dedupes.push(one.clone());
        Deed::Accept(one)
    }

    fn refuse(&mut self) -> Deed {
        let codes = ["signature_invalid", "signature_missing"];
        let owner = if self.dice.below(5) == 0 {
            Owner::Feed(FeedName::parse("lager").expect("a name"))
        } else {
            Owner::Merchant(self.merchant())
        };
        Deed::Refuse(Refused {
            id: RefusedId::from_bits(self.fresh()),
            owner,
            source: SourceName::parse("shop").expect("a name"),
            at: self.at,
            code: self.dice.of(&codes).to_owned(),
            detail: "it does not fit".to_owned(),
            client: "192.0.2.1".to_owned(),
            body_bytes: 2000,
        })
    }

    fn outcome(&mut self) -> Outcome {
        match self.dice.below(10) {
            0..=4 => Outcome::Forwarded,
            5..=6 => Outcome::Filtered(self.dice.of(&RULES).to_owned()),
            7..=8 => Outcome::Parked,
            _ => Outcome::Failed("unreadable".to_owned()),
        }
    }

    fn decide(&mut self) -> Deed {
        let from_parked = self.dice.below(4) == 0;
        let list = if from_parked { &mut self.parked } else { &mut self.waiting };
        let Some((receipt, whose)) = self.dice.take(list) else { return self.accept() };
        let outcome = self.outcome();
        if outcome == Outcome::Parked {
            self.parked.push((receipt, whose.clone()));
        }
        let mut whole = step(&[], Vec::new());
        whole.merchant = whose.clone();
        whole.at = self.at;
        whole.outcomes.push((receipt, outcome));
        let write = self.order(&whose);
        let aggregate = write.id;
        whole.aggregates.push(write);
        let events = if self.dice.below(6) == 0 { 12 } else { 1 + self.dice.below(2) };
        whole.story = (0..events).map(|n| self.line(receipt, n as u16, aggregate)).collect();
        if self.is_parked(receipt) {
            // A fact is parked in an order, which wakes when it has waited for too long.
            whole.story[0].aggregate = Some(aggregate);
        }
        if self.dice.below(5) == 0 {
            whole.story.push(self.line(receipt, FOLLOWED + 3, aggregate));
        }
        for _ in 0..self.dice.below(3) {
            whole.messages.push(self.message(&whose, receipt, aggregate));
        }
        if self.dice.below(6) == 0 {
            let codes = ["weg", "da", "fort"];
            whole.unmapped.push(Unmapped {
                source: SourceName::parse("shop").expect("a name"),
                code: self.dice.of(&codes).to_owned(),
                receipt,
            });
        }
        if let Some(unsent) = self.pending.iter().find(|one| one.merchant == whose)
            && self.dice.below(4) == 0
        {
            whole.revisions.push(Revision::Backfill { message: unsent.id });
        }
        Deed::Commit(whole)
    }

    fn is_parked(&self, receipt: ReceiptId) -> bool {
        self.parked.iter().any(|(parked, _)| *parked == receipt)
    }

    /// Whether one of a merchant's orders may hold a parked fact: each of them wakes then.
    fn parks(&self, whose: &MerchantId) -> bool {
        self.parked.iter().any(|(_, merchant)| merchant == whose)
    }

    /// An order that is written anew, or a new one.
    fn order(&mut self, whose: &MerchantId) -> AggregateWrite {
        let parks = self.parks(whose);
        let known = self.orders.entry(whose.clone()).or_default();
        let old = self.dice.below(3) == 0 && !known.is_empty();
        if !old {
            self.number += 1;
            let n = self.number;
            let alias = |kind, value: String| Alias::new(kind, &value).expect("a name");
            known.push(Order {
                id: AggregateId::from_bits(n),
                version: 0,
                aliases: vec![
                    alias(AliasKind::OrderNumber, format!("#{}", n % 17)),
                    alias(AliasKind::Email, format!("kim.{}@example.test", n % 7)),
                    alias(AliasKind::TrackingNumber, format!("A{}", n % 23)),
                ],
            });
        }
        let place = if old { self.dice.below(known.len()) } else { known.len() - 1 };
        let wakes = self.dice.below(3) == 0 || parks;
        let wake_at = wakes.then(|| self.at + Duration::from_secs(86_400));
        let order = &mut known[place];
        order.version += 1;
        AggregateWrite {
            id: order.id,
            read: (order.version > 1).then(|| order.version - 1),
            blob: Some(Bytes::from(format!("{{\"version\":{}}}", order.version))),
            aliases: order.aliases.clone(),
            wake_at,
            merged_into: None,
        }
    }

    fn line(&mut self, receipt: ReceiptId, index: u16, aggregate: AggregateId) -> StoryLine {
        let mut fields = Map::new();
        fields.set("order_number", Field::text(format!("#{index}")));
        StoryLine {
            receipt,
            index,
            aggregate: (self.dice.below(9) > 0).then_some(aggregate),
            status: self.dice.of(&STATUSES).to_owned(),
            occurred_at: self.at,
            outcome: "forwarded".to_owned(),
            rule: String::new(),
            fields,
            decisions: Vec::new(),
        }
    }

    fn message(&mut self, whose: &MerchantId, receipt: ReceiptId, of: AggregateId) -> NewMessage {
        self.number += 1;
        let mut made = message(self.number, 0, 320);
        made.merchant = whose.clone();
        made.receipt = receipt;
        made.aggregate = of;
        made.destination = DestinationName::parse(self.dice.of(&DESTINATIONS)).expect("a name");
        made.created_at = self.at;
        made.not_before = self.at + Duration::from_secs(self.dice.below(9000) as u64);
        made.fresh_until = self.at + Duration::from_secs(90_000);
        self.pending.push(Pending {
            id: made.id,
            merchant: whose.clone(),
            destination: made.destination.clone(),
            tries: 0,
        });
        made
    }

    fn conclude(&mut self) -> Deed {
        let Some(mut one) = self.dice.take(&mut self.pending) else { return self.accept() };
        one.tries += 1;
        let next = match self.dice.below(6) {
            0 => Next::Dead { why: "rejected".to_owned() },
            1 => Next::Cancelled { why: "too_old".to_owned() },
            2 => Next::Again { at: self.at + Duration::from_secs(600), counts: true },
            _ => Next::Sent,
        };
        let ended = Conclusion {
            merchant: one.merchant.clone(),
            destination: one.destination.clone(),
            message: one.id,
            attempt: Some(Attempt {
                number: one.tries,
                at: self.at,
                took_ms: 12,
                exchange: Vec::new(),
                verdict: "sent".to_owned(),
                detail: "as told ".repeat(self.dice.below(50)),
            }),
            next: next.clone(),
            backfill: false,
            pause: None,
            at: self.at,
        };
        if matches!(next, Next::Again { .. }) {
            self.pending.push(one);
        }
        Deed::Conclude(ended)
    }

    fn ask(&mut self) -> Deed {
        let Some((receipt, whose)) = self.dice.take(&mut self.waiting) else {
            return self.accept();
        };
        self.asked.push((receipt, whose));
        Deed::Ask(receipt, self.at)
    }

    fn answered(&mut self) -> Deed {
        let Some((receipt, whose)) = self.dice.take(&mut self.asked) else {
            return self.accept();
        };
        if self.dice.below(2) == 0 {
            self.asked.push((receipt, whose.clone()));
            let why = Some("lookup_key_wrong".to_owned());
            let at = self.at + Duration::from_secs(300);
            return Deed::Asked(whose, receipt, Asked::Again { tries: 1, at, why });
        }
        self.waiting.push((receipt, whose.clone()));
        let end = if self.dice.below(3) == 0 {
            KeptAnswer::Failed("lookup_failed".to_owned())
        } else {
            KeptAnswer::Body(Bytes::from_static(b"[1]"))
        };
        Deed::Asked(whose, receipt, Asked::Kept(end))
    }

    fn settle(&mut self) -> Deed {
        let Some(receipt) = self.dice.take(&mut self.feeds) else { return self.accept() };
        if self.dice.below(2) == 0 {
            return Deed::Settle(receipt, Outcome::Split, Vec::new());
        }
        Deed::Settle(receipt, Outcome::Unclaimed, vec!["0815".to_owned()])
    }

    fn pause(&mut self) -> Deed {
        let destination = DestinationName::parse(self.dice.of(&DESTINATIONS)).expect("a name");
        let change = if self.dice.below(3) == 0 {
            PauseChange::Resume
        } else {
            PauseChange::Pause(Pause {
                since: self.at,
                until: self.at + Duration::from_secs(7200),
                why: "key_wrong".to_owned(),
                settings: "abc".to_owned(),
            })
        };
        Deed::Pause(self.merchant(), destination, change)
    }

    fn polled(&mut self) -> Deed {
        let owner = Owner::Merchant(self.merchant());
        let polled = Polled {
            cursor: Some(format!("page {}", self.dice.below(99))),
            succeeded_at: Some(self.at),
            why: None,
            at: self.at,
            next_at: None,
        };
        Deed::Polled(owner, SourceName::parse("shop").expect("a name"), polled)
    }

    /// Two orders of a merchant become one.
    fn merge(&mut self) -> Deed {
        let whose = self.merchant();
        let wake_at = self.parks(&whose).then(|| self.at + Duration::from_secs(86_400));
        let known = self.orders.entry(whose.clone()).or_default();
        if known.len() < 2 {
            return self.accept();
        }
        let gone = self.dice.below(known.len());
        let gone = known.swap_remove(gone);
        let kept = self.dice.below(known.len());
        let kept = &mut known[kept];
        for alias in &gone.aliases {
            if !kept.aliases.contains(alias) {
                kept.aliases.push(alias.clone());
            }
        }
        kept.version += 1;
        let mut whole = step(&[], Vec::new());
        whole.merchant = whose;
        whole.at = self.at;
        whole.aggregates.push(AggregateWrite {
            id: kept.id,
            read: Some(kept.version - 1),
            blob: Some(Bytes::from_static(b"{\"of\":\"two\"}")),
            aliases: kept.aliases.clone(),
            wake_at,
            merged_into: None,
        });
        whole.aggregates.push(AggregateWrite {
            id: gone.id,
            read: Some(gone.version),
            blob: None,
            aliases: Vec::new(),
            wake_at: None,
            merged_into: Some(kept.id),
        });
        Deed::Commit(whole)
    }
}
