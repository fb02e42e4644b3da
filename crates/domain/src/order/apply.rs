//! Joining facts: what a fact comes to, and which parked ones it releases.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Fact, Firing, MAX_SCANS, OncePer, Order, Parked, Passed, Policy, Ruling, Scan, Standing,
    Subject, TriggerPolicy,
    fold::{Folded, fold},
    group::Group,
    joined::weight,
};
use crate::{
    AliasKind,
    id::{OccurrenceId, ReceiptId},
    taxonomy::{Home, Level, Reason, Status, Trigger, field},
};

/// Longest that a fact waits for a recipient.
const MAX_PARKED: Duration = Duration::from_hours(7 * 24);

impl Order {
    /// Joins one fact. Its own ruling stands among those of parked facts that it released (with
    /// their own receipts), in the order in which all of it happened.
    pub fn apply(&mut self, fact: Fact, policy: &Policy<'_>, now: Timestamp) -> Vec<Ruling> {
        let told_by = (fact.receipt, fact.index);
        self.learn(&fact);
        // Two names may show that what were two parcels are one.
        if fact.aliases().len() > 1 {
            self.unite_occurrences();
        }
        let mut rulings = vec![self.rule(told_by, policy, false)];
        if rulings[0].standing == Standing::Parked {
            self.park(&rulings[0], policy, now);
        }
        rulings.extend(self.release(policy));
        // What is told of one order is told in this order.
        rulings.sort_by_key(|ruling| (ruling.occurred_at.at, ruling.status.rank()));
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
            let mut ruling = self.rule((fact.receipt, fact.index), policy, true);
            ruling.standing = Standing::NoRecipient;
            ruling.firings.clear();
            ruling
        }));
        rulings
    }

    /// Rules on every parked fact once somebody is known to tell it to.
    pub(super) fn release(&mut self, policy: &Policy<'_>) -> Vec<Ruling> {
        if self.parked.is_empty() || !self.has_recipient() {
            return Vec::new();
        }
        let mut parked = std::mem::take(&mut self.parked);
        parked.sort_by_key(|fact| (fact.receipt, fact.index));
        let rule = |fact: &Parked| self.rule((fact.receipt, fact.index), policy, true);
        let mut rulings: Vec<Ruling> = parked.iter().map(rule).collect();
        rulings.sort_by_key(|ruling| (ruling.occurred_at.at, ruling.status.rank()));
        rulings
    }

    fn learn(&mut self, fact: &Fact) {
        let event = &fact.event;
        self.heard_at = self.heard_at.max(event.received_at);
        for alias in fact.aliases() {
            let of_order = matches!(alias.kind, AliasKind::OrderId | AliasKind::OrderNumber);
            let named = (alias, event.source.clone());
            if of_order && !self.names.contains(&named) {
                let place = self.names.partition_point(|known| *known < named);
                self.names.insert(place, named);
            }
        }
        let weight = weight(event.status, event.party);
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
            None => self.scans.push(scan),
        }
    }

    /// What one scan comes to now. `waited`: it was parked and is looked at once more.
    fn rule(&mut self, told_by: (ReceiptId, u16), policy: &Policy<'_>, waited: bool) -> Ruling {
        let groups = self.groups();
        let place = self.place_of(told_by);
        let group = groups
            .iter()
            .find(|group| group.places.contains(&place))
            .expect("every scan is in one group");
        let scans = self.scans_of(group);
        let folded = fold(&scans);
        let at = group.places.iter().position(|p| *p == place).expect("it is in this group");
        let scan = scans[at];
        let stand = &folded.stands[at];
        let is_behind = folded.is_behind(&scans, at, |step| {
            // One that waited is not late for steps that came while it did, if it is the dispatch:
            // no later step makes that one needless.
            !(waited && scan.status == Status::Dispatched) || step.received_at < scan.received_at
        });
        let late = stand.standing == Standing::Late || is_behind;
        let (status, reason) = (scan.status, scan.reason);
        let trigger = Trigger::Status(status);
        let rules = policy.triggers.get(&trigger);
        let stopped = stopped(rules, scan);
        let mut standing = match stand.standing {
            Standing::New if late => Standing::Late,
            other @ (Standing::New
            | Standing::Repeated
            | Standing::Late
            | Standing::Conflict
            | Standing::Remembered
            | Standing::Unknown
            | Standing::Sensitive
            | Standing::Parked
            | Standing::NoRecipient) => other,
        };
        if reason.is_some_and(Reason::is_sensitive) && speaks(standing) {
            standing = Standing::Sensitive;
        }
        if status.row().home == Home::Order && stopped == Some("off") && speaks(standing) {
            standing = Standing::Remembered;
        }
        let mut ruling = Ruling {
            receipt: told_by.0,
            index: told_by.1,
            subject: group.subject,
            status,
            occurred_at: scan.at,
            standing,
            firings: Vec::new(),
            passed: passed(group, &folded, at, scan),
            fields: scan.fields.clone(),
        };
        if !speaks(standing) {
            return ruling;
        }
        let occurrence = self.occurrence(group, &folded, at, policy, rules);
        let scan = &self.scans[place];
        let firing = Firing {
            trigger,
            occurrence,
            subject: group.subject,
            leg: scan.leg,
            rank: status.rank(),
            occurred_at: scan.at,
            received_at: scan.received_at,
            late,
            stopped,
            receipt: told_by.0,
            index: told_by.1,
        };
        let unheard = stopped.is_none() && !self.has_recipient();
        self.scans[place].occurrence = Some(occurrence);
        if unheard {
            ruling.standing = Standing::Parked;
        } else {
            ruling.firings.push(firing);
        }
        ruling
    }

    pub(super) fn place_of(&self, told_by: (ReceiptId, u16)) -> usize {
        // What was forgotten in between is answered by the newest scan: nothing fires twice, since
        // its occurrence is claimed.
        let place = self.scans.iter().position(|scan| scan.told_by.contains(&told_by));
        place.unwrap_or(self.scans.len() - 1)
    }

    /// The occurrence of a scan: the one that its slot has, else a new one.
    fn occurrence(
        &self,
        group: &Group,
        folded: &Folded,
        at: usize,
        policy: &Policy<'_>,
        rules: Option<&TriggerPolicy>,
    ) -> OccurrenceId {
        let scan = &self.scans[group.places[at]];
        if let Some(given) = scan.occurrence {
            return given;
        }
        let slot = &folded.stands[at].discriminator;
        let same_slot = group.places.iter().enumerate().filter(|(other, place)| {
            let of = &self.scans[**place];
            of.status == scan.status
                && of.leg == scan.leg
                && folded.stands[*other].discriminator == *slot
        });
        let given = same_slot
            .filter_map(|(_, place)| Some((self.scans[*place].seq, self.scans[*place].occurrence?)))
            .min();
        if let Some((_, given)) = given {
            return given;
        }
        let once_per = rules.map_or(OncePer::Parcel, |rules| rules.once_per);
        let of_order = once_per == OncePer::Order || matches!(group.subject, Subject::Order(_));
        let subject = if of_order { Subject::Order(self.id) } else { group.subject };
        let slot = if of_order { "" } else { slot.as_str() };
        policy.key.occurrence(&[
            subject.to_string().as_bytes(),
            scan.leg.name().as_bytes(),
            scan.status.name().as_bytes(),
            slot.as_bytes(),
        ])
    }

    fn park(&mut self, ruling: &Ruling, policy: &Policy<'_>, now: Timestamp) {
        let rules = policy.triggers.get(&Trigger::Status(ruling.status));
        let longest = rules.map_or(MAX_PARKED, |rules| rules.max_age.min(MAX_PARKED));
        let until = now.checked_add(longest).unwrap_or(Timestamp::MAX);
        let parked = Parked { receipt: ruling.receipt, index: ruling.index, until };
        self.parked.push(parked);
    }

    /// Keeps the list of scans bounded. What only repeats goes first; the elder scan of a group
    /// and what waits for a recipient stay.
    fn forget_repeats(&mut self) {
        while self.scans.len() > MAX_SCANS {
            let groups = self.groups();
            let waits = |scan: &Scan| {
                let mut parked = self.parked.iter();
                parked.any(|fact| scan.told_by.contains(&(fact.receipt, fact.index)))
            };
            let mut needless = None;
            let mut oldest = None;
            for group in &groups {
                let scans = self.scans_of(group);
                let elder = scans.iter().map(|scan| scan.seq).min();
                let folded = fold(&scans);
                for (at, place) in group.places.iter().enumerate() {
                    let scan = &self.scans[*place];
                    if Some(scan.seq) == elder || waits(scan) {
                        continue;
                    }
                    let stays = folded.stands[at].standing == Standing::New;
                    let slot = if stays { &mut oldest } else { &mut needless };
                    if slot.is_none_or(|known: usize| self.scans[known].seq > scan.seq) {
                        *slot = Some(*place);
                    }
                }
            }
            match needless.or(oldest) {
                Some(place) => drop(self.scans.remove(place)),
                None => return,
            }
        }
    }
}

/// Whether a fact of this standing can raise a trigger.
fn speaks(standing: Standing) -> bool {
    match standing {
        Standing::New | Standing::Repeated | Standing::Late => true,
        Standing::Conflict
        | Standing::Remembered
        | Standing::Unknown
        | Standing::Sensitive
        | Standing::Parked
        | Standing::NoRecipient => false,
    }
}

fn stopped(rules: Option<&TriggerPolicy>, scan: &Scan) -> Option<&'static str> {
    match rules {
        None => Some("off"),
        Some(rules) if !rules.on => Some("off"),
        Some(rules) if !rules.only_from.is_empty() && !rules.only_from.contains(&scan.party) => {
            Some("only_from")
        }
        Some(_) => None,
    }
}

fn passed(group: &Group, folded: &Folded, at: usize, scan: &Scan) -> Option<Passed> {
    let rank = scan.status.rank()?;
    let leg = folded.legs.get(&scan.leg)?;
    let is_highest = folded.stands[at].accepted && leg.high == rank;
    is_highest.then_some(Passed { subject: group.subject, leg: scan.leg, rank })
}
