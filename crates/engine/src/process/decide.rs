//! Decides what a merchant's receipts lead to. Pure: what was recalled comes in, a commit goes out.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use parcelwire_domain::{
    Alias, Map, Value, carrier,
    id::{AggregateId, DestinationName, MerchantKey, MessageId, ReceiptId, SourceName},
    order::{Fact, Firing, Order, Policy, Ruling, Standing},
    past::Telling,
    silence::Hearing,
    taxonomy::{Status, Trigger},
};
use parcelwire_mapping::{
    destination::{Frozen, occurred_at},
    merchant::{Candidate, Choice, Merchant},
    source::{Reading, Useless, flat},
};

use super::{
    outcome::{Line, of_receipt},
    revise::message_id,
};
use crate::{
    Messages,
    explain::is_known_rule,
    hearing::Word,
    ports::{
        AggregateWrite, CONNECTOR_LINE, Commit, NewMessage, ORDERS_JOINED, Outcome, PendingMessage,
        Recalled, ReceiptLines, Revision, StoryDecision, StoryLine, Unmapped,
    },
};

/// A receipt that is decided.
pub(crate) struct Case<'a> {
    pub(crate) receipt: ReceiptId,
    pub(crate) source: &'a SourceName,
}

/// An order at work.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) order: Order,
    /// The version that was read; `None` for one that was not there.
    pub(super) read: Option<u64>,
    /// It was merged into this one.
    pub(super) merged_into: Option<AggregateId>,
    pub(super) changed: bool,
}

/// One merchant's step.
#[derive(Clone)]
pub(crate) struct Decide<'a> {
    pub(super) merchant: &'a Merchant,
    pub(super) policy: Policy<'a>,
    messages_mode: &'a Messages,
    /// What was said, of which order: those who speak are not silent.
    words: Vec<Word>,
    pub(super) now: Timestamp,
    looked_up: Vec<(Alias, Vec<AggregateId>)>,
    pub(super) names: BTreeMap<Alias, Vec<AggregateId>>,
    pub(super) orders: BTreeMap<AggregateId, Desk>,
    pub(super) pending: Vec<PendingMessage>,
    pub(super) lines: BTreeMap<ReceiptId, BTreeMap<u16, Line>>,
    touched: Vec<ReceiptId>,
    /// How many orders turned out to be others.
    pub(super) joined: i64,
    pub(super) messages: Vec<NewMessage>,
    /// The same messages' words.
    pub(super) made: Vec<(MessageId, Frozen)>,
    pub(super) revisions: Vec<Revision>,
    pub(super) story: BTreeMap<(ReceiptId, u16), StoryLine>,
    unmapped: Vec<Unmapped>,
}

impl<'a> Decide<'a> {
    pub(crate) fn new(
        merchant: &'a Merchant,
        key: &'a MerchantKey,
        messages_mode: &'a Messages,
        hearing: Hearing<'a>,
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
            policy: Policy { key, triggers: &merchant.triggers, seat: &merchant.seat, hearing },
            messages_mode,
            words: Vec::new(),
            now,
            looked_up: recalled.found.clone(),
            names: recalled.found.iter().cloned().collect(),
            orders,
            pending: recalled.pending.clone(),
            lines: lines.collect(),
            touched: Vec::new(),
            joined: 0,
            messages: Vec::new(),
            made: Vec::new(),
            revisions: Vec::new(),
            story: BTreeMap::new(),
            unmapped: Vec::new(),
        }
    }

    /// Decides one receipt.
    pub(crate) fn receipt(mut self, case: &Case<'_>, reading: &Reading) -> Self {
        self.touched.push(case.receipt);
        self.lines.remove(&case.receipt);
        let (source, receipt) = (case.source, case.receipt);
        self.unmapped.extend(reading.unmapped.iter().map(|code| Unmapped {
            source: source.clone(),
            code: code.clone(),
            receipt,
        }));
        if let Some(useless) = &reading.useless {
            let (outcome, rule) = useless.outcome();
            let line = (outcome.to_owned(), rule.to_owned());
            self.lines.entry(case.receipt).or_default().insert(0, line);
            return self;
        }
        let facts = reading.events.iter().enumerate().map(|(index, event)| Fact {
            receipt: case.receipt,
            index: u16::try_from(index).unwrap_or(u16::MAX),
            event: event.clone(),
        });
        // Many systems list what happened last first.
        let mut facts: Vec<Fact> = facts.collect();
        facts.sort_by_key(|fact| (fact.event.occurred_at.at, fact.event.status.rank()));
        // What follows, follows from all that the receipt says.
        let mut told: BTreeMap<AggregateId, Option<(ReceiptId, u16)>> = BTreeMap::new();
        for fact in facts {
            // What an import lets go is not told of the import.
            let key = (!fact.event.imported).then_some((fact.receipt, fact.index));
            let line = reading.lines.get(usize::from(fact.index)).map(AsRef::as_ref);
            if let Some(id) = self.fact(fact, line) {
                told.insert(id, key);
            }
        }
        for (id, key) in told {
            self.derive(id, key);
        }
        if reading.no_subject {
            self.no_subject(case.receipt, reading);
        }
        self
    }

    /// An event among others that names nothing: the receipt has failed in that part.
    fn no_subject(&mut self, receipt: ReceiptId, reading: &Reading) {
        let index = u16::try_from(reading.events.len()).unwrap_or(u16::MAX);
        let (outcome, rule) = Useless::NoSubject.outcome();
        let line = (outcome.to_owned(), rule.to_owned());
        self.lines.entry(receipt).or_default().insert(index, line.clone());
        let told = StoryLine {
            receipt,
            index,
            aggregate: None,
            status: Status::Unknown.name().to_owned(),
            occurred_at: reading.events.first().map_or(self.now, |event| event.received_at),
            outcome: line.0,
            rule: line.1,
            fields: Map::new(),
            decisions: Vec::new(),
        };
        self.story.insert((receipt, index), told);
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
        let id = self.orders.get(&id).and_then(|desk| desk.merged_into).unwrap_or(id);
        let Some(desk) = self.orders.get_mut(&id) else { return };
        desk.changed = true;
        let rulings = desk.order.wake(&self.policy, self.now);
        for ruling in rulings {
            self.rule(id, &ruling, None);
        }
        self.derive(id, None);
    }

    /// `line` is that of the connector's file which gave the fact its status.
    fn fact(&mut self, fact: Fact, line: Option<&str>) -> Option<AggregateId> {
        let mut fields = flat(&fact.event);
        fields.set("raw_source", Value::text(fact.event.source.as_str()));
        fields.set_some(CONNECTOR_LINE, line.map(Value::text));
        let key = (fact.receipt, fact.index);
        let joined = self.joined;
        let id = self.order_of(&fact);
        let joined = (self.joined > joined).then(|| Value::int(self.joined - joined));
        fields.set_some(ORDERS_JOINED, joined);
        let desk = self.orders.get_mut(&id)?;
        desk.changed = true;
        // What an import says shows nobody to be speaking.
        let is_word = !fact.event.imported;
        self.words.extend(is_word.then(|| word(&fact, id)));
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
            self.rule(id, &ruling, own.then_some(&fields));
        }
        Some(id)
    }

    /// Turns a ruling into messages, revisions and a line of explanation.
    pub(super) fn rule(&mut self, id: AggregateId, ruling: &Ruling, stated: Option<&Map>) {
        self.drop_twins(&[id], &ruling.united);
        self.revise(id, ruling);
        let mut decisions = Vec::new();
        for firing in &ruling.firings {
            self.fire(id, firing, firing.receipt, &mut decisions);
        }
        let line = line(ruling, &decisions);
        let known = self.lines.entry(ruling.receipt).or_default();
        known.insert(ruling.index, line.clone());
        if !self.touched.contains(&ruling.receipt) {
            self.touched.push(ruling.receipt);
        }
        // What waited until this very step is shown as it was stated.
        let before = self.story.remove(&(ruling.receipt, ruling.index)).map(|line| line.fields);
        let stated = stated.cloned().or(before);
        let mut fields = stated.unwrap_or_else(|| ruling.fields.clone());
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

    /// Makes messages of a firing, which are those of `receipt`.
    pub(super) fn fire(
        &mut self,
        id: AggregateId,
        firing: &Firing,
        receipt: ReceiptId,
        decisions: &mut Vec<StoryDecision>,
    ) {
        let told = |destination: Option<&DestinationName>, rule: &str| {
            StoryDecision::of(firing.trigger, destination, rule)
        };
        let merchant = self.merchant;
        let line_of = |key: &str| merchant.line(firing.trigger, key).map(ToString::to_string);
        if let Some(decision) = self.stopped(firing) {
            decisions.push(decision);
            return;
        }
        let Some(rules) = self.merchant.triggers.get(&firing.trigger) else { return };
        let Some(desk) = self.orders.get_mut(&id) else { return };
        let (claimed, free): (Vec<_>, Vec<_>) = self
            .merchant
            .destinations
            .iter()
            .partition(|(name, _)| desk.order.is_claimed(firing.occurrence, name));
        for (name, _) in &claimed {
            decisions.push(told(Some(name), "repeated"));
        }
        // What is said to happen only later than it was heard of is no younger for it.
        let happened = firing.occurred_at.latest().min(firing.received_at);
        let fresh_until = happened.checked_add(rules.max_age).unwrap_or(Timestamp::MAX);
        let is_past = firing.late || fresh_until < self.now;
        let mut view = Map::new();
        if !free.is_empty() {
            view = desk.order.view(firing, self.now);
            view.set("late", Value::Bool(is_past));
        }
        let told_as = occurred_at(&view).unwrap_or(happened);
        for (name, target) in free {
            let telling = target.ready.past().telling(is_past, told_as, self.now);
            let backfill = telling == Telling::Record;
            if telling == Telling::Not {
                let why = if firing.late { "behind a later step" } else { "too old" };
                let detail = format!("{why}, and the destination cannot record what is past");
                let line = if firing.late { None } else { line_of("max_age") };
                decisions.push(told(Some(name), "late").because(detail).by(line));
                continue;
            }
            let candidate = Candidate {
                trigger: firing.trigger,
                occurrence: firing.occurrence,
                view: &view,
                source: &firing.source,
                backfill,
                test: false,
            };
            match self.merchant.choose(&candidate, name, self.now) {
                Choice::Stop { rule, detail, line } => {
                    decisions.push(told(Some(name), &rule).because(detail).by(line));
                }
                Choice::Send(frozen) => {
                    desk.order.claim(firing, name);
                    let message = message_id(id, firing.occurrence, name);
                    let detail = if backfill { "recorded, starts nothing" } else { "" };
                    let hold = if backfill { Duration::ZERO } else { rules.hold };
                    decisions.push(StoryDecision {
                        message: Some(message),
                        line: made_by(merchant, firing.trigger, hold),
                        until: (!hold.is_zero()).then(|| self.now + hold),
                        ..told(Some(name), "message").because(detail)
                    });
                    self.messages.push(NewMessage {
                        id: message,
                        merchant: self.merchant.id.clone(),
                        destination: name.clone(),
                        aggregate: id,
                        receipt,
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
                    self.made.push((message, frozen));
                }
            }
        }
        for (name, _) in claimed {
            self.refill(id, firing.occurrence, name);
        }
    }

    /// Why a firing is told to nobody, whatever destinations say.
    fn stopped(&self, firing: &Firing) -> Option<StoryDecision> {
        let told = |rule: &str| StoryDecision::of(firing.trigger, None, rule);
        if let Some(rule) = firing.stopped {
            let key = if rule == "off" { "on" } else { rule };
            let line = self.merchant.line(firing.trigger, key);
            return Some(told(rule).by(line.map(ToString::to_string)));
        }
        if *self.messages_mode == Messages::None {
            return Some(told("messages none").because("this instance makes no messages"));
        }
        let has_none = self.merchant.destinations.is_empty();
        has_none.then(|| told("no_destination").because("the merchant has no destination"))
    }

    /// The whole of an event that was decided in this step.
    pub(crate) fn view(&self, fact: (ReceiptId, u16)) -> Option<Map> {
        let order = self.orders.get(&self.story.get(&fact)?.aggregate?)?;
        Some(order.order.view_of_fact(fact, self.now))
    }

    /// What the messages of this step say: worth keeping once it is written.
    pub(crate) fn made(&mut self) -> Vec<(MessageId, Frozen)> {
        std::mem::take(&mut self.made)
    }

    /// What was said in this step: worth knowing once it is written.
    pub(crate) fn words(&mut self) -> Vec<Word> {
        std::mem::take(&mut self.words)
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
        debug_assert!(self.story.values().all(has_words), "each rule has words: {:?}", self.story);
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

/// Whether people can be told why.
fn has_words(line: &StoryLine) -> bool {
    let is_known = |rule: &str| rule.is_empty() || rule == "message" || is_known_rule(rule);
    is_known(&line.rule) && line.decisions.iter().all(|decision| is_known(&decision.decision))
}

/// The line by which a message is made: that of what is special about it, else of its trigger.
fn made_by(merchant: &Merchant, trigger: Trigger, hold: Duration) -> Option<String> {
    let held = merchant.line(trigger, "hold").filter(|_| !hold.is_zero());
    let awaited = || merchant.line(trigger, "after");
    let line = held.or_else(awaited).or_else(|| merchant.line(trigger, "on"));
    line.map(ToString::to_string)
}

fn word(fact: &Fact, order: AggregateId) -> Word {
    let event = &fact.event;
    let mut names = ["carrier", "carrier_name"].iter();
    let stated = names.find_map(|name| event.fields.get(name)?.as_text());
    Word {
        source: event.source.clone(),
        carrier: stated.map(carrier::slug_of),
        order,
        at: event.received_at,
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
