//! One thing that was said of an order: what of a fact is kept.

use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::Fact;
use crate::{
    Alias, AliasKind, Event, Map, Moment, Party, TimePrecision, Value,
    id::{OccurrenceId, ReceiptId, SourceName},
    taxonomy::{Home, Leg, Level, Reason, Status, field},
};

/// How far ahead of its arrival a fact may lie.
const AHEAD_HOURS: i64 = 365 * 24;

/// A fact as it is kept. Two facts that say the same are one scan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Scan {
    /// Place in the order of arrival; the elder order's come first after a merge.
    pub(super) seq: u32,
    pub(super) status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<Reason>,
    pub(super) leg: Leg,
    pub(super) at: Moment,
    pub(super) received_at: Timestamp,
    pub(super) source: SourceName,
    pub(super) party: Party,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) quiet: bool,
    /// Whether it was learned by an import before anybody said so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) imported: bool,
    /// Names of the parcel or return it speaks of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) names: Vec<Alias>,
    /// What it stated of the parcel, the return or itself.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) fields: Map,
    /// Who said it.
    pub(super) told_by: Vec<(ReceiptId, u16)>,
    /// The fact through which its parcel or return was first heard of, as it was known when this
    /// was said: the id follows from it and never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) founder: Option<(ReceiptId, u16)>,
    /// The occurrence it was given; never changes once given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) occurrence: Option<OccurrenceId>,
}

/// What kind of subject a scan speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    Order,
    Parcel,
    Return,
}

impl Scan {
    pub(super) fn of(fact: &Fact, seq: u32) -> Self {
        let event = &fact.event;
        let mut fields = Map::new();
        for (name, value) in event.fields.iter() {
            let level = field(name).map(|field| field.level);
            if matches!(level, Some(Level::Parcel | Level::Return | Level::Fact)) {
                fields.set(name, value.clone());
            }
        }
        Self {
            seq,
            status: event.status,
            reason: event.reason,
            leg: event.leg,
            at: plausible(event),
            received_at: event.received_at,
            source: event.source.clone(),
            party: event.party,
            quiet: event.quiet,
            imported: event.imported,
            names: names(fact),
            fields,
            told_by: vec![(fact.receipt, fact.index)],
            founder: None,
            occurrence: None,
        }
    }

    pub(super) fn about(&self) -> About {
        match (self.status.row().home, self.leg) {
            (Home::Order, _) => About::Order,
            (Home::Leg(Leg::Return), _) | (Home::Any, Leg::Return) => About::Return,
            (Home::Leg(Leg::Forward | Leg::Rts) | Home::Any, _) => About::Parcel,
        }
    }

    /// Whether both say the same thing of the same thing at the same time.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.status == other.status
            && self.reason == other.reason
            && self.leg == other.leg
            && self.at.at == other.at.at
            && self.source == other.source
            && self.quiet == other.quiet
            && self.names == other.names
            && self.text("refund_id") == other.text("refund_id")
    }

    /// Takes in a scan that says the same.
    pub(super) fn absorb(&mut self, other: Self) {
        for (name, value) in other.fields.iter() {
            // The greater text wins, whichever came first: the result is the same either way.
            let keep = self.fields.get(name).is_some_and(|own| own.to_json() >= value.to_json());
            if !keep {
                self.fields.set(name, value.clone());
            }
        }
        // Whoever came first decides whether it was ever news.
        if other.received_at < self.received_at {
            (self.received_at, self.imported) = (other.received_at, other.imported);
        }
        self.occurrence = self.occurrence.or(other.occurrence);
        self.founder = self.founder.or(other.founder);
        for teller in other.told_by {
            if !self.told_by.contains(&teller) {
                self.told_by.push(teller);
            }
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_id)
    }

    pub(super) fn is_redirect(&self) -> bool {
        self.fields.get("redirected").and_then(Value::as_bool) == Some(true)
    }

    /// When an import taught it; `None` for what a source said.
    pub(super) fn learned_at(&self) -> Option<Timestamp> {
        self.imported.then_some(self.received_at)
    }

    /// Its rank on its own leg. The table's is that of the forward leg; what is lost on another
    /// one had got as far there.
    pub(super) fn rank(&self) -> Option<u16> {
        match (self.status, self.leg) {
            (Status::Lost, Leg::Rts) => Some(630),
            (Status::Lost, Leg::Return) => Some(790),
            _ => self.status.rank(),
        }
    }
}

/// A year ahead is no time but a mistake: that of the arrival is nearer.
fn plausible(event: &Event) -> Moment {
    let latest = event.received_at.checked_add(AHEAD_HOURS.hours());
    if latest.is_ok_and(|latest| event.occurred_at.at > latest) {
        let precision = TimePrecision::Received;
        return Moment { precision, ..Moment::utc(event.received_at) };
    }
    event.occurred_at
}

/// The names a fact gives to its parcel or return.
fn names(fact: &Fact) -> Vec<Alias> {
    let mut names: Vec<Alias> = fact
        .aliases()
        .into_iter()
        .filter(|alias| match alias.kind {
            AliasKind::ParcelId | AliasKind::TrackingNumber | AliasKind::ReturnId => true,
            AliasKind::OrderId | AliasKind::OrderNumber | AliasKind::Email => false,
        })
        .collect();
    names.sort();
    names.dedup();
    names
}
