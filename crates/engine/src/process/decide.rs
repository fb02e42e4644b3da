//! Decides what a merchant's receipts lead to. Pure: what was recalled comes in, a commit goes out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use parcelwire_domain::{
    Alias, Value,
    id::{AggregateId, DestinationName, MerchantKey, MessageId, ReceiptId, SourceName},
    order::{Fact, Firing, Order, Passed, Policy, Ruling, Standing},
    taxonomy::{Status, Trigger},
};
use parcelwire_mapping::{
    merchant::{Candidate, Choice, Merchant},
    source::{Reading, flat},
};

use super::outcome::{Line, of_receipt};
use crate::{
    Messages,
    ports::{
        AggregateWrite, Commit, NewMessage, Outcome, PendingMessage, Recalled, ReceiptLines,
        Revision, StoryDecision, StoryLine,
    },
};

/// A receipt that is decided.
pub(crate) struct Case<'a> {
    pub(crate) receipt: ReceiptId,
    pub(crate) source: &'a SourceName,
}

/// An order at work.
#[derive(Clone)]
struct Desk {
    order: Order,
    /// The version that was read; `None` for one that was not there.
    read: Option<u64>,
    /// It was merged into this one.
    merged_into: Option<AggregateId>,
    changed: bool,
}

/// One merchant's step.
#[derive(Clone)]
pub(crate) struct Decide<'a> {
    merchant: &'a Merchant,
    policy: Policy<'a>,
    messages_mode: &'a Messages,
    now: Timestamp,
    looked_up: Vec<(Alias, Vec<AggregateId>)>,
    names: BTreeMap<Alias, Vec<AggregateId>>,
    orders: BTreeMap<AggregateId, Desk>,
    pending: Vec<PendingMessage>,
    lines: BTreeMap<ReceiptId, BTreeMap<u16, Line>>,
    touched: Vec<ReceiptId>,
    messages: Vec<NewMessage>,
    revisions: Vec<Revision>,
    story: BTreeMap<(ReceiptId, u16), StoryLine>,
    unmapped: Vec<(SourceName, String)>,
}

impl<'a> Decide<'a> {
    pub(crate) fn new(
        merchant: &'a Merchant,
        key: &'a MerchantKey,
        messages_mode: &'a Messages,
        recalled: &Recalled,
        lines: &[ReceiptLines],
        now: Timestamp,
    ) -> Self {
        let mut orders = BTreeMap::new();
        for stored in &recalled.aggregates {
            match Order::read(&stored.blob) {
                Ok(order) => {
                    let read = Some(stored.version);
                    let desk = Desk { order, read, merged_into: None, changed: false };
                    orders.insert(stored.id, desk);
                }
                Err(error) => {
                    tracing::error!(%error, aggregate.id = %stored.id, "it is left alone")
                }
            }
        }
        let lines = lines.iter().map(|known| {
            let of = known
                .lines
                .iter()
                .map(|(index, outcome, rule)| (*index, (outcome.clone(), rule.clone())));
            (known.receipt, of.collect())
        });
        Self {
            merchant,
            policy: Policy { key, triggers: &merchant.triggers },
            messages_mode,
            now,
            looked_up: recalled.found.clone(),
            names: recalled.found.iter().cloned().collect(),
            orders,
            pending: recalled.pending.clone(),
            lines: lines.collect(),
            touched: Vec::new(),
            messages: Vec::new(),
            revisions: Vec::new(),
            story: BTreeMap::new(),
            unmapped: Vec::new(),
        }
    }

    /// Decides one receipt.
    pub(crate) fn receipt(mut self, case: &Case<'_>, reading: &Reading) -> Self {
        self.touched.push(case.receipt);
        self.lines.remove(&case.receipt);
        let unmapped = reading.unmapped.iter().map(|code| (case.source.clone(), code.clone()));
        self.unmapped.extend(unmapped);
        if let Some(useless) = &reading.useless {
            let (outcome, rule) = useless.outcome();
            let line = (outcome.to_owned(), rule.to_owned());
            self.lines.entry(case.receipt).or_default().insert(0, line);
            return self;
        }
        for (index, event) in reading.events.iter().enumerate() {
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            let fact = Fact { receipt: case.receipt, index, event: event.clone() };
            self.fact(fact);
        }
        self
    }

    /// A receipt over which we stumbled: kept and shown, and nobody else waits for it.
    pub(crate) fn internal_error(&mut self, receipt: ReceiptId) {
        tracing::error!(receipt.id = %receipt, "a receipt could not be decided; it is kept as failed");
        self.touched.push(receipt);
        let line = ("failed".to_owned(), "internal".to_owned());
        self.lines.insert(receipt, [(0, line)].into());
    }

    /// Looks after an order whose time has come.
    pub(crate) fn wake(&mut self, id: AggregateId) {
        let Some(desk) = self.orders.get_mut(&id) else { return };
        desk.changed = true;
        let rulings = desk.order.wake(&self.policy, self.now);
        for ruling in rulings {
            self.rule(id, &ruling, None);
        }
    }

    fn fact(&mut self, fact: Fact) {
        let fields = flat(&fact.event);
        let key = (fact.receipt, fact.index);
        let source = fact.event.source.clone();
        let id = self.order_of(&fact);
        let Some(desk) = self.orders.get_mut(&id) else { return };
        desk.changed = true;
        let rulings = desk.order.apply(fact, &self.policy, self.now);
        let aliases = desk.order.aliases(self.now);
        for alias in aliases {
            let known = self.names.entry(alias).or_default();
            if !known.contains(&id) {
                known.push(id);
            }
        }
        for ruling in rulings {
            let own = (ruling.receipt, ruling.index) == key;
            self.rule(id, &ruling, own.then_some((&fields, &source)));
        }
    }

    /// The order a fact belongs to: found, made, or made one out of several.
    fn order_of(&mut self, fact: &Fact) -> AggregateId {
        let mut ids: Vec<AggregateId> = Vec::new();
        for alias in fact.aliases().iter().filter(|alias| alias.joins()) {
            for id in self.names.get(alias).into_iter().flatten() {
                let fits = self.orders.get(id).is_some_and(|desk| {
                    desk.merged_into.is_none() && !desk.order.contradicts(fact)
                });
                if fits && !ids.contains(id) {
                    ids.push(*id);
                }
            }
        }
        // Of several under one name the open ones are meant.
        let open: Vec<AggregateId> = ids
            .iter()
            .copied()
            .filter(|id| self.orders.get(id).is_some_and(|desk| desk.order.is_open(self.now)))
            .collect();
        let meant = if open.is_empty() { ids } else { open };
        let mut meant = meant.into_iter();
        let Some(mut kept) = meant.next() else { return self.first_heard(fact) };
        for other in meant {
            kept = self.merge(kept, other);
        }
        kept
    }

    fn first_heard(&mut self, fact: &Fact) -> AggregateId {
        let order = Order::first_heard(&self.merchant.id, fact);
        let id = order.id();
        let desk = Desk { order, read: None, merged_into: None, changed: true };
        self.orders.entry(id).or_insert(desk);
        id
    }

    fn merge(&mut self, one: AggregateId, other: AggregateId) -> AggregateId {
        let (Some(a), Some(b)) = (self.orders.get(&one), self.orders.get(&other)) else {
            return one;
        };
        let (merged, rulings) = a.order.clone().merge(b.order.clone(), &self.policy, self.now);
        let kept = merged.id();
        let gone = if kept == one { other } else { one };
        if let Some(desk) = self.orders.get_mut(&kept) {
            desk.order = merged;
            desk.changed = true;
        }
        if let Some(desk) = self.orders.get_mut(&gone) {
            desk.merged_into = Some(kept);
            desk.changed = true;
        }
        for ids in self.names.values_mut() {
            if ids.contains(&gone) {
                ids.retain(|id| *id != gone && *id != kept);
                ids.push(kept);
            }
        }
        for pending in self.pending.iter_mut().filter(|pending| pending.aggregate == gone) {
            pending.aggregate = kept;
        }
        for message in self.messages.iter_mut().filter(|message| message.aggregate == gone) {
            message.aggregate = kept;
        }
        for ruling in rulings {
            self.rule(kept, &ruling, None);
        }
        kept
    }

    /// Turns a ruling into messages, revisions and a line of explanation.
    fn rule(
        &mut self,
        id: AggregateId,
        ruling: &Ruling,
        stated: Option<(&parcelwire_domain::Map, &SourceName)>,
    ) {
        if let Some(passed) = &ruling.passed {
            self.supersede(id, passed);
        }
        let mut decisions = Vec::new();
        for firing in &ruling.firings {
            self.fire(id, firing, stated.map(|(_, source)| source), &mut decisions);
        }
        let line = line(ruling, &decisions);
        let known = self.lines.entry(ruling.receipt).or_default();
        known.insert(ruling.index, line.clone());
        if !self.touched.contains(&ruling.receipt) {
            self.touched.push(ruling.receipt);
        }
        let mut fields = stated.map_or_else(|| ruling.fields.clone(), |(fields, _)| fields.clone());
        fields.set("status", Value::text(ruling.status.name()));
        let told = StoryLine {
            receipt: ruling.receipt,
            index: ruling.index,
            aggregate: Some(id),
            status: ruling.status.name().to_owned(),
            occurred_at: ruling.occurred_at.at,
            outcome: line.0,
            rule: line.1,
            fields,
            decisions,
        };
        self.story.insert((ruling.receipt, ruling.index), told);
    }

    fn fire(
        &mut self,
        id: AggregateId,
        firing: &Firing,
        source: Option<&SourceName>,
        decisions: &mut Vec<StoryDecision>,
    ) {
        let mut tell =
            |destination: Option<&DestinationName>, rule: &str, detail: String, message| {
                decisions.push(StoryDecision {
                    trigger: firing.trigger,
                    destination: destination.cloned(),
                    decision: rule.to_owned(),
                    detail,
                    message,
                });
            };
        if let Some(rule) = firing.stopped {
            tell(None, rule, String::new(), None);
            return;
        }
        if *self.messages_mode == Messages::None {
            tell(None, "messages none", "this instance makes no messages".to_owned(), None);
            return;
        }
        if self.merchant.destinations.is_empty() {
            tell(None, "no_destination", "the merchant has no destination".to_owned(), None);
            return;
        }
        let Some(rules) = self.merchant.triggers.get(&firing.trigger) else { return };
        let Some(desk) = self.orders.get_mut(&id) else { return };
        let fresh_until =
            firing.occurred_at.at.checked_add(rules.max_age).unwrap_or(Timestamp::MAX);
        let too_old = fresh_until < self.now;
        let view = desk.order.view(firing, self.now);
        let unknown = SourceName::parse("unknown").expect("it is a name");
        for (name, target) in &self.merchant.destinations {
            let backfill = firing.late || too_old;
            if desk.order.is_claimed(firing.occurrence, name) {
                tell(Some(name), "repeated", String::new(), None);
                continue;
            }
            if backfill && !target.ready.backfills() {
                let rule = if firing.late { "late" } else { "too_old" };
                tell(Some(name), rule, "the destination cannot record it as past".to_owned(), None);
                continue;
            }
            let candidate = Candidate {
                trigger: firing.trigger,
                occurrence: firing.occurrence,
                view: &view,
                source: source.unwrap_or(&unknown),
                backfill,
                test: false,
            };
            match self.merchant.choose(&candidate, name, self.now) {
                Choice::Stop { rule, detail } => tell(Some(name), &rule, detail, None),
                Choice::Send(frozen) => {
                    desk.order.claim(firing, name);
                    let message = MessageId::derived_near(
                        id.bits(),
                        &[firing.occurrence.bytes(), name.as_str().as_bytes()],
                    );
                    tell(Some(name), "message", String::new(), Some(message));
                    let hold = if backfill { std::time::Duration::ZERO } else { rules.hold };
                    self.messages.push(NewMessage {
                        id: message,
                        merchant: self.merchant.id.clone(),
                        destination: name.clone(),
                        aggregate: id,
                        receipt: firing.receipt,
                        occurrence: firing.occurrence,
                        trigger: firing.trigger,
                        leg: firing.leg,
                        rank: firing.rank,
                        subject: firing.subject.to_string(),
                        created_at: self.now,
                        not_before: self.now + hold,
                        fresh_until,
                        backfill,
                        sandbox: matches!(self.messages_mode, Messages::Sandbox(_)),
                        frozen: frozen.write().into(),
                        rules: self.merchant.rules,
                    });
                }
            }
        }
    }

    /// Lower unsent steps of the leg are no news any more; the dispatch always is.
    fn supersede(&mut self, id: AggregateId, passed: &Passed) {
        let subject = passed.subject.to_string();
        let lower = |trigger: Trigger, rank: Option<u16>| {
            trigger != Trigger::Status(Status::Dispatched)
                && rank.is_some_and(|rank| rank < passed.rank)
        };
        let mut revise = Vec::new();
        for known in &self.pending {
            let same = known.aggregate == id && known.subject == subject && known.leg == passed.leg;
            if same && !known.backfill && lower(known.trigger, known.rank) {
                revise.push((known.id, known.destination.clone()));
            }
        }
        for new in &self.messages {
            let same = new.aggregate == id && new.subject == subject && new.leg == passed.leg;
            if same && !new.backfill && lower(new.trigger, new.rank) {
                revise.push((new.id, new.destination.clone()));
            }
        }
        for (message, destination) in revise {
            let target = self.merchant.destinations.get(&destination);
            let revision = if target.is_some_and(|target| target.ready.backfills()) {
                Revision::Backfill { message }
            } else {
                Revision::Cancel { message, why: "superseded".to_owned() }
            };
            if !self.revisions.contains(&revision) {
                self.revisions.push(revision);
            }
        }
    }

    /// Everything that this step writes.
    pub(crate) fn finish(self) -> Commit {
        let now = self.now;
        let mut outcomes: Vec<(ReceiptId, Outcome)> = Vec::new();
        for receipt in &self.touched {
            if !outcomes.iter().any(|(known, _)| known == receipt)
                && let Some(lines) = self.lines.get(receipt)
            {
                outcomes.push((*receipt, of_receipt(lines.values())));
            }
        }
        let changed = self.orders.into_iter().filter(|(_, desk)| desk.changed);
        // One that was made and merged away in this very step was never there.
        let changed = changed.filter(|(_, desk)| desk.read.is_some() || desk.merged_into.is_none());
        let aggregates = changed.map(|(id, desk)| AggregateWrite {
            id,
            read: desk.read,
            blob: desk.merged_into.is_none().then(|| desk.order.write().into()),
            aliases: if desk.merged_into.is_none() { desk.order.aliases(now) } else { Vec::new() },
            wake_at: if desk.merged_into.is_none() { desk.order.wake_at() } else { None },
            merged_into: desk.merged_into,
        });
        Commit {
            merchant: self.merchant.id.clone(),
            looked_up: self.looked_up,
            outcomes,
            aggregates: aggregates.collect(),
            messages: self.messages,
            revisions: self.revisions,
            story: self.story.into_values().collect(),
            unmapped: self.unmapped,
            at: now,
        }
    }
}

/// What one event came to, with the rule that decided.
fn line(ruling: &Ruling, decisions: &[StoryDecision]) -> Line {
    let line = |outcome: &str, rule: &str| (outcome.to_owned(), rule.to_owned());
    match ruling.standing {
        Standing::Parked => line("parked", "no_recipient_yet"),
        Standing::NoRecipient => line("failed", "no_recipient"),
        Standing::Remembered => line("filtered", "remembered"),
        Standing::Unknown => line("filtered", "unknown"),
        Standing::Sensitive => line("filtered", "sensitive"),
        Standing::Conflict => line("filtered", "conflict"),
        Standing::New | Standing::Repeated | Standing::Late => {
            if decisions.iter().any(|decision| decision.decision == "message") {
                return line("forwarded", "");
            }
            let rule = decisions.first().map_or("no_rule", |decision| decision.decision.as_str());
            line("filtered", rule)
        }
    }
}
