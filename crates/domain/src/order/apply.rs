//! Joining facts: what is learned from a fact, what it comes to, and which parked ones it releases.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Fact, Order, Parked, Policy, Ruling, Scan, Standing, group::founder, joined::weight_of_order,
    sequence::happened,
};
use crate::{
    Party,
    id::ReceiptId,
    taxonomy::{Level, Trigger, field},
};

/// Longest that a fact waits for a recipient.
const MAX_PARKED: Duration = Duration::from_hours(7 * 24);

/// Most facts of one order that wait: more than that is no order, but a name that means nothing.
const MAX_WAITING: usize = 200;

impl Order {
    /// Joins one fact. Its own ruling stands among those of parked facts that it released (with
    /// their own receipts), in the order in which all of it happened.
    pub fn apply(&mut self, fact: Fact, policy: &Policy<'_>, now: Timestamp) -> Vec<Ruling> {
        let told_by = (fact.receipt, fact.index);
        let teaches = fact.event.imported;
        self.learn(&fact);
        // Two names may show that what were two parcels are one.
        let united = if fact.aliases().len() > 1 { self.unite_occurrences() } else { Vec::new() };
        let untold = if self.has_recipient() { self.parked.clone() } else { Vec::new() };
        let mut own = self.rule(told_by, policy, &untold);
        own.united = united;
        if teaches {
            own.only_teaches();
        } else if own.standing == Standing::Parked {
            self.park(&mut own, policy, now);
        }
        let mut rulings = vec![own];
        rulings.extend(self.release(policy));
        // What is told of one order is told in this order.
        rulings.sort_by_key(happened);
        self.forget_tellers();
        self.forget_repeats();
        rulings
    }

    /// Looks after what waits for its time: parked facts that waited too long.
    pub fn wake(&mut self, policy: &Policy<'_>, now: Timestamp) -> Vec<Ruling> {
        let mut rulings = self.release(policy);
        let (over, waiting): (Vec<Parked>, Vec<Parked>) =
            std::mem::take(&mut self.parked).into_iter().partition(|fact| fact.until <= now);
        self.parked = waiting;
        rulings.extend(over.into_iter().map(|fact| {
            let mut ruling = self.rule((fact.receipt, fact.index), policy, &[]);
            ruling.standing = Standing::NoRecipient;
            ruling.firings.clear();
            ruling
        }));
        rulings
    }

    /// Rules on every parked fact once somebody is known to tell it to.
    fn release(&mut self, policy: &Policy<'_>) -> Vec<Ruling> {
        if self.parked.is_empty() || !self.has_recipient() {
            return Vec::new();
        }
        let mut parked = std::mem::take(&mut self.parked);
        parked.sort_by_key(|fact| (fact.receipt, fact.index));
        let rule = |fact: &Parked| self.rule((fact.receipt, fact.index), policy, &parked);
        let mut rulings: Vec<Ruling> = parked.iter().map(rule).collect();
        rulings.sort_by_key(happened);
        rulings
    }

    fn learn(&mut self, fact: &Fact) {
        let event = &fact.event;
        self.heard_at = self.heard_at.max(event.received_at);
        for alias in fact.aliases().into_iter().filter(|alias| alias.kind.is_of_order()) {
            let named = (alias, event.source.clone());
            if !self.names.contains(&named) {
                let place = self.names.partition_point(|known| *known < named);
                self.names.insert(place, named);
            }
        }
        if event.party == Party::Shop && !self.shops.contains(&event.source) {
            let place = self.shops.partition_point(|known| *known < event.source);
            self.shops.insert(place, event.source.clone());
        }
        let weight = weight_of_order(event.party);
        for (name, value) in event.fields.iter() {
            let level = field(name).map(|field| field.level);
            if matches!(level, Some(Level::Recipient | Level::Order)) {
                self.known.hear(name, value, weight, event.occurred_at.at);
            }
        }
        let seq = self.scans.iter().map(|scan| scan.seq + 1).max().unwrap_or(0);
        let scan = Scan::of(fact, seq);
        match self.scans.iter_mut().find(|known| known.says_the_same(&scan)) {
            Some(known) => known.absorb(scan),
            None => {
                self.scans.push(scan);
                self.note_founder(self.scans.len() - 1);
            }
        }
    }

    /// A parcel that is known keeps its id whatever becomes of the scans that share a name with it.
    /// So does what names none, once it belongs to one.
    fn note_founder(&mut self, place: usize) {
        let groups = self.groups();
        let Some(group) = groups.iter().find(|group| group.places.contains(&place)) else { return };
        let elder = founder(&self.scans[group.places[0]]);
        for at in &group.places {
            let scan = &mut self.scans[*at];
            if (*at == place || scan.names.is_empty()) && founder(scan) != elder {
                scan.founder = Some(elder);
            }
        }
    }

    pub(super) fn place_of(&self, told_by: (ReceiptId, u16)) -> usize {
        // What was forgotten in between is answered by the newest scan: nothing fires twice, since
        // its occurrence is claimed.
        let place = self.scans.iter().position(|scan| scan.told_by.contains(&told_by));
        place.unwrap_or(self.scans.len() - 1)
    }

    fn park(&mut self, ruling: &mut Ruling, policy: &Policy<'_>, now: Timestamp) {
        if self.parked.len() >= MAX_WAITING {
            ruling.standing = Standing::NoRecipient;
            return;
        }
        let rules = policy.triggers.get(&Trigger::Status(ruling.status));
        let longest = rules.map_or(MAX_PARKED, |rules| rules.max_age.min(MAX_PARKED));
        let until = now.checked_add(longest).unwrap_or(Timestamp::MAX);
        let parked = Parked { receipt: ruling.receipt, index: ruling.index, until };
        self.parked.push(parked);
    }
}
