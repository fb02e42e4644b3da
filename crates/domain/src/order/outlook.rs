//! What an order waits for: what would be told, and when, if nothing else were heard. For people who
//! ask; it changes nothing.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    OncePer, Order, Policy, Subject,
    derive::{Desk, things},
    view::Known,
};
use crate::{
    Value,
    derived::{Of, RULES, Rule, Thing, Wait},
    id::ReceiptId,
    taxonomy::{Derived, Status, Trigger},
};

/// A derived trigger that has not been told, and is due some time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prospect {
    /// Which.
    pub derived: Derived,
    /// Of what.
    pub subject: Subject,
    /// The parcel's number, where it has one.
    pub tracking_number: Option<String>,
    /// When it is due.
    pub at: Timestamp,
    /// What it follows from.
    pub basis: Status,
    /// Since when nothing is heard, or when that was.
    pub since: Timestamp,
    /// How long it waits, where it follows from absence or a deadline.
    pub after: Option<Wait>,
    /// What keeps it from being told.
    pub stands: Stands,
}

/// Whether a prospect will be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// When it is due, if nothing refutes it.
    Planned,
    /// It was due, and waits until it can be known whether it is true.
    Suspended,
    /// It is switched off.
    Off,
    /// Who said what it follows from is not believed on it.
    NotBelieved,
}

impl Order {
    /// What is not told yet, by time. Nothing is planned while nobody is known to tell it to, nor of
    /// what is never spoken of.
    pub fn outlook(&self, policy: &Policy<'_>, now: Timestamp) -> Vec<Prospect> {
        if self.is_hushed() || !self.has_recipient() {
            return Vec::new();
        }
        let groups = self.groups();
        let known: Vec<Known<'_>> = groups.iter().map(|group| self.known_of(group)).collect();
        let case = self.case(&known, policy);
        let desk = Desk { order: self, case: &case, policy, now };
        let mut prospects = Vec::new();
        for rule in RULES.into_iter().filter(|rule| self.may_follow(rule.derived())) {
            for thing in things(&case, rule.scope()) {
                prospects.extend(desk.prospect(rule, thing));
            }
        }
        prospects.sort_by_key(|prospect| (prospect.at, prospect.derived));
        prospects
    }

    /// Until when a fact waits for a recipient.
    pub fn parked_until(&self, told_by: (ReceiptId, u16)) -> Option<Timestamp> {
        let fact = self.parked.iter().find(|fact| (fact.receipt, fact.index) == told_by)?;
        Some(fact.until)
    }
}

impl Desk<'_> {
    fn prospect(&self, rule: &dyn Rule, thing: Option<&Thing<'_>>) -> Option<Prospect> {
        let (derived, told) = (rule.derived(), self.order.told.as_slice());
        let of = Of { case: self.case, thing, told };
        let mut due = rule.due_at(&of)?;
        if self.begins_with_import(rule, &of, &mut due) || rule.is_told(&of, &due) {
            return None;
        }
        let rules = self.policy.triggers.get(&Trigger::Derived(derived));
        let is_once = rules.is_some_and(|rules| rules.once_per == OncePer::Order);
        let is_told = is_once && told.iter().any(|told| told.derived == derived);
        if is_told || due.until.is_some_and(|until| until <= self.now) {
            return None;
        }
        let firing = self.firing(rule, &of, &due);
        if told.iter().any(|told| told.occurrence == firing.occurrence) {
            return None;
        }
        let basis = &self.order.scans[due.basis];
        let number = thing.and_then(|thing| thing.fields.get("tracking_number"));
        Some(Prospect {
            derived,
            subject: firing.subject,
            tracking_number: number.and_then(Value::as_id).map(str::to_owned),
            at: due.at,
            basis: basis.status,
            since: due.since,
            after: of.wait(derived),
            stands: match rules {
                Some(rules) if !rules.on => Stands::Off,
                None => Stands::Off,
                Some(rules) if !rules.believes(basis.party) => Stands::NotBelieved,
                Some(_) if self.order.postponed.contains(&firing.occurrence) => Stands::Suspended,
                Some(_) => Stands::Planned,
            },
        })
    }
}
