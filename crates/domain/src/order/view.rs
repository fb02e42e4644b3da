//! What an order tells of one fact: the flat fields of an event.

use jiff::Timestamp;

use super::{
    Firing, Group, Order, Scan, Standing, Subject,
    fold::{Folded, fold},
    joined::{Joined, weight},
};
use crate::{
    Alias, AliasKind, Map, Moment, Value, carrier,
    id::ReceiptId,
    taxonomy::{Level, Status, Trigger, field},
};

/// A parcel or return with its legs, or the order itself.
pub(super) struct Known<'a> {
    pub(super) group: &'a Group,
    pub(super) folded: Folded,
    pub(super) fields: Joined,
}

impl Order {
    /// The flat fields for a firing: the fact's own, completed from recipient, order, parcel and
    /// return. Left out are those that only the merchant's files know (`name`, `id`,
    /// `message_purpose`, `merchant_id`, `shop_*`, `mapping`, `backfill`).
    pub fn view(&self, firing: &Firing, now: Timestamp) -> Map {
        let place = self.place_of((firing.receipt, firing.index));
        let mut view = self.view_of(place, firing.trigger, firing.late, now);
        if matches!(firing.trigger, Trigger::Derived(_)) {
            self.derived(firing, &mut view);
        }
        view
    }

    /// The same for a fact, whatever it came to.
    pub fn view_of_fact(&self, told_by: (ReceiptId, u16), now: Timestamp) -> Map {
        let place = self.place_of(told_by);
        self.view_of(place, Trigger::Status(self.scans[place].status), self.is_late(place), now)
    }

    fn is_late(&self, place: usize) -> bool {
        self.groups().iter().any(|group| {
            let scans = self.scans_of(group);
            let at = group.places.iter().position(|known| *known == place);
            let folded = at.map(|at| (at, fold(&scans)));
            folded.is_some_and(|(at, folded)| {
                folded.stands[at].standing == Standing::Late
                    || folded.is_behind(&scans, at, |_| true)
            })
        })
    }

    fn view_of(&self, place: usize, trigger: Trigger, late: bool, now: Timestamp) -> Map {
        let groups = self.groups();
        let known: Vec<Known<'_>> = groups.iter().map(|group| self.known_of(group)).collect();
        let own = known.iter().position(|known| known.group.places.contains(&place));
        let own = own.expect("every scan is in one group");
        let scan = &self.scans[place];
        let mut view = Map::new();
        view.set("trigger", Value::text(trigger.name()));
        view.set("status", Value::text(scan.status.name()));
        view.set("phase", Value::text(scan.status.row().phase.name()));
        view.set("leg", Value::text(scan.leg.name()));
        view.set_some("reason", scan.reason.map(|reason| Value::text(reason.name())));
        view.set("occurred_at", Value::text(scan.at.to_rfc3339()));
        view.set("time_precision", Value::text(scan.at.precision.name()));
        view.set("received_at", Value::text(Moment::utc(scan.received_at).to_rfc3339()));
        view.set("late", Value::Bool(late));
        view.set("raw_source", Value::text(scan.source.as_str()));
        self.fact_fields(place, &mut view);
        known[own].fields.fill(&mut view);
        self.tracking(&known[own], scan, &mut view);
        self.attempt(&known[own], place, &mut view);
        self.known.fill(&mut view);
        carrier_name(&mut view);
        self.parcels(&known, own, &mut view);
        own_id(&known[own], &mut view);
        days_late(&known[own], now, &mut view);
        view
    }

    /// What was stated of this occurrence itself, by whoever told it: gaps are filled.
    fn fact_fields(&self, place: usize, view: &mut Map) {
        let own = &self.scans[place];
        let same = self
            .scans
            .iter()
            .filter(|scan| own.occurrence.is_some() && scan.occurrence == own.occurrence);
        for scan in std::iter::once(own).chain(same) {
            for (name, value) in scan.fields.iter() {
                let is_fact = field(name).is_some_and(|field| field.level == Level::Fact);
                if is_fact && view.get(name).is_none() {
                    view.set(name, value.clone());
                }
            }
        }
    }

    pub(super) fn known_of<'a>(&self, group: &'a Group) -> Known<'a> {
        let scans = self.scans_of(group);
        let mut fields = Joined::default();
        for scan in &scans {
            let weight = weight(scan.status, scan.party);
            for (name, value) in scan.fields.iter() {
                let level = field(name).map(|field| field.level);
                if matches!(level, Some(Level::Parcel | Level::Return)) {
                    fields.hear(name, value, weight, scan.at.at);
                }
            }
        }
        Known { group, folded: fold(&scans), fields }
    }

    /// Of a parcel that has several numbers the fact's own is told, and an address that fits it.
    fn tracking(&self, of: &Known<'_>, scan: &Scan, view: &mut Map) {
        let named = |scan: &Scan| {
            let number = scan.text("tracking_number")?;
            Alias::new(AliasKind::TrackingNumber, number)
        };
        let Some(own) = named(scan) else { return };
        let scans = self.scans_of(of.group);
        let says = |name: &str| {
            let mut same = scans.iter().rev().filter(|other| named(other) == Some(own.clone()));
            scan.fields.get(name).or_else(|| same.find_map(|other| other.fields.get(name))).cloned()
        };
        let is_only = scans.iter().filter_map(|other| named(other)).all(|other| other == own);
        if is_only {
            return;
        }
        view.set_some("tracking_number", says("tracking_number"));
        match says("tracking_url") {
            Some(url) => view.set("tracking_url", url),
            None => drop(view.remove("tracking_url")),
        }
    }

    /// Which attempt failed: those that failed before, and this one.
    fn attempt(&self, of: &Known<'_>, place: usize, view: &mut Map) {
        if self.scans[place].status != Status::DeliveryAttemptFailed
            || view.get("attempt").is_some()
        {
            return;
        }
        let mut count = 0;
        for at in &of.folded.sequence {
            let other = of.group.places[*at];
            let is_attempt = self.scans[other].status == Status::DeliveryAttemptFailed;
            if is_attempt && of.folded.stands[*at].standing == Standing::New {
                count += 1;
            }
            if other == place {
                break;
            }
        }
        if count > 0 {
            view.set("attempt", Value::int(count));
        }
    }
}

/// A parcel or return that no source gave an id has our own.
fn own_id(of: &Known<'_>, view: &mut Map) {
    let (name, id) = match of.group.subject {
        Subject::Order(_) => return,
        Subject::Parcel(_) if !of.is_thing() => return,
        Subject::Parcel(id) => ("parcel_id", id.to_string()),
        Subject::Return(id) => ("return_id", id.to_string()),
    };
    if view.get(name).is_none() {
        view.set(name, Value::text(id));
    }
}

fn carrier_name(view: &mut Map) {
    let stated = ["carrier", "carrier_name"].iter().find_map(|name| view.get(name)?.as_text());
    let Some(known) = stated.and_then(carrier::carrier) else { return };
    view.set("carrier", Value::text(known.slug));
    if view.get("carrier_name").is_none() {
        view.set("carrier_name", Value::text(known.name));
    }
    if view.get("tracking_url").is_none() {
        let number = view.get("tracking_number").and_then(Value::as_id);
        let url = number.and_then(|number| known.tracking_url(number));
        view.set_some("tracking_url", url.map(Value::text));
    }
}

/// Whole days since the last day on which it was expected.
fn days_late(of: &Known<'_>, now: Timestamp, view: &mut Map) {
    let Some(until) = view.get("eta_until").and_then(Value::as_text) else { return };
    let over = of.is_over();
    let promised: Option<jiff::civil::Date> = until.get(..10).and_then(|day| day.parse().ok());
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    if let Some(promised) = promised.filter(|promised| !over && *promised < today)
        && let Ok(span) = promised.until(today)
    {
        view.set("days_late", Value::int(i64::from(span.get_days())));
    }
}
